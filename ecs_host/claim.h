/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim.h: what a guest claims when it registers: may it be believed so far?
 *
 * Pure C, like policy.h, and linked into the module and into the tests. Whatever a
 * guest writes comes in here by value, read once by the caller: what is checked is
 * what is used. The rules are those of ecs_abi.h.
 */
#ifndef ECS_CLAIM_H
#define ECS_CLAIM_H

#include "ecs_abi.h"
#include "ecs_types.h"

bool ecs_claim_page(uint64_t value, uint64_t *gpa);
bool ecs_claim_header(const struct ecs_abi_header *header);

#endif /* ECS_CLAIM_H */
