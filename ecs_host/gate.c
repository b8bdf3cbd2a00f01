// SPDX-License-Identifier: GPL-2.0-only
/* gate.c: see gate.h. */
#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "compat/sched.h"
#include "gate.h"
#include "grace.h"
#include "hint.h"
#include "holder.h"
#include "stats.h"
#include "trace.h"
#include "vcpu.h"

static void refuse(struct ecsh_vcpu *v, enum ecs_stat why)
{
	ecsh_stats_inc(&v->stats, why);
	trace_ecs_refuse(v, why);
}

/**
 * ecsh_gate_request() - the fair class wants the CPU of a running vCPU
 * @v: the vCPU that runs on @cpu
 * @cpu: maybe another CPU
 * @kind: what for
 *
 * Context: runqueue lock of @cpu held, interrupts off: no wakeup, no sleep, no
 * fault, no printk.
 * Return: true if the request is to be dropped; whoever ends the extension
 * makes up for it.
 */
bool ecsh_gate_request(struct ecsh_vcpu *v, int cpu, enum ecsh_gate_kind kind)
{
	enum ecs_policy_verdict verdict;
	enum ecs_policy_hint hint;
	struct task_struct *task;
	bool defer = false;
	u64 now;

	lockdep_assert_irqs_disabled();
	if (READ_ONCE(v->mode) == ECS_MODE_OFF)
		return false;
	task = READ_ONCE(v->task);
	/*
	 * Preemption is settled already, or it leaves by itself (an account that is
	 * brought up to date on the way out): nothing to defer, nothing to count.
	 */
	if (!task || ecs_sched_is_resched(task) || !ecs_sched_is_running(task))
		return false;
	/* It gives its time away: an account that is brought up to date for that. */
	if (task == current && !hardirq_count() && READ_ONCE(v->yielding))
		return false;

	raw_spin_lock(&v->lock);
	/* Its thread may stop to run it without the runqueue lock: ecsh_gate_leave(). */
	if (READ_ONCE(per_cpu(ecsh_vcpu_running, cpu)) != v ||
	    !ecsh_vcpu_page(v))
		goto unlock;
	ecsh_stats_inc(&v->stats, kind == ECSH_GATE_TICK ? ECS_STAT_REQ_TICK :
							   ECS_STAT_REQ_WAKEUP);
	ecsh_hint_look(v);
	hint = ecsh_grace_hint(v);
	if (ecs_policy_is_inside(&v->params, hint) &&
	    v->state.phase != ECS_POLICY_EXTENDED) {
		ecsh_stats_inc(&v->stats, ECS_STAT_REQ_SECTION);
		ecsh_stats_kind(&v->stats, hint)->captured++;
	}
	now = ktime_get_mono_fast_ns();
	verdict = ecs_policy_request(&v->params, &v->state, now, hint);
	switch (verdict) {
	case ECS_POLICY_GRANT:
		ecsh_grace_begin(v, cpu, kind);
		defer = true;
		break;
	case ECS_POLICY_JOIN:
		ecsh_stats_inc(&v->stats, ECS_STAT_REQ_JOINED);
		defer = true;
		break;
	case ECS_POLICY_OBSERVE:
		ecsh_stats_inc(&v->stats, ECS_STAT_WOULD_GRANT);
		break;
	case ECS_POLICY_NO_BUDGET:
		refuse(v, ECS_STAT_REFUSED_BUDGET);
		break;
	case ECS_POLICY_NO_SECOND:
		refuse(v, ECS_STAT_REFUSED_SPENT);
		break;
	case ECS_POLICY_NO_SOFT:
		refuse(v, ECS_STAT_REFUSED_SLEEP);
		break;
	case ECS_POLICY_WAITER:
		refuse(v, ECS_STAT_REFUSED_WAITER);
		break;
	case ECS_POLICY_RELEASE:
		ecsh_grace_ended(v, ECS_STAT_ENDED_RELEASE, now);
		break;
	case ECS_POLICY_CAP:
		ecsh_grace_ended(v, ECS_STAT_ENDED_CAP, now);
		break;
	default:
		break;
	}
unlock:
	raw_spin_unlock(&v->lock);
	return defer;
}

/**
 * ecsh_gate_yield() - the guest gives the CPU back
 * @v: the vCPU that the current thread runs
 *
 * Context: the vCPU's thread.
 */
void ecsh_gate_yield(struct ecsh_vcpu *v)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_inc(&v->stats, ECS_STAT_YIELD_MSR);
	if (this_cpu_read(ecsh_vcpu_running) == v) {
		ecsh_grace_end(v, ECS_STAT_ENDED_YIELD);
		hrtimer_try_to_cancel(&v->timer);
	}
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

/**
 * ecsh_gate_sched_out() - a vCPU's thread leaves its CPU
 * @v: the vCPU; it is no longer the running one
 *
 * Context: the thread is current, runqueue lock held, interrupts off.
 */
void ecsh_gate_sched_out(struct ecsh_vcpu *v)
{
	bool runnable = ecs_sched_is_running(current);
	bool preempted = runnable && !READ_ONCE(v->yielding);
	enum ecs_policy_hint hint;
	u64 now;

	lockdep_assert_irqs_disabled();
	/* It is armed on this CPU and nowhere else; it may outlive its extension. */
	if (hrtimer_is_queued(&v->timer))
		hrtimer_try_to_cancel(&v->timer);
	if (READ_ONCE(v->mode) == ECS_MODE_OFF &&
	    READ_ONCE(v->state.phase) == ECS_POLICY_READY)
		return;
	raw_spin_lock(&v->lock);
	/* One that yields wants to run on, too: its guest is told so. */
	ecsh_hint_sched_out(v, runnable);
	now = ktime_get_mono_fast_ns();
	if (v->mode != ECS_MODE_OFF)
		ecsh_stats_inc(&v->stats, ECS_STAT_SCHED_OUT);
	if (preempted && v->mode != ECS_MODE_OFF) {
		ecsh_stats_inc(&v->stats, ECS_STAT_PREEMPTED);
		hint = ecsh_grace_hint(v);
		if (ecs_policy_is_inside(&v->params, hint)) {
			ecsh_stats_inc(&v->stats, ECS_STAT_PREEMPTED_SECTION);
			ecsh_stats_kind(&v->stats, hint)->preempted++;
			/* Time for one that only waits would help nobody. */
			if (!ecs_policy_is_waiting(hint))
				ecsh_holder_mark(v, now);
		}
	}
	if (ecs_policy_off_cpu(&v->params, &v->state, now) == ECS_POLICY_ENDED)
		ecsh_grace_ended(v,
				 preempted ? ECS_STAT_ENDED_FORCED :
					     ECS_STAT_ENDED_YIELD,
				 now);
	raw_spin_unlock(&v->lock);
}

/**
 * ecsh_gate_join() - a vCPU comes to another thread
 * @v: the vCPU, not yet the running one
 *
 * A bucket fills while one thread runs one vCPU, so that a thread gets no more out of
 * many vCPUs, or of new ones, than out of one.
 *
 * Context: interrupts off.
 */
void ecsh_gate_join(struct ecsh_vcpu *v)
{
	lockdep_assert_irqs_disabled();
	raw_spin_lock(&v->lock);
	ecs_policy_empty(&v->params, &v->state, ktime_get_mono_fast_ns());
	raw_spin_unlock(&v->lock);
}

/**
 * ecsh_gate_leave() - the current thread stops to run its vCPU, and runs on
 *
 * What was deferred for the vCPU is due now, or nobody would make up for it.
 *
 * Context: the vCPU's thread, interrupts off.
 */
void ecsh_gate_leave(void)
{
	struct ecsh_vcpu *v = this_cpu_read(ecsh_vcpu_running);

	lockdep_assert_irqs_disabled();
	this_cpu_write(ecsh_vcpu_running, NULL);
	if (!v)
		return;
	hrtimer_try_to_cancel(&v->timer);
	raw_spin_lock(&v->lock);
	ecsh_hint_sched_out(v, false);
	ecsh_grace_end(v, ECS_STAT_ENDED_OFF);
	ecs_policy_off_cpu(&v->params, &v->state, ktime_get_mono_fast_ns());
	raw_spin_unlock(&v->lock);
}
