/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * ecs_hist.h: the histogram of nanosecond lengths, four buckets an octave.
 *
 * The module fills it and ecsctl reads it. Bucket 0 is below 1.024 us, 1 to 3
 * the next three units of 1.024 us; from there four buckets share an octave, so
 * a percentile read from it is at most 25 % above the true value. The last
 * bucket takes all that is longer (from about 117 ms).
 */
#ifndef ECS_HIST_H
#define ECS_HIST_H

#include "ecs_ioctl.h"

/**
 * ecs_hist_bucket() - which bucket a length falls in
 * @ns: the length
 *
 * Return: 0 to ECS_HIST_BUCKETS - 1.
 */
static inline unsigned int ecs_hist_bucket(__u64 ns)
{
	__u64 unit = ns >> 10;
	unsigned int octave, bucket;

	if (unit < 4)
		return (unsigned int)unit;
	octave = 63 - (unsigned int)__builtin_clzll(unit);
	bucket = 4 * (octave - 1) + (unsigned int)((unit >> (octave - 2)) & 3);
	return bucket < ECS_HIST_BUCKETS ? bucket : ECS_HIST_BUCKETS - 1;
}

/**
 * ecs_hist_upper() - the upper bound of a bucket
 * @bucket: 0 to ECS_HIST_BUCKETS - 1
 *
 * Return: the first length in ns that falls in a later bucket; for the last
 * bucket, which has no bound, where it would be.
 */
static inline __u64 ecs_hist_upper(unsigned int bucket)
{
	unsigned int octave;

	if (bucket < 4)
		return ((__u64)bucket + 1) << 10;
	octave = bucket / 4 + 1;
	return ((__u64)(4 + bucket % 4 + 1) << (octave - 2)) << 10;
}

#endif /* ECS_HIST_H */
