// SPDX-License-Identifier: GPL-2.0-only
/* main.c: up the ladder and down again. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "event.h"
#include "hint.h"
#include "host.h"
#include "idle.h"
#include "mark.h"
#include "page.h"
#include "param.h"
#include "poll.h"
#include "realtime.h"
#include "watch.h"

static int get_registered(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%u\n", ecsg_page_count());
}

static const struct kernel_param_ops registered_ops = {
	.set = ecsg_param_refuse,
	.get = get_registered,
};
module_param_cb(registered, &registered_ops, NULL, 0444);
MODULE_PARM_DESC(registered, "read: on how many CPUs the host knows us");

/*
 * Without a count only interrupts show, and what is marked. On PREEMPT_RT there is one,
 * but of raw spinlocks; all others sleep.
 */
static bool counts_locks = IS_ENABLED(CONFIG_PREEMPT_COUNT) &&
			   !IS_ENABLED(CONFIG_PREEMPT_RT);

static const struct kernel_param_ops preempt_count_ops = {
	.set = ecsg_param_refuse,
	.get = param_get_bool,
};
module_param_cb(preempt_count, &preempt_count_ops, &counts_locks, 0444);
MODULE_PARM_DESC(preempt_count, "read: does this kernel count spinlocks and rwlocks, so that the host sees them");

static int __init ecsg_init(void)
{
	int err;

	err = ecsg_host_find();
	if (err)
		return err;
	err = ecsg_page_init();
	if (err)
		return err;
	err = ecsg_idle_init();
	if (err)
		goto exit_page;
	err = ecsg_event_init();
	if (err)
		goto exit_idle;
	ecsg_mark_init();
	ecsg_hint_init();
	ecsg_poll_init();
	ecsg_realtime_init();
	ecsg_watch_init();
	pr_info("version %s, registered on %u CPUs\n", ECS_VERSION,
		ecsg_page_count());
	if (!counts_locks)
		pr_info("this kernel counts no spinlocks and rwlocks: the host does not see them\n");
	return 0;

exit_idle:
	ecsg_idle_exit();
exit_page:
	ecsg_page_exit();
	return err;
}

static void __exit ecsg_exit(void)
{
	/* The watch would register again what the events withdraw. */
	ecsg_watch_exit();
	ecsg_realtime_exit();
	ecsg_poll_exit();
	ecsg_hint_exit();
	ecsg_mark_exit();
	ecsg_event_exit();
	ecsg_idle_exit();
	ecsg_page_exit();
}

module_init(ecsg_init);
module_exit(ecsg_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Critical-section aware scheduling of KVM vCPUs: guest");
MODULE_VERSION(ECS_VERSION);
