// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_hold - a load of spinlock holders.
 *
 * A kernel thread on each of the chosen CPUs takes one shared raw spinlock,
 * keeps it for @hold_us with preemption off, releases it and pauses for
 * @gap_us, until the module is removed. In a guest on an overcommitted host
 * this makes lock-holder preemption as often as one likes. With @waiting each
 * holder tells the host, if it has registered a page, that all it does is to wait.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <asm/msr.h>

#include "ecs_abi.h"

static unsigned int hold_us = 200;
module_param(hold_us, uint, 0644);
MODULE_PARM_DESC(hold_us, "microseconds to hold the lock");

static unsigned int gap_us = 100;
module_param(gap_us, uint, 0644);
MODULE_PARM_DESC(gap_us, "microseconds between two holds");

static unsigned long cpus = ~0UL;
module_param(cpus, ulong, 0444);
MODULE_PARM_DESC(cpus, "mask of the CPUs to run on");

static bool shared = true;
module_param(shared, bool, 0444);
MODULE_PARM_DESC(shared, "all CPUs take the same lock (N: one lock for each)");

static bool waiting;
module_param(waiting, bool, 0444);
MODULE_PARM_DESC(waiting, "holders say that they only wait");

struct holder {
	raw_spinlock_t lock;
	struct task_struct *task;
	unsigned long count;
};

static struct holder *holders;
static DEFINE_RAW_SPINLOCK(shared_lock);

static void busy(unsigned int us)
{
	u64 end = ktime_get_ns() + us * (u64)NSEC_PER_USEC;

	while (ktime_get_ns() < end)
		cpu_relax();
}

/* The page that this CPU has registered; it keeps it as long as ecs_guest stays. */
static struct ecs_abi_page *registered(void)
{
	u64 page;

	if (rdmsrl_safe(ECS_ABI_MSR_PAGE, &page) || !page)
		return NULL;
	return __va(page & PAGE_MASK);
}

static int hold(void *data)
{
	struct ecs_abi_page *page = waiting ? registered() : NULL;
	struct holder *holder = data;
	raw_spinlock_t *lock = shared ? &shared_lock : &holder->lock;

	while (!kthread_should_stop()) {
		raw_spin_lock(lock);
		if (page)
			WRITE_ONCE(page->guest.waiting, 1);
		busy(READ_ONCE(hold_us));
		if (page)
			WRITE_ONCE(page->guest.waiting, 0);
		raw_spin_unlock(lock);
		WRITE_ONCE(holder->count, holder->count + 1);
		cond_resched();
		busy(READ_ONCE(gap_us));
		cond_resched();
	}
	return 0;
}

static void stop_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (!IS_ERR_OR_NULL(holders[cpu].task))
			kthread_stop(holders[cpu].task);
	kfree(holders);
}

/* Reading it gives how often the lock was held, by all CPUs together. */
static int count_get(char *buffer, const struct kernel_param *kp)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for (cpu = 0; holders && cpu < nr_cpu_ids; cpu++)
		sum += READ_ONCE(holders[cpu].count);
	return sysfs_emit(buffer, "%lu\n", sum);
}

static const struct kernel_param_ops count_ops = { .get = count_get };
module_param_cb(count, &count_ops, NULL, 0444);
MODULE_PARM_DESC(count, "how often the lock was held");

static int __init ecs_hold_init(void)
{
	unsigned int cpu;

	holders = kcalloc(nr_cpu_ids, sizeof(*holders), GFP_KERNEL);
	if (!holders)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		struct holder *holder = &holders[cpu];
		struct task_struct *task;

		if (cpu >= BITS_PER_LONG || !(cpus & BIT(cpu)))
			continue;
		raw_spin_lock_init(&holder->lock);
		task = kthread_create_on_node(hold, holder, cpu_to_node(cpu),
					      "ecs_hold/%u", cpu);
		if (IS_ERR(task)) {
			stop_all();
			return PTR_ERR(task);
		}
		holder->task = task;
		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	return 0;
}

static void __exit ecs_hold_exit(void)
{
	stop_all();
}

module_init(ecs_hold_init);
module_exit(ecs_hold_exit);

MODULE_DESCRIPTION("Spinlock holders, a load for the ecs tests");
MODULE_LICENSE("GPL");
