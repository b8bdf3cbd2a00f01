/* SPDX-License-Identifier: GPL-2.0-only */
/* mark_by.h: in which way the lock functions call us, chosen when the module is loaded. */
#ifndef ECSG_MARK_BY_H
#define ECSG_MARK_BY_H

struct ftrace_ops;

/* One of those in mark_entry.S. */
typedef void ecsg_mark_entry(void);

/**
 * struct ecsg_mark_by - one of the ways
 * @engage: from now on the functions in the filter of the ops do first what the entry
 *	does; 0 or a negative errno
 * @disengage: no more; nobody is in our instructions when it returns
 *
 * Context of both: process context, may sleep.
 */
struct ecsg_mark_by {
	int (*engage)(struct ftrace_ops *ops, ecsg_mark_entry *entry);
	void (*disengage)(struct ftrace_ops *ops, ecsg_mark_entry *entry);
};

const struct ecsg_mark_by *ecsg_mark_by(void);

#endif /* ECSG_MARK_BY_H */
