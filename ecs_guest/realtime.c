// SPDX-License-Identifier: GPL-2.0-only
/*
 * realtime.c: see realtime.h.
 *
 * While a CPU holds a boost the host boosts every wakeup of its vCPU, within
 * SBT and USBT. So a periodic task has nothing to ask for in each period: the CPU
 * asks when the first real-time task is about to run, and lets go when there has
 * been none for release_ms. A CPU that is refused does not ask for a while.
 *
 * The probe of sched_switch runs under the runqueue lock and asks for nothing
 * itself: the host may take its time for an answer. An irq_work does it, as soon
 * as interrupts are on again. Everything else comes by IPI.
 *
 * A boost belongs to the registration of the page that it was asked under, and
 * ends with it: nothing here is done when a page is withdrawn.
 *
 * The state of a CPU is changed on that CPU with interrupts off, so that it needs
 * no lock. Others read single words of it, to decide whether to send an IPI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "compat/irq_work.h"
#include "compat/sched.h"
#include "compat/tracepoint.h"
#include "host.h"
#include "page.h"
#include "param.h"
#include "realtime.h"

/* How long a CPU that was refused does not ask again by itself. */
#define RETRY_MS 1000
/* How often, at least, the boosts that are held are looked at. */
#define LOOK_MS 1000u
/* Of a parameter: an hour, or 3.6 seconds. It keeps jiffies from overflowing. */
#define NUMBER_MAX 3600000u

/**
 * struct boost - what a CPU has and wants
 * @ask: queued by the probe
 * @held: ecsg_page_session that the host granted a boost under, 0 if none
 * @retry: jiffies before which the probe does not ask again
 * @seen: jiffies when a real-time task last began or ceased to run, 0 if never
 * @running: one runs now; false while nobody follows
 */
struct boost {
	struct irq_work ask;
	unsigned long held;
	unsigned long retry;
	unsigned long seen;
	bool running;
};

static void ask(struct irq_work *work);
static DEFINE_PER_CPU(struct boost, boosts);

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

/* Parameters; written under param_lock, read anywhere. */
static bool allowed = true;
static bool boost_kthreads;
static unsigned int boost_sbt_us = 300;
static unsigned int boost_usbt_us = 2000;
static unsigned int release_ms = 1000;
static struct cpumask listed; /* a reader may see it half changed: not for long */

static atomic_t requests = ATOMIC_INIT(0);
static atomic_t refusals = ATOMIC_INIT(0);

/* The following four: of any CPU; from elsewhere it may be out of date. */
static bool is_held(int cpu)
{
	unsigned long held = READ_ONCE(per_cpu(boosts.held, cpu));

	return held && held == READ_ONCE(per_cpu(ecsg_page_session, cpu));
}

static bool is_recent(int cpu)
{
	unsigned long seen = READ_ONCE(per_cpu(boosts.seen, cpu));

	return seen &&
	       time_before(jiffies,
			   seen + msecs_to_jiffies(READ_ONCE(release_ms)));
}

static bool is_wanted(int cpu)
{
	return READ_ONCE(enabled) &&
	       (cpumask_test_cpu(cpu, &listed) ||
		READ_ONCE(per_cpu(boosts.running, cpu)) || is_recent(cpu));
}

static bool is_concerned(int cpu, void *unused)
{
	return is_held(cpu) || is_wanted(cpu);
}

static bool is_over(int cpu, void *unused)
{
	return is_held(cpu) && !is_wanted(cpu);
}

static void look_later(void)
{
	unsigned int ms = min(READ_ONCE(release_ms), LOOK_MS);

	schedule_delayed_work(&release_work, msecs_to_jiffies(ms));
}

static void release(struct boost *boost)
{
	WRITE_ONCE(boost->held, 0);
	/* It fails on a host without ecs, to which we were migrated: fine. */
	ecsg_host_write(ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_RELEASE);
}

static void request(struct boost *boost, bool held)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);
	unsigned long session = this_cpu_read(ecsg_page_session);

	if (!session)
		return;
	WRITE_ONCE(page->boost.sbt_ns,
		   (u64)READ_ONCE(boost_sbt_us) * NSEC_PER_USEC);
	WRITE_ONCE(page->boost.usbt_ns,
		   (u64)READ_ONCE(boost_usbt_us) * NSEC_PER_USEC);
	if (!held)
		atomic_inc(&requests);
	if (ecsg_host_write(ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_REQUEST)) {
		atomic_inc(&refusals);
		/* What it has is not what it is to have any more. */
		if (held)
			release(boost);
		WRITE_ONCE(boost->retry, jiffies + msecs_to_jiffies(RETRY_MS));
		return;
	}
	WRITE_ONCE(boost->held, session);
	look_later();
}

/*
 * Make this CPU hold what it is to hold. @anew: ask also if it was just refused,
 * or holds a boost (the host may have ended it, or the parameters have changed).
 * Legal in any context, as the MSR write is an instruction with a fixup; but it
 * may take long, so no runqueue lock is held.
 * Context: on the CPU, interrupts off.
 */
static void settle(bool anew)
{
	struct boost *boost = this_cpu_ptr(&boosts);
	int cpu = smp_processor_id();
	bool held = is_held(cpu);

	lockdep_assert_irqs_disabled();
	if (!is_wanted(cpu)) {
		if (held)
			release(boost);
	} else if (anew || (!held && time_after_eq(jiffies, boost->retry))) {
		request(boost, held);
	}
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
		if (is_held(cpu) && !cpumask_test_cpu(cpu, &listed)) {
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
	return READ_ONCE(boost_kthreads) && READ_ONCE(task->prio) != 0;
}

/*
 * From one fair task to the next this is two comparisons. For a real-time task
 * it is two words of this CPU's memory, and an interrupt for the first one.
 * Context: this CPU's runqueue lock held, interrupts off.
 */
static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next)
{
	struct boost *boost = this_cpu_ptr(&boosts);
	bool realtime = is_realtime(next);

	if (likely(!realtime && !boost->running))
		return;
	WRITE_ONCE(boost->running, realtime);
	WRITE_ONCE(boost->seen, jiffies);
	/* Equal: it holds one, or there is no page to ask under. */
	if (!realtime || boost->held == this_cpu_read(ecsg_page_session) ||
	    time_before(jiffies, boost->retry))
		return;
	irq_work_queue(&boost->ask);
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
		WRITE_ONCE(per_cpu(boosts.running, cpu), false);
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
	bool before = enabled;

	lockdep_assert_held(&realtime_mutex);
	WRITE_ONCE(enabled, ready && READ_ONCE(allowed) && is_offered());
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
		per_cpu(boosts.ask, cpu) = IRQ_WORK_INIT_HARD(ask);
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
		irq_work_sync(&per_cpu(boosts.ask, cpu));
	cancel_delayed_work_sync(&release_work);
}

/* Context of all setters: param_lock held; also before init and after exit. */
static int set_allowed(const char *text, const struct kernel_param *param)
{
	int err = param_set_bool(text, param);

	if (!err)
		ecsg_realtime_refresh();
	return err;
}

static const struct kernel_param_ops allowed_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_allowed,
	.get = param_get_bool,
};
module_param_cb(boost, &allowed_ops, &allowed, 0644);
MODULE_PARM_DESC(boost, "ask for a boost of CPUs with real-time tasks, if the host offers it (default Y)");

static int set_number(const char *text, const struct kernel_param *param)
{
	unsigned int number;
	int err = kstrtouint(text, 0, &number);

	if (err)
		return err;
	if (!number || number > NUMBER_MAX)
		return -ERANGE;
	WRITE_ONCE(*(unsigned int *)param->arg, number);
	ecsg_realtime_refresh();
	return 0;
}

static const struct kernel_param_ops number_ops = {
	.set = set_number,
	.get = param_get_uint,
};
module_param_cb(boost_sbt_us, &number_ops, &boost_sbt_us, 0644);
MODULE_PARM_DESC(boost_sbt_us, "least run time wanted per boost, microseconds (default 300)");
module_param_cb(boost_usbt_us, &number_ops, &boost_usbt_us, 0644);
MODULE_PARM_DESC(boost_usbt_us, "time after a boost before the next may begin, microseconds (default 2000)");
module_param_cb(release_ms, &number_ops, &release_ms, 0644);
MODULE_PARM_DESC(release_ms, "milliseconds without a real-time task after which a CPU gives its boost back, a second later at most (default 1000)");

static int set_listed(const char *text, const struct kernel_param *param)
{
	cpumask_var_t cpus;
	int err;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	err = cpulist_parse(text, cpus);
	if (!err) {
		cpumask_copy(&listed, cpus);
		ecsg_realtime_refresh();
	}
	free_cpumask_var(cpus);
	return err;
}

static int get_listed(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(&listed));
}

static const struct kernel_param_ops listed_ops = {
	.set = set_listed,
	.get = get_listed,
};
module_param_cb(boost_cpus, &listed_ops, NULL, 0644);
MODULE_PARM_DESC(boost_cpus, "CPUs that ask for a boost whatever they run, as 0,2-3 (default none)");

module_param(boost_kthreads, bool, 0644);
MODULE_PARM_DESC(boost_kthreads, "real-time kernel threads count, too, but those of the highest priority (default N)");

static int get_boosted(char *buf, const struct kernel_param *param)
{
	unsigned int n = 0;
	int cpu;

	for_each_online_cpu(cpu)
		n += is_held(cpu);
	return sysfs_emit(buf, "%u\n", n);
}

static const struct kernel_param_ops boosted_ops = {
	.set = ecsg_param_refuse,
	.get = get_boosted,
};
module_param_cb(boosted, &boosted_ops, NULL, 0444);
MODULE_PARM_DESC(boosted, "read: how many CPUs hold a boost");

static int get_counter(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%u\n", (u32)atomic_read(param->arg));
}

static const struct kernel_param_ops counter_ops = {
	.set = ecsg_param_refuse,
	.get = get_counter,
};
module_param_cb(boost_requests, &counter_ops, &requests, 0444);
MODULE_PARM_DESC(boost_requests, "read: how often a CPU without a boost asked for one");
module_param_cb(boost_refusals, &counter_ops, &refusals, 0444);
MODULE_PARM_DESC(boost_refusals, "read: how often the host said no, also to one that asked again");
