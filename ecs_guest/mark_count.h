/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark_count.h: the counting of mark_entry.S, for those who are called in C.
 *
 * As there, step by step: an interrupt in between leaves the counts as it found them,
 * and after a migration they are the same values on another CPU.
 */
#ifndef ECSG_MARK_COUNT_H
#define ECSG_MARK_COUNT_H

#include <linux/percpu.h>

#include "mark.h"
#include "page.h"

/*
 * ecsg_mark_count_enter...() - a lock is about to be taken, for certain
 * ecsg_mark_count_leave...() - one is about to be released that may not be counted
 *
 * The top bit of a count is its sign.
 */
#define ECSG_MARK_COUNT(suffix, count, signed_type)                            \
	static __always_inline void ecsg_mark_count_enter##suffix(void)        \
	{                                                                      \
		this_cpu_inc(ecsg_page_area->guest.count);                     \
		if ((signed_type)this_cpu_read(ecsg_page_area->guest.count) >= \
		    0)                                                         \
			return;                                                \
		this_cpu_dec(ecsg_page_area->guest.count);                     \
		this_cpu_inc(ecsg_mark_clipped);                               \
	}                                                                      \
	static __always_inline void ecsg_mark_count_leave##suffix(void)        \
	{                                                                      \
		this_cpu_dec(ecsg_page_area->guest.count);                     \
		if ((signed_type)this_cpu_read(ecsg_page_area->guest.count) >= \
		    0)                                                         \
			return;                                                \
		this_cpu_write(ecsg_page_area->guest.count, 0);                \
		this_cpu_inc(ecsg_mark_clipped);                               \
	}

ECSG_MARK_COUNT(, preemptable, s16)
ECSG_MARK_COUNT(_read, readers, s8)
ECSG_MARK_COUNT(_rcu, rcu, s8)

/* An owner goes on as a reader; one that was not counted stays so. */
static __always_inline void ecsg_mark_count_downgrade(void)
{
	this_cpu_dec(ecsg_page_area->guest.preemptable);
	if ((s16)this_cpu_read(ecsg_page_area->guest.preemptable) >= 0) {
		ecsg_mark_count_enter_read();
		return;
	}
	this_cpu_write(ecsg_page_area->guest.preemptable, 0);
	this_cpu_inc(ecsg_mark_clipped);
}

#endif /* ECSG_MARK_COUNT_H */
