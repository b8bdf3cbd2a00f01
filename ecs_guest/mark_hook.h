/* SPDX-License-Identifier: GPL-2.0-only */
/* mark_hook.h: lock functions that call us, found by name and hooked by address. */
#ifndef ECSG_MARK_HOOK_H
#define ECSG_MARK_HOOK_H

#include <linux/ftrace.h>
#include <linux/types.h>

#include "mark_by.h"

#define ECSG_MARK_HOOK_NAMES 7

/**
 * struct ecsg_mark_hook - the functions of one kind that call the same entry of ours
 * @ops: ftrace's
 * @entry: what they call
 * @names: of the functions; a kernel may lack some
 * @nr: how many this kernel has, all of them in the filter of @ops
 * @registered: they call it
 */
struct ecsg_mark_hook {
	struct ftrace_ops ops;
	ecsg_mark_entry *entry;
	const char *names[ECSG_MARK_HOOK_NAMES];
	unsigned int nr;
	bool registered;
};

int ecsg_mark_hook_find(struct ecsg_mark_hook *hooks, unsigned int nr);
void ecsg_mark_hook_free(struct ecsg_mark_hook *hooks, unsigned int nr);
int ecsg_mark_hook_engage(struct ecsg_mark_hook *hook);
void ecsg_mark_hook_disengage(struct ecsg_mark_hook *hook);

#endif /* ECSG_MARK_HOOK_H */
