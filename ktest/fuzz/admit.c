// SPDX-License-Identifier: GPL-2.0-only
/* admit.c: any claims on any CPUs: the answer equals the model, see admit_model.h. */
#include "admit_model.h"
#include "fuzz.h"

static struct claim read_claim(struct input *in)
{
	struct claim claim;

	claim.cpus = in_byte(in);
	claim.ppm = (uint32_t)in_log(in, PPM);
	return claim;
}

static void fuzz_one(struct input *in)
{
	struct claim claims[CLAIMS_MAX], wanted;
	const struct layout *layout;
	uint64_t sbt_ns, usbt_ns;
	uint32_t limit_ppm;
	unsigned int nr, i;
	uint8_t online, op = in_byte(in);
	int64_t free;

	if (op == 0xff) {
		sbt_ns = in_log(in, UINT64_MAX);
		usbt_ns = in_log(in, UINT64_MAX);
		if (sbt_ns || usbt_ns)
			check_share(sbt_ns, usbt_ns);
		return;
	}
	layout = &layouts[op % ARRAY_SIZE(layouts)];
	online = in_byte(in);
	limit_ppm = (uint32_t)in_range(in, 0, PPM);
	wanted = read_claim(in);
	nr = in_byte(in) % (CLAIMS_MAX + 1);
	for (i = 0; i < nr; i++)
		claims[i] = read_claim(in);
	/* At the very edge of what is free, too. */
	free = free_by_rule(claims, nr, wanted, online, limit_ppm);
	if (op & 0x80)
		wanted.ppm = (uint32_t)free + (op >> 6 & 1);
	check_rule(layout, claims, nr, wanted, online, limit_ppm);
}
