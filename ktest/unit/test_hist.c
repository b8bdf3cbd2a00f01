// SPDX-License-Identifier: GPL-2.0-only
/* test_hist.c: the buckets of ecs_hist.h, over the whole range of lengths. */
#include "ecs_hist.h"
#include "test.h"

#define UNIT 1024ull
#define LAST (ECS_HIST_BUCKETS - 1)

/* Where the error claim begins: below, a bucket is a whole unit wide. */
#define FINE_FROM (4 * UNIT)

/* The buckets as the comment has them, by walking from 0 upwards. */
static unsigned int slow_bucket(uint64_t ns)
{
	uint64_t upper = UNIT, width = UNIT;
	unsigned int bucket = 0;

	while (ns >= upper && bucket < LAST) {
		bucket++;
		if (bucket >= 8 && bucket % 4 == 0)
			width *= 2;
		upper += width;
	}
	return bucket;
}

static bool check_length(uint64_t ns)
{
	unsigned int bucket = ecs_hist_bucket(ns);
	unsigned long long length = ns, upper = ecs_hist_upper(bucket);
	unsigned long long lower = bucket ? ecs_hist_upper(bucket - 1) : 0;

	return CHECK(bucket == slow_bucket(ns), "%llu in %u, not %u", length,
		     bucket, slow_bucket(ns)) &&
	       CHECK(bucket == LAST || ns < upper, "%llu in %u to %llu", length,
		     bucket, upper) &&
	       CHECK(ns >= lower, "%llu in %u from %llu", length, bucket,
		     lower) &&
	       CHECK(ns < FINE_FROM || bucket == LAST || upper - ns <= ns / 4,
		     "%llu reads as %llu", length, upper);
}

static void test_extremes(const void *arg)
{
	(void)arg;
	CHECK(ecs_hist_bucket(0) == 0, "%u", ecs_hist_bucket(0));
	CHECK(ecs_hist_bucket(UNIT - 1) == 0, "%u", ecs_hist_bucket(UNIT - 1));
	CHECK(ecs_hist_bucket(UNIT) == 1, "%u", ecs_hist_bucket(UNIT));
	CHECK(ecs_hist_bucket(UINT64_MAX) == LAST, "%u",
	      ecs_hist_bucket(UINT64_MAX));
	CHECK(ecs_hist_bucket(1ull << 63) == LAST, "%u",
	      ecs_hist_bucket(1ull << 63));
	/* "from about 117 ms" */
	CHECK(ecs_hist_upper(LAST - 1) / 1000000 == 117, "%llu",
	      (unsigned long long)ecs_hist_upper(LAST - 1));
}

static void test_edges(const void *arg)
{
	unsigned int bucket;
	uint64_t upper;

	(void)arg;
	for (bucket = 0; bucket < LAST; bucket++) {
		upper = ecs_hist_upper(bucket);
		CHECK(upper < ecs_hist_upper(bucket + 1), "bucket %u", bucket);
		CHECK(ecs_hist_bucket(upper - 1) == bucket, "%u to %u", bucket,
		      ecs_hist_bucket(upper - 1));
		CHECK(ecs_hist_bucket(upper) == bucket + 1, "%u to %u", bucket,
		      ecs_hist_bucket(upper));
		check_length(upper - 1);
		check_length(upper);
	}
}

/* Each unit that does not end in the last bucket, and then some. */
static void test_each_unit(const void *arg)
{
	uint64_t units = ecs_hist_upper(LAST) / UNIT, unit;
	unsigned int before = 0, bucket;

	(void)arg;
	for (unit = 0; unit < units + 1000 && !test_failures; unit++) {
		bucket = ecs_hist_bucket(unit * UNIT);
		CHECK(bucket == before || bucket == before + 1,
		      "unit %llu: %u after %u", (unsigned long long)unit,
		      bucket, before);
		CHECK(ecs_hist_bucket(unit * UNIT + UNIT - 1) == bucket,
		      "unit %llu is split", (unsigned long long)unit);
		before = bucket;
	}
	CHECK(before == LAST, "%u", before);
}

static bool random_length(struct rng *rng)
{
	uint64_t a = rng_log(rng, UINT64_MAX), b = rng_log(rng, UINT64_MAX);

	return check_length(a) && check_length(b) &&
	       CHECK((a <= b) == (ecs_hist_bucket(a) <= ecs_hist_bucket(b)) ||
			     ecs_hist_bucket(a) == ecs_hist_bucket(b),
		     "%llu and %llu", (unsigned long long)a,
		     (unsigned long long)b);
}

static void test_random(const void *arg)
{
	(void)arg;
	test_rounds(200000, random_length);
}

int main(void)
{
	static const struct test tests[] = {
		{ "extremes", test_extremes, NULL },
		{ "bucket and upper agree at each edge", test_edges, NULL },
		{ "monotone over each unit", test_each_unit, NULL },
		{ "random lengths, 25 % error", test_random, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
