/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boost.h: the threads of the soft-real-time class.
 *
 * A record belongs to a thread, not to a registered vCPU: guests that know
 * nothing of ecs are boosted as well.
 */
#ifndef ECSH_BOOST_H
#define ECSH_BOOST_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/rtmutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "budget.h"
#include "ecs_ioctl.h"

struct pid;

/**
 * struct ecsh_boost - one boosted thread
 * @lock: covers all but the links and what is constant. Outside the queue locks
 *	and the hrtimer base lock, inside the runqueue locks: no wakeups while it
 *	is held
 * @params: what was asked for
 * @budget: the account of it
 * @stats: counters
 * @gone: no boost begins any more: the thread exits or the record is taken away
 * @woke_at: when it became runnable, 0 once that was served
 * @woke_boosted: that wakeup was boosted
 * @cpu: where it is queued, runs, or ran last
 * @queue_cpu: BOOSTED: on whose queue; -1 on none
 * @queued: in that queue, under its lock
 * @picks: times the pick was decided for it; under the queue lock
 * @run_timer: ends SBT; pinned to the CPU it runs on
 * @cool_timer: ends USBT for one that does not sleep meanwhile
 * @task: the thread, with a reference; constant
 * @tgid: its process, with a reference; constant
 * @vcpu: which vCPU it is said to run, -1 unknown; ecsh_boost_mutex
 * @backend: ECS_BOOST_PICK or _FIFO
 * @source: ECS_BOOST_BY_*
 * @is_fifo: the FIFO backend has made it real-time; written under ecsh_boost_mutex
 * @had_reset_on_fork: before that; ecsh_boost_mutex
 * @had_slice: the slice that it asked for before that, ns; 0: none
 * @had_slack: its timer slack before that, ns
 * @claim_ppm: the largest share that it was promised and has not cooled for;
 *	ecsh_boost_mutex, and so the next
 * @claim_until: until then it stays, ns of the clock of @budget; 0: it is that of
 *	@params
 * @moved_at: when its affinity was last narrowed; the worker's
 * @hash: in the table, by @task; RCU
 * @node: in the list of all
 * @free: ends the record after a grace period
 */
struct ecsh_boost {
	raw_spinlock_t lock;
	struct ecs_budget_params params;
	struct ecs_budget_state budget;
	struct ecs_ioc_boost_stats stats;
	bool gone;
	u64 woke_at;
	bool woke_boosted;
	int cpu;
	int queue_cpu;
	struct list_head queued;
	u64 picks;
	struct hrtimer run_timer;
	struct hrtimer cool_timer;
	struct task_struct *task;
	struct pid *tgid;
	int vcpu;
	u32 backend;
	u32 source;
	bool is_fifo;
	bool had_reset_on_fork;
	u64 had_slice;
	u64 had_slack;
	u32 claim_ppm;
	u64 claim_until;
	u64 moved_at;
	struct hlist_node hash;
	struct list_head node;
	struct rcu_work free;
};

/* Covers the table and the list; outside all other locks of ours. */
extern struct rt_mutex ecsh_boost_mutex;
extern struct list_head ecsh_boosts;
extern unsigned int ecsh_boost_nr;

/* Context of both: b->lock held. */
static inline void ecsh_boost_count(struct ecsh_boost *b, enum ecs_boost_stat n)
{
	b->stats.counter[n]++;
}

static inline void ecsh_boost_max(struct ecsh_boost *b, enum ecs_boost_stat n,
				  u64 value)
{
	if (b->stats.counter[n] < value)
		b->stats.counter[n] = value;
}

struct ecsh_boost *ecsh_boost_find(const struct task_struct *task);
struct ecsh_boost *ecsh_boost_add(struct task_struct *task,
				  const struct ecs_budget_params *params,
				  u32 backend);
void ecsh_boost_remove(struct ecsh_boost *b);
void ecsh_boost_remove_all(const struct pid *tgid);
int ecsh_boost_engage(bool again);
void ecsh_boost_poke(void);
int ecsh_boost_init(void);
void ecsh_boost_exit(void);

#endif /* ECSH_BOOST_H */
