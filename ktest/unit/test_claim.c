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

/* --- what the words mean --- */

/* As Linux has them: preempt count 0xff, softirq 0xff00, hardirq and NMI above. */
#define MASK 0x00ffffffu
#define IRQ  0x00ffff00u

struct example {
	const char *name;
	struct ecs_claim_words words;
	enum ecs_policy_hint hint;
	unsigned int bad;
};

/* clang-format off */
static const struct example examples[] = {
	{ "nothing", { .mask = MASK, .idle_mask = IRQ }, ECS_POLICY_OUTSIDE, 0 },
	{ "a spinlock", { .count = 1, .mask = MASK, .idle_mask = IRQ },
	  ECS_POLICY_LOCK, 0 },
	{ "an interrupt", { .count = 0x10001, .mask = MASK, .idle_mask = IRQ },
	  ECS_POLICY_IRQ, 0 },
	{ "bits that mean nothing",
	  { .count = 0x80000000, .mask = MASK, .idle_mask = IRQ },
	  ECS_POLICY_OUTSIDE, 0 },
	{ "the idle task's own count",
	  { .count = 1, .mask = MASK, .idle_mask = IRQ, .idle = 1 },
	  ECS_POLICY_OUTSIDE, 0 },
	{ "an interrupt of the idle task",
	  { .count = 0x101, .mask = MASK, .idle_mask = IRQ, .idle = 1 },
	  ECS_POLICY_IRQ, 0 },
	{ "waits for a spinlock",
	  { .count = 1, .mask = MASK, .idle_mask = IRQ, .waiting = 1 },
	  ECS_POLICY_WAIT, 0 },
	{ "an interrupt while it waits",
	  { .count = 0x101, .mask = MASK, .idle_mask = IRQ, .waiting = 1 },
	  ECS_POLICY_IRQ, 0 },
	{ "an interrupt that waits",
	  { .count = 0x101, .mask = MASK, .idle_mask = IRQ, .waiting = 2 },
	  ECS_POLICY_WAIT, 0 },
	{ "waits in no section", { .waiting = 3 }, ECS_POLICY_OUTSIDE, 0 },
	{ "marked", { .non_preemptable = 1 }, ECS_POLICY_LOCK, 0 },
	{ "marked as deep as is believed", { .non_preemptable = 0xffff },
	  ECS_POLICY_LOCK, 0 },
	{ "marked deeper", { .non_preemptable = 0x10000 },
	  ECS_POLICY_OUTSIDE, 1 },
	{ "released once too often", { .non_preemptable = UINT32_MAX },
	  ECS_POLICY_OUTSIDE, 1 },
	{ "user space", { .user = 1 }, ECS_POLICY_USER, 0 },
	{ "both malformed, and a mutex",
	  { .user = 1u << 31, .non_preemptable = 1 << 16, .marks = 1 },
	  ECS_POLICY_SLEEP, 2 },
	{ "a mutex", { .marks = 1 }, ECS_POLICY_SLEEP, 0 },
	{ "a mutex released once too often", { .marks = 0xffff },
	  ECS_POLICY_OUTSIDE, 0 },
	{ "that, and a reader", { .marks = 0x1ffff }, ECS_POLICY_READER, 0 },
	{ "an RCU reader", { .marks = 1 << 24 }, ECS_POLICY_RCU, 0 },
	{ "RCU readers too deep", { .marks = 0x80u << 24 },
	  ECS_POLICY_OUTSIDE, 0 },
	{ "waits for a mutex", { .marks = 1, .waiting = 1 },
	  ECS_POLICY_SOFT_WAIT, 0 },
	{ "a spinlock inside a mutex",
	  { .count = 1, .mask = MASK, .idle_mask = IRQ, .marks = 1 },
	  ECS_POLICY_LOCK, 0 },
	{ "64 bits of a count",
	  { .count = 1ull << 40, .mask = 1ull << 40 }, ECS_POLICY_LOCK, 0 },
};

/* clang-format on */

static void test_hints(const void *arg)
{
	enum ecs_policy_hint hint;
	unsigned int bad;
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		bad = 0;
		hint = ecs_claim_hint(&examples[i].words, &bad);
		CHECK(hint == examples[i].hint && bad == examples[i].bad,
		      "%s: %d, %u malformed", examples[i].name, hint, bad);
		check_hint(&examples[i].words);
	}
}

static bool random_words(struct rng *rng)
{
	struct ecs_claim_words words = { .mask = MASK, .idle_mask = IRQ };

	if (rng_percent(rng, 20)) {
		words.mask = rng_next(rng);
		words.idle_mask = rng_next(rng) & rng_next(rng);
	}
	if (rng_percent(rng, 50))
		words.count = rng_log(rng, UINT64_MAX);
	if (rng_percent(rng, 30))
		words.non_preemptable = (uint32_t)rng_log(rng, UINT32_MAX);
	if (rng_percent(rng, 50))
		words.marks = (uint32_t)rng_log(rng, UINT32_MAX);
	if (rng_percent(rng, 30))
		words.user = (uint32_t)rng_log(rng, UINT32_MAX);
	words.idle = rng_percent(rng, 30);
	words.waiting = (uint32_t)rng_below(rng, 5);
	return check_hint(&words);
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

static void test_random_words(const void *arg)
{
	(void)arg;
	test_rounds(30000, random_words);
}

int main(void)
{
	static const struct test tests[] = {
		{ "good headers", test_good, NULL },
		{ "counts that are none", test_counts, NULL },
		{ "each bit of a header", test_bits, NULL },
		{ "values of the MSR", test_page, NULL },
		{ "any header equals the model", test_random, NULL },
		{ "kinds of sections", test_hints, NULL },
		{ "any words equal the model", test_random_words, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
