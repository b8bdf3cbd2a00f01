// SPDX-License-Identifier: GPL-2.0-only
/*
 * realtime.c: see realtime.h.
 *
 * While a CPU holds a boost the host boosts every wakeup of its vCPU, within
 * SBT and USBT. So a periodic task has nothing to ask for in each period: the CPU
 * asks when the first real-time task is about to run, and lets go when there has
 * been none for release_ms.
 *
 * The probe of sched_switch runs under the runqueue lock and asks for nothing
 * itself: the host may take its time for an answer. An irq_work does it, as soon
 * as interrupts are on again. Everything else comes by IPI.
 *
 * The state of a CPU is changed on that CPU with interrupts off, so that it needs
 * no lock. Others read single words of it, to decide whether to send an IPI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "compat/irq_work.h"
#include "compat/sched.h"
#include "compat/tracepoint.h"
#include "boost.h"
#include "ecs_abi.h"
#include "host.h"
#include "realtime.h"
#include "realtime_param.h"

/* How often, at least, the boosts that are held are looked at. */
#define LOOK_MS 1000u

/**
 * struct realtime - what a CPU runs
 * @ask: queued by the probe
 * @seen: jiffies when a real-time task last began or ceased to run, 0 if never
 * @running: one runs now; false while nobody follows
 */
struct realtime {
	struct irq_work ask;
	unsigned long seen;
	bool running;
};

static void ask(struct irq_work *work);
static DEFINE_PER_CPU(struct realtime, states);

static void let_go(struct work_struct *work);
static DECLARE_DELAYED_WORK(release_work, let_go);

/*
 * Serialises what decides for all CPUs. Taken inside the module's param_lock;
 * cpu_hotplug_lock and those of tracepoints are taken inside it.
 */
static DEFINE_MUTEX(realtime_mutex);
static struct tracepoint *switch_tracepoint;
/* Between init and exit: files of parameters are there before and after. */
static bool ready;
static bool following; /* the probe is there */
static bool enabled;   /* ready, allowed and offered; read on all CPUs */

/* These are of any CPU; from elsewhere the answer may be out of date. */
static bool is_recent(int cpu)
{
	unsigned long seen = READ_ONCE(per_cpu(states.seen, cpu));
	unsigned int ms = READ_ONCE(ecsg_realtime_param.release_ms);

	return seen && time_before(jiffies, seen + msecs_to_jiffies(ms));
}

static bool is_wanted(int cpu)
{
	return READ_ONCE(enabled) &&
	       (cpumask_test_cpu(cpu, &ecsg_realtime_param.cpus) ||
		READ_ONCE(per_cpu(states.running, cpu)) || is_recent(cpu));
}

static bool is_concerned(int cpu, void *unused)
{
	return ecsg_boost_is_held(cpu) || is_wanted(cpu);
}

static bool is_over(int cpu, void *unused)
{
	return ecsg_boost_is_held(cpu) && !is_wanted(cpu);
}

static void look_later(void)
{
	unsigned int ms = READ_ONCE(ecsg_realtime_param.release_ms);

	schedule_delayed_work(&release_work,
			      msecs_to_jiffies(min(ms, LOOK_MS)));
}

/*
 * Make this CPU hold what it is to hold. @anew: ask also if it was just refused, or
 * holds a boost: the host may have ended it, or the parameters have changed.
 * Context: on the CPU, interrupts off, no runqueue lock.
 */
static void settle(bool anew)
{
	if (ecsg_boost_settle(is_wanted(smp_processor_id()), anew))
		look_later();
}

static void settle_anew(void *unused)
{
	settle(true);
}

static void settle_quietly(void *unused)
{
	settle(false);
}

/* Context: hard interrupt on the CPU, not long after it was queued. */
static void ask(struct irq_work *work)
{
	settle(false);
}

/*
 * It sends no IPI to a CPU that has nothing to release: it may sleep. And it ends
 * with the last boost that can run out.
 * Context: workqueue.
 */
static void let_go(struct work_struct *work)
{
	int cpu;

	on_each_cpu_cond(is_over, settle_quietly, NULL, 1);
	for_each_online_cpu(cpu) {
		if (ecsg_boost_is_held(cpu) &&
		    !cpumask_test_cpu(cpu, &ecsg_realtime_param.cpus)) {
			look_later();
			break;
		}
	}
}

/*
 * The priority tells, an inherited one too: who holds up a real-time task is as
 * urgent. Kernel threads run on every CPU now and then, some of them real-time by
 * nature. The stop class has priority 0, as SCHED_FIFO 99 has.
 */
static bool is_realtime(struct task_struct *task)
{
	if (ecs_sched_is_fair(task))
		return false;
	if (!(READ_ONCE(task->flags) & PF_KTHREAD))
		return true;
	return READ_ONCE(ecsg_realtime_param.kthreads) &&
	       READ_ONCE(task->prio) != 0;
}

/*
 * From one fair task to the next this is two comparisons. For a real-time task
 * it is two words of this CPU's memory, and an interrupt for the first one.
 * Context: this CPU's runqueue lock held, interrupts off.
 */
static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next)
{
	struct realtime *state = this_cpu_ptr(&states);
	bool realtime = is_realtime(next);

	if (likely(!realtime && !state->running))
		return;
	WRITE_ONCE(state->running, realtime);
	WRITE_ONCE(state->seen, jiffies);
	if (realtime && ecsg_boost_may_ask())
		irq_work_queue(&state->ask);
}

static void follow(void)
{
	if (switch_tracepoint)
		following = !tracepoint_probe_register(switch_tracepoint,
						       probe_switch, NULL);
}

static void unfollow(void)
{
	int cpu;

	tracepoint_probe_unregister(switch_tracepoint, probe_switch, NULL);
	tracepoint_synchronize_unregister();
	following = false;
	/* No probe will take it back. */
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(states.running, cpu), false);
}

/* The host's offer is per VM, and its administrator's to change. */
static bool is_offered(void)
{
	u64 features;

	return !ecsg_host_read(ECS_ABI_MSR_FEATURES, &features) &&
	       features & ECS_ABI_F_BOOST;
}

static void adjust(void)
{
	bool wanted = ready && READ_ONCE(ecsg_realtime_param.allowed);
	bool before = enabled;

	lockdep_assert_held(&realtime_mutex);
	WRITE_ONCE(enabled, wanted && is_offered());
	if (enabled && !following)
		follow();
	else if (!enabled && following)
		unfollow();
	/* One that is about to ask may not show it yet: ask them all. */
	if (enabled != before)
		on_each_cpu(settle_anew, NULL, 1);
	else
		on_each_cpu_cond(is_concerned, settle_anew, NULL, 1);
}

/**
 * ecsg_realtime_refresh() - act on what has changed here or on the host
 *
 * Each CPU that holds a boost asks for it again: the host may have ended it.
 *
 * Context: process context, may sleep; also before init and after exit.
 */
void ecsg_realtime_refresh(void)
{
	mutex_lock(&realtime_mutex);
	adjust();
	mutex_unlock(&realtime_mutex);
}

/**
 * ecsg_realtime_registered() - this CPU's page has just been registered
 *
 * Context: does not migrate; on the CPU in question; also before init and after
 * exit.
 */
void ecsg_realtime_registered(void)
{
	unsigned long flags;

	local_irq_save(flags);
	settle(true);
	local_irq_restore(flags);
}

/**
 * ecsg_realtime_init() - begin to follow the scheduler, if the host offers it
 *
 * Context: module init, after the pages have been published.
 */
void ecsg_realtime_init(void)
{
	int cpu;

	/*
	 * Not by an initialiser: before v6.15 pointers in a module's per-CPU data
	 * are not relocated. Hard: on PREEMPT_RT others wait for a thread, and
	 * that for real-time tasks.
	 */
	for_each_possible_cpu(cpu)
		per_cpu(states.ask, cpu) = IRQ_WORK_INIT_HARD(ask);
	switch_tracepoint = ecs_tracepoint_find("sched_switch");
	if (!switch_tracepoint)
		pr_info("no sched_switch: only boost_cpus are boosted\n");
	mutex_lock(&realtime_mutex);
	ready = true;
	adjust();
	mutex_unlock(&realtime_mutex);
}

/**
 * ecsg_realtime_exit() - release on every CPU, and no more
 *
 * Context: module exit, before the pages are withdrawn.
 */
void ecsg_realtime_exit(void)
{
	int cpu;

	mutex_lock(&realtime_mutex);
	ready = false;
	adjust();
	mutex_unlock(&realtime_mutex);
	/* Nothing queues or grants any more. What is on its way does nothing. */
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(states.ask, cpu));
	cancel_delayed_work_sync(&release_work);
}
