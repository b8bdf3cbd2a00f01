/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark.h: sections that the preempt count does not show: holders of sleeping locks,
 * RCU readers.
 *
 * The functions that take and release them call a few instructions of ours first
 * (mark_entry.S, by direct calls; or mark_ftrace.c, by callbacks), which count in the
 * page: what the task owns in "preemptable", what it reads in "readers", and RCU readers
 * in "rcu". A kind of locks that is off costs nothing: its functions begin with a nop,
 * as ever.
 */
#ifndef ECSG_MARK_H
#define ECSG_MARK_H

/* The counts, from the first of them on. */
#define ECSG_MARK_OWNED 0
#define ECSG_MARK_READ	2
#define ECSG_MARK_RCU	3

/* The kinds, by which it is counted how often something was marked. */
#define ECSG_MARK_MUTEX	       0
#define ECSG_MARK_RWSEM	       1
#define ECSG_MARK_PERCPU_RWSEM 2
#define ECSG_MARK_RCU_READERS  3
#define ECSG_MARK_KINDS	       4

#ifndef __ASSEMBLY__
#include <linux/percpu-defs.h>
#include <linux/types.h>

/* Where in per-CPU memory the counts are; used by mark_entry.S. */
extern unsigned long ecsg_mark_at;
/* Where a trylock goes on behind its call of ftrace; also for mark_entry.S. */
extern unsigned long ecsg_mark_tried_mutex, ecsg_mark_tried_rwsem,
	ecsg_mark_tried_read;
/* Releases of what was never counted, locks beyond what can be; by mark_entry.S. */
DECLARE_PER_CPU(unsigned int, ecsg_mark_clipped);

/* How often each kind was marked on this CPU; what was given up again is in it. */
DECLARE_PER_CPU(unsigned long, ecsg_mark_taken[ECSG_MARK_KINDS]);

/* Called by the lock functions, by nobody else. */
void ecsg_mark_enter_mutex(void);
void ecsg_mark_enter_rwsem(void);
void ecsg_mark_enter_percpu(void);
void ecsg_mark_leave(void);
void ecsg_mark_try_mutex(void);
void ecsg_mark_try_rwsem(void);
void ecsg_mark_enter_read(void);
void ecsg_mark_leave_read(void);
void ecsg_mark_try_read(void);
void ecsg_mark_enter_rcu(void);
void ecsg_mark_leave_rcu(void);
void ecsg_mark_downgrade(void);
void ecsg_mark_retry_mutex(void);
void ecsg_mark_retry_rwsem(void);
void ecsg_mark_retry_read(void);

void ecsg_mark_init(void);
void ecsg_mark_exit(void);
u32 ecsg_mark_held(void);
#endif

#endif /* ECSG_MARK_H */
