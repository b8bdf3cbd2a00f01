// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_class - a load whose vCPUs are always in the same situation.
 *
 * One for each of the problems that a guest has when its vCPUs are preempted (the
 * names are those of the eCS paper). A kernel thread on each of the chosen CPUs takes
 * turns until the module is removed: a section of @section_us, then @gap_us outside of
 * any, so that the end of a section can be seen.
 *
 *   lhp		it holds a spinlock of its own
 *   lhp-sleep	the same with a mutex
 *   lwp	the first CPU holds one spinlock nearly all the time, the others wait for it
 *   rp		it reads under a rw_semaphore, which all of them share
 *   rrp	it reads under RCU
 *   icp	it serves an interrupt, one section long, and the softirq which that raised
 *   bww	no section: it sleeps until the CPU before it wakes it, and wakes the next
 *
 * The locks are taken by the kernel's own functions, so that what the host sees of them
 * is what ecs_guest marks.
 */
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "crew.h"

static char *class = "";
module_param(class, charp, 0444);
MODULE_PARM_DESC(class, "lhp, lhp-sleep, lwp, rp, rrp, icp or bww");

static unsigned int section_us = 500;
module_param(section_us, uint, 0644);
MODULE_PARM_DESC(section_us, "microseconds of computing that a section lasts");

static unsigned int gap_us = 300;
module_param(gap_us, uint, 0644);
MODULE_PARM_DESC(gap_us, "microseconds of computing between two of them");

static DEFINE_PER_CPU(raw_spinlock_t, own_spinlock);
static DEFINE_PER_CPU(struct mutex, own_mutex);
static DEFINE_RAW_SPINLOCK(contended);
static DECLARE_RWSEM(read_by_all);
static DEFINE_PER_CPU(struct irq_work, interrupt);
static DEFINE_PER_CPU(struct tasklet_struct, softirq);
/* Turns of spin() in a millisecond of computing. */
static u64 speed;
/* The CPU whose turn it is to wake the next; none until all are there. */
static unsigned int awake = UINT_MAX;
static DECLARE_WAIT_QUEUE_HEAD(awake_changed);

static noinline void spin(u64 turns)
{
	while (turns--)
		barrier();
}

/* The fastest of many tries has not been interrupted. */
static void measure_speed(void)
{
	const unsigned int turns = 20000;
	u64 begin, best = U64_MAX;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		begin = get_cycles();
		spin(turns);
		best = min_t(u64, best, get_cycles() - begin);
	}
	speed = (u64)turns * tsc_khz / max_t(u64, best, 1);
}

/* Work and not time: what was interrupted goes on where it was. */
static void section(void)
{
	spin(READ_ONCE(section_us) * speed / 1000);
}

static void gap(void)
{
	spin(READ_ONCE(gap_us) * speed / 1000);
}

static void hold_spinlock(unsigned int cpu)
{
	raw_spin_lock(&per_cpu(own_spinlock, cpu));
	section();
	raw_spin_unlock(&per_cpu(own_spinlock, cpu));
	gap();
}

static void hold_mutex(unsigned int cpu)
{
	mutex_lock(&per_cpu(own_mutex, cpu));
	section();
	mutex_unlock(&per_cpu(own_mutex, cpu));
	gap();
}

static void wait_for_spinlock(unsigned int cpu)
{
	bool holds = cpu == cpumask_first(&crew_cpus);

	raw_spin_lock(&contended);
	if (holds)
		section();
	raw_spin_unlock(&contended);
	/* In its own gap nobody would wait. */
	if (!holds)
		gap();
}

static void read_semaphore(unsigned int cpu)
{
	down_read(&read_by_all);
	section();
	up_read(&read_by_all);
	gap();
}

static void read_rcu(unsigned int cpu)
{
	rcu_read_lock();
	section();
	rcu_read_unlock();
	gap();
}

static void in_interrupt_of_ours(struct irq_work *unused)
{
	section();
	tasklet_schedule(this_cpu_ptr(&softirq));
}

static void in_softirq_of_ours(struct tasklet_struct *unused)
{
	section();
}

static void serve_interrupt(unsigned int cpu)
{
	irq_work_queue(&per_cpu(interrupt, cpu));
	gap();
}

static void wake(unsigned int cpu)
{
	WRITE_ONCE(awake, cpu < nr_cpu_ids ? cpu : cpumask_first(&crew_cpus));
	wake_up_all(&awake_changed);
}

static void wake_next(unsigned int cpu)
{
	wait_event_idle(awake_changed,
			READ_ONCE(awake) == cpu || kthread_should_stop());
	gap();
	wake(cpumask_next(cpu, &crew_cpus));
}

static const struct situation {
	const char *name;
	void (*turn)(unsigned int cpu);
} situations[] = {
	{ "lhp", hold_spinlock },     { "lhp-sleep", hold_mutex },
	{ "lwp", wait_for_spinlock }, { "rp", read_semaphore },
	{ "rrp", read_rcu },	      { "icp", serve_interrupt },
	{ "bww", wake_next },
};

static void stop(void)
{
	unsigned int cpu;

	crew_stop();
	for_each_possible_cpu(cpu) {
		irq_work_sync(&per_cpu(interrupt, cpu));
		tasklet_kill(&per_cpu(softirq, cpu));
	}
}

static int __init ecs_class_init(void)
{
	unsigned int cpu, i;
	int err;

	for (i = 0; i < ARRAY_SIZE(situations); i++)
		if (!strcmp(class, situations[i].name))
			break;
	if (i == ARRAY_SIZE(situations)) {
		pr_err("ecs_class: no class is called \"%s\"\n", class);
		return -EINVAL;
	}
	for_each_possible_cpu(cpu) {
		raw_spin_lock_init(&per_cpu(own_spinlock, cpu));
		mutex_init(&per_cpu(own_mutex, cpu));
		tasklet_setup(&per_cpu(softirq, cpu), in_softirq_of_ours);
		init_irq_work(&per_cpu(interrupt, cpu), in_interrupt_of_ours);
	}
	measure_speed();
	err = crew_start(situations[i].turn);
	if (err)
		stop();
	else
		wake(cpumask_first(&crew_cpus));
	return err;
}

static void __exit ecs_class_exit(void)
{
	stop();
}

module_init(ecs_class_init);
module_exit(ecs_class_exit);

MODULE_DESCRIPTION("vCPUs in one situation all the time, a load for the ecs tests");
MODULE_LICENSE("GPL");
