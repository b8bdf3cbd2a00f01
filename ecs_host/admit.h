/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admit.h: may a boost be promised on top of those that are? Pure C, like
 * policy.h.
 *
 * Each boost claims a share of one CPU out of a set of CPUs. What may be given
 * away is limit_ppm of each CPU. One more claim fits if for each set of CPUs that
 * is looked at (its own, each other claim's joined with its own, and all CPUs)
 * the claims that cannot go elsewhere are no more than the limit of those CPUs.
 *
 * What is refused could not be kept together with the rest. What is admitted
 * can, if of any two sets one holds the other or they share no CPU; of sets that
 * overlap in other ways, joins of more than two are not looked at.
 */
#ifndef ECS_ADMIT_H
#define ECS_ADMIT_H

#include "ecs_types.h"

/**
 * struct ecs_admit_claim - a share of a CPU
 * @ppm: how much, parts per million of one CPU
 * @cpus: where, a bitmap of as many 64-bit words as all sets have
 */
struct ecs_admit_claim {
	uint32_t ppm;
	const uint64_t *cpus;
};

/**
 * struct ecs_admit_answer - what there is
 * @free_ppm: the most that could be claimed on the wanted CPUs now
 * @capacity_ppm: the limit of the wanted CPUs in all
 */
struct ecs_admit_answer {
	uint32_t free_ppm;
	uint32_t capacity_ppm;
};

uint32_t ecs_admit_share_ppm(uint64_t sbt_ns, uint64_t usbt_ns);
bool ecs_admit_check(const struct ecs_admit_claim *claims, unsigned int nr,
		     const struct ecs_admit_claim *wanted,
		     const uint64_t *online, unsigned int words,
		     uint32_t limit_ppm, struct ecs_admit_answer *answer);

#endif /* ECS_ADMIT_H */
