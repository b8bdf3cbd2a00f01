// SPDX-License-Identifier: GPL-2.0-only
/* hook.c: see hook.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "hook.h"

atomic_t ecsh_hook_inside = ATOMIC_INIT(0);

/*
 * Filled by module init; afterwards only the errors may change. Guests have it walked
 * (ecsh_hook_features()) until the last of the sets has been drained: nothing is taken
 * off, it goes with the module.
 */
static LIST_HEAD(sets);

static void find(struct ecsh_hook *hook)
{
	unsigned int i;

	hook->name = hook->names[0];
	for (i = 0; i < ECSH_HOOK_NAMES && hook->names[i]; i++) {
		hook->error = ecs_symbol_find(hook->names[i], &hook->symbol);
		if (!hook->error) {
			hook->name = hook->names[i];
			return;
		}
	}
}

/**
 * ecsh_hook_prepare() - find the functions of a set, hook nothing yet
 * @set: the set; each hook's error says what became of it
 *
 * Context: module init, may sleep.
 */
void ecsh_hook_prepare(struct ecsh_hook_set *set)
{
	struct ecsh_hook *hook;
	unsigned int i;

	list_add_tail(&set->node, &sets);
	for (i = 0; i < set->nr; i++) {
		hook = &set->hooks[i];
		find(hook);
		/*
		 * Not by name: without memory for it ftrace would take no
		 * function and say nothing, and none in the filter means all.
		 */
		if (!hook->error && set->ops.func)
			hook->error = ftrace_set_filter_ip(&set->ops,
							   hook->symbol.start,
							   0, 0);
	}
}

/**
 * ecsh_hook_settle() - all sets are prepared
 *
 * Context: module init, may sleep.
 */
void ecsh_hook_settle(void)
{
	ecs_symbol_settle();
}

/**
 * ecsh_hook_engage() - put a prepared set in place, as far as it goes
 * @set: the set
 * @again: try also if it could not be before, for want of memory or for another user of
 *	a function: not where locks of KVM are held
 *
 * Context: process context, may sleep; one at a time for each set.
 * Return: 0 if it is in place now, else why not.
 */
int ecsh_hook_engage(struct ecsh_hook_set *set, bool again)
{
	unsigned int i, found = 0;
	int err;

	if (set->registered)
		return 0;
	if (set->error && !again)
		return set->error;
	for (i = 0; i < set->nr; i++)
		found += !set->hooks[i].error;
	if (!found)
		return -ENOENT;
	err = register_ftrace_function(&set->ops);
	set->registered = !err;
	WRITE_ONCE(set->error, err);
	return err;
}

/**
 * ecsh_hook_register() - prepare a set and put it in place
 * @set: the set
 *
 * A set without an ops.func only finds its functions.
 *
 * Context: module init, may sleep.
 */
void ecsh_hook_register(struct ecsh_hook_set *set)
{
	ecsh_hook_prepare(set);
	if (set->ops.func)
		ecsh_hook_engage(set, true);
}

/**
 * ecsh_hook_unregister() - take a set of hooks away
 * @set: registered, in whole or in part
 *
 * No callback of the set runs any more when this returns; a function that one
 * of them redirected to may.
 *
 * Context: may sleep, for some tenths of a second.
 */
void ecsh_hook_unregister(struct ecsh_hook_set *set)
{
	if (set->registered)
		ecs_ftrace_unregister(&set->ops);
	set->registered = false;
	if (set->ops.func)
		ecs_ftrace_free_filter(&set->ops);
}

/**
 * ecsh_hook_drain() - wait until nobody is in functions that may sleep
 *
 * Sleepers are not seen by the grace periods of ftrace; who had been redirected when
 * the set was unregistered, and had not counted itself yet, is: it cannot sleep before
 * it has. Who has uncounted itself and has not returned cannot sleep either.
 *
 * Context: module exit, after the sets that lead there have been unregistered; may
 * sleep.
 */
void ecsh_hook_drain(void)
{
	while (atomic_read(&ecsh_hook_inside))
		msleep(20);
	synchronize_rcu_tasks();
}

/**
 * ecsh_hook_error() - why a function is not hooked
 * @set: the set that has it
 * @hook: the function
 *
 * Return: 0 if it is, or has yet to be; a negative errno.
 */
int ecsh_hook_error(const struct ecsh_hook_set *set,
		    const struct ecsh_hook *hook)
{
	return hook->error ? hook->error : READ_ONCE(set->error);
}

/**
 * ecsh_hook_features() - which features have all their hooks
 *
 * Return: ECS_HOST_F_* bits.
 */
u64 ecsh_hook_features(void)
{
	u64 wanted = 0, lost = 0;
	struct ecsh_hook_set *set;
	unsigned int i;

	list_for_each_entry(set, &sets, node) {
		for (i = 0; i < set->nr; i++) {
			wanted |= set->hooks[i].feature;
			if (ecsh_hook_error(set, &set->hooks[i]) &&
			    !set->hooks[i].optional)
				lost |= set->hooks[i].feature;
		}
	}
	return wanted & ~lost;
}

/**
 * ecsh_hook_describe() - one hook for ECS_IOC_HOOK
 * @arg: index in, the rest out
 *
 * Return: 0, -ENOENT past the last one.
 */
int ecsh_hook_describe(struct ecs_ioc_hook *arg)
{
	struct ecsh_hook_set *set;
	struct ecsh_hook *hook;
	u32 base = 0;

	list_for_each_entry(set, &sets, node) {
		if (arg->index - base < set->nr) {
			hook = &set->hooks[arg->index - base];
			arg->error = ecsh_hook_error(set, hook);
			arg->optional = hook->optional;
			arg->feature = hook->feature;
			strscpy(arg->name, hook->name, sizeof(arg->name));
			return 0;
		}
		base += set->nr;
	}
	return -ENOENT;
}
