// SPDX-License-Identifier: GPL-2.0-only
/* choice.c: see choice.h. Pure C. */
#include "choice.h"

#include "clock.h"

/**
 * ecs_choice_is_better() - should the time go to @one rather than to @best?
 * @one: a holder
 * @best: the best of those seen before
 *
 * Of equals the one seen first stays.
 */
bool ecs_choice_is_better(const struct ecs_choice *one,
			  const struct ecs_choice *best)
{
	if (one->named != best->named)
		return one->named;
	if (one->tries != best->tries)
		return one->tries < best->tries;
	return ecs_clock_is_before(one->held_at, best->held_at);
}
