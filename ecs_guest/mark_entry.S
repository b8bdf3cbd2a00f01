/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark_entry.S: what lock functions call first; see mark.h.
 *
 * Entered by the call at the very start of a lock function, of which no argument
 * may be touched: r11 and the flags are all there is to work with. The count
 * belongs to the task that runs and follows it (carry.c), so it may be read and
 * changed in two steps: an interrupt leaves it as it found it, and after a
 * migration it is the same value on another CPU.
 */
#include <asm/percpu.h>
#include <asm/unwind_hints.h>

#include "compat/linkage.h"

.macro up
	movq	ecsg_mark_at(%rip), %r11
	incl	%gs:(%r11)
.endm

/* A lock is about to be taken, for certain. */
SYM_FUNC_START(ecsg_mark_enter)
	up
	RET
SYM_FUNC_END(ecsg_mark_enter)

/*
 * A lock is about to be released. One that was taken before the marks were on has
 * not been counted.
 */
SYM_FUNC_START(ecsg_mark_leave)
	movq	ecsg_mark_at(%rip), %r11
	cmpl	$0, %gs:(%r11)
	jle	1f
	decl	%gs:(%r11)
	RET
1:	incl	PER_CPU_VAR(ecsg_mark_clipped)
	RET
SYM_FUNC_END(ecsg_mark_leave)

/*
 * A lock is tried: run the function to its end, see what it returned.
 *
 * On the stack are where the function goes on, and its caller. We call a jump to the
 * former, so that the function returns to us, and every return on the way has had its
 * call: the processor predicts them by that. The jump is a return, because nothing
 * marks the middle of a function as a target of jumps (IBT). To the unwinder all of
 * this looks like the function's entry, which is where the stack says we are.
 */
SYM_FUNC_START(ecsg_mark_try)
	ANNOTATE_INTRA_FUNCTION_CALL
	call	2f
	UNWIND_HINT_FUNC
	testl	%eax, %eax
	jz	1f
	up
1:	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
2:	pushq	8(%rsp)
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(ecsg_mark_try)
