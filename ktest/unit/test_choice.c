// SPDX-License-Identifier: GPL-2.0-only
/* test_choice.c: who of several preempted holders gets the time of a spinner. */
#include "choice.h"
#include "origin.h"
#include "test.h"

#define HOLDERS_MAX 12u

/* Of the first @nr, by the rule, as the caller does it. */
static size_t choose(const struct ecs_choice *all, size_t nr)
{
	size_t i, best = 0;

	for (i = 1; i < nr; i++)
		if (ecs_choice_is_better(&all[i], &all[best]))
			best = i;
	return best;
}

struct pair {
	const char *name;
	struct ecs_choice better, worse; /* held_at from the origin */
};

/* clang-format off */
static const struct pair pairs[] = {
	{ "who waits longer", { 1000, 0, false }, { 1001, 0, false } },
	{ "who waits longer, also round the end of the clock",
	  { 0, 0, false }, { 100 * ORIGIN_US, 0, false } },
	{ "who had fewer yields, though it waits less",
	  { 9000, 1, false }, { 10, 2, false } },
	{ "whom the guest names, though it waits less",
	  { 9000, 0, true }, { 10, 0, false } },
	{ "whom the guest names, though it had more yields",
	  { 10, 7, true }, { 10, 0, false } },
	{ "of two that are named who had fewer yields",
	  { 20, 0, true }, { 10, 1, true } },
	{ "of two that are named who waits longer",
	  { 10, 3, true }, { 20, 3, true } },
	{ "no yield rather than very many",
	  { 20, 0, false }, { 10, UINT32_MAX, false } },
};

/* clang-format on */

static void test_pair(const void *arg)
{
	const struct pair *pair = arg;
	struct ecs_choice better, worse;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(origins); i++) {
		better = pair->better;
		worse = pair->worse;
		better.held_at += origins[i];
		worse.held_at += origins[i];
		CHECK(ecs_choice_is_better(&better, &worse), "origin %zu", i);
		CHECK(!ecs_choice_is_better(&worse, &better), "origin %zu", i);
		CHECK(!ecs_choice_is_better(&worse, &worse), "origin %zu", i);
	}
}

static size_t random_holders(struct rng *rng, struct ecs_choice *all)
{
	size_t i, nr = 1 + rng_below(rng, HOLDERS_MAX);
	uint64_t origin = random_origin(rng);

	for (i = 0; i < nr; i++) {
		all[i].held_at = origin + rng_below(rng, 6) * ORIGIN_US;
		all[i].tries = (uint32_t)rng_below(rng, 3);
		all[i].named = rng_percent(rng, 20);
	}
	return nr;
}

static bool is_same(const struct ecs_choice *a, const struct ecs_choice *b)
{
	return a->held_at == b->held_at && a->tries == b->tries &&
	       a->named == b->named;
}

/* In whatever order they are listed, the same one is chosen: no worse than any. */
static bool order_is_no_matter(struct rng *rng)
{
	struct ecs_choice all[HOLDERS_MAX], best, swap;
	size_t i, j, nr = random_holders(rng, all);

	best = all[choose(all, nr)];
	for (i = 0; i < nr; i++)
		CHECK(!ecs_choice_is_better(&all[i], &best), "%zu of %zu", i,
		      nr);
	for (i = nr - 1; i > 0; i--) {
		j = rng_below(rng, i + 1);
		swap = all[i];
		all[i] = all[j];
		all[j] = swap;
	}
	CHECK(is_same(&all[choose(all, nr)], &best), "another of %zu", nr);
	return !test_failures;
}

/* Holders that the scheduler never lets run: yields go round them. */
static bool all_have_their_turn(struct rng *rng)
{
	struct ecs_choice all[HOLDERS_MAX];
	unsigned int got[HOLDERS_MAX] = { 0 };
	size_t i, best, nr = random_holders(rng, all), rounds;

	for (i = 0; i < nr; i++) {
		all[i].tries = 0;
		all[i].named = false;
	}
	rounds = 1 + rng_below(rng, 5);
	for (i = 0; i < nr * rounds; i++) {
		best = choose(all, nr);
		all[best].tries++;
		got[best]++;
	}
	for (i = 0; i < nr; i++)
		CHECK(got[i] == rounds, "%zu of %zu: %u yields, not %zu", i, nr,
		      got[i], rounds);
	return !test_failures;
}

static void test_order(const void *arg)
{
	(void)arg;
	test_rounds(3000, order_is_no_matter);
}

static void test_turns(const void *arg)
{
	(void)arg;
	test_rounds(1000, all_have_their_turn);
}

int main(void)
{
	struct test tests[ARRAY_SIZE(pairs) + 2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		tests[i] = (struct test){ pairs[i].name, test_pair, &pairs[i] };
	tests[i++] = (struct test){ "the order of the list is no matter",
				    test_order, NULL };
	tests[i++] = (struct test){ "yields that do not help go round",
				    test_turns, NULL };
	return test_main(tests, i);
}
