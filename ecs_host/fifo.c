// SPDX-License-Identifier: GPL-2.0-only
/*
 * fifo.c: see fifo.h.
 *
 * The thread has the lowest real-time priority while a boost is under way or
 * the next wakeup may begin one, and its own policy while it cools. A policy can
 * only be changed from process context, so that SBT is exceeded by the time the
 * worker takes to run. Real-time threads escape the quotas of cgroups.
 */
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>
#include <uapi/linux/sched.h>
#include <uapi/linux/sched/types.h>

#include "boost.h"
#include "compat/sched.h"
#include "fifo.h"

/* Of the kernel; found once, under the boosts' mutex. */
static ecs_sched_setattr *setattr;

/**
 * ecsh_fifo_is_there() - can policies be changed from a module on this kernel?
 *
 * Context: process context; the boosts' mutex held.
 */
bool ecsh_fifo_is_there(void)
{
	if (!setattr)
		setattr = ecs_sched_find_setattr();
	return setattr;
}

/*
 * One that runs is real-time only while a boost is under way, for that is metered;
 * one that sleeps is if its next wakeup will be boosted.
 */
static bool wanted(struct ecsh_boost *b)
{
	unsigned long flags;
	bool want;

	raw_spin_lock_irqsave(&b->lock, flags);
	if (b->backend != ECS_BOOST_FIFO || b->gone)
		want = false;
	else if (ecs_sched_is_runnable(b->task))
		want = b->budget.phase == ECS_BUDGET_BOOSTED;
	else
		want = !ecs_budget_cooling_left(&b->budget,
						ktime_get_mono_fast_ns());
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return want;
}

/* Real-time threads have none, and come back with the default (v6.12, ed4fb6d7ef68). */
static void restore_slack(struct ecsh_boost *b)
{
	struct task_struct *task = b->task;

	task_lock(task);
	if (READ_ONCE(task->timer_slack_ns) != b->had_slack)
		WRITE_ONCE(task->timer_slack_ns, b->had_slack);
	task_unlock(task);
}

/**
 * ecsh_fifo_sync() - give the thread the policy that its budget asks for
 * @b: the boost
 *
 * A policy that somebody else has set meanwhile is left alone.
 *
 * Context: process context, may sleep; the boosts' mutex held.
 */
void ecsh_fifo_sync(struct ecsh_boost *b)
{
	struct sched_attr attr = { .size = sizeof(attr) };
	struct task_struct *task = b->task;

	if (wanted(b)) {
		if (b->is_fifo || task->policy != SCHED_NORMAL)
			return;
		b->had_reset_on_fork = task->sched_reset_on_fork;
		b->had_slice = ecs_sched_slice(task);
		b->had_slack = READ_ONCE(task->timer_slack_ns);
		/* What it clones meanwhile is not to stay real-time for ever. */
		attr.sched_policy = SCHED_FIFO;
		attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
		attr.sched_priority = 1;
		WRITE_ONCE(b->is_fifo, !setattr(task, &attr));
	} else if (b->is_fifo) {
		WRITE_ONCE(b->is_fifo, false);
		if (task->policy != SCHED_FIFO || task->rt_priority != 1)
			return;
		attr.sched_policy = SCHED_NORMAL;
		attr.sched_flags = b->had_reset_on_fork ?
					   SCHED_FLAG_RESET_ON_FORK :
					   0;
		attr.sched_nice = PRIO_TO_NICE(task->static_prio);
		/* To the fair class 0 is not "as it is" but the default. */
		attr.sched_runtime = b->had_slice;
		setattr(task, &attr);
		restore_slack(b);
		/* It may just have been waking: its boost begins after that. */
		if (wanted(b))
			ecsh_boost_poke();
	}
}
