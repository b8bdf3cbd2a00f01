// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow.c: see follow.h.
 *
 * The tracepoints and the wakeup function that sched.c observes run with the
 * runqueue lock of the thread's CPU held, but for sched_migrate_task, which may
 * hold the lock of another one.
 */
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "boost.h"
#include "compat/sched.h"
#include "compat/tracepoint.h"
#include "dispatch.h"
#include "ecs_hist.h"
#include "follow.h"
#include "queue.h"

static struct tracepoint *switch_tp, *migrate_tp, *exit_tp;

static u64 now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

/**
 * ecsh_follow_wakeup() - a thread becomes runnable or arrives on a CPU
 * @p: the thread, any
 *
 * Context: lock of its runqueue held, interrupts off.
 * Return: is it boosted?
 */
bool ecsh_follow_wakeup(struct task_struct *p)
{
	struct ecsh_boost *b = ecsh_boost_find(p);
	bool boosted;
	u64 now;

	/* A sleeper that is moved, still queued, does not wake. */
	if (!b || ecs_sched_is_delayed(&p->se))
		return false;
	now = now_ns();
	raw_spin_lock(&b->lock);
	if (b->gone) {
		raw_spin_unlock(&b->lock);
		return false;
	}
	b->cpu = task_cpu(p);
	/*
	 * A thread that arrives from another CPU is running by its state. One
	 * that is on its CPU was about to sleep and has never left it.
	 */
	if (!ecs_sched_is_running(p) && !READ_ONCE(p->on_cpu)) {
		ecsh_boost_count(b, ECS_BOOST_STAT_WAKES);
		b->woke_at = now;
		if (ecsh_dispatch_begin(b, now) == ECS_BUDGET_TOO_EARLY) {
			ecsh_boost_count(b, ECS_BOOST_STAT_TOO_EARLY);
			/* SBT was made smaller while it slept. */
			if (READ_ONCE(b->is_fifo))
				ecsh_boost_poke();
			ecsh_dispatch_cool(b, now);
		}
		b->woke_boosted = b->budget.phase == ECS_BUDGET_BOOSTED;
	}
	/* An idle CPU dispatches it anyway: it cannot have picked another one meanwhile. */
	boosted = b->budget.phase == ECS_BUDGET_BOOSTED;
	if (boosted && !READ_ONCE(per_cpu(ecsh_queue, b->cpu).is_idle))
		ecsh_queue_kick(b);
	raw_spin_unlock(&b->lock);
	return boosted;
}

/* Context: b->lock held, interrupts off. */
static void moved(struct ecsh_boost *b, int cpu)
{
	b->cpu = cpu;
	if (b->queue_cpu >= 0 && b->queue_cpu != cpu) {
		ecsh_queue_remove(b);
		ecsh_queue_add(b, cpu);
	}
}

/* The thread that was running leaves this CPU. */
static void switched_out(struct ecsh_boost *b, bool preempt)
{
	bool sleeps = !preempt && !ecs_sched_is_running(b->task);
	enum ecs_budget_verdict verdict;
	u64 now = now_ns();

	raw_spin_lock(&b->lock);
	if (this_cpu_read(ecsh_queue.serving) == b)
		this_cpu_write(ecsh_queue.serving, NULL);
	/* Armed here and nowhere else. */
	if (hrtimer_is_queued(&b->run_timer))
		hrtimer_try_to_cancel(&b->run_timer);
	verdict = sleeps ? ecs_budget_sleep(&b->params, &b->budget, now) :
			   ecs_budget_stop(&b->params, &b->budget, now);
	if (verdict == ECS_BUDGET_END) {
		ecsh_dispatch_ended(b, sleeps ? ECS_BOOST_STAT_ENDED_SLEEP :
						ECS_BOOST_STAT_ENDED_SBT);
		/*
		 * One that sleeps asks again when it wakes; but its policy has
		 * to be changed before that.
		 */
		if (!sleeps || b->backend == ECS_BOOST_FIFO)
			ecsh_dispatch_cool(b, now);
	}
	raw_spin_unlock(&b->lock);
}

static void switched_in(struct ecsh_boost *b)
{
	u64 waited;

	raw_spin_lock(&b->lock);
	/* A migration while the record was made may have been missed. */
	moved(b, smp_processor_id());
	if (b->woke_at) {
		waited = now_ns() - b->woke_at;
		b->woke_at = 0;
		if (b->woke_boosted) {
			b->stats.wait_boosted[ecs_hist_bucket(waited)]++;
			ecsh_boost_max(b, ECS_BOOST_STAT_WAIT_MAX_NS, waited);
			if (waited > b->params.usbt_ns)
				ecsh_boost_count(b, ECS_BOOST_STAT_MISSED);
		} else {
			b->stats.wait_other[ecs_hist_bucket(waited)]++;
		}
	}
	if (!b->gone)
		ecsh_queue_serve(b);
	raw_spin_unlock(&b->lock);
}

/* Context: runqueue lock held, interrupts off, before the switch. */
static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next)
{
	struct ecsh_boost *b;

	this_cpu_write(ecsh_queue.is_rt, !ecs_sched_is_fair(next));
	this_cpu_write(ecsh_queue.is_idle, is_idle_task(next));
	b = ecsh_boost_find(prev);
	if (b)
		switched_out(b, preempt);
	b = ecsh_boost_find(next);
	if (b)
		switched_in(b);
}

/* Context: a runqueue lock or p->pi_lock held; task_cpu(p) is the old one yet. */
static void probe_migrate(void *data, struct task_struct *p, int dest)
{
	struct ecsh_boost *b = ecsh_boost_find(p);
	unsigned long flags;

	if (!b)
		return;
	raw_spin_lock_irqsave(&b->lock, flags);
	moved(b, dest);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/* Context: the exiting thread. */
static void probe_exit(void *data)
{
	struct ecsh_boost *b;

	ecs_tracepoint_enter();
	b = ecsh_boost_find(current);
	if (b)
		ecsh_dispatch_stop(b, false);
	ecs_tracepoint_leave();
}

/**
 * ecsh_follow_engage() - begin to follow the scheduler
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ecsh_follow_engage(void)
{
	int err;

	switch_tp = ecs_tracepoint_find("sched_switch");
	migrate_tp = ecs_tracepoint_find("sched_migrate_task");
	exit_tp = ecs_tracepoint_find("sched_process_exit");
	if (!switch_tp || !migrate_tp || !exit_tp)
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(exit_tp, probe_exit, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(migrate_tp, probe_migrate, NULL);
	if (err)
		goto unregister_exit;
	err = tracepoint_probe_register(switch_tp, probe_switch, NULL);
	if (err)
		goto unregister_migrate;
	return 0;

unregister_migrate:
	tracepoint_probe_unregister(migrate_tp, probe_migrate, NULL);
unregister_exit:
	tracepoint_probe_unregister(exit_tp, probe_exit, NULL);
	tracepoint_synchronize_unregister();
	return err;
}

/**
 * ecsh_follow_disengage() - follow it no more
 *
 * Context: process context, may sleep; no record is in the table.
 */
void ecsh_follow_disengage(void)
{
	tracepoint_probe_unregister(switch_tp, probe_switch, NULL);
	tracepoint_probe_unregister(migrate_tp, probe_migrate, NULL);
	tracepoint_probe_unregister(exit_tp, probe_exit, NULL);
	tracepoint_synchronize_unregister();
}
