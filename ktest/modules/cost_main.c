// SPDX-License-Identifier: GPL-2.0
/*
 * cost_main.c: ecs_cost's file; see cost.h. Reading /proc/ecs_cost measures and
 * gives a line for each operation:
 *
 *	name into samples-that-took-that out-of samples-that-took-that
 *
 * "into" is what taking a lock costs, "out-of" what releasing it does; "-" for
 * what has only one way. A CPU that does not count instructions is refused.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "cost.h"

#define SAMPLES 50
/* Rounds of a loop of two instructions. */
#define FEWER 1000
#define MORE  3000

static u32 loop(u32 rounds)
{
	struct cost_least least = {};
	u32 at[2];
	int i;

	for (i = 0; i < SAMPLES; i++) {
		u32 n = rounds;

		cost_stamp(&at[0]);
		asm volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
		cost_stamp(&at[1]);
		cost_take(&least, at[1] - at[0]);
	}
	return least.took;
}

static int show(struct seq_file *seq, void *unused)
{
	u32 ticks = loop(MORE) - loop(FEWER);
	u32 nothing;
	int err;

	if (num_online_cpus() != 1 || ticks != 2 * (MORE - FEWER)) {
		pr_err("%u CPUs, %u ticks for %d instructions\n",
		       num_online_cpus(), ticks, 2 * (MORE - FEWER));
		return -ENODEV;
	}
	nothing = cost_lock_nothing();
	err = cost_lock_show(seq, nothing);
	return err ? err : cost_switch_show(seq, nothing);
}

static int __init cost_init(void)
{
	int err = cost_lock_init();

	if (err)
		return err;
	if (proc_create_single("ecs_cost", 0400, NULL, show))
		return 0;
	cost_lock_exit();
	return -ENOMEM;
}

static void __exit cost_exit(void)
{
	remove_proc_entry("ecs_cost", NULL);
	cost_lock_exit();
}

module_init(cost_init);
module_exit(cost_exit);

MODULE_DESCRIPTION("Instructions that lock operations take, for the ecs tests");
MODULE_LICENSE("GPL");
