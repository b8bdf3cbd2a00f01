// SPDX-License-Identifier: GPL-2.0-only
/* dispatch.c: see dispatch.h; who tells is in follow.c. */
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "boost.h"
#include "compat/sched.h"
#include "compat/timer.h"
#include "dispatch.h"
#include "queue.h"

#define CREATE_TRACE_POINTS
#include "trace_boost.h"

static u64 now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

/**
 * ecsh_dispatch_begin() - begin a boost if the rules allow it
 * @b: the record
 * @now: current time, ns
 *
 * Context: b->lock held.
 * Return: as ecs_budget_wake(); the CPU is not yet told.
 */
enum ecs_budget_verdict ecsh_dispatch_begin(struct ecsh_boost *b, u64 now)
{
	enum ecs_budget_verdict verdict;

	lockdep_assert_held(&b->lock);
	verdict = ecs_budget_wake(&b->params, &b->budget, now);
	if (verdict != ECS_BUDGET_BEGIN && verdict != ECS_BUDGET_RESUME)
		return verdict;
	ecsh_boost_count(b, ECS_BOOST_STAT_BOOSTS);
	if (verdict == ECS_BUDGET_RESUME)
		ecsh_boost_count(b, ECS_BOOST_STAT_RESUMES);
	ecsh_queue_add(b, b->cpu);
	trace_ecs_boost_begin(b);
	return verdict;
}

/**
 * ecsh_dispatch_ended() - the rules have ended a boost: the bookkeeping
 * @b: the record
 * @why: ECS_BOOST_STAT_ENDED_*
 *
 * Context: b->lock held.
 */
void ecsh_dispatch_ended(struct ecsh_boost *b, enum ecs_boost_stat why)
{
	u64 used = b->budget.used_ns, sbt = b->params.sbt_ns;

	lockdep_assert_held(&b->lock);
	ecsh_queue_remove(b);
	ecsh_boost_count(b, why);
	b->stats.counter[ECS_BOOST_STAT_BOOST_NS] += b->budget.ran_ns;
	if (used > sbt) {
		if (b->params.borrow_ns)
			ecsh_boost_count(b, ECS_BOOST_STAT_BORROWS);
		b->stats.counter[ECS_BOOST_STAT_BORROW_NS] += used - sbt;
		if (used - sbt > b->params.borrow_ns)
			ecsh_boost_max(b, ECS_BOOST_STAT_OVER_MAX_NS,
				       used - sbt - b->params.borrow_ns);
	}
	trace_ecs_boost_end(b, why);
	/* The FIFO backend takes the policy back; a CPU may be free for others. */
	if ((b->backend == ECS_BOOST_FIFO &&
	     (b->budget.phase == ECS_BUDGET_COOLING ||
	      !READ_ONCE(b->is_fifo))) ||
	    ecsh_queue_is_crowded())
		ecsh_boost_poke();
}

/**
 * ecsh_dispatch_cool() - look again when the boost may begin
 * @b: the record; nothing happens if it does not cool
 * @now: current time, ns
 *
 * Context: b->lock held, interrupts off.
 */
void ecsh_dispatch_cool(struct ecsh_boost *b, u64 now)
{
	u64 left = ecs_budget_cooling_left(&b->budget, now);

	if (left)
		hrtimer_start(&b->cool_timer, ns_to_ktime(left),
			      HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * ecsh_dispatch_remind() - kick again for a boost that waits for its CPU
 * @b: the boost
 *
 * It may have begun while its CPU was about to run another, and a cgroup that
 * gets a new quota kicks nobody.
 *
 * Context: process context.
 */
void ecsh_dispatch_remind(struct ecsh_boost *b)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	if (b->budget.phase == ECS_BUDGET_BOOSTED && !b->gone &&
	    !READ_ONCE(per_cpu(ecsh_queue, b->cpu).serving) &&
	    ecs_sched_is_runnable(b->task) && !READ_ONCE(b->task->on_cpu))
		ecsh_queue_kick(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/* SBT is used up. Context: hard interrupt on the CPU that the thread runs on. */
static enum hrtimer_restart run_timer(struct hrtimer *timer)
{
	struct ecsh_boost *b = container_of(timer, struct ecsh_boost,
					    run_timer);
	u64 now, next = 0;

	lockdep_assert_irqs_disabled();
	raw_spin_lock(&b->lock);
	now = now_ns();
	if (this_cpu_read(ecsh_queue.serving) == b &&
	    ecs_budget_check(&b->params, &b->budget, now, &next) ==
		    ECS_BUDGET_END) {
		ecsh_dispatch_ended(b, ECS_BOOST_STAT_ENDED_SBT);
		this_cpu_write(ecsh_queue.serving, NULL);
		ecsh_dispatch_cool(b, now);
		ecsh_queue_resched();
	}
	if (next)
		hrtimer_start(timer, ns_to_ktime(next),
			      HRTIMER_MODE_REL_PINNED_HARD);
	raw_spin_unlock(&b->lock);
	return HRTIMER_NORESTART;
}

/* USBT has passed. Context: hard interrupt, on any CPU. */
static enum hrtimer_restart cool_timer(struct hrtimer *timer)
{
	struct ecsh_boost *b = container_of(timer, struct ecsh_boost,
					    cool_timer);
	enum ecs_budget_verdict verdict;
	u64 now;

	lockdep_assert_irqs_disabled();
	raw_spin_lock(&b->lock);
	now = now_ns();
	/* Started anew and not forwarded: another CPU may have done it already. */
	if (ecs_budget_cooling_left(&b->budget, now))
		ecsh_dispatch_cool(b, now);
	else if (b->gone || b->backend == ECS_BOOST_FIFO)
		ecsh_boost_poke();
	/*
	 * A thread that sleeps is boosted when it wakes. One that is about to
	 * sleep still runs, and its switch ends what begins here.
	 */
	if (!b->gone && ecs_sched_is_runnable(b->task)) {
		verdict = ecsh_dispatch_begin(b, now);
		if (verdict == ECS_BUDGET_BEGIN || verdict == ECS_BUDGET_RESUME)
			ecsh_queue_kick(b);
		else if (verdict == ECS_BUDGET_TOO_EARLY)
			ecsh_dispatch_cool(b, now);
	}
	raw_spin_unlock(&b->lock);
	return HRTIMER_NORESTART;
}

/**
 * ecsh_dispatch_setup() - make a record ready to be found
 * @b: the record, its task and parameters set
 */
void ecsh_dispatch_setup(struct ecsh_boost *b)
{
	raw_spin_lock_init(&b->lock);
	ecs_budget_init(&b->budget);
	b->queue_cpu = -1;
	b->cpu = task_cpu(b->task);
	hrtimer_setup(&b->run_timer, run_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_setup(&b->cool_timer, cool_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * ecsh_dispatch_start() - let the boosts of a record begin
 * @b: the record, in the table
 *
 * Context: process context.
 */
void ecsh_dispatch_start(struct ecsh_boost *b)
{
	/* For a thread that does not sleep: nobody else would begin. */
	hrtimer_start(&b->cool_timer, 0, HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * ecsh_dispatch_stop() - end what is under way; no boost begins any more
 * @b: the record; its account stays, so that asking again gains nothing
 * @only_guests: only if its guest has asked for it
 *
 * Context: any but with the lock of a boost held.
 */
void ecsh_dispatch_stop(struct ecsh_boost *b, bool only_guests)
{
	struct ecsh_boost **serving;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&b->lock, flags);
	now = now_ns();
	if (b->gone || (only_guests && b->source != ECS_BOOST_BY_GUEST))
		goto unlock;
	b->gone = true;
	serving = &per_cpu_ptr(&ecsh_queue, b->cpu)->serving;
	if (READ_ONCE(*serving) == b)
		WRITE_ONCE(*serving, NULL);
	if (ecs_budget_close(&b->params, &b->budget, now) == ECS_BUDGET_END)
		ecsh_dispatch_ended(b, ECS_BOOST_STAT_ENDED_OFF);
	/* For the policy, and to be freed when it would be ready. */
	ecsh_boost_poke();
	ecsh_dispatch_cool(b, now);
unlock:
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * ecsh_dispatch_revive() - let boosts begin again after ecsh_dispatch_stop()
 * @b: the record
 *
 * Context: process context.
 */
void ecsh_dispatch_revive(struct ecsh_boost *b)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->gone = false;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	ecsh_dispatch_start(b);
}

/**
 * ecsh_dispatch_is_over() - is a record that was stopped of no use any more?
 * @b: the record
 *
 * While it cools it is kept, and with it what it was promised, so that nobody gets a
 * fresh account by asking anew: by a new thread neither.
 *
 * Context: process context.
 */
bool ecsh_dispatch_is_over(struct ecsh_boost *b)
{
	unsigned long flags;
	bool over;

	raw_spin_lock_irqsave(&b->lock, flags);
	over = b->gone && !ecs_budget_cooling_left(&b->budget, now_ns());
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return over;
}
