/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim_model.h: the rules of ecs_abi.h for what a guest registers, written down
 * again byte by byte, for the tests of claim.c and the fuzz target.
 */
#ifndef ECS_CLAIM_MODEL_H
#define ECS_CLAIM_MODEL_H

#include <string.h>

#include "claim.h"
#include "test.h"

#define HEADER_SIZE 64u

static uint64_t number_at(const uint8_t *bytes, unsigned int at,
			  unsigned int width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | bytes[at + width];
	return value;
}

static bool model_header(const uint8_t bytes[HEADER_SIZE])
{
	uint64_t gpa = number_at(bytes, 16, 8), width = number_at(bytes, 24, 4);
	unsigned int i;

	/* "1SCE", version 1 and any minor number, 256 bytes, no flags */
	if (memcmp(bytes, "\x31\x53\x43\x45\x01\x00", 6) ||
	    memcmp(bytes + 8, "\x00\x01\x00\x00\x00\x00\x00\x00", 8))
		return false;
	for (i = 0; i < HEADER_SIZE; i++)
		if (((i >= 28 && i < 32) || i >= 48) && bytes[i])
			return false;
	/* No count, and then nothing said of one: not its place, not its bits. */
	if (!width)
		return !gpa && !number_at(bytes, 32, 8) &&
		       !number_at(bytes, 40, 8);
	/* It does not straddle pages, wherever it begins. */
	return (width == 4 || width == 8) && gpa % width == 0 &&
	       (gpa & 4095) + width <= 4096;
}

static bool model_page(uint64_t value, uint64_t *gpa)
{
	*gpa = value >> 12 << 12;
	return (value & 4095) == 1;
}

static bool check_header(const uint8_t bytes[HEADER_SIZE])
{
	struct ecs_abi_header header;

	memcpy(&header, bytes, sizeof(header));
	return CHECK(ecs_claim_header(&header) == model_header(bytes),
		     "width %llu at %#llx",
		     (unsigned long long)number_at(bytes, 24, 4),
		     (unsigned long long)number_at(bytes, 16, 8));
}

static bool check_page(uint64_t value)
{
	uint64_t gpa = ~0ull, want;
	bool is_page = ecs_claim_page(value, &gpa);

	return CHECK(is_page == model_page(value, &want) &&
			     gpa == (is_page ? want : ~0ull),
		     "%#llx: %d, %#llx", (unsigned long long)value, is_page,
		     (unsigned long long)gpa);
}

/* One after the other, as rule 4 lists them; @bad: how many counts are malformed. */
static enum ecs_policy_hint model_hint(const struct ecs_claim_words *words,
				       unsigned int *bad)
{
	uint64_t bits = words->count &
			(words->idle ? words->idle_mask : words->mask);
	bool irq = bits & words->idle_mask, hard, sleeps, reads, rcu;
	bool marked = words->non_preemptable && words->non_preemptable < 65536;
	bool user = words->user && words->user < 65536;
	uint32_t waiting = words->waiting;

	*bad = (words->non_preemptable >> 16 != 0) + (words->user >> 16 != 0);
	sleeps = words->marks % 65536 >= 1 && words->marks % 65536 <= 32767;
	reads = (words->marks >> 16) % 256 >= 1 &&
		(words->marks >> 16) % 256 <= 127;
	rcu = words->marks >> 24 >= 1 && words->marks >> 24 <= 127;
	/* An interrupt came while it waited. */
	if (irq && !(waiting & 2))
		waiting = 0;
	hard = bits || marked || user;
	if (waiting && hard)
		return ECS_POLICY_WAIT;
	if (waiting && (sleeps || reads || rcu))
		return ECS_POLICY_SOFT_WAIT;
	if (irq)
		return ECS_POLICY_IRQ;
	if (bits || marked)
		return ECS_POLICY_LOCK;
	if (user)
		return ECS_POLICY_USER;
	if (sleeps)
		return ECS_POLICY_SLEEP;
	if (reads)
		return ECS_POLICY_READER;
	return rcu ? ECS_POLICY_RCU : ECS_POLICY_OUTSIDE;
}

static bool check_hint(const struct ecs_claim_words *words)
{
	unsigned int bad = 7, bad_want;
	enum ecs_policy_hint want = model_hint(words, &bad_want);
	enum ecs_policy_hint got = ecs_claim_hint(words, &bad);

	return CHECK(got == want && bad == 7 + bad_want,
		     "hint %d, not %d; %u malformed, not %u; count %#llx of %#llx and %#llx, marks %#x, waiting %#x",
		     got, want, bad - 7, bad_want,
		     (unsigned long long)words->count,
		     (unsigned long long)words->mask,
		     (unsigned long long)words->idle_mask, words->marks,
		     words->waiting);
}

#endif /* ECS_CLAIM_MODEL_H */
