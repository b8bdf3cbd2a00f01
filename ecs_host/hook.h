/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hook.h: kernel functions traced by name; what is missing is remembered.
 *
 * Hooks with one callback share one ftrace_ops: each ops costs a wait for all
 * tasks when it goes.
 */
#ifndef ECSH_HOOK_H
#define ECSH_HOOK_H

#include <linux/atomic.h>
#include <linux/list.h>

#include "compat/ftrace.h"
#include "compat/symbol.h"
#include "ecs_ioctl.h"

#define ECSH_HOOK_NAMES 3

/**
 * struct ecsh_hook - one function, or a tracepoint that somebody else attached
 * @names: its names over the kernels, newest first; the first found is taken
 * @feature: ECS_HOST_F_* bits that need it
 * @optional: the kernel may lack it, and nothing is lost by that
 * @error: 0 if it was found, else a negative errno
 * @name: the one of @names that was found, or the newest
 * @symbol: its text range
 */
struct ecsh_hook {
	const char *names[ECSH_HOOK_NAMES];
	u64 feature;
	bool optional;
	int error;
	const char *name;
	struct ecs_symbol symbol;
};

/**
 * struct ecsh_hook_set - hooks that share a callback
 * @ops: with .func and .flags set
 * @hooks: the functions
 * @nr: how many
 * @registered: the ops is in place
 * @error: why it is not, if that was tried
 * @node: in the list of all sets
 */
struct ecsh_hook_set {
	struct ftrace_ops ops;
	struct ecsh_hook *hooks;
	unsigned int nr;
	bool registered;
	int error;
	struct list_head node;
};

/* Threads inside functions that were redirected to and may sleep. */
extern atomic_t ecsh_hook_inside;

void ecsh_hook_prepare(struct ecsh_hook_set *set);
void ecsh_hook_settle(void);
int ecsh_hook_engage(struct ecsh_hook_set *set, bool again);
void ecsh_hook_register(struct ecsh_hook_set *set);
void ecsh_hook_unregister(struct ecsh_hook_set *set);
void ecsh_hook_drain(void);
int ecsh_hook_error(const struct ecsh_hook_set *set,
		    const struct ecsh_hook *hook);
u64 ecsh_hook_features(void);
int ecsh_hook_describe(struct ecs_ioc_hook *arg);

#endif /* ECSH_HOOK_H */
