// SPDX-License-Identifier: GPL-2.0-only
/* claim.c: see claim.h. Pure C. */
#include "claim.h"

/**
 * ecs_claim_page() - which page does a guest register?
 * @value: what it wrote to ECS_ABI_MSR_PAGE, not 0
 * @gpa: out: its guest-physical address; only if the value is good
 *
 * Return: false if the value is not a page's address with the enable bit.
 */
bool ecs_claim_page(uint64_t value, uint64_t *gpa)
{
	uint64_t address = value & ~ECS_ABI_PAGE_ENABLE;

	if (!(value & ECS_ABI_PAGE_ENABLE) ||
	    (address & (ECS_ABI_PAGE_SIZE - 1)))
		return false;
	*gpa = address;
	return true;
}

/**
 * ecs_claim_header() - is the header of a page as rules 1 to 3 want it?
 * @header: a copy of it
 *
 * The preempt count of a good header lies within one page.
 */
bool ecs_claim_header(const struct ecs_abi_header *header)
{
	if (header->magic != ECS_ABI_MAGIC || header->major != ECS_ABI_MAJOR ||
	    header->size != sizeof(struct ecs_abi_page) || header->flags ||
	    header->zero0 || header->zero1[0] || header->zero1[1])
		return false;
	if (!header->pc_width)
		return !header->pc_gpa && !header->pc_mask &&
		       !header->pc_idle_mask;
	if (header->pc_width != 4 && header->pc_width != 8)
		return false;
	/* Naturally aligned, so it does not straddle pages. */
	return !(header->pc_gpa & (header->pc_width - 1));
}
