// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c: see event.h.
 *
 * A page that stays registered when its memory gets another use would be
 * written to by the host. So every way out of this kernel withdraws first:
 *   CPU offline, module exit	the hotplug state's teardown, on the CPU
 *   suspend, hibernation	the PM notifier (other CPUs go offline as well)
 *   reboot, halt, kexec	the reboot notifier
 *   panic			the panic notifier, for the CPU that panics
 *   crash kexec		a kprobe on its entry: it comes before the panic
 *				notifiers. The other CPUs are stopped for ever
 *				and their memory is only read by the new kernel
 * A boost ends with the registration, so that it needs no care of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "compat/kprobe.h"
#include "compat/panic.h"
#include "event.h"
#include "page.h"
#include "realtime.h"

static int hotplug_state;
static bool crash_probed;

/* Context: does not migrate; on the CPU in question. */
static void arrive(void *unused)
{
	/* A CPU that cannot be registered is an ordinary one. */
	ecsg_page_publish(NULL);
	ecsg_realtime_registered();
}

/* Context: the CPU's hotplug thread, on the CPU. */
static int come_online(unsigned int cpu)
{
	arrive(NULL);
	return 0;
}

static int go_offline(unsigned int cpu)
{
	ecsg_page_withdraw(NULL);
	return 0;
}

static int on_reboot(struct notifier_block *nb, unsigned long code, void *data)
{
	ecsg_page_leave();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = { .notifier_call = on_reboot };

static int on_pm(struct notifier_block *nb, unsigned long code, void *data)
{
	switch (code) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		on_each_cpu(ecsg_page_withdraw, NULL, 1);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		/* User space runs again: not on a CPU on its way down. */
		cpus_read_lock();
		on_each_cpu(arrive, NULL, 1);
		cpus_read_unlock();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_nb = { .notifier_call = on_pm };

static int on_panic(struct notifier_block *nb, unsigned long code, void *data)
{
	ecsg_page_withdraw(NULL);
	return NOTIFY_DONE;
}

static struct notifier_block panic_nb = { .notifier_call = on_panic };

static int on_crash(struct kprobe *probe, struct pt_regs *regs)
{
	ecsg_page_withdraw(NULL);
	return 0;
}

static struct kprobe crash_probe = {
	.symbol_name = "machine_crash_shutdown",
	.pre_handler = on_crash,
};

/**
 * ecsg_event_init() - publish on every online CPU and follow what happens
 *
 * Context: module init.
 * Return: 0 or a negative errno.
 */
int ecsg_event_init(void)
{
	int err;

	err = register_reboot_notifier(&reboot_nb);
	if (err)
		return err;
	err = register_pm_notifier(&pm_nb);
	if (err)
		goto exit_reboot;
	err = atomic_notifier_chain_register(&panic_notifier_list, &panic_nb);
	if (err)
		goto exit_pm;
	/* A kernel without crash kexec lacks the function. */
	crash_probed = !register_kprobe(&crash_probe);
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "ecs/guest:online",
				come_online, go_offline);
	if (err < 0)
		goto exit_panic;
	hotplug_state = err;
	return 0;

exit_panic:
	if (crash_probed)
		ecs_kprobe_unregister(&crash_probe);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_nb);
exit_pm:
	unregister_pm_notifier(&pm_nb);
exit_reboot:
	unregister_reboot_notifier(&reboot_nb);
	return err;
}

/**
 * ecsg_event_exit() - withdraw on every CPU
 *
 * Context: module exit.
 */
void ecsg_event_exit(void)
{
	/* It publishes; all others withdraw, and are needed until all is withdrawn. */
	unregister_pm_notifier(&pm_nb);
	cpuhp_remove_state(hotplug_state);
	unregister_reboot_notifier(&reboot_nb);
	if (crash_probed)
		ecs_kprobe_unregister(&crash_probe);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_nb);
}
