// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c: see watch.h.
 *
 * Nothing tells a guest that it was migrated, restored, or that the host's
 * module was loaded anew. One MSR read a CPU now and then does. Nor does anything
 * tell it that boosts are offered now, or not any more. The work wakes an
 * idle CPU: put off until that one is busy, it would leave the busy ones waiting.
 */
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "page.h"
#include "realtime.h"
#include "watch.h"

static unsigned int watch_s = 5;
module_param(watch_s, uint, 0444);
MODULE_PARM_DESC(watch_s, "seconds between looks at the registration and the host's offers, 0 never (default 5)");

/* A day: it keeps jiffies from overflowing. */
#define WATCH_MAX_S 86400u

static void watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch);

static void look_later(void)
{
	schedule_delayed_work(&watch_work, min(watch_s, WATCH_MAX_S) * HZ);
}

static void watch(struct work_struct *work)
{
	on_each_cpu(ecsg_page_refresh, NULL, 1);
	ecsg_realtime_refresh();
	look_later();
}

/**
 * ecsg_watch_init() - begin to look
 */
void ecsg_watch_init(void)
{
	if (watch_s)
		look_later();
}

/**
 * ecsg_watch_exit() - no more
 *
 * Context: may sleep.
 */
void ecsg_watch_exit(void)
{
	cancel_delayed_work_sync(&watch_work);
}
