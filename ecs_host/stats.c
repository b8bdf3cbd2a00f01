// SPDX-License-Identifier: GPL-2.0-only
/* stats.c: see stats.h. */
#include <linux/kernel.h>

#include "ecs_hist.h"
#include "stats.h"

/* By the policy's hint; what is in no section is nobody's kind. */
static const enum ecs_kind kinds[] = {
	[ECS_POLICY_WAIT] = ECS_KIND_WAIT,
	[ECS_POLICY_IRQ] = ECS_KIND_IRQ,
	[ECS_POLICY_LOCK] = ECS_KIND_LOCK,
	[ECS_POLICY_USER] = ECS_KIND_USER,
	[ECS_POLICY_SOFT_WAIT] = ECS_KIND_WAIT,
	[ECS_POLICY_SLEEP] = ECS_KIND_SLEEP,
	[ECS_POLICY_READER] = ECS_KIND_READER,
	[ECS_POLICY_RCU] = ECS_KIND_RCU,
};

/**
 * ecsh_stats_kind() - the counters of a kind of section
 * @stats: where
 * @hint: inside a section
 *
 * Context: the owner's lock held.
 */
struct ecs_ioc_kind *ecsh_stats_kind(struct ecs_ioc_stats *stats,
				     enum ecs_policy_hint hint)
{
	BUILD_BUG_ON(ARRAY_SIZE(kinds) != ECS_POLICY_HINTS);
	BUILD_BUG_ON((int)ECS_KIND_NR > ECS_KINDS_ROOM);
	return &stats->kind[kinds[hint]];
}

/**
 * ecsh_stats_extension() - count an extension that has ended
 * @stats: where
 * @why: ECS_STAT_ENDED_*
 * @hint: what it was granted for
 * @length_ns: how long it was
 *
 * Context: the owner's lock held.
 */
void ecsh_stats_extension(struct ecs_ioc_stats *stats, enum ecs_stat why,
			  enum ecs_policy_hint hint, u64 length_ns)
{
	ecsh_stats_inc(stats, why);
	if (why == ECS_STAT_ENDED_RELEASE || why == ECS_STAT_ENDED_YIELD)
		ecsh_stats_kind(stats, hint)->avoided++;
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
	for (i = 0; i < ECS_KIND_NR; i++) {
		sum->kind[i].captured += more->kind[i].captured;
		sum->kind[i].deferred += more->kind[i].deferred;
		sum->kind[i].avoided += more->kind[i].avoided;
		sum->kind[i].preempted += more->kind[i].preempted;
	}
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		sum->ext[i] += more->ext[i];
		sum->late[i] += more->late[i];
	}
}
