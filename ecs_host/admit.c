// SPDX-License-Identifier: GPL-2.0-only
/* admit.c: the arithmetic of promises; see admit.h. Pure C. */
#include "admit.h"

#define PPM	1000000u
#define PPM_MAX ((uint32_t)-1)

/* Up to 2^SHARE_BITS ns, 2.4 hours, no step of a share overflows. */
#define SHARE_BITS 43

/**
 * ecs_admit_share_ppm() - what a boost claims of a CPU
 * @sbt_ns: run time per boost
 * @usbt_ns: time after a boost before the next may begin; not 0 if SBT is
 *
 * Return: SBT / (SBT + USBT) in parts per million, rounded up.
 */
uint32_t ecs_admit_share_ppm(uint64_t sbt_ns, uint64_t usbt_ns)
{
	uint64_t period;

	/* Beyond all bounds: coarser, and never less than the exact share. */
	while ((sbt_ns | usbt_ns) >> SHARE_BITS) {
		sbt_ns = sbt_ns / 2 + sbt_ns % 2;
		usbt_ns /= 2;
	}
	period = sbt_ns + usbt_ns;
	return (uint32_t)((sbt_ns * PPM + period - 1) / period);
}

/**
 * struct place - a set of CPUs: the online ones of two others' join
 * @a: one of them
 * @b: the other
 * @online: the CPUs there are
 * @words: in each
 */
struct place {
	const uint64_t *a;
	const uint64_t *b;
	const uint64_t *online;
	unsigned int words;
};

static uint64_t place_word(const struct place *place, unsigned int i)
{
	return (place->a[i] | place->b[i]) & place->online[i];
}

static uint64_t place_weight(const struct place *place)
{
	uint64_t weight = 0, word;
	unsigned int i;

	/* The compiler's own popcount may be a call into its library. */
	for (i = 0; i < place->words; i++)
		for (word = place_word(place, i); word; word &= word - 1)
			weight++;
	return weight;
}

/* A claim that has a CPU, but none outside this place. */
static bool is_inside(const struct place *place,
		      const struct ecs_admit_claim *claim)
{
	bool any = false;
	uint64_t cpus;
	unsigned int i;

	for (i = 0; i < place->words; i++) {
		cpus = claim->cpus[i] & place->online[i];
		if (cpus & ~place_word(place, i))
			return false;
		any |= cpus != 0;
	}
	return any;
}

/* What the claims that cannot go elsewhere leave of the limit. */
static uint64_t place_free(const struct place *place,
			   const struct ecs_admit_claim *claims,
			   unsigned int nr, uint32_t limit_ppm)
{
	uint64_t capacity = place_weight(place) * limit_ppm;
	uint64_t claimed = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (is_inside(place, &claims[i]))
			claimed += claims[i].ppm;
	return claimed < capacity ? capacity - claimed : 0;
}

static uint64_t min_ppm(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/**
 * ecs_admit_check() - does one more claim fit?
 * @claims: those that hold already, without an earlier one of the same thread
 * @nr: how many
 * @wanted: the new one
 * @online: the CPUs there are; others count in no set
 * @words: of all bitmaps
 * @limit_ppm: what may be given away of each CPU, parts per million
 * @answer: always filled in; all 0 if no wanted CPU is online
 *
 * A claim with no CPU online counts nowhere. Takes time with the square of @nr.
 *
 * Return: whether the wanted claim is no more than what is free.
 */
bool ecs_admit_check(const struct ecs_admit_claim *claims, unsigned int nr,
		     const struct ecs_admit_claim *wanted,
		     const uint64_t *online, unsigned int words,
		     uint32_t limit_ppm, struct ecs_admit_answer *answer)
{
	struct place place = { wanted->cpus, wanted->cpus, online, words };
	uint64_t capacity = place_weight(&place) * limit_ppm;
	/* A thread runs on one CPU at a time. */
	uint64_t free = limit_ppm;
	unsigned int i;

	answer->free_ppm = 0;
	answer->capacity_ppm = (uint32_t)min_ppm(capacity, PPM_MAX);
	if (!is_inside(&place, wanted))
		return false;
	/* The wanted CPUs alone are the join with any claim inside them. */
	for (i = 0; i < nr; i++) {
		place.b = claims[i].cpus;
		free = min_ppm(free, place_free(&place, claims, nr, limit_ppm));
	}
	place.b = online;
	free = min_ppm(free, place_free(&place, claims, nr, limit_ppm));
	answer->free_ppm = (uint32_t)free;
	return wanted->ppm <= free;
}
