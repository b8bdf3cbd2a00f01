// SPDX-License-Identifier: GPL-2.0-only
/*
 * claim.c: any header of a page, any value of the MSR: what is believed is what
 * the rules of ecs_abi.h say, see claim_model.h.
 *
 * A header begins as a good one, to which each two bytes of the input do something,
 * or as what the input says.
 */
#include "claim_model.h"
#include "fuzz.h"

static void fuzz_one(struct input *in)
{
	struct ecs_abi_header header = {
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.size = sizeof(struct ecs_abi_page),
	};
	uint8_t bytes[HEADER_SIZE], how = in_byte(in);
	unsigned int i;

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
