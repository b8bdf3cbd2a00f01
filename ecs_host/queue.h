/* SPDX-License-Identifier: GPL-2.0-only */
/* queue.h: which boosts want which CPU. */
#ifndef ECSH_QUEUE_H
#define ECSH_QUEUE_H

#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ecsh_boost;

/**
 * struct ecsh_queue - the boosts of one CPU
 * @lock: covers @list, @nr and the calls of this CPU; inside the lock of a boost
 * @list: boosted threads that run here or wait here, the first to begin first
 * @nr: how many
 * @serving: the one that runs here; written on this CPU under its lock
 * @is_rt: a real-time, deadline or stop task runs here
 * @is_idle: the idle task runs here
 */
struct ecsh_queue {
	raw_spinlock_t lock;
	struct list_head list;
	unsigned int nr;
	struct ecsh_boost *serving;
	bool is_rt;
	bool is_idle;
};

DECLARE_PER_CPU(struct ecsh_queue, ecsh_queue);

void ecsh_queue_add(struct ecsh_boost *b, int cpu);
void ecsh_queue_remove(struct ecsh_boost *b);
bool ecsh_queue_is_crowded(void);
void ecsh_queue_resched(void);
void ecsh_queue_serve(struct ecsh_boost *b);
void ecsh_queue_kick(struct ecsh_boost *b);
void ecsh_queue_init(void);

#endif /* ECSH_QUEUE_H */
