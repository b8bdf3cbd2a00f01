/* SPDX-License-Identifier: GPL-2.0-only */
/* figure.h: the figures derived from the counters. */
#ifndef FIGURE_H
#define FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs_ioctl.h"

/**
 * struct figure - derived from one set of counters
 * @avoided: preemptions inside a section that the deferral avoided
 * @granted: requests deferred
 * @percent_known: false if there was nothing to avoid
 * @percent_hundredths: @avoided of all that could be, in 0.01 %, rounded down
 * @ext_known: false if there was no extension yet
 * @ext_p50_ns: median length of an extension
 * @ext_p99_ns: 99th percentile
 * @ext_max_ns: longest
 */
struct figure {
	uint64_t avoided;
	uint64_t granted;
	bool percent_known;
	uint32_t percent_hundredths;
	bool ext_known;
	uint64_t ext_p50_ns;
	uint64_t ext_p99_ns;
	uint64_t ext_max_ns;
};

#define FIGURE_PERCENT 16 /* room for "100.00" */

void figure_derive(struct figure *f, const struct ecs_ioc_stats *stats);
const char *figure_percent(char buf[FIGURE_PERCENT], const struct figure *f);
const char *figure_counter_name(unsigned int index);
const char *figure_counter_text(unsigned int index);
const char *figure_kind_name(unsigned int index);

#endif /* FIGURE_H */
