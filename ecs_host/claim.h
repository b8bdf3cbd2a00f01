/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim.h: what a guest claims, when it registers and whenever it is looked at.
 *
 * Pure C, like policy.h, and linked into the module and into the tests. Whatever a
 * guest writes comes in here by value, read once by the caller: what is checked is
 * what is used. The rules are those of ecs_abi.h.
 */
#ifndef ECS_CLAIM_H
#define ECS_CLAIM_H

#include "ecs_abi.h"
#include "ecs_types.h"
#include "policy.h"

/**
 * struct ecs_claim_words - what the page of a vCPU says, each word read once
 * @count: its preempt count, 0 if none is published
 * @mask: bits of it that mean "critical", from the header
 * @idle_mask: the same while the CPU idles: those of interrupts
 * @non_preemptable: as in struct ecs_abi_guest, and so are the others
 * @marks: preemptable, and from bit 16 on readers, from bit 24 on rcu
 * @user: see there
 * @idle: see there
 * @waiting: see there
 */
struct ecs_claim_words {
	uint64_t count;
	uint64_t mask;
	uint64_t idle_mask;
	uint32_t non_preemptable;
	uint32_t marks;
	uint32_t user;
	uint32_t idle;
	uint32_t waiting;
};

bool ecs_claim_page(uint64_t value, uint64_t *gpa);
bool ecs_claim_header(const struct ecs_abi_header *header);
enum ecs_policy_hint ecs_claim_hint(const struct ecs_claim_words *words,
				    unsigned int *bad_counts);

#endif /* ECS_CLAIM_H */
