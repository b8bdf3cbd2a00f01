// SPDX-License-Identifier: GPL-2.0-only
/*
 * gate.c: see gate.h.
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

#include "compat/sched.h"
#include "compat/smp.h"
#include "gate.h"
#include "hint.h"
#include "holder.h"
#include "stats.h"
#include "vcpu.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Carries a grant to the CPU of the vCPU, where the timer must be started. */
static DEFINE_PER_CPU(call_single_data_t, arm_csd);

static u64 now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

/* Context: v->lock held. */
static struct ecsh_page *page_of(struct ecsh_vcpu *v)
{
	return rcu_dereference_protected(v->page, lockdep_is_held(&v->lock));
}

static enum ecs_policy_hint hint_of(struct ecsh_vcpu *v)
{
	struct ecsh_page_offences found = {};
	struct ecsh_page *page = page_of(v);
	enum ecs_policy_hint hint;

	if (!page)
		return ECS_POLICY_OUTSIDE;
	hint = ecsh_page_hint(page, &found);
	v->stats.counter[ECS_STAT_BAD_COUNT] += found.bad_count;
	v->stats.counter[ECS_STAT_BAD_COOKIE] += found.bad_cookie;
	return hint;
}

/* Counts how long after its time a look came: by IPI, timer or exit. */
static void count_late(struct ecsh_vcpu *v, u64 now)
{
	s64 late = (s64)(now - v->due);

	if (late >= 0)
		ecsh_stats_late(&v->stats, late);
}

/* The policy has ended an extension: the bookkeeping. */
static void ended(struct ecsh_vcpu *v, enum ecs_stat why, u64 now)
{
	struct ecsh_page *page = page_of(v);

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
	u64 now = now_ns();

	lockdep_assert_held(&v->lock);
	if (ecs_policy_end(&v->params, &v->state, now) != ECS_POLICY_ENDED)
		return false;
	ended(v, why, now);
	return true;
}

/*
 * The same: what was deferred is due now.
 *
 * Context: v->lock held, this CPU runs the vCPU's thread.
 */
static void end_now(struct ecsh_vcpu *v, enum ecs_stat why)
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
	u64 now = now_ns();
	u64 next;

	lockdep_assert_held(&v->lock);
	if (v->mode == ECS_MODE_OFF || !page_of(v)) {
		end_now(v, ECS_STAT_ENDED_OFF);
		return 0;
	}
	switch (ecs_policy_recheck(&v->params, &v->state, now, hint_of(v),
				   &next)) {
	case ECS_POLICY_RELEASE:
		ended(v, ECS_STAT_ENDED_RELEASE, now);
		preempt_now();
		break;
	case ECS_POLICY_CAP:
		ended(v, ECS_STAT_ENDED_CAP, now);
		preempt_now();
		break;
	case ECS_POLICY_CONTINUE:
		count_late(v, now);
		v->due = now + next;
		break;
	default:
		break;
	}
	return next;
}

static void start_timer(struct ecsh_vcpu *v, u64 ns)
{
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

static void grant(struct ecsh_vcpu *v, int cpu, enum ecsh_gate_kind kind)
{
	struct ecsh_page *page = page_of(v);
	u64 first = ecs_policy_first_ns(&v->params, &v->state);

	v->due = v->state.since + first;
	ecsh_stats_inc(&v->stats, ECS_STAT_GRANTED);
	ecsh_stats_kind(&v->stats, v->state.hint)->deferred++;
	ecsh_page_set_granted(page, true);
	trace_ecs_grant(v, kind, v->state.bound_ns);
	if (cpu == smp_processor_id())
		start_timer(v, first);
	else
		/* -EBUSY: one is on its way already and will do. */
		smp_call_function_single_async(cpu, &per_cpu(arm_csd, cpu));
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
	if (!task || test_tsk_need_resched(task) || !ecs_sched_is_running(task))
		return false;

	raw_spin_lock(&v->lock);
	/* Its thread may stop to run it without the runqueue lock: ecsh_gate_leave(). */
	if (READ_ONCE(per_cpu(ecsh_vcpu_running, cpu)) != v || !page_of(v))
		goto unlock;
	ecsh_stats_inc(&v->stats, kind == ECSH_GATE_TICK ? ECS_STAT_REQ_TICK :
							   ECS_STAT_REQ_WAKEUP);
	ecsh_hint_look(v);
	hint = hint_of(v);
	if (ecs_policy_is_inside(&v->params, hint) &&
	    v->state.phase != ECS_POLICY_EXTENDED) {
		ecsh_stats_inc(&v->stats, ECS_STAT_REQ_SECTION);
		ecsh_stats_kind(&v->stats, hint)->captured++;
	}
	now = now_ns();
	verdict = ecs_policy_request(&v->params, &v->state, now, hint);
	switch (verdict) {
	case ECS_POLICY_GRANT:
		grant(v, cpu, kind);
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
		ecsh_stats_inc(&v->stats, ECS_STAT_REFUSED_BUDGET);
		trace_ecs_refuse(v, ECS_STAT_REFUSED_BUDGET);
		break;
	case ECS_POLICY_NO_SECOND:
		ecsh_stats_inc(&v->stats, ECS_STAT_REFUSED_SPENT);
		trace_ecs_refuse(v, ECS_STAT_REFUSED_SPENT);
		break;
	case ECS_POLICY_NO_SOFT:
		ecsh_stats_inc(&v->stats, ECS_STAT_REFUSED_SLEEP);
		trace_ecs_refuse(v, ECS_STAT_REFUSED_SLEEP);
		break;
	case ECS_POLICY_WAITER:
		ecsh_stats_inc(&v->stats, ECS_STAT_REFUSED_WAITER);
		trace_ecs_refuse(v, ECS_STAT_REFUSED_WAITER);
		break;
	case ECS_POLICY_RELEASE:
		ended(v, ECS_STAT_ENDED_RELEASE, now);
		break;
	case ECS_POLICY_CAP:
		ended(v, ECS_STAT_ENDED_CAP, now);
		break;
	default:
		break;
	}
unlock:
	raw_spin_unlock(&v->lock);
	return defer;
}

/**
 * ecsh_gate_timer() - look at the section of an extension
 * @timer: the vCPU's, pinned to the CPU it runs on
 *
 * Context: hard interrupt.
 */
enum hrtimer_restart ecsh_gate_timer(struct hrtimer *timer)
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
	if (next)
		hrtimer_forward_now(timer, ns_to_ktime(next));
	raw_spin_unlock(&v->lock);
	return next ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/**
 * ecsh_gate_look() - the vCPU that runs here has left guest mode: look now
 *
 * At its section if it is extended, and whether what its guest was told still
 * holds. In all other cases this is a test of three words of one cache line.
 *
 * Context: any, preemption off.
 */
void ecsh_gate_look(void)
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
		end_now(v, ECS_STAT_ENDED_YIELD);
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
	now = now_ns();
	if (v->mode != ECS_MODE_OFF)
		ecsh_stats_inc(&v->stats, ECS_STAT_SCHED_OUT);
	if (preempted && v->mode != ECS_MODE_OFF) {
		ecsh_stats_inc(&v->stats, ECS_STAT_PREEMPTED);
		hint = hint_of(v);
		if (ecs_policy_is_inside(&v->params, hint)) {
			ecsh_stats_inc(&v->stats, ECS_STAT_PREEMPTED_SECTION);
			ecsh_stats_kind(&v->stats, hint)->preempted++;
			/* Time for one that only waits would help nobody. */
			if (!ecs_policy_is_waiting(hint))
				ecsh_holder_mark(v, now);
		}
	}
	if (ecs_policy_off_cpu(&v->params, &v->state, now) == ECS_POLICY_ENDED)
		ended(v,
		      preempted ? ECS_STAT_ENDED_FORCED : ECS_STAT_ENDED_YIELD,
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
	ecs_policy_empty(&v->params, &v->state, now_ns());
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
	end_now(v, ECS_STAT_ENDED_OFF);
	ecs_policy_off_cpu(&v->params, &v->state, now_ns());
	raw_spin_unlock(&v->lock);
}

/**
 * ecsh_gate_forget() - the vCPU's record goes
 * @v: runs nowhere, and its timer neither
 *
 * The counters of its VM stay: they are to say how each extension ended.
 *
 * Context: any, interrupts on.
 */
void ecsh_gate_forget(struct ecsh_vcpu *v)
{
	raw_spin_lock_irq(&v->lock);
	end(v, ECS_STAT_ENDED_OFF);
	raw_spin_unlock_irq(&v->lock);
}

/**
 * ecsh_gate_init() - before the first hook is in place
 */
void ecsh_gate_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_CSD(&per_cpu(arm_csd, cpu), arm, NULL);
}
