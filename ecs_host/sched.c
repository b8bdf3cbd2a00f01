// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched.c: see sched.h.
 *
 * Every request for the CPU of a running task goes through resched_curr(rq).
 * The caller's address tells what it is for. That of the fair class' tick and
 * runtime accounting is plain. A wakeup's is not: from 6.6 on the fair class'
 * wakeup function leaves by a jump, so that a fair and a real-time wakeup return
 * to the same place. So the entry of the common wakeup function is observed
 * too, where the woken task is an argument; resched_curr() follows on the same
 * CPU under the same lock, and the note is fresh.
 *
 * All that is not recognised passes: real-time, deadline and stop wakeups,
 * migration, yields, cgroup changes, bandwidth throttling.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/text-patching.h>

#include "compat/sched.h"
#include "follow.h"
#include "gate.h"
#include "hint.h"
#include "hook.h"
#include "sched.h"
#include "vcpu.h"

/* The latest wakeup that this CPU did the preemption check of. */
struct wakeup_note {
	void *rq;
	int cpu;
	bool may_wait;
};

static DEFINE_PER_CPU(struct wakeup_note, wakeup_note);
/* A runqueue less the per-CPU offset of its CPU: the same for all of them. */
static unsigned long rq_base;

/* Callers of resched_curr(); never traced. */
static struct ecsh_hook tick_callers[] = {
	{ .names = { "task_tick_fair" }, .feature = ECS_HOST_F_DEFER_TICK },
	{ .names = { "update_curr" }, .optional = true },
	{ .names = { "update_deadline" }, .optional = true },
	{ .names = { "entity_tick" }, .optional = true },
	{ .names = { "check_preempt_tick" }, .optional = true },
};

static struct ecsh_hook wakeup_callers[] = {
	{ .names = { "wakeup_preempt_fair", "check_preempt_wakeup_fair",
		     "check_preempt_wakeup" },
	  .feature = ECS_HOST_F_DEFER_WAKEUP },
};

static struct ecsh_hook wakeup_hooks[] = {
	{ .names = { "wakeup_preempt", "check_preempt_curr" },
	  .feature = ECS_HOST_F_DEFER_WAKEUP | ECS_HOST_F_BOOST |
		     ECS_HOST_F_OVERCOMMIT },
};

static struct ecsh_hook resched_hooks[] = {
	{ .names = { "resched_curr" },
	  .feature = ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP },
	{ .names = { "resched_curr_lazy" },
	  .optional = true,
	  .feature = ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP },
};

/*
 * wakeup_preempt(rq, p, flags), formerly check_preempt_curr().
 * Context: lock of rq held, interrupts off; rq may be another CPU's.
 */
static ECS_FTRACE_CALLBACK(observe_wakeup)
{
	struct wakeup_note *note = this_cpu_ptr(&wakeup_note);
	struct task_struct *p = (void *)ecs_ftrace_argument(fregs, 1);

	note->rq = (void *)ecs_ftrace_argument(fregs, 0);
	note->cpu = task_cpu(p);
	if (unlikely(!READ_ONCE(rq_base)))
		WRITE_ONCE(rq_base,
			   (unsigned long)note->rq - per_cpu_offset(note->cpu));
	/* One that is boosted does not, though it is of the fair class. */
	note->may_wait = !ecsh_follow_wakeup(p) && ecs_sched_is_fair(p);
	ecsh_hint_queued(note->cpu);
}

static bool is_caller(const struct ecsh_hook *callers, unsigned int nr,
		      unsigned long address)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (ecs_symbol_has(&callers[i].symbol, address))
			return true;
	return false;
}

/* The CPU of a runqueue, -1 while none was ever seen. */
static int cpu_of_rq(void *rq)
{
	unsigned long base = READ_ONCE(rq_base);
	int cpu = smp_processor_id();

	if (!base)
		return -1;
	if (base + per_cpu_offset(cpu) == (unsigned long)rq)
		return cpu;
	/* Accounting on a foreign runqueue ran into the end of a slice: rare. */
	for_each_online_cpu(cpu)
		if (base + per_cpu_offset(cpu) == (unsigned long)rq)
			return cpu;
	return -1;
}

/*
 * Is this the return address of a call of the function at @ip? A function that left
 * for it by a jump shows its own caller's: that of a quota that is used up, and of a
 * fair server at its end, is the accounting, like that of a slice.
 *
 * An ENDBR is between the target and @ip, a thunk of the call may be before it.
 */
static bool is_call_of(unsigned long address, unsigned long ip)
{
	const u8 *call = (const u8 *)address - CALL_INSN_SIZE;
	s32 distance;

	memcpy(&distance, call + 1, sizeof(distance));
	return *call == CALL_INSN_OPCODE && ip - (address + distance) < 32;
}

/* Stands in for resched_curr() when it is to do nothing. */
static noinline notrace void skip(void)
{
	barrier();
}

/*
 * resched_curr(rq). Context: lock of rq held, interrupts off; rq may be another
 * CPU's. What is allowed here: reads of per-CPU and pinned memory, v->lock,
 * starting a local hard timer, an asynchronous call of another CPU.
 */
static ECS_FTRACE_CALLBACK(filter_resched)
{
	const struct wakeup_note *note = this_cpu_ptr(&wakeup_note);
	void *rq = (void *)ecs_ftrace_argument(fregs, 0);
	enum ecsh_gate_kind kind;
	struct ecsh_vcpu *v;
	int cpu;

	if (is_caller(tick_callers, ARRAY_SIZE(tick_callers), parent_ip)) {
		if (!is_call_of(parent_ip, ip))
			return;
		kind = ECSH_GATE_TICK;
		cpu = cpu_of_rq(rq);
	} else if (is_caller(wakeup_callers, ARRAY_SIZE(wakeup_callers),
			     parent_ip) ||
		   is_caller(wakeup_hooks, ARRAY_SIZE(wakeup_hooks),
			     parent_ip)) {
		kind = ECSH_GATE_WAKEUP;
		cpu = note->rq == rq && note->may_wait ? note->cpu : -1;
	} else {
		return;
	}
	if (cpu < 0)
		return;
	v = READ_ONCE(per_cpu(ecsh_vcpu_running, cpu));
	if (v && ecsh_gate_request(v, cpu, kind))
		ecs_ftrace_redirect(fregs, (unsigned long)skip);
}

static struct ecsh_hook_set tick_set = {
	.hooks = tick_callers,
	.nr = ARRAY_SIZE(tick_callers),
};

static struct ecsh_hook_set wakeup_caller_set = {
	.hooks = wakeup_callers,
	.nr = ARRAY_SIZE(wakeup_callers),
};

static struct ecsh_hook_set wakeup_set = {
	.ops = { .func = observe_wakeup, .flags = ECS_FTRACE_FL_OBSERVE },
	.hooks = wakeup_hooks,
	.nr = ARRAY_SIZE(wakeup_hooks),
};

static struct ecsh_hook_set resched_set = {
	.ops = { .func = filter_resched, .flags = ECS_FTRACE_FL_MODIFY },
	.hooks = resched_hooks,
	.nr = ARRAY_SIZE(resched_hooks),
};

/**
 * ecsh_sched_init() - find the callers, hook the requests
 *
 * Context: module init.
 */
void ecsh_sched_init(void)
{
	ecsh_hook_register(&tick_set);
	ecsh_hook_register(&wakeup_caller_set);
	ecsh_hook_register(&wakeup_set);
	ecsh_hook_register(&resched_set);
}

/**
 * ecsh_sched_exit() - let all requests pass again
 *
 * skip() does not sleep, so nobody is in it when the set is gone.
 *
 * Context: module exit.
 */
void ecsh_sched_exit(void)
{
	ecsh_hook_unregister(&resched_set);
	ecsh_hook_unregister(&wakeup_set);
	ecsh_hook_unregister(&wakeup_caller_set);
	ecsh_hook_unregister(&tick_set);
}
