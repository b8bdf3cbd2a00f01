// SPDX-License-Identifier: GPL-2.0-only
/*
 * boost.c: see boost.h.
 *
 * The scheduler is followed from the first boost, or limit, on until the module goes:
 * switching tracepoints and ftrace patches its text, which is not to happen with
 * every VM that comes and goes.
 *
 * A record is made and freed in process context under ecsh_boost_mutex. When its
 * thread exits, or its guest gives it back, it is only marked: boosts end at
 * once, and the worker frees it when it would be ready anyway. The worker also
 * does what else cannot be done under a runqueue lock: policies and affinities.
 * Wakeups are not allowed there either, so it is woken through an irq_work.
 */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/kthread.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "boost.h"
#include "compat/irq_work.h"
#include "dispatch.h"
#include "fifo.h"
#include "follow.h"
#include "pick.h"
#include "place.h"
#include "queue.h"

/*
 * Covers the table and the list; outside all other locks of ours. The worker must
 * not wait for a holder that a real-time boost keeps from running.
 */
DEFINE_RT_MUTEX(ecsh_boost_mutex);
LIST_HEAD(ecsh_boosts);
unsigned int ecsh_boost_nr;
static DEFINE_HASHTABLE(table, 8);
static bool engaged;
static struct kthread_worker *worker;
static struct workqueue_struct *wq;

/*
 * What the worker may take of a CPU, at real-time priority: how often it is poked is for
 * guests to say, and how long a look takes, too.
 */
#define WORK_WINDOW_NS (10 * NSEC_PER_MSEC)
#define WORK_NS	       (WORK_WINDOW_NS / 4)

static void reconcile(struct kthread_work *work);
static DEFINE_KTHREAD_WORK(reconcile_work, reconcile);

static void poked(struct irq_work *work)
{
	kthread_queue_work(worker, &reconcile_work);
}

static struct irq_work poke = IRQ_WORK_INIT_HARD(poked);

/**
 * ecsh_boost_poke() - have the worker look at all boosts
 *
 * Context: any; under runqueue locks, too.
 */
void ecsh_boost_poke(void)
{
	irq_work_queue(&poke);
}

/**
 * ecsh_boost_find() - the record of a thread
 * @task: the thread
 *
 * Context: preemption off, or ecsh_boost_mutex held.
 * Return: the record or NULL.
 */
struct ecsh_boost *ecsh_boost_find(const struct task_struct *task)
{
	struct ecsh_boost *b;

	if (!READ_ONCE(ecsh_boost_nr))
		return NULL;
	hash_for_each_possible_rcu(table, b, hash, (unsigned long)task,
				   lockdep_is_held(&ecsh_boost_mutex))
		if (b->task == task)
			return b;
	return NULL;
}

static void free_work(struct work_struct *work)
{
	struct ecsh_boost *b = container_of(to_rcu_work(work),
					    struct ecsh_boost, free);

	hrtimer_cancel(&b->run_timer);
	hrtimer_cancel(&b->cool_timer);
	put_task_struct(b->task);
	put_pid(b->tgid);
	kfree(b);
}

/**
 * ecsh_boost_remove() - end a boost and its record
 * @b: the record; freed after a grace period
 *
 * Context: process context, ecsh_boost_mutex held.
 */
void ecsh_boost_remove(struct ecsh_boost *b)
{
	lockdep_assert_held(&ecsh_boost_mutex);
	ecsh_dispatch_stop(b, false);
	ecsh_fifo_sync(b);
	hash_del_rcu(&b->hash);
	list_del(&b->node);
	WRITE_ONCE(ecsh_boost_nr, ecsh_boost_nr - 1);
	queue_rcu_work(wq, &b->free);
}

/**
 * ecsh_boost_remove_all() - end all boosts of a process, or all there are
 * @tgid: the process, NULL for every one
 *
 * Context: may sleep.
 */
void ecsh_boost_remove_all(const struct pid *tgid)
{
	struct ecsh_boost *b, *next;

	rt_mutex_lock(&ecsh_boost_mutex);
	list_for_each_entry_safe(b, next, &ecsh_boosts, node)
		if (!tgid || b->tgid == tgid)
			ecsh_boost_remove(b);
	rt_mutex_unlock(&ecsh_boost_mutex);
}

/*
 * Wait for the next window if the worker has had its part of this one. Time that it
 * was off its CPU counts as well: it has little of that.
 *
 * Context: the worker, which is the only one; nothing held.
 */
static void rest(u64 began)
{
	static u64 window, used;
	u64 now = ktime_get_mono_fast_ns();

	if (now - window >= WORK_WINDOW_NS) {
		window = began;
		used = 0;
	}
	used += now - began;
	if (used >= WORK_NS && now - window < WORK_WINDOW_NS)
		fsleep((WORK_WINDOW_NS - (now - window)) / NSEC_PER_USEC + 1);
}

/* Context: the worker. */
static void reconcile(struct kthread_work *work)
{
	struct ecsh_boost *b, *next;
	u64 began;

	rt_mutex_lock(&ecsh_boost_mutex);
	began = ktime_get_mono_fast_ns();
	list_for_each_entry_safe(b, next, &ecsh_boosts, node) {
		if (ecsh_dispatch_is_over(b)) {
			ecsh_boost_remove(b);
			continue;
		}
		ecsh_fifo_sync(b);
		ecsh_place_move(b);
		ecsh_dispatch_remind(b);
	}
	rt_mutex_unlock(&ecsh_boost_mutex);
	rest(began);
}

/**
 * ecsh_boost_engage() - follow the scheduler, from now until the module goes
 * @again: try also what could not be had before
 *
 * Context: process context, ecsh_boost_mutex held.
 * Return: 0 or a negative errno.
 */
int ecsh_boost_engage(bool again)
{
	int err;

	lockdep_assert_held(&ecsh_boost_mutex);
	if (engaged)
		goto place;
	worker = kthread_create_worker(0, "ecs_boost");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo(worker->task);
	/* Some kernels create it asleep, and it would stay so until the first poke. */
	wake_up_process(worker->task);
	err = ecsh_follow_engage();
	if (err) {
		kthread_destroy_worker(worker);
		return err;
	}
	engaged = true;
place:
	/* Without it boosts wait behind each other until they are moved. */
	ecsh_place_engage(again);
	return 0;
}

/**
 * ecsh_boost_add() - make a record for a thread
 * @task: the thread; it has none
 * @params: what it is promised
 * @backend: ECS_BOOST_PICK or _FIFO
 *
 * Context: process context, ecsh_boost_mutex held.
 * Return: the record, at work, or NULL without memory.
 */
struct ecsh_boost *ecsh_boost_add(struct task_struct *task,
				  const struct ecs_budget_params *params,
				  u32 backend)
{
	struct ecsh_boost *b = kzalloc(sizeof(*b), GFP_KERNEL);

	lockdep_assert_held(&ecsh_boost_mutex);
	if (!b)
		return NULL;
	b->task = get_task_struct(task);
	b->tgid = get_task_pid(task, PIDTYPE_TGID);
	b->params = *params;
	b->backend = backend;
	INIT_RCU_WORK(&b->free, free_work);
	ecsh_dispatch_setup(b);
	WRITE_ONCE(ecsh_boost_nr, ecsh_boost_nr + 1);
	list_add_tail(&b->node, &ecsh_boosts);
	hash_add_rcu(table, &b->hash, (unsigned long)task);
	/* From here on migrations are seen; one before may have been missed. */
	raw_spin_lock_irq(&b->lock);
	b->cpu = task_cpu(task);
	raw_spin_unlock_irq(&b->lock);
	ecsh_fifo_sync(b);
	ecsh_dispatch_start(b);
	return b;
}

/**
 * ecsh_boost_init() - before the first hook is in place
 *
 * Return: 0 or -ENOMEM.
 */
int ecsh_boost_init(void)
{
	ecsh_queue_init();
	wq = alloc_workqueue("ecs_boost", WQ_UNBOUND, 0);
	return wq ? 0 : -ENOMEM;
}

/**
 * ecsh_boost_exit() - end all boosts, follow the scheduler no more
 *
 * Context: module exit or failed init; nobody can ask for one any more.
 */
void ecsh_boost_exit(void)
{
	ecsh_boost_remove_all(NULL);
	ecsh_place_exit();
	ecsh_pick_exit();
	if (engaged)
		ecsh_follow_disengage();
	/* The RCU part of the works, then the works: timers are dead then. */
	rcu_barrier();
	destroy_workqueue(wq);
	if (!engaged)
		return;
	irq_work_sync(&poke);
	kthread_destroy_worker(worker);
}
