// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_hold - a load of spinlock holders.
 *
 * A kernel thread on each of the chosen CPUs takes one shared raw spinlock,
 * keeps it for @hold_us with preemption off, releases it and pauses for
 * @gap_us, until the module is removed. In a guest on an overcommitted host
 * this makes lock-holder preemption as often as one likes. With @waiting each
 * holder tells the host, if it has registered a page, that all it does is to wait.
 *
 * A kernel that keeps no preempt count for locks would not show it to the host: there
 * the holder marks its section by itself, so that the host can be tested all the same.
 */
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <asm/msr.h>

#include "crew.h"
#include "ecs_abi.h"

static unsigned int hold_us = 200;
module_param(hold_us, uint, 0644);
MODULE_PARM_DESC(hold_us, "microseconds to hold the lock");

static unsigned int gap_us = 100;
module_param(gap_us, uint, 0644);
MODULE_PARM_DESC(gap_us, "microseconds between two holds");

static bool shared = true;
module_param(shared, bool, 0444);
MODULE_PARM_DESC(shared, "all CPUs take the same lock (N: one lock for each)");

static bool waiting;
module_param(waiting, bool, 0444);
MODULE_PARM_DESC(waiting, "holders say that they only wait");

static DEFINE_RAW_SPINLOCK(shared_lock);
static DEFINE_PER_CPU(raw_spinlock_t, own_lock);
/* That a CPU has registered; it keeps it as long as ecs_guest stays. */
static DEFINE_PER_CPU(struct ecs_abi_page *, registered);

static void find_page(void *unused)
{
	u32 low, high;
	u64 page;

	if (rdmsr_safe(ECS_ABI_MSR_PAGE, &low, &high))
		return;
	page = (u64)high << 32 | low;
	if (page)
		this_cpu_write(registered, __va(page & PAGE_MASK));
}

static void hold(unsigned int cpu)
{
	const bool silent = !IS_ENABLED(CONFIG_PREEMPT_COUNT);
	raw_spinlock_t *lock = shared ? &shared_lock : &per_cpu(own_lock, cpu);
	struct ecs_abi_page *page = per_cpu(registered, cpu);

	raw_spin_lock(lock);
	if (page && silent)
		ecs_abi_activate_non_preemptable_ecs(page);
	if (page && waiting)
		WRITE_ONCE(page->guest.waiting, 1);
	crew_busy(READ_ONCE(hold_us));
	if (page && waiting)
		WRITE_ONCE(page->guest.waiting, 0);
	if (page && silent)
		ecs_abi_deactivate_non_preemptable_ecs(page);
	raw_spin_unlock(lock);
	cond_resched();
	crew_busy(READ_ONCE(gap_us));
}

static int __init ecs_hold_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&per_cpu(own_lock, cpu));
	if (waiting || !IS_ENABLED(CONFIG_PREEMPT_COUNT))
		on_each_cpu(find_page, NULL, 1);
	return crew_start(hold);
}

static void __exit ecs_hold_exit(void)
{
	crew_stop();
}

module_init(ecs_hold_init);
module_exit(ecs_hold_exit);

MODULE_DESCRIPTION("Spinlock holders, a load for the ecs tests");
MODULE_LICENSE("GPL");
