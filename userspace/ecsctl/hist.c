// SPDX-License-Identifier: GPL-2.0-only
/* hist.c: percentiles of the module's histograms. Pure. */
#include "hist.h"

/**
 * hist_count() - how many lengths a histogram holds
 * @bucket: the histogram
 *
 * Return: the number; it saturates.
 */
uint64_t hist_count(const __u64 bucket[ECS_HIST_BUCKETS])
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		if (__builtin_add_overflow(sum, bucket[i], &sum))
			return UINT64_MAX;
	}
	return sum;
}

/**
 * hist_percentile() - a length that so many of a thousand do not exceed
 * @bucket: the histogram
 * @max_ns: the longest length seen, a better bound than the last bucket's;
 *          0 if that is not known
 * @permille: 1 to 1000: 500 is the median
 * @ns: out: never below the true value, at most 25 % above it (or 1.024 us),
 *      nor above @max_ns
 *
 * Return: false if the histogram is empty.
 */
bool hist_percentile(const __u64 bucket[ECS_HIST_BUCKETS], uint64_t max_ns,
		     unsigned int permille, uint64_t *ns)
{
	uint64_t count = hist_count(bucket), rank, below = 0;
	unsigned int i;

	if (!count)
		return false;
	/* ceil(count * permille / 1000), without overflow; 1 to count */
	rank = count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
	for (i = 0; i < ECS_HIST_BUCKETS - 1; i++) {
		if (__builtin_add_overflow(below, bucket[i], &below) ||
		    below >= rank)
			break;
	}
	*ns = ecs_hist_upper(i);
	if (max_ns && (*ns > max_ns || i == ECS_HIST_BUCKETS - 1))
		*ns = max_ns;
	return true;
}
