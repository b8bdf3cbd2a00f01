/* SPDX-License-Identifier: GPL-2.0-only */
/* sched.h: fields of task_struct that were renamed, functions that may be lacking. */
#ifndef ECS_COMPAT_SCHED_H
#define ECS_COMPAT_SCHED_H

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>

/* In a preempt notifier's sched_out: does the task want to run on? */
static inline bool ecs_sched_is_running(struct task_struct *task)
{
#ifdef ECS_HAVE_TASK___STATE
	return READ_ONCE(task->__state) == TASK_RUNNING;
#else
	return READ_ONCE(task->state) == TASK_RUNNING;
#endif
}

/* In the sched_switch tracepoint: does @prev run for the last time? */
static inline bool ecs_sched_is_dead(struct task_struct *prev)
{
#ifdef ECS_HAVE_TASK___STATE
	return READ_ONCE(prev->__state) == TASK_DEAD;
#else
	return READ_ONCE(prev->state) == TASK_DEAD;
#endif
}

/*
 * Is @task below the real-time, deadline and stop classes? Their effective
 * priority is below MAX_RT_PRIO, inherited priority included.
 */
static inline bool ecs_sched_is_fair(struct task_struct *task)
{
	return READ_ONCE(task->prio) >= MAX_RT_PRIO;
}

/* Has it been asked to leave its CPU, at once or when it leaves the kernel? */
static inline bool ecs_sched_is_resched(struct task_struct *task)
{
#ifdef TIF_NEED_RESCHED_LAZY
	if (test_tsk_thread_flag(task, TIF_NEED_RESCHED_LAZY))
		return true;
#endif
	return test_tsk_need_resched(task);
}

/* The group entity above, NULL at the root. */
static inline struct sched_entity *ecs_sched_parent(struct sched_entity *se)
{
#ifdef CONFIG_FAIR_GROUP_SCHED
	return READ_ONCE(se->parent);
#else
	return NULL;
#endif
}

/* The queue that an entity is on; without groups there is but one a CPU. */
static inline struct cfs_rq *ecs_sched_queue(struct sched_entity *se)
{
#ifdef CONFIG_FAIR_GROUP_SCHED
	return READ_ONCE(se->cfs_rq);
#else
	return NULL;
#endif
}

/*
 * Are tasks chosen from one queue of their CPU, whatever cgroups they are in? Before 7.x
 * the choice goes down level by level.
 */
static inline bool ecs_sched_is_flat(void)
{
#ifdef ECS_HAVE_FLAT_QUEUE
	return true;
#else
	return false;
#endif
}

/*
 * How struct cfs_rq begins, which is the scheduler's own: the weights of the
 * entities on the queue, the running one's included, and their number. So it has
 * been since v2.6.24; the number was called nr_running before v6.14.
 */
struct ecs_sched_queue_start {
	struct load_weight load;
	unsigned int nr;
};

/* The start of the queue that an entity is on, NULL without groups. */
static inline const struct ecs_sched_queue_start *
ecs_sched_queue_start(struct sched_entity *se)
{
	return (const void *)ecs_sched_queue(se);
}

/*
 * What chooses on a queue that is its first argument: pick_next_entity() before v6.6, and
 * not any more where tasks can be queued asleep.
 */
#ifdef ECS_HAVE_SCHED_DELAYED
#define ECS_SCHED_PICK_NAMES "pick_eevdf", "__pick_eevdf"
#else
#define ECS_SCHED_PICK_NAMES "pick_eevdf", "__pick_eevdf", "pick_next_entity"
#endif

/* Does it sleep, though it is still queued? */
static inline bool ecs_sched_is_delayed(const struct sched_entity *se)
{
#ifdef ECS_HAVE_SCHED_DELAYED
	return READ_ONCE(se->sched_delayed);
#else
	return false;
#endif
}

/* Does an entity want to run? */
static inline bool ecs_sched_is_queued(const struct sched_entity *se)
{
	return READ_ONCE(se->on_rq) && !ecs_sched_is_delayed(se);
}

/* Does a task want to run, or runs? By its queue: its state comes before. */
static inline bool ecs_sched_is_runnable(struct task_struct *task)
{
	if (ecs_sched_is_delayed(&task->se) || !READ_ONCE(task->on_rq))
		return false;
	/* A fair one that sleeps after all leaves its queue before on_rq says so. */
	return !ecs_sched_is_fair(task) || READ_ONCE(task->se.on_rq);
}

/* The slice that a task of the fair class has asked for, ns; 0: it takes the default. */
static inline u64 ecs_sched_slice(struct task_struct *task)
{
#ifdef ECS_HAVE_CUSTOM_SLICE
	return READ_ONCE(task->se.custom_slice) ? READ_ONCE(task->se.slice) : 0;
#else
	return 0;
#endif
}

typedef int ecs_sched_setattr(struct task_struct *task,
			      const struct sched_attr *attr);

/*
 * sched_setattr_nocheck(), NULL where modules may not call it (before v5.11,
 * 1eb5dde674f5). The kernel proper is never put, so it need not be held.
 */
static inline ecs_sched_setattr *ecs_sched_find_setattr(void)
{
	return symbol_get(sched_setattr_nocheck);
}

#endif /* ECS_COMPAT_SCHED_H */
