// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_late - is a timer on time that an interrupt of an idle CPU sets?
 *
 * The idle loop asks the timers when the next one is due, has the clock event set for
 * it, and idles. Whoever idles with interrupts on has to ask again before it halts. A
 * thread on @cpu sleeps some times for @apart us, as a CPU has to that is to expect
 * short waits, and then until a timer fires that an interrupt sets @apart us after it
 * has gone to sleep, for two ticks later. Loading takes as long as @rounds of that do.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pm_qos.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "compat/timer.h"

#define SHORT_WAITS 6
#define TICKS	    2

static int cpu = 1;
module_param(cpu, int, 0444);
static unsigned int rounds = 30;
module_param(rounds, uint, 0444);
static unsigned int apart = 3000;
module_param(apart, uint, 0444);
static unsigned int late_ms = 50;
module_param(late_ms, uint, 0444);
MODULE_PARM_DESC(late_ms, "a timer is late that fires so long after it was due");
static unsigned int late;
module_param(late, uint, 0444);
MODULE_PARM_DESC(late, "read: how many were");

static struct hrtimer interrupt;
static struct timer_list timer;
static ktime_t due;
static DECLARE_COMPLETION(fired);

static enum hrtimer_restart on_interrupt(struct hrtimer *unused)
{
	due = ktime_add_us(ktime_get(), jiffies_to_usecs(TICKS));
	mod_timer(&timer, jiffies + TICKS);
	return HRTIMER_NORESTART;
}

static void on_timer(struct timer_list *unused)
{
	if (ktime_ms_delta(ktime_get(), due) > late_ms)
		late++;
	complete(&fired);
}

static long measure(void *unused)
{
	struct pm_qos_request quick = {};
	unsigned int i, n;

	/* The tick stops in each wait, be it ever so short; see menu_select(). */
	cpu_latency_qos_add_request(&quick, 0);
	for (n = 0; n < rounds; n++) {
		for (i = 0; i < SHORT_WAITS; i++)
			usleep_range(apart, apart + 1);
		reinit_completion(&fired);
		hrtimer_start(&interrupt, ns_to_ktime(1000ull * apart),
			      HRTIMER_MODE_REL_PINNED_HARD);
		wait_for_completion(&fired);
	}
	cpu_latency_qos_remove_request(&quick);
	return 0;
}

static int __init ecs_late_init(void)
{
	hrtimer_setup(&interrupt, on_interrupt, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	timer_setup(&timer, on_timer, TIMER_PINNED);
	return work_on_cpu(cpu, measure, NULL);
}

static void __exit ecs_late_exit(void)
{
}

module_init(ecs_late_init);
module_exit(ecs_late_exit);

MODULE_DESCRIPTION("Timers that interrupts of idle CPUs set, for the ecs tests");
MODULE_LICENSE("GPL");
