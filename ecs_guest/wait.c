// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.c: see wait.h.
 *
 * A task waits for one sleeping lock at a time, and takes that along when it is
 * switched (carry.c). Spinlocks are waited for by a CPU; several at a time, if an
 * interrupt waits inside another wait, and always inside a wait for a sleeping lock.
 *
 * A mutex first spins, then sleeps, and says so by two beginnings and one end.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>

#include "carry.h"
#include "compat/contention.h"
#include "compat/preempt_count.h"
#include "compat/tracepoint.h"
#include "mark.h"
#include "page.h"
#include "param.h"
#include "wait.h"
#include "wait_probe.h"

/* In ecsg_carry_wait, beside the lock's address. */
#define OWNER_OFF  1ul /* it was counted as owned when it was asked for */
#define READER_OFF 2ul /* it was counted as read */
#define WAITS	   4ul
#define LOCK_MASK  (~7ul)

/* Waits for spinlocks; and of these, those of interrupts or with softirqs off. */
static DEFINE_PER_CPU(unsigned int, spinning);
static DEFINE_PER_CPU(unsigned int, spinning_irq);
static struct tracepoint *begin_tracepoint, *end_tracepoint;

enum {
	AUTO,
	TRACEPOINT,
	PROBE,
};

static const char *const names[] = {
	[AUTO] = "auto",
	[TRACEPOINT] = "tracepoint",
	[PROBE] = "probe",
};

/* Of this kind, locks are counted when they are asked for. */
static bool counted[ECSG_WAIT_KINDS];

static enum ecsg_wait_kind kind_of(unsigned int flags)
{
	if (flags & LCB_F_MUTEX)
		return ECSG_WAIT_MUTEX;
	if (flags == LCB_F_READ || flags == LCB_F_WRITE)
		return ECSG_WAIT_RWSEM;
	return ECSG_WAIT_OTHER;
}

/* The same at the end of a wait as at its beginning. */
static bool is_irq(void)
{
	return preempt_count() & ECS_PREEMPT_IRQ_MASK;
}

static void show(struct ecs_abi_guest *guest, u32 waiting)
{
	/* Taken back also if it has been switched off since it was shown. */
	WRITE_ONCE(guest->waiting,
		   READ_ONCE(ecsg_carry_shows_wait) ? waiting : 0);
}

/* After a change of who spins: there may be other waits around that one. */
static void show_spins(struct ecs_abi_guest *guest)
{
	u32 waiting = 0;

	if (this_cpu_read(spinning) || this_cpu_read(ecsg_carry_wait))
		waiting = ECS_ABI_WAITING;
	if (this_cpu_read(spinning_irq))
		waiting |= ECS_ABI_WAITING_IRQ;
	show(guest, waiting);
}

/* What is counted may not change by this: an interrupt leaves it as it found it. */
static unsigned long take_off(struct ecs_abi_guest *guest, bool reads)
{
	if (reads) {
		if ((s8)READ_ONCE(guest->readers) <= 0)
			return 0;
		WRITE_ONCE(guest->readers, guest->readers - 1);
		return READER_OFF;
	}
	if ((s16)READ_ONCE(guest->preemptable) <= 0)
		return 0;
	WRITE_ONCE(guest->preemptable, guest->preemptable - 1);
	return OWNER_OFF;
}

static void put_on(struct ecs_abi_guest *guest, unsigned long wait)
{
	if (wait & OWNER_OFF && guest->preemptable < ECS_ABI_PREEMPTABLE_MAX)
		WRITE_ONCE(guest->preemptable, guest->preemptable + 1);
	else if (wait & READER_OFF && guest->readers < ECS_ABI_READERS_MAX)
		WRITE_ONCE(guest->readers, guest->readers + 1);
	else if (wait & (OWNER_OFF | READER_OFF))
		this_cpu_inc(ecsg_mark_clipped);
}

static void begin(struct ecs_abi_guest *guest, unsigned long lock,
		  unsigned int flags)
{
	unsigned long wait = this_cpu_read(ecsg_carry_wait);

	lock &= LOCK_MASK;
	if (wait && (wait & LOCK_MASK) == lock)
		return;
	wait = lock | WAITS;
	if (READ_ONCE(counted[kind_of(flags)]))
		wait |= take_off(guest, flags & LCB_F_READ);
	this_cpu_write(ecsg_carry_wait, wait);
	show(guest, ECS_ABI_WAITING);
}

/**
 * ecsg_wait_begin() - a task begins to wait for a sleeping lock
 * @lock: its address
 * @flags: LCB_F_* of its kind, as the tracepoint has them
 *
 * It has been counted, by the first instructions of the function that asks for it: but
 * who waits is in nobody's way.
 *
 * Context: the task, preemption off.
 */
void ecsg_wait_begin(unsigned long lock, unsigned int flags)
{
	begin(&this_cpu_read(ecsg_page)->guest, lock, flags);
}

/* Has the wait for @lock ended, if that is what the task waits for? */
static void end(struct ecs_abi_guest *guest, unsigned long lock, bool had)
{
	unsigned long wait = this_cpu_read(ecsg_carry_wait);

	if (!wait || (wait & LOCK_MASK) != (lock & LOCK_MASK))
		return;
	this_cpu_write(ecsg_carry_wait, 0);
	if (had)
		put_on(guest, wait);
	show(guest, 0);
}

/**
 * ecsg_wait_end() - a task waits no longer
 * @lock: what for
 * @had: it has the lock; one that was interrupted or killed does not
 *
 * Context: the task, preemption off.
 */
void ecsg_wait_end(unsigned long lock, bool had)
{
	end(&this_cpu_read(ecsg_page)->guest, lock, had);
}

/* Context: any. */
static void probe_begin(void *data, void *lock, unsigned int flags)
{
	struct ecs_abi_guest *guest;

	ecs_tracepoint_enter();
	guest = &this_cpu_read(ecsg_page)->guest;
	if (flags & LCB_F_SPIN && !(flags & LCB_F_MUTEX)) {
		this_cpu_inc(spinning);
		if (is_irq())
			this_cpu_inc(spinning_irq);
		show_spins(guest);
	} else {
		begin(guest, (unsigned long)lock, flags);
	}
	ecs_tracepoint_leave();
}

/* Context: any. */
static void probe_end(void *data, void *lock, int ret)
{
	struct ecs_abi_guest *guest;

	ecs_tracepoint_enter();
	guest = &this_cpu_read(ecsg_page)->guest;
	/* The innermost wait; its lock may be part of the one that is slept for. */
	if (this_cpu_read(spinning)) {
		this_cpu_dec(spinning);
		if (is_irq() && this_cpu_read(spinning_irq))
			this_cpu_dec(spinning_irq);
		show_spins(guest);
	} else {
		end(guest, (unsigned long)lock, ret >= 0);
	}
	ecs_tracepoint_leave();
}

/*
 * Of the kernel proper: they are there or not, for good. Looked up once, each by a walk
 * over all tracepoints.
 *
 * Context: process context, may sleep; also from the parameter's file, before init.
 */
static bool has_tracepoints(void)
{
	static DEFINE_MUTEX(mutex);
	static bool looked;

	mutex_lock(&mutex);
	if (!looked) {
		begin_tracepoint = ecs_tracepoint_find("contention_begin");
		end_tracepoint = ecs_tracepoint_find("contention_end");
		looked = true;
	}
	mutex_unlock(&mutex);
	return begin_tracepoint && end_tracepoint;
}

static unsigned int best(void)
{
	return has_tracepoints() ? TRACEPOINT : PROBE;
}

static struct ecsg_param_choice by = {
	.names = names,
	.nr = ARRAY_SIZE(names),
	.best = best,
};
module_param_cb(wait_by, &ecsg_param_choice_ops, &by, 0444);
MODULE_PARM_DESC(wait_by, "how waits for locks are followed: tracepoint, probe (of mutexes and rwsems only) or auto: tracepoint if this kernel has them (default auto; read: the one taken)");

static int start_tracepoints(void)
{
	int err;

	if (!has_tracepoints())
		return -ENOENT;
	/* An end without a beginning means nothing; the reverse would stay. */
	err = tracepoint_probe_register(end_tracepoint, probe_end, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(begin_tracepoint, probe_begin, NULL);
	if (err)
		tracepoint_probe_unregister(end_tracepoint, probe_end, NULL);
	return err;
}

/**
 * ecsg_wait_start() - follow who waits
 * @hook_err: why functions cannot be hooked, or 0; tracepoints need none of that
 *
 * Context: process context, after ecsg_carry_start(); not while started.
 * Return: 0, -ENOENT on a kernel without what it takes, -ENOMEM, @hook_err.
 */
int ecsg_wait_start(int hook_err)
{
	if (ecsg_param_chosen(&by) != PROBE)
		return start_tracepoints();
	/* A kprobe may be one of ftrace's, and never hit. */
	return hook_err ? hook_err : ecsg_wait_probe_start();
}

/**
 * ecsg_wait_stop() - no more
 *
 * Waits under way stay marked until ecsg_carry_forget().
 *
 * Context: process context, may sleep; started.
 */
void ecsg_wait_stop(void)
{
	int cpu;

	if (ecsg_param_chosen(&by) == PROBE) {
		ecsg_wait_probe_stop();
		return;
	}
	tracepoint_probe_unregister(begin_tracepoint, probe_begin, NULL);
	tracepoint_probe_unregister(end_tracepoint, probe_end, NULL);
	tracepoint_synchronize_unregister();
	for_each_possible_cpu(cpu) {
		per_cpu(spinning, cpu) = 0;
		per_cpu(spinning_irq, cpu) = 0;
	}
}

/**
 * ecsg_wait_counted() - are locks of a kind counted when they are asked for?
 * @kind: the kind
 * @is: they are, and have to be taken off while they are waited for
 *
 * Context: any.
 */
void ecsg_wait_counted(enum ecsg_wait_kind kind, bool is)
{
	WRITE_ONCE(counted[kind], is);
}

/**
 * ecsg_wait_shown() - is this CPU shown to do nothing but wait?
 *
 * For tests: while a task runs that waits for nothing it has to be 0.
 *
 * Context: any.
 * Return: the word of the page, ECS_ABI_WAITING*.
 */
u32 ecsg_wait_shown(void)
{
	return this_cpu_read(ecsg_page_area->guest.waiting);
}
EXPORT_SYMBOL_GPL(ecsg_wait_shown);

/**
 * ecsg_wait_missed() - how often a wait was not followed
 *
 * Context: serialised with start and stop.
 */
unsigned int ecsg_wait_missed(void)
{
	return ecsg_wait_probe_missed();
}
