// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark.c: see mark.h.
 *
 * A lock is counted when it is asked for, taken off while it is waited for and put on
 * again when it is had (wait.c), and taken off just before it is let go of. Only a
 * trylock is counted when it has succeeded. A task that sleeps or is preempted takes
 * its count along (carry.c).
 *
 * Off by default: such sections are often longer than a grace, and what gains and what
 * loses by it (docs/measured.md) was measured before the host gave them one of their own.
 *
 * Not counted: readers of a percpu-rwsem (inline code), ww_mutex (likewise, in the
 * kernels that we have seen), and locks that are held while their kind is switched on.
 * A release without a count is clipped at 0; if the task holds other locks of that sort,
 * it takes one of theirs. So does a wait for a ww_mutex that is given up. More than the
 * count can hold is not counted, so that the last of the releases are clipped.
 *
 * Too high is what a task ends with whose lock another one releases, as NFS does for an
 * unlink of an open file, and the freezing of a file system.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

#include "carry.h"
#include "compat/ftrace.h"
#include "mark.h"
#include "mark_by.h"
#include "mark_hook.h"
#include "page.h"
#include "param.h"
#include "wait.h"

/*
 * What the functions of a hook call, and in this order they begin to. ENTER_MORE: if
 * they do not call those of ENTER themselves.
 */
enum when {
	LEAVE,
	LEAVE_READ,
	LEAVE_RCU,
	DOWNGRADE,
	TRY,
	TRY_READ,
	ENTER,
	ENTER_READ,
	ENTER_RCU,
	ENTER_MORE,
	WHENS,
};

static ecsg_mark_entry *const entries[WHENS] = {
	[LEAVE] = ecsg_mark_leave,
	[LEAVE_READ] = ecsg_mark_leave_read,
	[LEAVE_RCU] = ecsg_mark_leave_rcu,
	[DOWNGRADE] = ecsg_mark_downgrade,
	[TRY] = ecsg_mark_try,
	[TRY_READ] = ecsg_mark_try_read,
	[ENTER] = ecsg_mark_enter,
	[ENTER_READ] = ecsg_mark_enter_read,
	[ENTER_RCU] = ecsg_mark_enter_rcu,
	[ENTER_MORE] = ecsg_mark_enter,
};

/**
 * struct kind - a kind of locks with a switch of its own
 * @name: of the parameter
 * @wanted: what the parameter says
 * @found: its functions have been looked up, and are in the filters of its hooks
 * @on: they are counted
 * @error: why not, though wanted
 * @wait: as wait.c has it
 * @hooks: by enum when
 */
struct kind {
	const char *name;
	bool wanted;
	bool found;
	bool on;
	int error;
	enum ecsg_wait_kind wait;
	struct ecsg_mark_hook hooks[WHENS];
};

/*
 * Names with "nest" are there only with lockdep, where the plain ones of locks are
 * macros for them.
 */
static struct kind kinds[] = {
	{
		.name = "mutex",
		.wait = ECSG_WAIT_MUTEX,
		.hooks = {
			[LEAVE].names = { "mutex_unlock" },
			[TRY].names = { "mutex_trylock" },
			[ENTER].names = { "mutex_lock",
					  "mutex_lock_interruptible",
					  "mutex_lock_killable",
					  "mutex_lock_nested",
					  "_mutex_lock_nest_lock",
					  "mutex_lock_interruptible_nested",
					  "mutex_lock_killable_nested" },
			[ENTER_MORE].names = { "mutex_lock_io",
					       "mutex_lock_io_nested" },
		},
	},
	{
		.name = "rwsem",
		.wait = ECSG_WAIT_RWSEM,
		.hooks = {
			[LEAVE].names = { "up_write" },
			[LEAVE_READ].names = { "up_read" },
			[DOWNGRADE].names = { "downgrade_write" },
			[TRY].names = { "down_write_trylock" },
			[TRY_READ].names = { "down_read_trylock" },
			[ENTER].names = { "down_write", "down_write_killable",
					  "down_write_nested",
					  "_down_write_nest_lock",
					  "down_write_killable_nested" },
			[ENTER_READ].names = { "down_read",
					       "down_read_interruptible",
					       "down_read_killable",
					       "down_read_nested",
					       "down_read_killable_nested" },
		},
	},
	{
		.name = "percpu_rwsem",
		.hooks = {
			[LEAVE].names = { "percpu_up_write" },
			[ENTER].names = { "percpu_down_write" },
		},
	},
	{
		.name = "rcu",
		.hooks = {
			[LEAVE_RCU].names = { "__rcu_read_unlock" },
			[ENTER_RCU].names = { "__rcu_read_lock" },
		},
	},
};

unsigned long ecsg_mark_at;
DEFINE_PER_CPU(unsigned int, ecsg_mark_clipped);

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

static int guard_error;

/* Serialises the switches; stop_machine() and ftrace's locks are inside. */
static DEFINE_MUTEX(marks_mutex);
/* Between init and exit: files of parameters are there before and after. */
static bool ready;
static bool carrying, waiting;
static bool waits_wanted = true;

/* Undone in reverse: what enters first, and then stays until it has left. */
static void disengage(struct kind *kind)
{
	int when;

	ecsg_wait_counted(kind->wait, false);
	for (when = WHENS - 1; when >= 0; when--)
		ecsg_mark_hook_disengage(&kind->hooks[when], entries[when]);
	kind->on = false;
}

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

/* Whether one lock function calls another one, or has a copy of it, is to be tried. */
static bool is_io_missed(void)
{
	u32 before = ecsg_mark_held();
	static DEFINE_MUTEX(mutex);
	bool missed;

	mutex_lock_io(&mutex);
	missed = ecsg_mark_held() == before;
	mutex_unlock(&mutex);
	return missed;
}

static int engage(struct kind *kind)
{
	int when, err;

	/* A real-time kernel's waits for these do not say what they are for. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && kind->wait != ECSG_WAIT_OTHER)
		return -EOPNOTSUPP;
	/* Not before it is needed: for each name those of all functions are looked through. */
	err = kind->found ? 0 : ecsg_mark_hook_find(kind->hooks, WHENS);
	if (err)
		return err;
	kind->found = true;
	for (when = 0; when < ENTER_MORE && !err; when++) {
		/* From the first one on that is counted. */
		if (when == ENTER && kind->wait != ECSG_WAIT_OTHER)
			ecsg_wait_counted(kind->wait, true);
		err = ecsg_mark_hook_engage(&kind->hooks[when], entries[when]);
	}
	if (!err && kind->hooks[ENTER_MORE].nr && is_io_missed())
		err = ecsg_mark_hook_engage(&kind->hooks[ENTER_MORE],
					    entries[ENTER_MORE]);
	if (err) {
		disengage(kind);
		/* Some of it was on for a while. */
		ecsg_carry_forget();
		return err;
	}
	kind->on = true;
	return 0;
}

static bool is_any_wanted(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].wanted)
			return true;
	return waits_wanted;
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
	bool forget = false;
	unsigned int i;

	lockdep_assert_held(&marks_mutex);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!kinds[i].on || (any && kinds[i].wanted))
			continue;
		disengage(&kinds[i]);
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
		wait_err = ecsg_wait_start();
		waiting = !wait_err;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		kinds[i].error = 0;
		if (!any || !kinds[i].wanted || kinds[i].on)
			continue;
		if (guard_error)
			kinds[i].error = guard_error;
		else if (!carrying)
			kinds[i].error = carry_err;
		else if (!waiting && kinds[i].wait != ECSG_WAIT_OTHER)
			kinds[i].error = wait_err;
		else
			kinds[i].error = engage(&kinds[i]);
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
	/* Not by name: without memory for that ftrace would guard all functions. */
	guard_error = ftrace_set_filter_ip(&guard,
					   (unsigned long)ecsg_mark_guarded, 0,
					   1);
	if (!guard_error)
		guard_error = register_ftrace_function(&guard);
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
	unsigned int i;

	mutex_lock(&marks_mutex);
	ready = false;
	adjust();
	mutex_unlock(&marks_mutex);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		ecsg_mark_hook_free(kinds[i].hooks, WHENS);
	if (!guard_error)
		unregister_ftrace_function(&guard);
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
module_param_cb(mark_mutex, &switch_ops, &kinds[0].wanted, 0644);
MODULE_PARM_DESC(mark_mutex, "mark holders of mutexes (default N)");
module_param_cb(mark_rwsem, &switch_ops, &kinds[1].wanted, 0644);
MODULE_PARM_DESC(mark_rwsem, "mark holders of rw_semaphores (default N)");
module_param_cb(mark_percpu_rwsem, &switch_ops, &kinds[2].wanted, 0644);
MODULE_PARM_DESC(mark_percpu_rwsem, "mark writers of percpu_rw_semaphores (default N)");
module_param_cb(mark_rcu, &switch_ops, &kinds[3].wanted, 0644);
MODULE_PARM_DESC(mark_rcu, "mark RCU readers (default N)");
module_param_cb(mark_wait, &switch_ops, &waits_wanted, 0644);
MODULE_PARM_DESC(mark_wait, "tell the host who waits for a lock (default Y)");

static int get_marks(char *buf, const struct kernel_param *param)
{
	unsigned int clipped = 0, held, lost, i;
	int cpu, len = 0;

	for_each_possible_cpu(cpu)
		clipped += READ_ONCE(per_cpu(ecsg_mark_clipped, cpu));
	mutex_lock(&marks_mutex);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		len += sysfs_emit_at(buf, len, "%s %s %d\n", kinds[i].name,
				     kinds[i].on ? "on" : "off",
				     kinds[i].error);
	len += sysfs_emit_at(buf, len, "wait %s 0\n",
			     waiting && waits_wanted ? "on" : "off");
	held = carrying ? ecsg_carry_held() : 0;
	lost = ecsg_carry_lost() + ecsg_wait_missed();
	mutex_unlock(&marks_mutex);
	len += sysfs_emit_at(buf, len, "held %u\nclipped %u\nlost %u\n", held,
			     clipped, lost);
	return len;
}

static const struct kernel_param_ops marks_ops = {
	.set = ecsg_param_refuse,
	.get = get_marks,
};
module_param_cb(marks, &marks_ops, NULL, 0444);
MODULE_PARM_DESC(marks, "read: what is marked, and a negative errno if it cannot be; what is held now, releases and locks that were not counted, tasks and waits that were not followed");
