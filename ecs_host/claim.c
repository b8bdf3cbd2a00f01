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

static uint32_t believed(uint32_t count, unsigned int *bad_counts)
{
	if (count <= ECS_ABI_COUNT_MAX)
		return count;
	(*bad_counts)++;
	return 0;
}

/* Does the guest wait? Rule 15: an interrupt that comes meanwhile does not. */
static bool is_waiting(uint32_t waiting, bool irq)
{
	return waiting && !(irq && !(waiting & ECS_ABI_WAITING_IRQ));
}

/* The three counts of one word, soft ones all. */
static enum ecs_policy_hint soft_section(uint32_t marks)
{
	uint32_t owned = marks & 0xffff, read = marks >> 16 & 0xff,
		 rcu = marks >> 24;

	if (owned && owned <= ECS_ABI_PREEMPTABLE_MAX)
		return ECS_POLICY_SLEEP;
	if (read && read <= ECS_ABI_READERS_MAX)
		return ECS_POLICY_READER;
	return rcu && rcu <= ECS_ABI_RCU_MAX ? ECS_POLICY_RCU :
					       ECS_POLICY_OUTSIDE;
}

/**
 * ecs_claim_hint() - in which kind of section is the vCPU? Rules 4 and 15.
 * @words: what its page says
 * @bad_counts: counts that are malformed are added here
 */
enum ecs_policy_hint ecs_claim_hint(const struct ecs_claim_words *words,
				    unsigned int *bad_counts)
{
	uint32_t marked = believed(words->non_preemptable, bad_counts);
	uint32_t user = believed(words->user, bad_counts);
	enum ecs_policy_hint hint = soft_section(words->marks);
	uint64_t count = words->count;
	bool irq;

	count &= words->idle ? words->idle_mask : words->mask;
	irq = count & words->idle_mask;
	if (count || marked || user) {
		if (is_waiting(words->waiting, irq))
			return ECS_POLICY_WAIT;
		return irq	       ? ECS_POLICY_IRQ :
		       count || marked ? ECS_POLICY_LOCK :
					 ECS_POLICY_USER;
	}
	if (hint != ECS_POLICY_OUTSIDE && is_waiting(words->waiting, false))
		return ECS_POLICY_SOFT_WAIT;
	return hint;
}
