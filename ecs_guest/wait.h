/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait.h: who waits for a lock, and who has given up waiting.
 *
 * Both by the tracepoints in the slow paths of all locks (v5.19), or where there are
 * none by probes of those of mutexes and rwsems (wait_probe.c). Neither costs anything
 * where nobody waits.
 */
#ifndef ECSG_WAIT_H
#define ECSG_WAIT_H

#include <linux/types.h>

/* Kinds of locks. */
enum ecsg_wait_kind {
	ECSG_WAIT_OTHER,
	ECSG_WAIT_MUTEX,
	ECSG_WAIT_RWSEM,
	ECSG_WAIT_KINDS,
};

int ecsg_wait_start(int hook_err);
void ecsg_wait_stop(void);
void ecsg_wait_begin(unsigned long lock, unsigned int flags);
void ecsg_wait_end(unsigned long lock, bool had);
u32 ecsg_wait_shown(void);
unsigned int ecsg_wait_missed(void);
void ecsg_wait_counted(enum ecsg_wait_kind kind, bool counted);

#endif /* ECSG_WAIT_H */
