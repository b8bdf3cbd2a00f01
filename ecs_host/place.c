// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c: see place.h.
 *
 * A boosted thread that wakes is sent to an allowed CPU that serves no boost. If
 * there is none it queues behind another and is moved as soon as there is. The
 * only way to move a waiting thread from outside the scheduler is its affinity:
 * it is narrowed for a moment and put back, unless somebody has set it
 * meanwhile. Who sets it within the same few microseconds may lose against us.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "boost.h"
#include "compat/sched.h"
#include "hook.h"
#include "place.h"
#include "queue.h"

static DEFINE_PER_CPU(int, chosen_cpu);

static struct ecsh_hook place_hooks[] = {
	{ .names = { "select_task_rq_fair" },
	  .feature = ECS_HOST_F_BOOST_PLACE },
};

/* Is a boost dispatched there at once? What runs on @mine makes room. */
static bool is_free(int cpu, int mine)
{
	struct ecsh_queue *q = per_cpu_ptr(&ecsh_queue, cpu);

	return !READ_ONCE(q->nr) && (cpu == mine || !READ_ONCE(q->is_rt));
}

/*
 * The CPU that suits a boosted @task best, -1 if all serve others. @mine is the
 * CPU of a real-time worker that asks, or -1.
 */
static int free_cpu(struct task_struct *task, int prev, int mine)
{
	int cpu, best = -1;

	for_each_cpu(cpu, task->cpus_ptr) {
		if (!cpu_active(cpu) || !is_free(cpu, mine))
			continue;
		if (cpu == prev)
			return cpu;
		if (best < 0 || (READ_ONCE(per_cpu(ecsh_queue, cpu).is_idle) &&
				 !READ_ONCE(per_cpu(ecsh_queue, best).is_idle)))
			best = cpu;
	}
	return best;
}

/* Stands in for the choice of a CPU. */
static noinline notrace int take_chosen_cpu(void)
{
	return this_cpu_read(chosen_cpu);
}

/*
 * select_task_rq_fair(p, prev_cpu, ...). Context: p->pi_lock held, interrupts
 * off. The caller checks that the CPU is allowed.
 */
static ECS_FTRACE_CALLBACK(filter_select)
{
	struct task_struct *p = (void *)ecs_ftrace_argument(fregs, 0);
	struct ecsh_boost *b;
	int prev, cpu;

	/* A fork or exec is not a wakeup. */
	if (p == current || ecs_sched_is_running(p))
		return;
	b = ecsh_boost_find(p);
	if (!b)
		return;
	prev = task_cpu(p);
	raw_spin_lock(&b->lock);
	cpu = ecs_budget_cooling_left(&b->budget, ktime_get_mono_fast_ns()) ?
		      -1 :
		      free_cpu(p, prev, -1);
	if (cpu >= 0 && cpu != prev)
		ecsh_boost_count(b, ECS_BOOST_STAT_PLACED);
	raw_spin_unlock(&b->lock);
	if (cpu < 0)
		return;
	this_cpu_write(chosen_cpu, cpu);
	ecs_ftrace_redirect(fregs, (unsigned long)take_chosen_cpu);
}

static struct ecsh_hook_set place_set = {
	.ops = { .func = filter_select, .flags = ECS_FTRACE_FL_MODIFY },
	.hooks = place_hooks,
	.nr = ARRAY_SIZE(place_hooks),
};

/* Does it wait behind another boost, and where could it run? */
static int better_cpu(struct ecsh_boost *b)
{
	struct ecsh_boost *serving;
	unsigned long flags;
	int cpu = -1;

	raw_spin_lock_irqsave(&b->lock, flags);
	if (b->queue_cpu >= 0 && b->backend == ECS_BOOST_PICK) {
		serving = READ_ONCE(per_cpu(ecsh_queue, b->queue_cpu).serving);
		if (serving && serving != b)
			cpu = free_cpu(b->task, -1, smp_processor_id());
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return cpu;
}

/**
 * ecsh_place_move() - move a boost away from behind another, if it can be
 * @b: the boost
 *
 * Context: process context, may sleep; the record stays.
 */
void ecsh_place_move(struct ecsh_boost *b)
{
	struct task_struct *task = b->task;
	cpumask_var_t old;
	unsigned long flags;
	int cpu = better_cpu(b);

	if (cpu < 0 || ktime_get_mono_fast_ns() - b->moved_at < NSEC_PER_MSEC ||
	    !alloc_cpumask_var(&old, GFP_KERNEL))
		return;
	b->moved_at = ktime_get_mono_fast_ns();
	cpumask_copy(old, task->cpus_ptr);
	/* Somebody pins it for a moment himself: not now. */
	if (task->cpus_ptr != &task->cpus_mask || !cpumask_test_cpu(cpu, old) ||
	    set_cpus_allowed_ptr(task, cpumask_of(cpu)))
		goto free;
	/* All of @old may have gone offline meanwhile. */
	if (cpumask_equal(&task->cpus_mask, cpumask_of(cpu)) &&
	    set_cpus_allowed_ptr(task, old))
		set_cpus_allowed_ptr(task, cpu_possible_mask);
	raw_spin_lock_irqsave(&b->lock, flags);
	ecsh_boost_count(b, ECS_BOOST_STAT_MOVED);
	raw_spin_unlock_irqrestore(&b->lock, flags);
free:
	free_cpumask_var(old);
}

/**
 * ecsh_place_engage() - put the hook in place, if it is not
 * @again: try also if it could not be before
 *
 * Context: process context, may sleep.
 * Return: 0 or why it cannot be.
 */
int ecsh_place_engage(bool again)
{
	return ecsh_hook_engage(&place_set, again);
}

/**
 * ecsh_place_init() - find the function
 *
 * Context: module init.
 */
void ecsh_place_init(void)
{
	ecsh_hook_prepare(&place_set);
}

/**
 * ecsh_place_exit() - let the scheduler choose
 *
 * Context: module exit.
 */
void ecsh_place_exit(void)
{
	ecsh_hook_unregister(&place_set);
}
