// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver.c: see driver.h.
 *
 * A guest of KVM has no cpuidle driver, and halts whenever it is idle. We bring one
 * along, and leave alone a guest that idles in another way.
 *
 * Its two states are the same routine. What a governor of cpuidle decides, and
 * without a choice would not, is whether the tick goes on: for short waits it does,
 * and is not reprogrammed twice a wait, which are VM exits, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/cpuidle.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/stop_machine.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "driver.h"
#include "poll.h"

static struct cpuidle_device __percpu *devices;
static int hotplug_state;
/* The last one from a CPU that could not be registered. */
static int device_error;

/*
 * RCU does not watch: nothing here may be traced or probed. Before v6.3 interrupts
 * were on or off when this returned, since then they are off.
 *
 * Context: the idle task, interrupts off; TIF_POLLING_NRFLAG clear, cpuidle sets it
 * afterwards.
 */
static noinstr int enter(struct cpuidle_device *dev, struct cpuidle_driver *drv,
			 int index)
{
	/* If the wait was long: the haltpoll governor asks for it. */
	dev->poll_time_limit = !ecsg_poll_idle();
	/* Interrupts have told lockdep that they are on, and are off again. */
	lockdep_hardirqs_off(_RET_IP_);
	return index;
}

/*
 * Without an owner: each CPU would keep a reference of the module, which could then
 * not be unloaded. ecsg_driver_stop() waits for all of them instead.
 */
static struct cpuidle_driver driver = {
	.name = "ecs_guest",
	.states = {
		{
			.name = "SHORT",
			.desc = "polls, then halts",
			.enter = enter,
		},
		{
			.name = "LONG",
			.desc = "polls, then halts",
			.exit_latency = 1,
			.target_residency = 1,
			.enter = enter,
		},
	},
	.state_count = 2,
};

/* Context: the CPU's hotplug thread, on the CPU. One that fails halts as ever. */
static int come_online(unsigned int cpu)
{
	struct cpuidle_device *dev = per_cpu_ptr(devices, cpu);
	int err;

	dev->cpu = cpu;
	err = cpuidle_register_device(dev);
	if (err)
		device_error = err;
	return 0;
}

static int go_offline(unsigned int cpu)
{
	cpuidle_unregister_device(per_cpu_ptr(devices, cpu));
	return 0;
}

/* Context: a stopper thread; no CPU is in its idle task. */
static int nothing(void *unused)
{
	return 0;
}

/**
 * ecsg_driver_stop() - CPUs idle as they did before
 *
 * Context: process context, may sleep; started.
 */
void ecsg_driver_stop(void)
{
	cpuhp_remove_state(hotplug_state);
	cpuidle_unregister_driver(&driver);
	/*
	 * No CPU comes to our routine any more. cpuidle has woken those that were in
	 * it, but has not waited for them. The scheduler looks at the states that
	 * other CPUs are in, under RCU.
	 */
	stop_machine(nothing, NULL, NULL);
	synchronize_rcu();
	free_percpu(devices);
}

/* Return: 0, or a negative errno after one line that says why. */
static int find_obstacle(void)
{
	struct cpuidle_driver *other = cpuidle_get_driver();

	if (other) {
		pr_info("no polling: the cpuidle driver %s is in use\n",
			other->name);
		return -EBUSY;
	}
	if (boot_option_idle_override != IDLE_NO_OVERRIDE) {
		pr_info("no polling: the kernel was booted with idle=\n");
		return -EOPNOTSUPP;
	}
	/* Such a guest has its CPUs for itself, and need not ask. */
	if (boot_cpu_has(X86_FEATURE_MWAIT)) {
		pr_info("no polling: this guest can wait by MWAIT\n");
		return -EOPNOTSUPP;
	}
	if (!tsc_khz) {
		pr_info("no polling: this guest has no time stamp counter\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int register_all(void)
{
	int err;

	err = cpuidle_register_driver(&driver);
	if (err)
		return err;
	device_error = 0;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "ecs/guest:poll",
				come_online, go_offline);
	if (err < 0) {
		cpuidle_unregister_driver(&driver);
		return err;
	}
	hotplug_state = err;
	return 0;
}

/**
 * ecsg_driver_start() - have idle CPUs call ecsg_poll_idle()
 *
 * Context: process context, may sleep; not while started.
 * Return: 0, or a negative errno after one line that says why: -EBUSY if there is a
 * cpuidle driver, -EOPNOTSUPP if this guest idles in another way.
 */
int ecsg_driver_start(void)
{
	int err = find_obstacle();

	if (err)
		return err;
	devices = alloc_percpu(struct cpuidle_device);
	if (!devices)
		return -ENOMEM;
	err = register_all();
	if (err) {
		free_percpu(devices);
	} else if (device_error) {
		err = device_error;
		ecsg_driver_stop();
	}
	if (err)
		pr_info("no polling: cpuidle does not take our driver (%d)\n",
			err);
	return err;
}
