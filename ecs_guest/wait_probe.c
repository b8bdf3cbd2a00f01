// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait_probe.c: see wait_probe.h.
 *
 * Kretprobes on the functions that the lock functions call when a lock is not free:
 * where nobody waits they cost nothing. A task sleeps inside of them, for as long as
 * the lock is held; kretprobes stand that, also if they go meanwhile.
 *
 * Each task that waits takes one of a probe's instances. When there is none left it
 * is not seen to wait: its lock stays counted from when it was asked for, and also if
 * it gives up. That is counted. Spinlocks are not followed: a probe would take locks
 * itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ptrace.h>

#include "compat/contention.h"
#include "compat/kprobe.h"
#include "wait.h"
#include "wait_probe.h"

/* Tasks that wait for locks of one kind in one way at the same time. */
#define WAITERS 1024

/* What a task waits for, from the beginning of the function to its end. */
struct waited {
	unsigned long lock;
};

static int begin(struct kretprobe_instance *instance, struct pt_regs *regs,
		 unsigned int flags)
{
	struct waited *waited = (void *)instance->data;

	waited->lock = regs_get_kernel_argument(regs, 0);
	ecsg_wait_begin(waited->lock, flags);
	return 0;
}

/* Context of these: preemption off; process context, any in which locks are taken. */
static int begin_mutex(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	return begin(instance, regs, LCB_F_MUTEX);
}

static int begin_read(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return begin(instance, regs, LCB_F_READ);
}

static int begin_write(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	return begin(instance, regs, LCB_F_WRITE);
}

static int end(struct kretprobe_instance *instance, bool had)
{
	const struct waited *waited = (void *)instance->data;

	ecsg_wait_end(waited->lock, had);
	return 0;
}

static int end_void(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return end(instance, true);
}

static int end_int(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return end(instance, (int)regs_return_value(regs) >= 0);
}

static int end_pointer(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	return end(instance, !IS_ERR_VALUE(regs_return_value(regs)));
}

/**
 * struct slow_path - a function in which locks are waited for
 * @name: its name; the lock is its first argument
 * @begin: when it is entered
 * @end: when it returns, by what it returns
 */
struct slow_path {
	const char *name;
	kretprobe_handler_t begin;
	kretprobe_handler_t end;
};

static const struct slow_path slow_paths[] = {
	{ "__mutex_lock_slowpath", begin_mutex, end_void },
	{ "__mutex_lock_interruptible_slowpath", begin_mutex, end_int },
	{ "__mutex_lock_killable_slowpath", begin_mutex, end_int },
	{ "rwsem_down_read_slowpath", begin_read, end_pointer },
	{ "rwsem_down_write_slowpath", begin_write, end_pointer },
};

static struct kretprobe probes[ARRAY_SIZE(slow_paths)];
static unsigned int registered, missed;

/**
 * ecsg_wait_probe_start() - follow who waits
 *
 * Context: process context, may sleep; not while started.
 * Return: 0, -ENOENT if this kernel lacks one of the functions, -ENOMEM.
 */
int ecsg_wait_probe_start(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		/* Registering leaves things behind. */
		probes[i] = (struct kretprobe){
			.kp.symbol_name = slow_paths[i].name,
			.entry_handler = slow_paths[i].begin,
			.handler = slow_paths[i].end,
			.data_size = sizeof(struct waited),
			.maxactive = WAITERS,
		};
		err = register_kretprobe(&probes[i]);
		if (err) {
			ecsg_wait_probe_stop();
			return err;
		}
		registered++;
	}
	return 0;
}

/**
 * ecsg_wait_probe_stop() - no more; who waits now is not seen to have ended
 *
 * Context: process context, may sleep.
 */
void ecsg_wait_probe_stop(void)
{
	missed = ecsg_wait_probe_missed();
	while (registered)
		ecs_kretprobe_unregister(&probes[--registered]);
}

/**
 * ecsg_wait_probe_missed() - how often a task that waited was not seen
 *
 * Context: serialised with start and stop.
 */
unsigned int ecsg_wait_probe_missed(void)
{
	unsigned int sum = missed, i;

	for (i = 0; i < registered; i++)
		sum += READ_ONCE(probes[i].nmissed) +
		       READ_ONCE(probes[i].kp.nmissed);
	return sum;
}
