/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * choice.h: which of several preempted holders gets the time of a spinner.
 *
 * Pure C, linked into the module and into the tests. The one that the guest
 * names comes first: it knows whom it waits for. Then the one that was given
 * the fewest yields since it was preempted, so that a holder whom the scheduler
 * does not let run keeps no other from its turn; then the one that waits
 * longest, as most others are likely to be stuck behind it.
 */
#ifndef ECS_CHOICE_H
#define ECS_CHOICE_H

#include "ecs_types.h"

/**
 * struct ecs_choice - a vCPU that was preempted inside a section and waits
 * @held_at: when it was preempted, ns
 * @tries: yields directed to it since
 * @named: the guest asks for this one
 */
struct ecs_choice {
	uint64_t held_at;
	uint32_t tries;
	bool named;
};

bool ecs_choice_is_better(const struct ecs_choice *one,
			  const struct ecs_choice *best);

#endif /* ECS_CHOICE_H */
