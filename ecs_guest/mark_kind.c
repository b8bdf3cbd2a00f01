// SPDX-License-Identifier: GPL-2.0-only
/* mark_kind.c: see mark_kind.h. */
#include <linux/kernel.h>
#include <linux/mutex.h>

#include "carry.h"
#include "compat/ww_mutex.h"
#include "mark.h"
#include "mark_kind.h"

/*
 * Names with "nest" are there only with lockdep, where the plain ones of locks are
 * macros for them.
 */
struct ecsg_mark_kind ecsg_mark_kinds[ECSG_MARK_KINDS] = {
	[ECSG_MARK_MUTEX] = {
		.name = "mutex",
		.wait = ECSG_WAIT_MUTEX,
		.hooks = {
			[ECSG_MARK_LEAVE] = {
				.entry = ecsg_mark_leave,
				.names = { ECS_MUTEX_UNLOCKS },
			},
			[ECSG_MARK_TRY] = {
				.entry = ecsg_mark_try_mutex,
				.names = { "mutex_trylock",
					   "_mutex_trylock_nest_lock" },
			},
			[ECSG_MARK_ENTER] = {
				.entry = ecsg_mark_enter_mutex,
				.names = { "mutex_lock",
					   "mutex_lock_interruptible",
					   "mutex_lock_killable",
					   "mutex_lock_nested",
					   "_mutex_lock_nest_lock",
					   "mutex_lock_interruptible_nested",
					   "mutex_lock_killable_nested" },
			},
			[ECSG_MARK_ENTER_MORE] = {
				.entry = ecsg_mark_enter_mutex,
				.names = { "mutex_lock_io",
					   "mutex_lock_io_nested",
					   "_mutex_lock_killable" },
			},
		},
	},
	[ECSG_MARK_RWSEM] = {
		.name = "rwsem",
		.wait = ECSG_WAIT_RWSEM,
		.hooks = {
			[ECSG_MARK_LEAVE] = {
				.entry = ecsg_mark_leave,
				.names = { "up_write" },
			},
			[ECSG_MARK_LEAVE_READ] = {
				.entry = ecsg_mark_leave_read,
				.names = { "up_read" },
			},
			[ECSG_MARK_DOWNGRADE] = {
				.entry = ecsg_mark_downgrade,
				.names = { "downgrade_write" },
			},
			[ECSG_MARK_TRY] = {
				.entry = ecsg_mark_try_rwsem,
				.names = { "down_write_trylock" },
			},
			[ECSG_MARK_TRY_READ] = {
				.entry = ecsg_mark_try_read,
				.names = { "down_read_trylock" },
			},
			[ECSG_MARK_ENTER] = {
				.entry = ecsg_mark_enter_rwsem,
				.names = { "down_write",
					   "down_write_killable",
					   "down_write_nested",
					   "_down_write_nest_lock",
					   "down_write_killable_nested" },
			},
			[ECSG_MARK_ENTER_READ] = {
				.entry = ecsg_mark_enter_read,
				.names = { "down_read",
					   "down_read_interruptible",
					   "down_read_killable",
					   "down_read_nested",
					   "down_read_killable_nested" },
			},
		},
	},
	[ECSG_MARK_PERCPU_RWSEM] = {
		.name = "percpu_rwsem",
		.hooks = {
			[ECSG_MARK_LEAVE] = {
				.entry = ecsg_mark_leave,
				.names = { "percpu_up_write" },
			},
			[ECSG_MARK_ENTER] = {
				.entry = ecsg_mark_enter_percpu,
				.names = { "percpu_down_write" },
			},
		},
	},
	[ECSG_MARK_RCU_READERS] = {
		.name = "rcu",
		.hooks = {
			[ECSG_MARK_LEAVE_RCU] = {
				.entry = ecsg_mark_leave_rcu,
				.names = { "__rcu_read_unlock" },
			},
			[ECSG_MARK_ENTER_RCU] = {
				.entry = ecsg_mark_enter_rcu,
				.names = { "__rcu_read_lock" },
			},
		},
	},
};

/**
 * ecsg_mark_kind_disengage() - count it no more
 * @kind: which; also one that is counted in part
 *
 * In reverse: what enters first, and then stays until it has left. Counts of what is held
 * remain: ecsg_carry_forget() is the caller's.
 *
 * Context: process context, may sleep, for some seconds.
 */
void ecsg_mark_kind_disengage(struct ecsg_mark_kind *kind)
{
	int when;

	ecsg_wait_counted(kind->wait, false);
	for (when = ECSG_MARK_WHENS - 1; when >= 0; when--)
		ecsg_mark_hook_disengage(&kind->hooks[when]);
	kind->on = false;
}

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

/**
 * ecsg_mark_kind_engage() - begin to count it
 * @kind: which
 *
 * Switches of tasks are followed already, and for its sake waits (mark.c).
 *
 * Context: process context, may sleep; one at a time.
 * Return: 0; -EOPNOTSUPP or -ENOENT if this kernel cannot, or what ftrace says. Nothing of
 * it is counted then.
 */
int ecsg_mark_kind_engage(struct ecsg_mark_kind *kind)
{
	int when, err;

	/* A real-time kernel's waits for these do not say what they are for. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && kind->wait != ECSG_WAIT_OTHER)
		return -EOPNOTSUPP;
	/* Not before it is needed: for each name those of all functions are looked through. */
	err = kind->found ? 0 :
			    ecsg_mark_hook_find(kind->hooks, ECSG_MARK_WHENS);
	if (err)
		return err;
	kind->found = true;
	for (when = 0; when < ECSG_MARK_ENTER_MORE && !err; when++) {
		/* From the first one on that is counted. */
		if (when == ECSG_MARK_ENTER && kind->wait != ECSG_WAIT_OTHER)
			ecsg_wait_counted(kind->wait, true);
		err = ecsg_mark_hook_engage(&kind->hooks[when]);
	}
	if (!err && kind->hooks[ECSG_MARK_ENTER_MORE].nr && is_io_missed())
		err = ecsg_mark_hook_engage(&kind->hooks[ECSG_MARK_ENTER_MORE]);
	if (err) {
		ecsg_mark_kind_disengage(kind);
		/* Some of it was on for a while. */
		ecsg_carry_forget();
		return err;
	}
	kind->on = true;
	return 0;
}

/**
 * ecsg_mark_kind_free() - forget the functions that were looked up
 *
 * Context: process context; none is counted.
 */
void ecsg_mark_kind_free(void)
{
	unsigned int i;

	for (i = 0; i < ECSG_MARK_KINDS; i++)
		ecsg_mark_hook_free(ecsg_mark_kinds[i].hooks, ECSG_MARK_WHENS);
}
