// SPDX-License-Identifier: GPL-2.0-only
/*
 * pick.c: see pick.h.
 *
 * The fair class chooses level by level, from the root queue down through the
 * cgroups; the function that chooses on one queue returns an entity of it. For a
 * boosted thread it is made to return the entity that leads there; where the choice is
 * among all tasks of a CPU at once, that is the thread's own. All else is
 * the scheduler's own doing: run time is charged as ever, so that a boost is
 * paid for by the thread's later turns; a cgroup that has used up its quota is
 * not on its parent's queue, and then nothing is chosen for it.
 */
#include <linux/percpu.h>
#include <linux/sched.h>

#include "boost.h"
#include "compat/sched.h"
#include "hook.h"
#include "pick.h"
#include "queue.h"

static DEFINE_PER_CPU(struct sched_entity *, chosen);

static struct ecsh_hook pick_hooks[] = {
	{ .names = { ECS_SCHED_PICK_NAMES }, .feature = ECS_HOST_F_BOOST_PICK },
};

/*
 * The entity of @cfs_rq that leads to @task, if it waits on this CPU and no
 * level above it is off its queue.
 *
 * Context: lock of this CPU's runqueue held, or of another one, on whose queues
 * the entity is not found.
 */
static struct sched_entity *entity_on(struct cfs_rq *cfs_rq,
				      struct task_struct *task)
{
	struct sched_entity *se, *found = NULL;

	if (task_cpu(task) != smp_processor_id())
		return NULL;
	/* One that has just been moved here was off its queues before; set_task_cpu(). */
	smp_rmb();
	if (!READ_ONCE(task->on_rq))
		return NULL;
	for (se = &task->se; se; se = ecs_sched_parent(se)) {
		if (!ecs_sched_is_queued(se))
			return NULL;
		if (ecs_sched_queue(se) == cfs_rq)
			found = se;
	}
	return found && ecs_sched_is_flat() ? &task->se : found;
}

/* Stands in for the pick; returns what the callback has chosen. */
static noinline notrace struct sched_entity *take_chosen(void)
{
	return this_cpu_read(chosen);
}

/*
 * pick_eevdf(cfs_rq), formerly pick_next_entity(cfs_rq, curr).
 * Context: runqueue lock held, interrupts off; from a wakeup on another CPU's
 * queue, too.
 */
static ECS_FTRACE_CALLBACK(filter_pick)
{
	struct ecsh_queue *q = this_cpu_ptr(&ecsh_queue);
	struct cfs_rq *cfs_rq = (void *)ecs_ftrace_argument(fregs, 0);
	struct sched_entity *se = NULL;
	struct ecsh_boost *b;

	if (!READ_ONCE(q->nr))
		return;
	raw_spin_lock(&q->lock);
	list_for_each_entry(b, &q->list, queued) {
		if (READ_ONCE(b->backend) != ECS_BOOST_PICK)
			continue;
		se = entity_on(cfs_rq, b->task);
		if (!se)
			continue;
		if (se == &b->task->se)
			b->picks++;
		break;
	}
	raw_spin_unlock(&q->lock);
	if (!se)
		return;
	this_cpu_write(chosen, se);
	ecs_ftrace_redirect(fregs, (unsigned long)take_chosen);
}

static struct ecsh_hook_set pick_set = {
	.ops = { .func = filter_pick, .flags = ECS_FTRACE_FL_MODIFY },
	.hooks = pick_hooks,
	.nr = ARRAY_SIZE(pick_hooks),
};

/**
 * ecsh_pick_engage() - put the hook in place, if it is not
 * @again: try also if it could not be before
 *
 * Context: process context, may sleep.
 * Return: 0 or why it cannot be.
 */
int ecsh_pick_engage(bool again)
{
	return ecsh_hook_engage(&pick_set, again);
}

/**
 * ecsh_pick_init() - find the function
 *
 * Context: module init.
 */
void ecsh_pick_init(void)
{
	ecsh_hook_prepare(&pick_set);
}

/**
 * ecsh_pick_exit() - let the scheduler choose
 *
 * take_chosen() does not sleep, so nobody is in it when the set is gone.
 *
 * Context: module exit.
 */
void ecsh_pick_exit(void)
{
	ecsh_hook_unregister(&pick_set);
}
