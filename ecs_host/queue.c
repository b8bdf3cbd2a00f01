// SPDX-License-Identifier: GPL-2.0-only
/*
 * queue.c: see queue.h.
 *
 * What a boost does to the CPU it wants is one reschedule. It is not a fair
 * request: a vCPU inside a critical section is not extended against it, and
 * who has the CPU by a higher class keeps it.
 */
#include <linux/atomic.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "boost.h"
#include "compat/smp.h"
#include "queue.h"

DEFINE_PER_CPU(struct ecsh_queue, ecsh_queue);
/* Tells a CPU that it has a boost to serve. */
static DEFINE_PER_CPU(call_single_data_t, kick_csd);
/* Queues on which a boost waits behind another. */
static atomic_t crowded = ATOMIC_INIT(0);

/**
 * ecsh_queue_add() - a boost wants a CPU
 * @b: the boost, on no queue
 * @cpu: the CPU
 *
 * Context: b->lock held.
 */
void ecsh_queue_add(struct ecsh_boost *b, int cpu)
{
	struct ecsh_queue *q = per_cpu_ptr(&ecsh_queue, cpu);

	raw_spin_lock(&q->lock);
	list_add_tail(&b->queued, &q->list);
	WRITE_ONCE(q->nr, q->nr + 1);
	if (q->nr == 2)
		atomic_inc(&crowded);
	raw_spin_unlock(&q->lock);
	b->queue_cpu = cpu;
}

/**
 * ecsh_queue_remove() - a boost wants no CPU
 * @b: the boost, on a queue or not
 *
 * Context: b->lock held.
 */
void ecsh_queue_remove(struct ecsh_boost *b)
{
	struct ecsh_queue *q;

	if (b->queue_cpu < 0)
		return;
	q = per_cpu_ptr(&ecsh_queue, b->queue_cpu);
	raw_spin_lock(&q->lock);
	list_del(&b->queued);
	WRITE_ONCE(q->nr, q->nr - 1);
	if (q->nr == 1)
		atomic_dec(&crowded);
	raw_spin_unlock(&q->lock);
	b->queue_cpu = -1;
}

/**
 * ecsh_queue_is_crowded() - does any boost wait behind another?
 */
bool ecsh_queue_is_crowded(void)
{
	return atomic_read(&crowded);
}

/**
 * ecsh_queue_resched() - have this CPU choose afresh
 *
 * Context: interrupts off; it chooses when they are on again.
 */
void ecsh_queue_resched(void)
{
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

/**
 * ecsh_queue_serve() - a thread runs here, boosted or not
 * @b: its record
 *
 * Context: b->lock held, on the CPU of the thread.
 */
void ecsh_queue_serve(struct ecsh_boost *b)
{
	u64 left = ecs_budget_run(&b->params, &b->budget,
				  ktime_get_mono_fast_ns());

	lockdep_assert_held(&b->lock);
	if (!left)
		return;
	this_cpu_write(ecsh_queue.serving, b);
	hrtimer_start(&b->run_timer, ns_to_ktime(left),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* Context: IPI, or interrupts off on the CPU in question. */
static void kicked(void *unused)
{
	struct ecsh_boost *b = ecsh_boost_find(current);
	bool boosted = false;

	if (b) {
		raw_spin_lock(&b->lock);
		boosted = !b->gone && b->budget.phase == ECS_BUDGET_BOOSTED;
		/* It began while its thread was running, or SBT was changed. */
		if (boosted)
			ecsh_queue_serve(b);
		raw_spin_unlock(&b->lock);
	}
	if (!boosted)
		ecsh_queue_resched();
}

/**
 * ecsh_queue_kick() - have the CPU of a boost dispatch it
 * @b: the boost, on a queue
 *
 * Unless it has to wait for another boost.
 *
 * Context: b->lock held.
 */
void ecsh_queue_kick(struct ecsh_boost *b)
{
	struct ecsh_queue *q = per_cpu_ptr(&ecsh_queue, b->cpu);
	struct ecsh_boost *serving = READ_ONCE(q->serving);

	lockdep_assert_held(&b->lock);
	if (serving && serving != b) {
		ecsh_boost_poke();
		return;
	}
	ecsh_boost_count(b, ECS_BOOST_STAT_KICKS);
	if (b->cpu == smp_processor_id()) {
		if (current == b->task)
			ecsh_queue_serve(b);
		else
			ecsh_queue_resched();
		return;
	}
	/* The lock, for the callers of one CSD have to take turns. */
	raw_spin_lock(&q->lock);
	/* -EBUSY: one is on its way already and will do. */
	smp_call_function_single_async(b->cpu, &per_cpu(kick_csd, b->cpu));
	raw_spin_unlock(&q->lock);
}

/**
 * ecsh_queue_init() - before the first hook is in place
 */
void ecsh_queue_init(void)
{
	struct ecsh_queue *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(&ecsh_queue, cpu);
		raw_spin_lock_init(&q->lock);
		INIT_LIST_HEAD(&q->list);
		INIT_CSD(&per_cpu(kick_csd, cpu), kicked, NULL);
	}
}
