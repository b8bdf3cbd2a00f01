/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark_entry.S: what lock functions call first; see mark.h.
 *
 * Entered by the call at the very start of a lock function, of which no argument
 * may be touched: r11 and the flags are all there is to work with. The counts
 * belong to the task that runs and follow it (carry.c), so they may be read and
 * changed in several steps: an interrupt leaves them as it found them, and after a
 * migration they are the same values on another CPU.
 *
 * The counts are small, and their top bit is taken for a sign. One that would
 * become too large is put back, and is too low from then on. One that becomes negative is
 * made 0: by a store, and not by adding what was taken off, because all may have been
 * forgotten in between (carry.c), and to add would leave it too high. An interrupt
 * in between that counts up to 0 and down again finds that, too, and makes it 0. The
 * host reads what is negative as 0.
 */
#include <asm/percpu.h>
#include <asm/unwind_hints.h>

#include "compat/linkage.h"
#include "mark.h"

/* Entered by a call or by a return, never through a pointer. */
.macro function name
SYM_FUNC_START(\name)
	ANNOTATE_NOENDBR
.endm

/* How often, for those who look. It never becomes too large. */
.macro taken kind
	incq	PER_CPU_VAR(ecsg_mark_taken + 8 * \kind)
.endm

/* Behind it come the steps for a count that has become too large: see spill. */
.macro up suffix, offset, spilled
	movq	ecsg_mark_at(%rip), %r11
	inc\suffix	%gs:\offset(%r11)
	js	\spilled
.endm

.macro spill suffix, offset
	dec\suffix	%gs:\offset(%r11)
	incl	PER_CPU_VAR(ecsg_mark_clipped)
.endm

/* A lock is about to be taken, for certain. */
.macro enter name, suffix, offset, kind
function \name
	taken	\kind
	up	\suffix, \offset, 1f
	RET
1:	spill	\suffix, \offset
	RET
SYM_FUNC_END(\name)
.endm

/*
 * A lock is about to be released. One that was taken before the marks were on has
 * not been counted.
 */
.macro leave name, suffix, offset
function \name
	movq	ecsg_mark_at(%rip), %r11
	dec\suffix	%gs:\offset(%r11)
	js	1f
	RET
1:	mov\suffix	$0, %gs:\offset(%r11)
	incl	PER_CPU_VAR(ecsg_mark_clipped)
	RET
SYM_FUNC_END(\name)
.endm

/*
 * A lock is tried: run the function to its end, see what it returned.
 *
 * On the stack are where the function goes on, and its caller. We call a jump to the
 * former, so that the function returns to us, and every return on the way has had its
 * call: the processor predicts them by that. The jump is a return, because nothing
 * marks the middle of a function as a target of jumps (IBT). To the unwinder all of
 * this looks like the function's entry, which is where the stack says we are.
 */
.macro try name, suffix, offset, kind
function \name
	ANNOTATE_INTRA_FUNCTION_CALL
	call	2f
	UNWIND_HINT_FUNC
	testl	%eax, %eax
	jz	1f
	taken	\kind
	up	\suffix, \offset, 3f
1:	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
3:	spill	\suffix, \offset
	jmp	1b
2:	pushq	8(%rsp)
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(\name)
.endm

/* What they own, otherwise than for reading. */
enter ecsg_mark_enter_mutex, w, ECSG_MARK_OWNED, ECSG_MARK_MUTEX
enter ecsg_mark_enter_rwsem, w, ECSG_MARK_OWNED, ECSG_MARK_RWSEM
enter ecsg_mark_enter_percpu, w, ECSG_MARK_OWNED, ECSG_MARK_PERCPU_RWSEM
leave ecsg_mark_leave, w, ECSG_MARK_OWNED
try ecsg_mark_try_mutex, w, ECSG_MARK_OWNED, ECSG_MARK_MUTEX
try ecsg_mark_try_rwsem, w, ECSG_MARK_OWNED, ECSG_MARK_RWSEM

/* Readers of sleeping locks. */
enter ecsg_mark_enter_read, b, ECSG_MARK_READ, ECSG_MARK_RWSEM
leave ecsg_mark_leave_read, b, ECSG_MARK_READ
try ecsg_mark_try_read, b, ECSG_MARK_READ, ECSG_MARK_RWSEM

/* RCU readers. */
enter ecsg_mark_enter_rcu, b, ECSG_MARK_RCU, ECSG_MARK_RCU_READERS
leave ecsg_mark_leave_rcu, b, ECSG_MARK_RCU

/* Its owner goes on as a reader; one that was not counted stays so. */
function ecsg_mark_downgrade
	movq	ecsg_mark_at(%rip), %r11
	decw	%gs:ECSG_MARK_OWNED(%r11)
	js	1f
	incb	%gs:ECSG_MARK_READ(%r11)
	js	2f
	RET
1:	movw	$0, %gs:ECSG_MARK_OWNED(%r11)
	incl	PER_CPU_VAR(ecsg_mark_clipped)
	RET
2:	spill	b, ECSG_MARK_READ
	RET
SYM_FUNC_END(ecsg_mark_downgrade)

/*
 * Trylocks by a callback of ftrace (mark_ftrace.c): it has led here from the very start
 * of the lock function, as if that had jumped. Where the function goes on is in memory:
 * on the way here others may have run, the graph tracer's or BPF's, which leave only the
 * arguments as they were. The latter's call is an indirect one.
 */
.macro retry name, try, tried
SYM_FUNC_START(\name)
	ENDBR
	pushq	\tried(%rip)
	UNWIND_HINT_FUNC
	jmp	\try
SYM_FUNC_END(\name)
.endm

retry ecsg_mark_retry_mutex, ecsg_mark_try_mutex, ecsg_mark_tried_mutex
retry ecsg_mark_retry_rwsem, ecsg_mark_try_rwsem, ecsg_mark_tried_rwsem
retry ecsg_mark_retry_read, ecsg_mark_try_read, ecsg_mark_tried_read
