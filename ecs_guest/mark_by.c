// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark_by.c: see mark_by.h.
 *
 * Direct calls (mark_entry.S) where there are some, because they cost least; else
 * plain callbacks (mark_ftrace.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "compat/direct.h"
#include "mark_by.h"
#include "mark_ftrace.h"
#include "param.h"

enum {
	AUTO,
	DIRECT,
	FTRACE,
};

static const char *const names[] = {
	[AUTO] = "auto",
	[DIRECT] = "direct",
	[FTRACE] = "ftrace",
};

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

static unsigned int best(void)
{
	return ECS_HAVE_DIRECT ? DIRECT : FTRACE;
}

static struct ecsg_param_choice by = {
	.names = names,
	.nr = ARRAY_SIZE(names),
	.best = best,
};
module_param_cb(mark_by, &ecsg_param_choice_ops, &by, 0444);
MODULE_PARM_DESC(mark_by, "how lock functions are followed: direct (calls), ftrace (callbacks, dearer) or auto: direct if this kernel has them (default auto; read: the one taken)");

/**
 * ecsg_mark_by() - the way that is taken
 *
 * Always the same while the module is loaded. Direct calls that were asked for by
 * name and are not there fail with -EOPNOTSUPP.
 *
 * Context: process context.
 */
const struct ecsg_mark_by *ecsg_mark_by(void)
{
	return ecsg_param_chosen(&by) == DIRECT ? &direct : &ecsg_mark_ftrace;
}
