// SPDX-License-Identifier: GPL-2.0-only
/* stats.c: see stats.h. */
#include <linux/kernel.h>

#include "ecs_hist.h"
#include "stats.h"

/**
 * ecsh_stats_extension() - count an extension that has ended
 * @stats: where
 * @why: ECS_STAT_ENDED_*
 * @length_ns: how long it was
 *
 * Context: the owner's lock held.
 */
void ecsh_stats_extension(struct ecs_ioc_stats *stats, enum ecs_stat why,
			  u64 length_ns)
{
	ecsh_stats_inc(stats, why);
	stats->counter[ECS_STAT_EXT_NS] += length_ns;
	ecsh_stats_max(stats, ECS_STAT_EXT_MAX_NS, length_ns);
	stats->ext[ecs_hist_bucket(length_ns)]++;
}

/**
 * ecsh_stats_late() - count how late an extension was looked at
 * @stats: where
 * @late_ns: time after the look was due
 *
 * Context: the owner's lock held.
 */
void ecsh_stats_late(struct ecs_ioc_stats *stats, u64 late_ns)
{
	ecsh_stats_max(stats, ECS_STAT_LATE_MAX_NS, late_ns);
	stats->late[ecs_hist_bucket(late_ns)]++;
}

/**
 * ecsh_stats_add() - sum up; maxima stay maxima
 * @sum: added to
 * @more: what is added
 *
 * Context: the locks of both held, as far as they have one.
 */
void ecsh_stats_add(struct ecs_ioc_stats *sum, const struct ecs_ioc_stats *more)
{
	unsigned int i;

	for (i = 0; i < ECS_STAT_NR; i++) {
		if (i == ECS_STAT_EXT_MAX_NS || i == ECS_STAT_LATE_MAX_NS)
			ecsh_stats_max(sum, i, more->counter[i]);
		else
			sum->counter[i] += more->counter[i];
	}
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		sum->ext[i] += more->ext[i];
		sum->late[i] += more->late[i];
	}
}
