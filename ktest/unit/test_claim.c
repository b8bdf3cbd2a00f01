// SPDX-License-Identifier: GPL-2.0-only
/* test_claim.c: claim.h as cases with known answers, and against its model. */
#include "claim.h"
#include "claim_model.h"
#include "test.h"

static const struct ecs_abi_header plain = {
	.magic = ECS_ABI_MAGIC,
	.major = ECS_ABI_MAJOR,
	.minor = ECS_ABI_MINOR,
	.size = sizeof(struct ecs_abi_page),
};

static struct ecs_abi_header with_count(uint64_t gpa, uint32_t width)
{
	struct ecs_abi_header header = plain;

	header.pc_gpa = gpa;
	header.pc_width = width;
	header.pc_mask = 0x7fffffff;
	header.pc_idle_mask = 0x00ffff00;
	return header;
}

static void test_good(const void *arg)
{
	struct ecs_abi_header header = plain;

	(void)arg;
	CHECK(ecs_claim_header(&header), "without a count");
	header.minor = 0xffff;
	CHECK(ecs_claim_header(&header), "of a later minor version");
	header = with_count(0, 4);
	CHECK(ecs_claim_header(&header), "a count at 0");
	header = with_count(4096 - 4, 4);
	CHECK(ecs_claim_header(&header), "4 bytes at the end of a page");
	header = with_count(4096 - 8, 8);
	CHECK(ecs_claim_header(&header), "8 bytes at the end of a page");
	header = with_count(UINT64_MAX - 7, 8);
	CHECK(ecs_claim_header(&header),
	      "where no memory is, which is not here");
	header.pc_mask = 0;
	header.pc_idle_mask = 0;
	CHECK(ecs_claim_header(&header), "a count that never means anything");
}

static void test_counts(const void *arg)
{
	static const struct {
		uint64_t gpa;
		uint32_t width;
	} bad[] = {
		{ 4096 - 2, 4 }, { 4096 - 4, 8 }, { 1, 4 },  { 2, 4 },
		{ 4, 8 },	 { 0, 1 },	  { 0, 2 },  { 0, 3 },
		{ 0, 16 },	 { 0, 5 },	  { 0, 12 }, { 0, UINT32_MAX },
		{ 4096, 0 },
	};
	struct ecs_abi_header header;
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		header = with_count(bad[i].gpa, bad[i].width);
		CHECK(!ecs_claim_header(&header), "%u bytes at %#llx",
		      bad[i].width, (unsigned long long)bad[i].gpa);
	}
	/* Without a count nothing is said of one. */
	header = with_count(0, 0);
	header.pc_idle_mask = 0;
	CHECK(!ecs_claim_header(&header), "a mask of no count");
	header = with_count(0, 0);
	header.pc_mask = 0;
	CHECK(!ecs_claim_header(&header), "an idle mask of no count");
}

/* Every single bit of a good header, but for the minor number. */
static void test_bits(const void *arg)
{
	struct ecs_abi_header header = with_count(0x1000, 4);
	uint8_t bytes[HEADER_SIZE];
	unsigned int bit, good = 0;

	(void)arg;
	for (bit = 0; bit < 8 * HEADER_SIZE; bit++) {
		memcpy(bytes, &header, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check_header(bytes);
		good += model_header(bytes);
	}
	/* 16 of the minor number, 62 of the address, both masks */
	CHECK(good == 16 + 62 + 128, "%u bits are free", good);
}

static void test_page(const void *arg)
{
	static const uint64_t values[] = {
		0,	1,	    2,
		4096,	4097,	    4098,
		4099,	8191,	    0x1001,
		0xfff1, UINT64_MAX, UINT64_MAX - 4094,
		0x1801, 1 << 30,    (1ull << 63) | 1,
	};
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		check_page(values[i]);
}

static bool random_header(struct rng *rng)
{
	static const uint32_t widths[] = { 0, 4, 8, 16 };
	struct ecs_abi_header header =
		with_count(rng_next(rng) & rng_next(rng),
			   widths[rng_below(rng, ARRAY_SIZE(widths))]);
	uint8_t bytes[HEADER_SIZE];

	if (!header.pc_width && rng_percent(rng, 50))
		header = plain;
	if (rng_percent(rng, 50))
		header.pc_gpa &= ~7ull;
	memcpy(bytes, &header, sizeof(bytes));
	if (rng_percent(rng, 30))
		bytes[rng_below(rng, HEADER_SIZE)] ^= (uint8_t)rng_next(rng);
	check_header(bytes);
	return check_page(rng_log(rng, UINT64_MAX) |
			  (rng_percent(rng, 50) ? 1 : 0));
}

static void test_random(const void *arg)
{
	(void)arg;
	test_rounds(30000, random_header);
}

int main(void)
{
	static const struct test tests[] = {
		{ "good headers", test_good, NULL },
		{ "counts that are none", test_counts, NULL },
		{ "each bit of a header", test_bits, NULL },
		{ "values of the MSR", test_page, NULL },
		{ "any header equals the model", test_random, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
