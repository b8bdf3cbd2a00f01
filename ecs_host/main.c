// SPDX-License-Identifier: GPL-2.0-only
/* main.c: up the ladder and down again. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "boost.h"
#include "ctl.h"
#include "grace.h"
#include "hint.h"
#include "hook.h"
#include "kvm.h"
#include "pick.h"
#include "place.h"
#include "sched.h"
#include "setting.h"
#include "thread.h"
#include "vcpu.h"
#include "vm.h"
#include "yield.h"

static int __init ecsh_init(void)
{
	int err;

	ecsh_grace_init();
	err = ecsh_vcpu_init();
	if (err)
		return err;
	err = ecsh_thread_init();
	if (err)
		goto exit_vcpu;
	err = ecsh_boost_init();
	if (err)
		goto exit_thread;
	ecsh_pick_init();
	ecsh_place_init();
	ecsh_hint_init();
	ecsh_sched_init();
	err = ecsh_kvm_init();
	if (err)
		goto exit_sched;
	ecsh_yield_init();
	err = ecsh_ctl_init();
	if (err)
		goto exit_yield;
	ecsh_hook_settle();
	pr_info("version %s, features 0x%llx\n", ECS_VERSION,
		ecsh_hook_features());
	return 0;

exit_yield:
	ecsh_vcpu_close();
	ecsh_yield_exit();
	ecsh_kvm_exit();
exit_sched:
	ecsh_boost_exit();
	ecsh_sched_exit();
	ecsh_hint_exit();
exit_thread:
	ecsh_thread_exit();
exit_vcpu:
	ecsh_vcpu_exit();
	ecsh_vm_exit();
	ecsh_hook_settle();
	return err;
}

static void __exit ecsh_exit(void)
{
	ecsh_ctl_exit();
	/*
	 * What follows waits again and again for all CPUs to schedule kernel threads:
	 * not behind graces and boosts of our own.
	 */
	ecsh_setting_disable_all();
	/* No registration any more, while guests can still withdraw theirs ... */
	ecsh_vcpu_close();
	ecsh_yield_exit();
	ecsh_kvm_exit();
	ecsh_boost_exit();
	/* ... no new extensions ... */
	ecsh_sched_exit();
	ecsh_hint_exit();
	/* ... nobody runs a vCPU that we know of. */
	ecsh_thread_exit();
	ecsh_vcpu_exit();
	ecsh_vm_exit();
}

module_init(ecsh_init);
module_exit(ecsh_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Critical-section aware scheduling of KVM vCPUs: host");
MODULE_VERSION(ECS_VERSION);
