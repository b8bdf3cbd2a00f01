/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h: nanoseconds of a clock that may wrap or be set back, for the pure
 * files.
 */
#ifndef ECS_CLOCK_H
#define ECS_CLOCK_H

#include "ecs_types.h"

/* The nearer way round counts: all times compared lie within 2^63 ns. */
static inline bool ecs_clock_is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* Time from @from to @to; 0 if the clock went backwards. */
static inline uint64_t ecs_clock_elapsed(uint64_t from, uint64_t to)
{
	return ecs_clock_is_before(to, from) ? 0 : to - from;
}

#endif /* ECS_CLOCK_H */
