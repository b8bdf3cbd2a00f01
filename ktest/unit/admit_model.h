/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admit_model.h: what the answers of admit.c must equal, for its tests and the
 * fuzz target.
 *
 * Sets are written as bits of a byte, for 8 CPUs at most. They are asked for with
 * several layouts of these CPUs in bitmaps of one word and of more, with CPUs
 * between them that are offline but wanted by everyone.
 */
#ifndef ECS_ADMIT_MODEL_H
#define ECS_ADMIT_MODEL_H

#include <string.h>

#include "admit.h"
#include "test.h"

typedef unsigned __int128 wide_unsigned;

#define CPUS	   8u
#define WORDS_MAX  3u
#define CLAIMS_MAX 12u
#define PPM	   1000000u

struct claim {
	uint32_t ppm;
	uint8_t cpus;
};

struct layout {
	unsigned int words;
	unsigned int step;
	unsigned int first;
};

static const struct layout layouts[] = {
	{ 1, 1, 0 }, { 1, 8, 7 }, { 2, 1, 60 }, { 2, 17, 0 }, { 3, 23, 30 },
};

static void spread(uint64_t *words, const struct layout *layout, uint8_t cpus,
		   bool others)
{
	unsigned int i, bit;

	memset(words, others ? 0xff : 0, layout->words * sizeof(*words));
	for (i = 0; i < CPUS; i++) {
		bit = layout->first + i * layout->step;
		words[bit / 64] &= ~(1ull << bit % 64);
		words[bit / 64] |= (uint64_t)(cpus >> i & 1) << bit % 64;
	}
}

/* The answer with one layout; the bitmaps have no word too many. */
static bool ask_with(const struct layout *layout, const struct claim *claims,
		     unsigned int nr, struct claim wanted, uint8_t online,
		     uint32_t limit_ppm, struct ecs_admit_answer *answer)
{
	size_t size = layout->words * sizeof(uint64_t);
	struct ecs_admit_claim list[CLAIMS_MAX + 1];
	uint64_t *sets[CLAIMS_MAX + 2];
	unsigned int i;
	bool fits;

	for (i = 0; i < nr + 2; i++) {
		sets[i] = malloc(size);
		if (!sets[i])
			exit(2);
	}
	for (i = 0; i < nr; i++) {
		spread(sets[i], layout, claims[i].cpus, true);
		list[i] = (struct ecs_admit_claim){ claims[i].ppm, sets[i] };
	}
	spread(sets[nr], layout, wanted.cpus, true);
	list[nr] = (struct ecs_admit_claim){ wanted.ppm, sets[nr] };
	spread(sets[nr + 1], layout, online, false);
	memset(answer, 0x5a, sizeof(*answer));
	fits = ecs_admit_check(list, nr, &list[nr], sets[nr + 1], layout->words,
			       limit_ppm, answer);
	for (i = 0; i < nr + 2; i++)
		free(sets[i]);
	return fits;
}

/* --- models --- */

static int64_t min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the claims that have no CPU but in @set leave of its limit. */
static int64_t left_in(uint8_t set, const struct claim *claims, unsigned int nr,
		       uint8_t online, uint32_t limit_ppm)
{
	int64_t left = 0;
	unsigned int i;

	for (i = 0; i < CPUS; i++)
		if (set >> i & 1)
			left += limit_ppm;
	for (i = 0; i < nr; i++)
		if ((claims[i].cpus & online) &&
		    !(claims[i].cpus & online & ~set))
			left -= claims[i].ppm;
	return left;
}

/* By the sets that are to be looked at. */
static int64_t free_by_rule(const struct claim *claims, unsigned int nr,
			    struct claim wanted, uint8_t online,
			    uint32_t limit_ppm)
{
	int64_t least = limit_ppm;
	uint8_t set;
	unsigned int i;

	if (!(wanted.cpus & online))
		return 0;
	set = wanted.cpus & online;
	least = min_i64(least, left_in(set, claims, nr, online, limit_ppm));
	for (i = 0; i < nr; i++) {
		set = (wanted.cpus | claims[i].cpus) & online;
		least = min_i64(least,
				left_in(set, claims, nr, online, limit_ppm));
	}
	least = min_i64(least, left_in(online, claims, nr, online, limit_ppm));
	return least > 0 ? least : 0;
}

/*
 * By all sets there are: what could really be kept (Hall's theorem), but for
 * claims that cannot be kept even without the wanted one.
 */
static int64_t free_in_truth(const struct claim *claims, unsigned int nr,
			     struct claim wanted, uint8_t online,
			     uint32_t limit_ppm)
{
	int64_t least = limit_ppm;
	unsigned int set;

	if (!(wanted.cpus & online))
		return 0;
	for (set = 0; set < 1u << CPUS; set++)
		if (!(set & ~online) && !(wanted.cpus & online & ~set))
			least = min_i64(least, left_in((uint8_t)set, claims, nr,
						       online, limit_ppm));
	return least > 0 ? least : 0;
}

/* --- the properties --- */

/* Any sets, whether what is claimed already fits or not. */
static bool check_rule(const struct layout *layout, const struct claim *claims,
		       unsigned int nr, struct claim wanted, uint8_t online,
		       uint32_t limit_ppm)
{
	struct ecs_admit_answer answer;
	int64_t want;
	bool fits;

	want = free_by_rule(claims, nr, wanted, online, limit_ppm);
	fits = ask_with(layout, claims, nr, wanted, online, limit_ppm, &answer);
	CHECK(answer.free_ppm == want, "free %u, not %lld", answer.free_ppm,
	      (long long)want);
	CHECK(fits == ((wanted.cpus & online) && wanted.ppm <= want),
	      "%s: %u of %lld", fits ? "fits" : "does not fit", wanted.ppm,
	      (long long)want);
	want = left_in(wanted.cpus & online, NULL, 0, online, limit_ppm);
	CHECK(answer.capacity_ppm == want, "capacity %u, not %lld",
	      answer.capacity_ppm, (long long)want);
	want = free_in_truth(claims, nr, wanted, online, limit_ppm);
	return CHECK(answer.free_ppm >= want, "free %u, truly %lld",
		     answer.free_ppm, (long long)want);
}

static bool check_share(uint64_t sbt_ns, uint64_t usbt_ns)
{
	wide_unsigned period = (wide_unsigned)sbt_ns + usbt_ns;
	wide_unsigned want = ((wide_unsigned)sbt_ns * PPM + period - 1) /
			     period;
	uint32_t got = ecs_admit_share_ppm(sbt_ns, usbt_ns);

	if (!((sbt_ns | usbt_ns) >> 43))
		return CHECK(got == want, "%u, not %u", got, (uint32_t)want);
	return CHECK(got >= want && got <= want + 1 && got <= PPM, "%u, not %u",
		     got, (uint32_t)want);
}

#endif /* ECS_ADMIT_MODEL_H */
