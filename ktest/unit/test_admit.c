// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_admit.c: admit.h as cases with known answers, and against the models of
 * admit_model.h.
 */
#include <string.h>

#include "admit.h"
#include "admit_model.h"
#include "ecs_ioctl.h"
#include "test.h"

/* --- cases --- */

struct example {
	const char *name;
	uint8_t online;
	uint32_t limit_ppm;
	struct claim wanted;
	bool fits;
	uint32_t free_ppm;
	uint32_t capacity_ppm;
	struct claim claims[CLAIMS_MAX];
};

/* clang-format off */
static const struct example examples[] = {
	{
		"first claim: one CPU's limit",
		0xff, 900000, { 900000, 0x01 }, true, 900000, 900000, {}
	}, {
		"a thread runs on one CPU at a time",
		0xff, 900000, { 900001, 0xff }, false, 900000, 7200000, {}
	}, {
		"fits exactly",
		0xff, 900000, { 300000, 0x01 }, true, 300000, 900000,
		{ { 200000, 0x01 }, { 400000, 0x01 } }
	}, {
		"one too many",
		0xff, 900000, { 300001, 0x01 }, false, 300000, 900000,
		{ { 200000, 0x01 }, { 400000, 0x01 } }
	}, {
		"nothing wanted fits where nothing is free",
		0x01, 500000, { 0, 0x01 }, true, 0, 500000,
		{ { 500000, 0x01 } }
	}, {
		"a limit of nothing",
		0xff, 0, { 1, 0xff }, false, 0, 0, {}
	}, {
		"claims elsewhere do not count",
		0x0f, 900000, { 900000, 0x01 }, true, 900000, 900000,
		{ { 900000, 0x02 }, { 900000, 0x0c }, { 900000, 0x0c } }
	}, {
		"a claim that can go elsewhere does not count",
		0x0f, 900000, { 900000, 0x01 }, true, 900000, 900000,
		{ { 900000, 0x03 } }
	}, {
		"two that have one other CPU do",
		0x0f, 900000, { 300000, 0x01 }, false, 200000, 900000,
		{ { 900000, 0x03 }, { 700000, 0x03 } }
	}, {
		"one that can go to either of two",
		0x0f, 900000, { 500000, 0x03 }, true, 500000, 1800000,
		{ { 400000, 0x01 }, { 900000, 0x02 } }
	}, {
		"one inside the wanted set, one with a CPU in it",
		0x0f, 900000, { 900000, 0x03 }, true, 900000, 1800000,
		{ { 400000, 0x01 }, { 900000, 0x06 } }
	}, {
		"joined with a set that overlaps",
		0x0f, 900000, { 700000, 0x03 }, false, 600000, 1800000,
		{ { 400000, 0x01 }, { 900000, 0x06 }, { 800000, 0x06 } }
	}, {
		"all CPUs",
		0x07, 900000, { 500000, 0x02 }, false, 400000, 900000,
		{ { 800000, 0x05 }, { 500000, 0x06 }, { 500000, 0x06 },
		  { 500000, 0x03 } }
	}, {
		"others' sets only count joined with the wanted one",
		0x0f, 900000, { 900000, 0x08 }, true, 900000, 900000,
		{ { 900000, 0x01 }, { 900000, 0x03 } }
	}, {
		"offline CPUs have no capacity",
		0x03, 900000, { 900000, 0x07 }, false, 800000, 1800000,
		{ { 500000, 0x03 }, { 500000, 0x03 } }
	}, {
		"a claim without an online CPU counts nowhere",
		0x03, 900000, { 900000, 0x01 }, true, 900000, 900000,
		{ { 900000, 0x04 }, { 900000, 0xfc } }
	}, {
		"a claim is inside by its online CPUs",
		0x03, 900000, { 900000, 0x01 }, false, 800000, 900000,
		{ { 100000, 0x05 } }
	}, {
		"no wanted CPU is online",
		0x03, 900000, { 0, 0x0c }, false, 0, 0, {}
	}, {
		"no CPU is wanted",
		0x03, 900000, { 0, 0 }, false, 0, 0, { { 100000, 0x01 } }
	}, {
		"more is claimed than there is",
		0x01, 500000, { 1, 0x01 }, false, 0, 500000,
		{ { 400000, 0x01 }, { 400000, 0x01 } }
	}, {
		"more is claimed elsewhere than there is",
		0x03, 500000, { 200000, 0x01 }, true, 200000, 500000,
		{ { 400000, 0x02 }, { 400000, 0x02 } }
	},
};

/* clang-format on */

static void run_example(const void *arg)
{
	const struct example *example = arg;
	struct ecs_admit_answer answer;
	unsigned int nr = 0;
	size_t i;
	bool fits;

	while (nr < CLAIMS_MAX && example->claims[nr].cpus)
		nr++;
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		fits = ask_with(&layouts[i], example->claims, nr,
				example->wanted, example->online,
				example->limit_ppm, &answer);
		CHECK(fits == example->fits &&
			      answer.free_ppm == example->free_ppm &&
			      answer.capacity_ppm == example->capacity_ppm,
		      "layout %zu: %s, free %u, capacity %u", i,
		      fits ? "fits" : "does not fit", answer.free_ppm,
		      answer.capacity_ppm);
	}
}

/* More CPUs than a sum of 32 bits has room for. */
static void test_many_cpus(const void *arg)
{
	static uint64_t all[128], one[128];
	struct ecs_admit_claim claims[2] = { { UINT32_MAX, all },
					     { UINT32_MAX, all } };
	struct ecs_admit_claim wanted = { PPM, all };
	struct ecs_admit_answer answer;

	(void)arg;
	memset(all, 0xff, sizeof(all));
	one[127] = 1ull << 63;
	CHECK(ecs_admit_check(claims, 1, &wanted, all, ARRAY_SIZE(all), PPM,
			      &answer),
	      "8192 CPUs less 4295 have no room");
	CHECK(answer.free_ppm == PPM && answer.capacity_ppm == UINT32_MAX,
	      "free %u, capacity %u", answer.free_ppm, answer.capacity_ppm);
	CHECK(!ecs_admit_check(claims, 2, &wanted, all, ARRAY_SIZE(all), PPM,
			       &answer),
	      "8192 CPUs less 8590 have room");
	CHECK(answer.free_ppm == 0, "free %u", answer.free_ppm);
	wanted.cpus = one;
	CHECK(ecs_admit_check(claims, 1, &wanted, all, ARRAY_SIZE(all), PPM,
			      &answer),
	      "the last CPU has no room");
	CHECK(answer.capacity_ppm == PPM, "capacity %u", answer.capacity_ppm);
}

static void test_shares(const void *arg)
{
	static const struct {
		uint64_t sbt_ns;
		uint64_t usbt_ns;
		uint32_t ppm;
	} shares[] = {
		{ 60000, 2300000, 25424 }, /* 25423.7 */
		{ 1, 999999, 1 },
		{ 1, 1000000, 1 },
		{ 1, 998999, 2 },
		{ 500000, 500000, 500000 },
		{ ECS_BOOST_SBT_NS_MIN, ECS_BOOST_USBT_NS_MAX, 10 },
		{ ECS_BOOST_SBT_NS_MAX, ECS_BOOST_USBT_NS_MIN, 999001 },
		{ 1000, 0, PPM },
		{ 0, 1000, 0 },
		{ UINT64_MAX, UINT64_MAX, 500001 },
		{ UINT64_MAX, 1, PPM },
		{ 1, UINT64_MAX, 1 },
	};
	uint32_t got;
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		got = ecs_admit_share_ppm(shares[i].sbt_ns, shares[i].usbt_ns);
		CHECK(got == shares[i].ppm, "share %zu: %u, not %u", i, got,
		      shares[i].ppm);
	}
}

static struct claim random_claim(struct rng *rng)
{
	struct claim claim;

	claim.ppm = (uint32_t)(rng_percent(rng, 50) ?
				       rng_range(rng, 1, PPM / 3) :
				       rng_log(rng, PPM));
	claim.cpus = (uint8_t)rng_next(rng);
	if (rng_percent(rng, 50))
		claim.cpus &= (uint8_t)rng_next(rng);
	return claim;
}

static bool ask(struct rng *rng, const struct claim *claims, unsigned int nr,
		struct claim wanted, uint8_t online, uint32_t limit_ppm,
		struct ecs_admit_answer *answer)
{
	return ask_with(&layouts[rng_below(rng, ARRAY_SIZE(layouts))], claims,
			nr, wanted, online, limit_ppm, answer);
}

static uint8_t random_online(struct rng *rng)
{
	return rng_percent(rng, 50) ? 0xff :
	       rng_percent(rng, 50) ? (uint8_t)(rng_next(rng) | 0x10) :
				      0x01;
}

static uint32_t random_limit(struct rng *rng)
{
	return (uint32_t)(rng_percent(rng, 70) ? 950000 : rng_log(rng, PPM));
}

/* --- the properties --- */

static bool equals_rule(struct rng *rng)
{
	const struct layout *layout =
		&layouts[rng_below(rng, ARRAY_SIZE(layouts))];
	unsigned int nr = (unsigned int)rng_below(rng, CLAIMS_MAX + 1);
	struct claim claims[CLAIMS_MAX], wanted = random_claim(rng);
	uint32_t limit_ppm = random_limit(rng);
	uint8_t online = random_online(rng);
	unsigned int i;
	int64_t want;

	for (i = 0; i < nr; i++)
		claims[i] = random_claim(rng);
	want = free_by_rule(claims, nr, wanted, online, limit_ppm);
	/* At the very edge, too. */
	if (rng_percent(rng, 50))
		wanted.ppm = (uint32_t)want + (uint32_t)rng_below(rng, 2);
	return check_rule(layout, claims, nr, wanted, online, limit_ppm);
}

/* One of the parts of all CPUs, cut in halves and these again. */
static uint8_t random_part(struct rng *rng)
{
	unsigned int size = CPUS >> rng_below(rng, 4);

	return (uint8_t)(((1u << size) - 1)
			 << size * rng_below(rng, CPUS / size));
}

/* Sets of which one holds the other or that share nothing: the truth. */
static bool parts_are_kept(struct rng *rng)
{
	uint32_t limit_ppm = random_limit(rng);
	uint8_t online = random_online(rng);
	struct claim claims[CLAIMS_MAX], wanted;
	struct ecs_admit_answer answer;
	unsigned int i, nr = 0, set;
	int64_t want;
	bool fits;

	for (i = 0; i < 3 * CLAIMS_MAX && nr < CLAIMS_MAX; i++) {
		wanted = random_claim(rng);
		wanted.cpus = random_part(rng);
		want = free_in_truth(claims, nr, wanted, online, limit_ppm);
		if (rng_percent(rng, 50))
			wanted.ppm = (uint32_t)(want / 2);
		else if (rng_percent(rng, 30))
			wanted.ppm = (uint32_t)want;
		fits = ask(rng, claims, nr, wanted, online, limit_ppm, &answer);
		if (!CHECK(answer.free_ppm == want, "free %u, not %lld",
			   answer.free_ppm, (long long)want))
			return false;
		if (fits)
			claims[nr++] = wanted;
	}
	for (set = 0; set < 1u << CPUS; set++)
		if (!(set & ~online))
			CHECK(left_in((uint8_t)set, claims, nr, online,
				      limit_ppm) >= 0,
			      "CPUs %#x are overbooked", set);
	return !test_failures;
}

static bool share_is_exact(struct rng *rng)
{
	uint64_t max = rng_percent(rng, 50) ? 10000000000u : UINT64_MAX - 1;
	uint64_t sbt_ns = rng_log(rng, max) + 1, usbt_ns = rng_log(rng, max);

	return check_share(sbt_ns, usbt_ns);
}

static void test_rule(const void *arg)
{
	(void)arg;
	test_rounds(10000, equals_rule);
}

static void test_parts(const void *arg)
{
	(void)arg;
	test_rounds(1000, parts_are_kept);
}

static void test_share_exact(const void *arg)
{
	(void)arg;
	test_rounds(30000, share_is_exact);
}

int main(void)
{
	static const struct test others[] = {
		{ "more CPUs than 32 bits hold", test_many_cpus, NULL },
		{ "shares", test_shares, NULL },
		{ "share is exact, or rounded up", test_share_exact, NULL },
		{ "any sets: equals the rule, refuses rightly", test_rule,
		  NULL },
		{ "parts of parts: all admitted are kept", test_parts, NULL },
	};
	struct test tests[ARRAY_SIZE(examples) + ARRAY_SIZE(others)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(examples); i++)
		tests[i] = (struct test){ examples[i].name, run_example,
					  &examples[i] };
	memcpy(&tests[i], others, sizeof(others));
	return test_main(tests, ARRAY_SIZE(tests));
}
