/* SPDX-License-Identifier: GPL-2.0-only */
/* realtime_param.h: what the guest's administrator wants boosted, and how. */
#ifndef ECSG_REALTIME_PARAM_H
#define ECSG_REALTIME_PARAM_H

#include <linux/cpumask.h>
#include <linux/types.h>

/**
 * struct ecsg_realtime_param - the parameters; written under param_lock, read anywhere
 * @allowed: CPUs may ask
 * @kthreads: real-time kernel threads count, too
 * @sbt_us: microseconds of run time that are asked for
 * @usbt_us: microseconds without a boost after it
 * @release_ms: milliseconds without a real-time task after which one is given back
 * @cpus: those that ask whatever they run; a reader may see it half changed, not for long
 */
struct ecsg_realtime_param {
	bool allowed;
	bool kthreads;
	unsigned int sbt_us;
	unsigned int usbt_us;
	unsigned int release_ms;
	struct cpumask cpus;
};

extern struct ecsg_realtime_param ecsg_realtime_param;

#endif /* ECSG_REALTIME_PARAM_H */
