/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark.h: sections that the preempt count does not show: holders of sleeping locks,
 * RCU readers.
 *
 * The functions that take and release them call a few instructions of ours first
 * (mark_entry.S), which count in the page's word "preemptable". A kind of locks that
 * is off costs nothing: its functions begin with a nop, as ever.
 */
#ifndef ECSG_MARK_H
#define ECSG_MARK_H

#ifndef __ASSEMBLY__
#include <linux/percpu-defs.h>

/* Where in per-CPU memory the count is; used by mark_entry.S. */
extern unsigned long ecsg_mark_at;
/* Releases of what was never counted; by mark_entry.S. */
DECLARE_PER_CPU(unsigned int, ecsg_mark_clipped);

/* Called by the lock functions, by nobody else. */
void ecsg_mark_enter(void);
void ecsg_mark_leave(void);
void ecsg_mark_try(void);

void ecsg_mark_init(void);
void ecsg_mark_exit(void);
unsigned int ecsg_mark_held(void);
#endif

#endif /* ECSG_MARK_H */
