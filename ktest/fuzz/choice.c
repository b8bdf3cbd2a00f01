// SPDX-License-Identifier: GPL-2.0-only
/*
 * choice.c: of any holders the one is chosen that is first by name, tries, time
 * and order, wherever the clock stands.
 */
#include "choice.h"
#include "fuzz.h"

#define HOLDERS_MAX 16u

/* In the order in which they were seen; @waits: ns before now, below 2^63 */
static unsigned int best_by_rule(const struct ecs_choice *holders,
				 const uint64_t *waits, unsigned int nr)
{
	unsigned int i, best = 0;

	for (i = 1; i < nr; i++) {
		if (holders[i].named != holders[best].named) {
			if (holders[i].named)
				best = i;
		} else if (holders[i].tries != holders[best].tries) {
			if (holders[i].tries < holders[best].tries)
				best = i;
		} else if (waits[i] > waits[best]) {
			best = i;
		}
	}
	return best;
}

static void fuzz_one(struct input *in)
{
	struct ecs_choice holders[HOLDERS_MAX];
	unsigned int nr = 1 + in_byte(in) % HOLDERS_MAX;
	uint64_t now = in_bytes(in, 8), waits[HOLDERS_MAX];
	unsigned int i, best = 0;
	uint8_t op;

	for (i = 0; i < nr; i++) {
		op = in_byte(in);
		waits[i] = in_log(in, (1ull << 63) - 1);
		holders[i].held_at = now - waits[i];
		holders[i].tries = op >> 1;
		if (holders[i].tries == 127)
			holders[i].tries = UINT32_MAX;
		holders[i].named = op & 1;
	}
	for (i = 1; i < nr; i++) {
		CHECK(!ecs_choice_is_better(&holders[i], &holders[best]) ||
			      !ecs_choice_is_better(&holders[best],
						    &holders[i]),
		      "%u and %u are each better", i, best);
		if (ecs_choice_is_better(&holders[i], &holders[best]))
			best = i;
	}
	i = best_by_rule(holders, waits, nr);
	CHECK(best == i, "holder %u of %u, not %u", best, nr, i);
}
