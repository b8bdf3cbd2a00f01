// SPDX-License-Identifier: GPL-2.0-only
/* test_window.c: for how long an idle CPU of the guest polls. */
#include "test.h"
#include "window.h"

/* Waits after which a window has adapted itself, from whatever it was before. */
#define ENOUGH 6u

struct step {
	const char *name;
	uint64_t window, waited;
	bool woken;
	uint64_t most, next;
};

/* clang-format off */
static const struct step steps[] = {
	{ "a short wait opens the window", 0, 100, true, 1600, 100 },
	{ "a wait that was too long for it doubles it", 200, 201, true, 1600, 400 },
	{ "a wait that it caught leaves it", 200, 200, true, 1600, 200 },
	{ "it is never longer than the most", 1000, 1600, true, 1600, 1600 },
	{ "a wait of the most still counts as short", 0, 1600, true, 1600, 100 },
	{ "a wait that none can catch halves it", 800, 1601, true, 1600, 400 },
	{ "so does one that nothing has ended yet", 800, 1601, false, 1600, 400 },
	{ "the least one is closed by it", 100, 1601, true, 1600, 0 },
	{ "and stays closed", 0, UINT64_MAX, true, 1600, 0 },
	{ "an interrupt that wakes nobody leaves it", 200, 300, false, 1600, 200 },
	{ "and does not open it", 0, 10, false, 1600, 0 },
	{ "a most that was made smaller holds at once", 1600, 10, true, 800, 800 },
	{ "a window below a greater most's least is closed", 100, 10, true, 3200, 0 },
	{ "a most of 0 closes it", 100, 0, true, 0, 0 },
};

/* clang-format on */

static void test_step(const void *arg)
{
	const struct step *s = arg;
	uint64_t next = ecsg_window_next(s->window, s->waited, s->woken,
					 s->most);

	CHECK(next == s->next, "%llu", (unsigned long long)next);
}

static uint64_t any_window(struct rng *rng, uint64_t most)
{
	return rng_percent(rng, 20) ? 0 : rng_range(rng, 0, most);
}

static bool window_is_in_bounds(struct rng *rng)
{
	uint64_t most = rng_log(rng, UINT32_MAX), window = 0;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		if (rng_percent(rng, 5))
			most = rng_log(rng, UINT32_MAX);
		window = ecsg_window_next(window, rng_log(rng, UINT64_MAX),
					  rng_percent(rng, 70), most);
		CHECK(window <= most, "%llu of %llu",
		      (unsigned long long)window, (unsigned long long)most);
		CHECK(!window || window >= most / ECSG_WINDOW_PARTS,
		      "%llu of %llu", (unsigned long long)window,
		      (unsigned long long)most);
	}
	return !test_failures;
}

/* Wakeups after always the same time, within the most, are caught before long. */
static bool short_waits_are_caught(struct rng *rng)
{
	uint64_t most = rng_range(rng, ECSG_WINDOW_PARTS, UINT32_MAX);
	uint64_t waited = rng_range(rng, 0, most);
	uint64_t window = any_window(rng, most);
	unsigned int i;

	for (i = 0; i < ENOUGH; i++)
		window = ecsg_window_next(window, waited, true, most);
	CHECK(window >= waited, "%llu for %llu of %llu",
	      (unsigned long long)window, (unsigned long long)waited,
	      (unsigned long long)most);
	return !test_failures;
}

/* A CPU that is idle for longer ceases to poll. */
static bool long_waits_close_it(struct rng *rng)
{
	uint64_t most = rng_log(rng, UINT32_MAX);
	uint64_t window = any_window(rng, most);
	unsigned int i;

	for (i = 0; i < ENOUGH; i++)
		window = ecsg_window_next(window,
					  rng_range(rng, most + 1, UINT64_MAX),
					  rng_percent(rng, 50), most);
	CHECK(!window, "%llu of %llu", (unsigned long long)window,
	      (unsigned long long)most);
	return !test_failures;
}

struct random {
	const char *name;
	bool (*round)(struct rng *rng);
};

static const struct random randoms[] = {
	{ "a window is within its bounds", window_is_in_bounds },
	{ "short waits are caught", short_waits_are_caught },
	{ "long waits close the window", long_waits_close_it },
};

static void test_random(const void *arg)
{
	const struct random *random = arg;

	test_rounds(2000, random->round);
}

int main(void)
{
	struct test tests[ARRAY_SIZE(steps) + ARRAY_SIZE(randoms)];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		tests[i] = (struct test){ steps[i].name, test_step, &steps[i] };
	for (j = 0; j < ARRAY_SIZE(randoms); j++)
		tests[i++] = (struct test){ randoms[j].name, test_random,
					    &randoms[j] };
	return test_main(tests, i);
}
