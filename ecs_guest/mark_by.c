// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark_by.c: see mark_by.h.
 *
 * Direct calls (mark_entry.S) where there are some, because they cost least; else
 * plain callbacks (mark_ftrace.c).
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat/direct.h"
#include "mark_by.h"
#include "mark_ftrace.h"

enum by {
	AUTO,
	DIRECT,
	FTRACE,
};

static const char *const names[] = {
	[AUTO] = "auto",
	[DIRECT] = "direct",
	[FTRACE] = "ftrace",
};

static enum by wanted = AUTO;

static int engage_direct(struct ftrace_ops *ops, ecsg_mark_entry *entry)
{
	return ecs_direct_register(ops, (unsigned long)entry);
}

static void disengage_direct(struct ftrace_ops *ops, ecsg_mark_entry *entry)
{
	ecs_direct_unregister(ops, (unsigned long)entry);
}

static const struct ecsg_mark_by direct = {
	.engage = engage_direct,
	.disengage = disengage_direct,
};

static enum by chosen(void)
{
	if (wanted != AUTO)
		return wanted;
	return ECS_HAVE_DIRECT ? DIRECT : FTRACE;
}

/**
 * ecsg_mark_by() - the way that is taken
 *
 * Always the same while the module is loaded. Direct calls that were asked for by
 * name and are not there fail with -EOPNOTSUPP.
 *
 * Context: any.
 */
const struct ecsg_mark_by *ecsg_mark_by(void)
{
	return chosen() == DIRECT ? &direct : &ecsg_mark_ftrace;
}

/* Context: before init; the file cannot be written. */
static int set_by(const char *text, const struct kernel_param *param)
{
	int by = sysfs_match_string(names, text);

	if (by < 0)
		return by;
	wanted = by;
	return 0;
}

static int get_by(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%s\n", names[chosen()]);
}

static const struct kernel_param_ops by_ops = {
	.set = set_by,
	.get = get_by,
};
module_param_cb(mark_by, &by_ops, NULL, 0444);
MODULE_PARM_DESC(mark_by, "how lock functions are followed: direct (calls), ftrace (callbacks, dearer) or auto: direct if this kernel has them (default auto; read: the one taken)");
