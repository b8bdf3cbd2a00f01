// SPDX-License-Identifier: GPL-2.0-only
/* mark_hook.c: see mark_hook.h. */
#include <linux/errno.h>

#include "compat/ftrace.h"
#include "compat/symbol.h"
#include "mark_hook.h"

/*
 * By address: by name ftrace says nothing if it has no memory, so that some functions
 * are left out, or in the end none, which to callbacks means all there are.
 */
static int find(struct ecsg_mark_hook *hook)
{
	struct ecs_symbol symbol;
	unsigned int i;
	int err;

	for (i = 0; i < ECSG_MARK_HOOK_NAMES && hook->names[i]; i++) {
		err = ecs_symbol_find(hook->names[i], &symbol);
		if (err == -ENOENT)
			continue;
		/* The first one resets what could not be freed. */
		if (!err)
			err = ftrace_set_filter_ip(&hook->ops, symbol.start, 0,
						   !hook->nr);
		if (err)
			return err;
		hook->nr++;
	}
	return 0;
}

/**
 * ecsg_mark_hook_find() - look the functions of hooks up, hook nothing yet
 * @hooks: none of them has been found
 * @nr: how many
 *
 * Names that this kernel lacks are left out; of the others all are found or none. May be
 * tried again.
 *
 * Context: process context, may sleep; one caller at a time.
 * Return: 0, -ENOENT if ftrace cannot have one of them, -ENOMEM, -ENODEV.
 */
int ecsg_mark_hook_find(struct ecsg_mark_hook *hooks, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = find(&hooks[i]);
	ecs_symbol_settle();
	if (err)
		ecsg_mark_hook_free(hooks, i);
	/* One that cannot be traced is told of like one that is missing. */
	return err == -EINVAL ? -ENOENT : err;
}

/**
 * ecsg_mark_hook_free() - forget what was found
 * @hooks: none of them is engaged
 * @nr: how many
 *
 * Context: process context, may sleep.
 */
void ecsg_mark_hook_free(struct ecsg_mark_hook *hooks, unsigned int nr)
{
	while (nr--) {
		ecs_ftrace_free_filter(&hooks[nr].ops);
		hooks[nr].nr = 0;
	}
}

/**
 * ecsg_mark_hook_engage() - from now on the functions call an entry of ours
 * @hook: found, not engaged; one without names is left alone
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOENT if this kernel has none of its functions, errors of ftrace.
 */
int ecsg_mark_hook_engage(struct ecsg_mark_hook *hook)
{
	int err;

	if (!hook->nr)
		return hook->names[0] ? -ENOENT : 0;
	err = ecsg_mark_by()->engage(&hook->ops, hook->entry);
	hook->registered = !err;
	return err;
}

/**
 * ecsg_mark_hook_disengage() - no more
 * @hook: in whatever state
 *
 * Context: process context, may sleep; nobody is in our instructions when it returns.
 */
void ecsg_mark_hook_disengage(struct ecsg_mark_hook *hook)
{
	if (hook->registered)
		ecsg_mark_by()->disengage(&hook->ops, hook->entry);
	hook->registered = false;
}
