/* SPDX-License-Identifier: GPL-2.0-only */
/* mark_kind.h: the kinds of locks that can be marked, and their functions. */
#ifndef ECSG_MARK_KIND_H
#define ECSG_MARK_KIND_H

#include <linux/types.h>

#include "mark.h"
#include "mark_hook.h"
#include "wait.h"

/*
 * What the functions of a hook call, and in this order they begin to.
 * ECSG_MARK_ENTER_MORE: if they do not call those of ECSG_MARK_ENTER themselves.
 */
enum ecsg_mark_when {
	ECSG_MARK_LEAVE,
	ECSG_MARK_LEAVE_READ,
	ECSG_MARK_LEAVE_RCU,
	ECSG_MARK_DOWNGRADE,
	ECSG_MARK_TRY,
	ECSG_MARK_TRY_READ,
	ECSG_MARK_ENTER,
	ECSG_MARK_ENTER_READ,
	ECSG_MARK_ENTER_RCU,
	ECSG_MARK_ENTER_MORE,
	ECSG_MARK_WHENS,
};

/**
 * struct ecsg_mark_kind - a kind of locks with a switch of its own
 * @name: of the parameter
 * @wanted: what the parameter says
 * @found: its functions have been looked up, and are in the filters of its hooks
 * @on: they are counted
 * @error: why not, though wanted
 * @wait: as wait.c has it
 * @hooks: by enum ecsg_mark_when
 */
struct ecsg_mark_kind {
	const char *name;
	bool wanted;
	bool found;
	bool on;
	int error;
	enum ecsg_wait_kind wait;
	struct ecsg_mark_hook hooks[ECSG_MARK_WHENS];
};

/* By ECSG_MARK_MUTEX and so on. */
extern struct ecsg_mark_kind ecsg_mark_kinds[ECSG_MARK_KINDS];

int ecsg_mark_kind_engage(struct ecsg_mark_kind *kind);
void ecsg_mark_kind_disengage(struct ecsg_mark_kind *kind);
void ecsg_mark_kind_free(void);

#endif /* ECSG_MARK_KIND_H */
