/* SPDX-License-Identifier: GPL-2.0-only */
/* stats.h: the counters of ecs_ioctl.h. The owner's lock covers them. */
#ifndef ECSH_STATS_H
#define ECSH_STATS_H

#include <linux/types.h>

#include "ecs_ioctl.h"
#include "policy.h"

static inline void ecsh_stats_inc(struct ecs_ioc_stats *stats, enum ecs_stat n)
{
	stats->counter[n]++;
}

static inline void ecsh_stats_max(struct ecs_ioc_stats *stats, enum ecs_stat n,
				  u64 value)
{
	if (stats->counter[n] < value)
		stats->counter[n] = value;
}

struct ecs_ioc_kind *ecsh_stats_kind(struct ecs_ioc_stats *stats,
				     enum ecs_policy_hint hint);
void ecsh_stats_extension(struct ecs_ioc_stats *stats, enum ecs_stat why,
			  enum ecs_policy_hint hint, u64 length_ns);
void ecsh_stats_late(struct ecs_ioc_stats *stats, u64 late_ns);
void ecsh_stats_add(struct ecs_ioc_stats *sum,
		    const struct ecs_ioc_stats *more);

#endif /* ECSH_STATS_H */
