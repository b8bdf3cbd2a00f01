/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * direct.h: functions of the kernel that call one of ours first, without a stop
 * in between.
 *
 * The interface for several functions at a time came in v5.17 (f64dd4627ec6) and
 * took the place of the one for a single function in v6.5 (8788ca164eb4).
 */
#ifndef ECS_COMPAT_DIRECT_H
#define ECS_COMPAT_DIRECT_H

#include <linux/errno.h>
#include <linux/ftrace.h>

#include "compat/ftrace.h"

#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#undef ECS_HAVE_DIRECT_OPS
#undef ECS_HAVE_DIRECT_MULTI
#endif

#if defined(ECS_HAVE_DIRECT_OPS) || defined(ECS_HAVE_DIRECT_MULTI)
#define ECS_HAVE_DIRECT 1
#else
#define ECS_HAVE_DIRECT 0
#endif

/*
 * Make the functions in the filter of @ops call @address. It is entered like a
 * function with the arguments of theirs, of which it must not touch any.
 */
static inline int ecs_direct_register(struct ftrace_ops *ops,
				      unsigned long address)
{
#if ECS_HAVE_DIRECT
#if defined(ECS_HAVE_DIRECT_OPS)
	int err = register_ftrace_direct(ops, address);
#else
	int err = register_ftrace_direct_multi(ops, address);
#endif

	/* What it leaves behind when it fails would make the next try fail, too. */
	if (err && err != -EINVAL) {
		ops->func = NULL;
		ops->trampoline = 0;
	}
	return err;
#else
	return -EOPNOTSUPP;
#endif
}

/*
 * No task is between the call and the return of @address any more when this
 * returns, unless it slept there.
 */
static inline void ecs_direct_unregister(struct ftrace_ops *ops,
					 unsigned long address)
{
#if defined(ECS_HAVE_DIRECT_OPS)
	ecs_ftrace_stay_if_dead(ops,
				unregister_ftrace_direct(ops, address, false));
#elif defined(ECS_HAVE_DIRECT_MULTI)
	ecs_ftrace_stay_if_dead(ops,
				unregister_ftrace_direct_multi(ops, address));
#endif
}

#endif /* ECS_COMPAT_DIRECT_H */
