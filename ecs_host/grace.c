// SPDX-License-Identifier: GPL-2.0-only
/*
 * grace.c: see grace.h.
 *
 * A deferred request leaves no trace in the scheduler: need_resched is not set
 * and no IPI is sent. Who ends the extension sets need_resched on the vCPU's
 * own CPU, from interrupt or from its own thread, and the scheduler decides
 * afresh who runs.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "compat/smp.h"
#include "grace.h"
#include "hint.h"
#include "stats.h"
#include "vcpu.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Carries a grant to the CPU of the vCPU, where the timer must be started. */
static DEFINE_PER_CPU(call_single_data_t, arm_csd);

/**
 * ecsh_grace_hint() - the section that a vCPU is in
 * @v: the vCPU; offences that are found are counted as its own
 *
 * Context: v->lock held.
 */
enum ecs_policy_hint ecsh_grace_hint(struct ecsh_vcpu *v)
{
	struct ecsh_page_offences found = {};
	struct ecsh_page *page = ecsh_vcpu_page(v);
	enum ecs_policy_hint hint;

	if (!page)
		return ECS_POLICY_OUTSIDE;
	hint = ecsh_page_hint(page, &found);
	v->stats.counter[ECS_STAT_BAD_COUNT] += found.bad_count;
	v->stats.counter[ECS_STAT_BAD_COOKIE] += found.bad_cookie;
	return hint;
}

/* Counts how long after its time a look came: by IPI, timer or exit. Was it due? */
static bool count_late(struct ecsh_vcpu *v, u64 now)
{
	s64 late = (s64)(now - v->due);

	if (late < 0)
		return false;
	ecsh_stats_late(&v->stats, late);
	return true;
}

/**
 * ecsh_grace_ended() - the bookkeeping for an extension that the policy has ended
 * @v: the vCPU
 * @why: ECS_STAT_ENDED_*
 * @now: ns
 *
 * Context: v->lock held.
 */
void ecsh_grace_ended(struct ecsh_vcpu *v, enum ecs_stat why, u64 now)
{
	struct ecsh_page *page = ecsh_vcpu_page(v);

	count_late(v, now);
	ecsh_stats_extension(&v->stats, why, v->state.hint, v->state.length_ns);
	if (page)
		ecsh_page_set_granted(page, false);
	if (why == ECS_STAT_ENDED_CAP)
		trace_ecs_expire(v, v->state.length_ns);
	else
		trace_ecs_release(v, why, v->state.length_ns);
}

/* Context: this CPU runs the vCPU's thread; interrupts off. */
static void preempt_now(void)
{
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

/* Ends an extension for a reason of ours. Was there one? Context: v->lock held. */
static bool end(struct ecsh_vcpu *v, enum ecs_stat why)
{
	u64 now = ktime_get_mono_fast_ns();

	lockdep_assert_held(&v->lock);
	if (ecs_policy_end(&v->params, &v->state, now) != ECS_POLICY_ENDED)
		return false;
	ecsh_grace_ended(v, why, now);
	return true;
}

/**
 * ecsh_grace_end() - end an extension, if there is one: what was deferred is due now
 * @v: the vCPU that this CPU runs
 * @why: ECS_STAT_ENDED_*
 *
 * Context: v->lock held.
 */
void ecsh_grace_end(struct ecsh_vcpu *v, enum ecs_stat why)
{
	if (end(v, why))
		preempt_now();
}

/*
 * Looks at the section of an extension. Returns the time to the next look, or 0
 * if there is no extension any more.
 */
static u64 look(struct ecsh_vcpu *v)
{
	u64 now = ktime_get_mono_fast_ns();
	u64 next;

	lockdep_assert_held(&v->lock);
	if (v->mode == ECS_MODE_OFF || !ecsh_vcpu_page(v)) {
		ecsh_grace_end(v, ECS_STAT_ENDED_OFF);
		return 0;
	}
	switch (ecs_policy_recheck(&v->params, &v->state, now,
				   ecsh_grace_hint(v), &next)) {
	case ECS_POLICY_RELEASE:
		ecsh_grace_ended(v, ECS_STAT_ENDED_RELEASE, now);
		preempt_now();
		break;
	case ECS_POLICY_CAP:
		ecsh_grace_ended(v, ECS_STAT_ENDED_CAP, now);
		preempt_now();
		break;
	case ECS_POLICY_CONTINUE:
		/* An exit before that leaves the timer as it is. */
		if (count_late(v, now))
			v->due = now + next;
		break;
	default:
		break;
	}
	return next;
}

/* Context: v->lock held, on the CPU that the vCPU runs on. */
static void start_timer(struct ecsh_vcpu *v, u64 ns)
{
	v->due = ktime_get_mono_fast_ns() + ns;
	hrtimer_start(&v->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_PINNED_HARD);
}

/* Context: IPI, interrupts off, on the CPU that the grant was for. */
static void arm(void *unused)
{
	struct ecsh_vcpu *v = this_cpu_read(ecsh_vcpu_running);
	u64 next;

	if (!v)
		return;
	raw_spin_lock(&v->lock);
	next = look(v);
	if (next)
		start_timer(v, next);
	raw_spin_unlock(&v->lock);
}

/**
 * ecsh_grace_begin() - the policy has granted an extension: have it looked at
 * @v: the vCPU that runs on @cpu
 * @cpu: maybe another CPU
 * @kind: of the request that is deferred
 *
 * Context: runqueue lock of @cpu and v->lock held.
 */
void ecsh_grace_begin(struct ecsh_vcpu *v, int cpu, enum ecsh_gate_kind kind)
{
	struct ecsh_page *page = ecsh_vcpu_page(v);
	u64 first = ecs_policy_first_ns(&v->params, &v->state);

	ecsh_stats_inc(&v->stats, ECS_STAT_GRANTED);
	ecsh_stats_kind(&v->stats, v->state.hint)->deferred++;
	ecsh_page_set_granted(page, true);
	trace_ecs_grant(v, kind, v->state.bound_ns);
	if (cpu == smp_processor_id()) {
		start_timer(v, first);
		return;
	}
	v->due = v->state.since + first;
	/* -EBUSY: one is on its way already and will do. */
	smp_call_function_single_async(cpu, &per_cpu(arm_csd, cpu));
}

/**
 * ecsh_grace_timer() - look at the section of an extension
 * @timer: the vCPU's, pinned to the CPU it runs on
 *
 * Context: hard interrupt.
 */
enum hrtimer_restart ecsh_grace_timer(struct hrtimer *timer)
{
	struct ecsh_vcpu *v = container_of(timer, struct ecsh_vcpu, timer);
	u64 next;

	lockdep_assert_irqs_disabled();
	if (this_cpu_read(ecsh_vcpu_running) != v) {
		/* If its record went first, what was deferred here is due still. */
		preempt_now();
		return HRTIMER_NORESTART;
	}
	raw_spin_lock(&v->lock);
	next = look(v);
	/* From now on. Forwarded from when it was due it would come too early. */
	if (next)
		start_timer(v, next);
	raw_spin_unlock(&v->lock);
	return HRTIMER_NORESTART;
}

/**
 * ecsh_grace_look() - the vCPU that runs here has left guest mode: look now
 *
 * At its section if it is extended, and whether what its guest was told still
 * holds. In all other cases this is a test of three words of one cache line.
 *
 * Context: any, preemption off.
 */
void ecsh_grace_look(void)
{
	struct ecsh_vcpu *v = this_cpu_read(ecsh_vcpu_running);
	unsigned long flags;

	if (!v)
		return;
	if (READ_ONCE(v->yielding))
		WRITE_ONCE(v->yielding, false);
	if (READ_ONCE(v->state.phase) != ECS_POLICY_EXTENDED &&
	    !READ_ONCE(v->told))
		return;
	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_hint_look(v);
	if (v->state.phase == ECS_POLICY_EXTENDED && !look(v))
		hrtimer_try_to_cancel(&v->timer);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

/**
 * ecsh_grace_forget() - the vCPU's record goes
 * @v: runs nowhere, and its timer neither
 *
 * The counters of its VM stay: they are to say how each extension ended.
 *
 * Context: any, interrupts on.
 */
void ecsh_grace_forget(struct ecsh_vcpu *v)
{
	raw_spin_lock_irq(&v->lock);
	end(v, ECS_STAT_ENDED_OFF);
	raw_spin_unlock_irq(&v->lock);
}

/**
 * ecsh_grace_init() - before the first hook is in place
 */
void ecsh_grace_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_CSD(&per_cpu(arm_csd, cpu), arm, NULL);
}
