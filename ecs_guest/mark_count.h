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

/* The top bit of a count is its sign. */
static __always_inline void ecsg_mark_count_up16(u16 __percpu *count)
{
	this_cpu_inc(*count);
	if (likely((s16)this_cpu_read(*count) >= 0))
		return;
	this_cpu_dec(*count);
	this_cpu_inc(ecsg_mark_clipped);
}

/* Return: was it counted? */
static __always_inline bool ecsg_mark_count_down16(u16 __percpu *count)
{
	this_cpu_dec(*count);
	if (likely((s16)this_cpu_read(*count) >= 0))
		return true;
	this_cpu_write(*count, 0);
	this_cpu_inc(ecsg_mark_clipped);
	return false;
}

static __always_inline void ecsg_mark_count_up8(u8 __percpu *count)
{
	this_cpu_inc(*count);
	if (likely((s8)this_cpu_read(*count) >= 0))
		return;
	this_cpu_dec(*count);
	this_cpu_inc(ecsg_mark_clipped);
}

static __always_inline bool ecsg_mark_count_down8(u8 __percpu *count)
{
	this_cpu_dec(*count);
	if (likely((s8)this_cpu_read(*count) >= 0))
		return true;
	this_cpu_write(*count, 0);
	this_cpu_inc(ecsg_mark_clipped);
	return false;
}

/*
 * ..._enter: a lock is about to be taken, for certain. ..._leave: one is released.
 * @kind: ECSG_MARK_MUTEX and so on.
 */
static __always_inline void ecsg_mark_count_enter(unsigned int kind)
{
	this_cpu_inc(ecsg_mark_taken[kind]);
	ecsg_mark_count_up16(&ecsg_page_area->guest.preemptable);
}

static __always_inline void ecsg_mark_count_leave(void)
{
	ecsg_mark_count_down16(&ecsg_page_area->guest.preemptable);
}

static __always_inline void ecsg_mark_count_enter_read(void)
{
	this_cpu_inc(ecsg_mark_taken[ECSG_MARK_RWSEM]);
	ecsg_mark_count_up8(&ecsg_page_area->guest.readers);
}

static __always_inline void ecsg_mark_count_leave_read(void)
{
	ecsg_mark_count_down8(&ecsg_page_area->guest.readers);
}

static __always_inline void ecsg_mark_count_enter_rcu(void)
{
	this_cpu_inc(ecsg_mark_taken[ECSG_MARK_RCU_READERS]);
	ecsg_mark_count_up8(&ecsg_page_area->guest.rcu);
}

static __always_inline void ecsg_mark_count_leave_rcu(void)
{
	ecsg_mark_count_down8(&ecsg_page_area->guest.rcu);
}

/* An owner goes on as a reader; one that was not counted stays so. */
static __always_inline void ecsg_mark_count_downgrade(void)
{
	if (ecsg_mark_count_down16(&ecsg_page_area->guest.preemptable))
		ecsg_mark_count_up8(&ecsg_page_area->guest.readers);
}

#endif /* ECSG_MARK_COUNT_H */
