/* SPDX-License-Identifier: GPL-2.0-only */
/* sched.h: fields of task_struct that were renamed. */
#ifndef ECS_COMPAT_SCHED_H
#define ECS_COMPAT_SCHED_H

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

/*
 * Is @task below the real-time, deadline and stop classes? Their effective
 * priority is below MAX_RT_PRIO, inherited priority included.
 */
static inline bool ecs_sched_is_fair(struct task_struct *task)
{
	return READ_ONCE(task->prio) >= MAX_RT_PRIO;
}

#endif /* ECS_COMPAT_SCHED_H */
