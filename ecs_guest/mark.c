// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark.c: see mark.h.
 *
 * A lock is counted when it is asked for, taken off while it is waited for and put on
 * again when it is had (wait.c), and taken off just before it is let go of. Only a
 * trylock is counted when it has succeeded. A task that sleeps or is preempted takes
 * its count along (carry.c).
 *
 * Off by default: such sections are often longer than a grace, and some loads
 * gain by it and some lose (docs/measured.md).
 *
 * Not counted: readers of a percpu-rwsem (inline code), ww_mutex (likewise, in the
 * kernels that we have seen; of old ones a trylock is), atomic_dec_and_mutex_lock()
 * (likewise), and locks that are held while their kind is switched on. A release without
 * a count is clipped at 0; if the task holds other locks of that sort, it takes one of
 * theirs. So does a wait for a ww_mutex that is given up. More than the count can hold is
 * not counted, so that the last of the releases are clipped.
 *
 * A writer that spins for an rw_semaphore has it by the marks: no tracepoint says that it
 * waits before it sleeps (it does in the probed slow path, see wait_probe.c).
 *
 * Too high is what a task ends with whose lock another one releases, as NFS does for an
 * unlink of an open file, bcache, BPF for the stacks of user space, and the freezing of a
 * file system: until it ends it is taken to be inside, and its vCPU's extensions last for
 * the whole grace.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

#include "carry.h"
#include "compat/ftrace.h"
#include "mark.h"
#include "mark_kind.h"
#include "page.h"
#include "param.h"
#include "wait.h"

unsigned long ecsg_mark_at;
DEFINE_PER_CPU(unsigned int, ecsg_mark_clipped);
DEFINE_PER_CPU(unsigned long, ecsg_mark_taken[ECSG_MARK_KINDS]);

/*
 * Direct calls cannot be made permanent: kernel.ftrace_enabled=0 would take them away
 * between a lock and its release. While this one is registered it is refused, and while
 * it is 0 this one is.
 */
static ECS_FTRACE_CALLBACK(do_nothing)
{
}

static noinline void ecsg_mark_guarded(void)
{
	barrier();
}

static struct ftrace_ops guard = {
	.func = do_nothing,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

static bool guarded;

/* Serialises the switches; stop_machine() and ftrace's locks are inside. */
static DEFINE_MUTEX(marks_mutex);
/* Between init and exit: files of parameters are there before and after. */
static bool ready;
static bool carrying, waiting;
static int wait_error; /* why waits are not followed that should be */
static bool waits_wanted = true;

/**
 * ecsg_mark_held() - what the current task holds
 *
 * Of those kinds that are switched on. For tests that keep a count of their own.
 *
 * Context: any.
 * Return: the word of the page: owned | readers << 16 | RCU readers << 24.
 */
u32 ecsg_mark_held(void)
{
	return this_cpu_read(*(u32 __percpu *)&ecsg_page_area->guest
				      .preemptable);
}
EXPORT_SYMBOL_GPL(ecsg_mark_held);

static bool is_any_wanted(void)
{
	unsigned int i;

	for (i = 0; i < ECSG_MARK_KINDS; i++)
		if (ecsg_mark_kinds[i].wanted)
			return true;
	return waits_wanted;
}

/* Once it is, until exit. */
static int be_guarded(void)
{
	int err;

	if (guarded)
		return 0;
	/* Not by name: without memory for that ftrace would guard all functions. */
	err = ftrace_set_filter_ip(&guard, (unsigned long)ecsg_mark_guarded, 0,
				   1);
	if (!err)
		err = register_ftrace_function(&guard);
	guarded = !err;
	return err;
}

/*
 * Make it as the parameters want it. A lock is counted on the CPU, so switches are
 * followed before anything is counted and for as long. Without wait.c a lock that
 * is given up would stay counted.
 */
static void adjust(void)
{
	bool any = ready && is_any_wanted();
	int carry_err = 0, wait_err = 0;
	int guard_err = any ? be_guarded() : 0;
	struct ecsg_mark_kind *const end = ecsg_mark_kinds + ECSG_MARK_KINDS;
	struct ecsg_mark_kind *kind;
	bool forget = false;

	lockdep_assert_held(&marks_mutex);
	for (kind = ecsg_mark_kinds; kind < end; kind++) {
		if (!kind->on || (any && kind->wanted))
			continue;
		ecsg_mark_kind_disengage(kind);
		forget = true;
	}
	WRITE_ONCE(ecsg_carry_shows_wait, any && waits_wanted);
	if (!any && waiting) {
		ecsg_wait_stop();
		waiting = false;
	}
	if (!any && carrying) {
		ecsg_carry_stop();
		carrying = false;
	} else if (forget) {
		ecsg_carry_forget();
	}
	if (any && !carrying) {
		carry_err = ecsg_carry_start();
		carrying = !carry_err;
	}
	if (carrying && any && !waiting) {
		wait_err = ecsg_wait_start(guard_err);
		waiting = !wait_err;
		/* Waits that began while it was tried are not seen to end. */
		if (wait_err)
			ecsg_carry_forget();
	}
	wait_error = 0;
	if (any && waits_wanted && !waiting)
		wait_error = carrying ? wait_err : carry_err;
	for (kind = ecsg_mark_kinds; kind < end; kind++) {
		kind->error = 0;
		if (!any || !kind->wanted || kind->on)
			continue;
		if (guard_err)
			kind->error = guard_err;
		else if (!carrying)
			kind->error = carry_err;
		else if (!waiting && kind->wait != ECSG_WAIT_OTHER)
			kind->error = wait_err;
		else
			kind->error = ecsg_mark_kind_engage(kind);
	}
}

#define OFFSET(count)                            \
	(offsetof(struct ecs_abi_guest, count) - \
	 offsetof(struct ecs_abi_guest, preemptable))

/**
 * ecsg_mark_init() - begin to count what the parameters say
 *
 * What cannot be counted is left out; the parameter "marks" says why.
 *
 * Context: module init, after the pages have been allocated.
 */
void ecsg_mark_init(void)
{
	BUILD_BUG_ON(OFFSET(preemptable) != ECSG_MARK_OWNED ||
		     OFFSET(readers) != ECSG_MARK_READ ||
		     OFFSET(rcu) != ECSG_MARK_RCU);
	ecsg_mark_at = (unsigned long)&ecsg_page_area->guest.preemptable;
	ecsg_mark_guarded();
	mutex_lock(&marks_mutex);
	ready = true;
	adjust();
	mutex_unlock(&marks_mutex);
}

/**
 * ecsg_mark_exit() - count no more
 *
 * Context: module exit, before the pages are freed; may sleep, for some seconds: each
 * hook waits for grace periods of its own.
 */
void ecsg_mark_exit(void)
{
	mutex_lock(&marks_mutex);
	ready = false;
	adjust();
	mutex_unlock(&marks_mutex);
	ecsg_mark_kind_free();
	if (guarded)
		ecs_ftrace_unregister(&guard);
	guarded = false;
	ecs_ftrace_free_filter(&guard);
}

/* Context: param_lock held; also before init and after exit. */
static int set_switch(const char *text, const struct kernel_param *param)
{
	int err;

	mutex_lock(&marks_mutex);
	err = param_set_bool(text, param);
	if (!err)
		adjust();
	mutex_unlock(&marks_mutex);
	return err;
}

static const struct kernel_param_ops switch_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_switch,
	.get = param_get_bool,
};
module_param_cb(mark_mutex, &switch_ops,
		&ecsg_mark_kinds[ECSG_MARK_MUTEX].wanted, 0644);
MODULE_PARM_DESC(mark_mutex, "mark holders of mutexes (default N)");
module_param_cb(mark_rwsem, &switch_ops,
		&ecsg_mark_kinds[ECSG_MARK_RWSEM].wanted, 0644);
MODULE_PARM_DESC(mark_rwsem, "mark holders of rw_semaphores (default N)");
module_param_cb(mark_percpu_rwsem, &switch_ops,
		&ecsg_mark_kinds[ECSG_MARK_PERCPU_RWSEM].wanted, 0644);
MODULE_PARM_DESC(mark_percpu_rwsem, "mark writers of percpu_rw_semaphores (default N)");
module_param_cb(mark_rcu, &switch_ops,
		&ecsg_mark_kinds[ECSG_MARK_RCU_READERS].wanted, 0644);
MODULE_PARM_DESC(mark_rcu, "mark RCU readers (default N)");
module_param_cb(mark_wait, &switch_ops, &waits_wanted, 0644);
MODULE_PARM_DESC(mark_wait, "tell the host who waits for a lock (default Y)");

/* On all CPUs, since the module was loaded. */
static unsigned long taken(unsigned int kind)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(ecsg_mark_taken[kind], cpu));
	return sum;
}

static int get_marks(char *buf, const struct kernel_param *param)
{
	unsigned int clipped = 0, held, lost, i;
	int cpu, len = 0;

	for_each_possible_cpu(cpu)
		clipped += READ_ONCE(per_cpu(ecsg_mark_clipped, cpu));
	mutex_lock(&marks_mutex);
	for (i = 0; i < ECSG_MARK_KINDS; i++)
		len += sysfs_emit_at(buf, len, "%s %s %d\n",
				     ecsg_mark_kinds[i].name,
				     ecsg_mark_kinds[i].on ? "on" : "off",
				     ecsg_mark_kinds[i].error);
	len += sysfs_emit_at(buf, len, "wait %s %d\n",
			     waiting && waits_wanted ? "on" : "off",
			     wait_error);
	held = carrying ? ecsg_carry_held() : 0;
	lost = ecsg_carry_lost() + ecsg_wait_missed();
	mutex_unlock(&marks_mutex);
	len += sysfs_emit_at(buf, len, "held %u\nclipped %u\nlost %u\n", held,
			     clipped, lost);
	for (i = 0; i < ECSG_MARK_KINDS; i++)
		len += sysfs_emit_at(buf, len, "%s_taken %lu\n",
				     ecsg_mark_kinds[i].name, taken(i));
	return len;
}

static const struct kernel_param_ops marks_ops = {
	.set = ecsg_param_refuse,
	.get = get_marks,
};
module_param_cb(marks, &marks_ops, NULL, 0444);
MODULE_PARM_DESC(marks, "read: what is marked, and a negative errno if it cannot be; what is held now, releases and locks that were not counted, tasks and waits that were not followed; how often each kind was marked");
