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

#endif /* ECS_CLAIM_MODEL_H */
