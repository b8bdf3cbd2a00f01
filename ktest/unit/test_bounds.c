// SPDX-License-Identifier: GPL-2.0-only
/* test_bounds.c: bounds.h at each bound, and against its model. */
#include "bounds.h"
#include "bounds_model.h"
#include "test.h"

/* Of a VM of which nothing was said yet, more or less. */
static const struct ecs_ioc_params usual = {
	.valid = ECS_PARAM_ALL,
	.mode = ECS_MODE_OFF,
	.grace_ns = 500000,
	.grace_sleep_ns = 125000,
	.recheck_ns = 50000,
	.budget_ppm = 250000,
	.burst_ns = 20000000,
	.waiters = ECS_WAITERS_EXTEND,
	.yield = ECS_YIELD_ON,
};

static const struct ecs_ioc_boost boost = {
	.vcpu = -1,
	.backend = ECS_BOOST_AUTO,
	.sbt_ns = 1000000,
	.usbt_ns = 5000000,
};

static void test_each_param(const void *arg)
{
	const struct bounds_field *field;
	struct ecs_ioc_params change;
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(bounds_fields); i++) {
		field = &bounds_fields[i];
		change = usual;
		*bounds_at(&change, field) = field->min;
		CHECK(ecs_bounds_params(&change), "field %zu, least", i);
		*bounds_at(&change, field) = field->max;
		CHECK(ecs_bounds_params(&change), "field %zu, most", i);
		*bounds_at(&change, field) = field->max + 1;
		CHECK(!ecs_bounds_params(&change), "field %zu, too much", i);
		*bounds_at(&change, field) = UINT32_MAX;
		CHECK(!ecs_bounds_params(&change), "field %zu, all bits", i);
		if (field->min) {
			*bounds_at(&change, field) = field->min - 1;
			CHECK(!ecs_bounds_params(&change),
			      "field %zu, too little", i);
		}
		/* What is not to be changed may hold anything. */
		change.valid &= ~field->bit;
		CHECK(ecs_bounds_params(&change), "field %zu, not meant", i);
	}
}

static void test_bits(const void *arg)
{
	struct ecs_ioc_params change;
	unsigned int bit;

	(void)arg;
	for (bit = 0; bit < 32; bit++) {
		change = usual;
		change.valid = 1u << bit;
		CHECK(ecs_bounds_params(&change) ==
			      !(change.valid & ~ECS_PARAM_ALL),
		      "bit %u", bit);
	}
}

static void test_merge(const void *arg)
{
	struct ecs_ioc_params params = usual, change = usual, before;

	(void)arg;
	change.valid = ECS_PARAM_RECHECK | ECS_PARAM_GRACE;
	change.recheck_ns = 1000000;
	change.grace_ns = 10000;
	change.mode = ECS_MODE_ON;
	CHECK(ecs_bounds_merge(&params, &change), "it goes together");
	CHECK(params.recheck_ns == 1000000 && params.grace_ns == 10000 &&
		      params.mode == ECS_MODE_OFF,
	      "%u, %u, %u", params.recheck_ns, params.grace_ns, params.mode);
	before = params;
	change.valid = ECS_PARAM_BURST | ECS_PARAM_MODE;
	change.burst_ns = 999999;
	CHECK(!ecs_bounds_merge(&params, &change), "a bucket of no use");
	CHECK(!memcmp(&params, &before, sizeof(params)), "and it is changed");
	change.burst_ns = 1000000;
	CHECK(ecs_bounds_merge(&params, &change) && params.mode == ECS_MODE_ON,
	      "the smallest bucket of use");
}

static void test_boost(const void *arg)
{
	struct ecs_ioc_boost b;

	(void)arg;
	CHECK(ecs_bounds_boost(&boost), "a good one");
#define ONE(field, value, good)                                              \
	do {                                                                 \
		b = boost;                                                   \
		b.field = value;                                             \
		CHECK(ecs_bounds_boost(&b) == (good), #field " is " #value); \
	} while (0)
	ONE(flags, 1, false);
	ONE(zero, 1, false);
	ONE(zero, 1ull << 63, false);
	ONE(vcpu, -2, false);
	ONE(vcpu, 100000, true);
	ONE(backend, ECS_BOOST_FIFO, true);
	ONE(backend, ECS_BOOST_FIFO + 1, false);
	ONE(sbt_ns, ECS_BOOST_SBT_NS_MIN, true);
	ONE(sbt_ns, ECS_BOOST_SBT_NS_MIN - 1, false);
	ONE(sbt_ns, ECS_BOOST_SBT_NS_MAX, true);
	ONE(sbt_ns, ECS_BOOST_SBT_NS_MAX + 1, false);
	ONE(usbt_ns, ECS_BOOST_USBT_NS_MIN, true);
	ONE(usbt_ns, ECS_BOOST_USBT_NS_MIN - 1, false);
	ONE(usbt_ns, ECS_BOOST_USBT_NS_MAX, true);
	ONE(usbt_ns, ECS_BOOST_USBT_NS_MAX + 1, false);
	ONE(borrow_ns, ECS_BOOST_BORROW_NS_MAX, true);
	ONE(borrow_ns, ECS_BOOST_BORROW_NS_MAX + 1, false);
#undef ONE
}

/* A guest's numbers have 64 bits: none is good for its lower half alone. */
static void test_wide_boost(const void *arg)
{
	const uint64_t high = 1ull << 32;

	(void)arg;
	CHECK(ecs_bounds_boost_ns(1000000, 5000000), "a good one");
	CHECK(!ecs_bounds_boost_ns(high | 1000000, 5000000), "SBT");
	CHECK(!ecs_bounds_boost_ns(1000000, high | 5000000), "USBT");
}

static void test_limit(const void *arg)
{
	struct ecs_ioc_limit limit = { .sbt_max_ns = 1000000,
				       .usbt_min_ns = 5000000 };

	(void)arg;
	CHECK(ecs_bounds_limit(&limit), "a good one");
	limit.usbt_min_ns = ECS_BOOST_USBT_NS_MIN - 1;
	CHECK(!ecs_bounds_limit(&limit), "USBT too little");
	limit.sbt_max_ns = 0;
	CHECK(ecs_bounds_limit(&limit), "no limit, whatever USBT is");
	limit.flags = 1;
	CHECK(!ecs_bounds_limit(&limit), "flags");
	limit.flags = 0;
	limit.zero = 1;
	CHECK(!ecs_bounds_limit(&limit), "zero");
}

static bool any_params(struct rng *rng)
{
	struct ecs_ioc_params params = usual, change, want = usual;
	const struct bounds_field *field;
	bool good;
	size_t i;

	change.valid = (__u32)rng_next(rng);
	if (rng_percent(rng, 80))
		change.valid &= ECS_PARAM_ALL;
	for (i = 0; i < ARRAY_SIZE(bounds_fields); i++) {
		field = &bounds_fields[i];
		*bounds_at(&change, field) =
			(__u32)rng_range(rng, field->min,
					 field->max + rng_percent(rng, 5));
	}
	good = model_params(&change);
	CHECK(ecs_bounds_params(&change) == good, "valid %x", change.valid);
	if (!good)
		return !test_failures;
	good = model_merge(&want, change);
	return CHECK(ecs_bounds_merge(&params, &change) == good &&
			     !memcmp(&params, &want, sizeof(want)),
		     "valid %x, recheck %u, burst %u", change.valid,
		     change.recheck_ns, change.burst_ns);
}

static void test_random(const void *arg)
{
	(void)arg;
	test_rounds(30000, any_params);
}

int main(void)
{
	static const struct test tests[] = {
		{ "each parameter at its bounds", test_each_param, NULL },
		{ "each bit of valid", test_bits, NULL },
		{ "a change is whole or none", test_merge, NULL },
		{ "boosts", test_boost, NULL },
		{ "boosts of guests", test_wide_boost, NULL },
		{ "limits", test_limit, NULL },
		{ "any parameters equal the model", test_random, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
