/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * origin.h: where the clock of a test of the pure rules begins. It wraps, and
 * half way round it changes its sign.
 */
#ifndef ECS_ORIGIN_H
#define ECS_ORIGIN_H

#include "test.h"

#define ORIGIN_US 1000u
#define ORIGIN_MS 1000000u

static const uint64_t origins[] = {
	0,
	1,
	(1ull << 63) - 50 * ORIGIN_US,
	0 - 1ull * ORIGIN_MS,
	0 - 50ull * ORIGIN_US,
	UINT64_MAX,
};

static inline uint64_t random_origin(struct rng *rng)
{
	switch (rng_below(rng, 4)) {
	case 0:
		return rng_below(rng, 2);
	case 1:
		return (1ull << 63) - rng_log(rng, 100 * ORIGIN_MS);
	case 2:
		return 0 - rng_log(rng, 100 * ORIGIN_MS);
	}
	return rng_next(rng);
}

#endif /* ECS_ORIGIN_H */
