// SPDX-License-Identifier: GPL-2.0-only
/* hist.c: any counters and histograms: the figures of ecsctl equal a slow model. */
#include "ecs_ioctl.h"
#include "figure.h"
#include "fuzz.h"
#include "hist.h"

typedef unsigned __int128 wide_unsigned;

/* The bucket of the ceil(count * permille / 1000)th length. */
static unsigned int bucket_of(const __u64 *bucket, wide_unsigned count,
			      unsigned int permille)
{
	wide_unsigned rank = (count * permille + 999) / 1000, below = 0;
	unsigned int i;

	for (i = 0; i < ECS_HIST_BUCKETS - 1; i++) {
		below += bucket[i];
		if (below >= rank)
			break;
	}
	return i;
}

static void check_percentile(const __u64 *bucket, uint64_t max_ns,
			     unsigned int permille)
{
	wide_unsigned count = 0;
	uint64_t ns = 0, want;
	unsigned int i;
	bool known;

	for (i = 0; i < ECS_HIST_BUCKETS; i++)
		count += bucket[i];
	known = hist_percentile(bucket, max_ns, permille, &ns);
	CHECK(known == (count != 0), "known %d", known);
	/* Beyond 2^64 the sum saturates. */
	if (!known || count > UINT64_MAX)
		return;
	i = bucket_of(bucket, count, permille);
	want = ecs_hist_upper(i);
	if (max_ns && (want > max_ns || i == ECS_HIST_BUCKETS - 1))
		want = max_ns;
	CHECK(ns == want, "p%u: %llu, not %llu", permille,
	      (unsigned long long)ns, (unsigned long long)want);
}

static void check_figures(const struct ecs_ioc_stats *stats)
{
	const __u64 *c = stats->counter;
	char text[FIGURE_PERCENT];
	struct figure f;

	figure_derive(&f, stats);
	CHECK(f.percent_hundredths <= 10000, "%u", f.percent_hundredths);
	CHECK(f.percent_known ==
		      (c[ECS_STAT_GRANTED] || c[ECS_STAT_REFUSED_BUDGET] ||
		       c[ECS_STAT_REFUSED_SPENT]),
	      "percent known %d", f.percent_known);
	CHECK(!f.ext_known || f.ext_p50_ns <= f.ext_p99_ns, "%llu, %llu",
	      (unsigned long long)f.ext_p50_ns,
	      (unsigned long long)f.ext_p99_ns);
	CHECK(!f.ext_known || !f.ext_max_ns || f.ext_p99_ns <= f.ext_max_ns,
	      "%llu of %llu", (unsigned long long)f.ext_p99_ns,
	      (unsigned long long)f.ext_max_ns);
	CHECK(strlen(figure_percent(text, &f)) < FIGURE_PERCENT, "%s", text);
}

static void fuzz_one(struct input *in)
{
	static struct ecs_ioc_stats stats;
	unsigned int permille;
	uint64_t max_ns;
	uint8_t op;

	memset(&stats, 0, sizeof(stats));
	permille = (unsigned int)in_range(in, 1, 1000);
	max_ns = in_log(in, UINT64_MAX);
	while (in->left) {
		op = in_byte(in);
		if (op & 0x80)
			stats.counter[(op & 0x7f) % ECS_STAT_NR] =
				in_log(in, UINT64_MAX);
		else
			stats.ext[op % ECS_HIST_BUCKETS] = in_log(in,
								  UINT64_MAX);
	}
	check_percentile(stats.ext, max_ns, permille);
	check_figures(&stats);
}
