/* SPDX-License-Identifier: GPL-2.0-only */
/* hist.h: percentiles of the module's histograms. */
#ifndef HIST_H
#define HIST_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs_hist.h"

uint64_t hist_count(const __u64 bucket[ECS_HIST_BUCKETS]);
bool hist_percentile(const __u64 bucket[ECS_HIST_BUCKETS], uint64_t max_ns,
		     unsigned int permille, uint64_t *ns);

#endif /* HIST_H */
