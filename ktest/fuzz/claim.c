// SPDX-License-Identifier: GPL-2.0-only
/*
 * claim.c: any header of a page, any value of the MSR, any words of the guest: what
 * is believed is what the rules of ecs_abi.h say, see claim_model.h.
 *
 * A header begins as a good one, to which each two bytes of the input do something,
 * or as what the input says.
 */
#include "claim_model.h"
#include "fuzz.h"

static void look(struct input *in)
{
	struct ecs_claim_words words = { 0 };

	words.mask = in_log(in, UINT64_MAX);
	words.idle_mask = in_log(in, UINT64_MAX);
	while (in->left && !test_failures) {
		words.count = in_log(in, UINT64_MAX);
		words.non_preemptable = (uint32_t)in_log(in, UINT32_MAX);
		words.marks = (uint32_t)in_bytes(in, 4);
		words.user = (uint32_t)in_log(in, UINT32_MAX);
		words.idle = in_byte(in);
		words.waiting = in_byte(in);
		check_hint(&words);
	}
}

static void fuzz_one(struct input *in)
{
	struct ecs_abi_header header = {
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.size = sizeof(struct ecs_abi_page),
	};
	uint8_t bytes[HEADER_SIZE], how = in_byte(in);
	unsigned int i;

	if (how & 8) {
		look(in);
		return;
	}
	check_page(in_bytes(in, 8));
	if (how & 1) {
		header.pc_width = how & 2 ? 8 : 4;
		header.pc_gpa = in_log(in, UINT64_MAX);
		header.pc_mask = in_log(in, UINT64_MAX);
		header.pc_idle_mask = in_log(in, UINT64_MAX);
	}
	memcpy(bytes, &header, sizeof(bytes));
	for (i = 0; i < HEADER_SIZE && how & 4; i++)
		bytes[i] = in_byte(in);
	while (in->left > 1) {
		i = in_byte(in) % HEADER_SIZE;
		bytes[i] = in_byte(in);
	}
	check_header(bytes);
}
