/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h: named tests, KTAP out, seeded randomness; for C11 and C++17.
 *
 * ECS_SEED=n repeats a run: round i of a random test uses seed n + i and no
 * other state, so a failing round is repeated alone by its own seed with
 * ECS_ROUNDS=1, as its "not ok" says. ECS_ROUNDS=n sets the number of rounds of
 * every random test.
 *
 * Exit status: 0 if nothing failed, else 1; 2 if the environment is not valid.
 */
#ifndef ECS_TEST_H
#define ECS_TEST_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/**
 * struct test - one test
 * @name: unique in its program
 * @run: fails by a CHECK() that does not hold
 * @arg: given to @run
 */
struct test {
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
};

static unsigned int test_failures;

/* How to repeat the round that failed; empty if none did. */
static char test_repeat[64];

/* A test that fails everywhere says so only this often. */
#define TEST_NOTES_MAX 20u

static inline bool __attribute__((format(printf, 5, 6)))
test_check(bool ok, const char *file, int line, const char *what,
	   const char *format, ...)
{
	va_list args;

	if (ok)
		return true;
	if (test_failures++ >= TEST_NOTES_MAX)
		return false;
	printf("  # %s:%d: %s: ", file, line, what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

/* CHECK(condition, format, ...): its value is that of the condition. */
#define CHECK(cond, ...) \
	test_check(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

/* A number from the environment, or @fallback if there is none. */
static inline uint64_t test_env(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t value;
	char *end;

	if (!text || !*text)
		return fallback;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || *text == '-') {
		printf("Bail out! %s=%s is not a number\n", name, text);
		exit(2);
	}
	return value;
}

static inline uint64_t test_seed(void)
{
	static uint64_t seed;
	static bool known;

	if (!known) {
		uint64_t now = (uint64_t)time(NULL);

		seed = test_env("ECS_SEED", now * 100000u + (uint64_t)getpid());
		known = true;
	}
	return seed;
}

/*
 * Random numbers: SplitMix64, good for any seed. Where C leaves open which of two
 * draws comes first, each needs its own statement: compilers and sanitizers differ,
 * and a seed would be worth nothing in another build.
 */
struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* From 0 to @bound - 1; the bias is of no concern here. */
static inline uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	return rng_next(rng) % bound;
}

static inline uint64_t rng_range(struct rng *rng, uint64_t min, uint64_t max)
{
	return min + rng_below(rng, max - min + 1);
}

static inline bool rng_percent(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

/* As likely small as large: a random number of random bits, up to @max. */
static inline uint64_t rng_log(struct rng *rng, uint64_t max)
{
	uint64_t shift = rng_below(rng, 64);
	uint64_t value = rng_next(rng) >> shift;

	return value > max ? rng_below(rng, max) + 1 : value;
}

/* Runs rounds until one fails, and keeps how to repeat that one. */
static inline void test_rounds(uint64_t rounds, bool (*round)(struct rng *rng))
{
	struct rng rng;
	uint64_t i;

	rounds = test_env("ECS_ROUNDS", rounds);
	for (i = 0; i < rounds; i++) {
		rng.state = test_seed() + i;
		if (round(&rng) && !test_failures)
			continue;
		snprintf(test_repeat, sizeof(test_repeat),
			 " # ECS_SEED=%llu ECS_ROUNDS=1",
			 (unsigned long long)(test_seed() + i));
		return;
	}
}

static inline int test_main(const struct test *tests, size_t nr)
{
	unsigned int failed = 0;
	size_t i;

	/* A crash must not take the seed with it. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	printf("KTAP version 1\n1..%zu\n", nr);
	printf("# ECS_SEED=%llu\n", (unsigned long long)test_seed());
	for (i = 0; i < nr; i++) {
		test_failures = 0;
		test_repeat[0] = '\0';
		tests[i].run(tests[i].arg);
		if (test_failures) {
			printf("  # %u checks failed\n", test_failures);
			failed++;
		}
		printf("%sok %zu %s%s\n", test_failures ? "not " : "", i + 1,
		       tests[i].name, test_repeat);
	}
	printf("# %zu passed, %u failed\n", nr - failed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* ECS_TEST_H */
