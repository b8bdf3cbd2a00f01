// SPDX-License-Identifier: GPL-2.0-only
/* figure.c: the figures derived from the counters. Pure. */
#include "figure.h"

#include <stdio.h>

#include "hist.h"

static const struct {
	const char *name;
	const char *text;
} counters[ECS_STAT_NR] = {
#define COUNTER(index, name, text) [ECS_STAT_##index] = { #name, text },
	ECS_STATS(COUNTER)
#undef COUNTER
};

static const char *const kinds[ECS_KIND_NR] = {
#define KIND(index, name, text) [ECS_KIND_##index] = #name,
	ECS_KINDS(KIND)
#undef KIND
};

/**
 * figure_derive() - the figures of a VM or a vCPU
 * @f: out
 * @stats: from the module; read while it counts on, so the counters may be
 *         off by the requests under way
 */
void figure_derive(struct figure *f, const struct ecs_ioc_stats *stats)
{
	const __u64 *c = stats->counter;
	unsigned __int128 all, share;

	f->avoided = c[ECS_STAT_ENDED_RELEASE] + c[ECS_STAT_ENDED_YIELD];
	f->granted = c[ECS_STAT_GRANTED];
	f->ext_max_ns = c[ECS_STAT_EXT_MAX_NS];

	all = (unsigned __int128)f->granted + c[ECS_STAT_REFUSED_BUDGET] +
	      c[ECS_STAT_REFUSED_SPENT];
	f->percent_known = all != 0;
	f->percent_hundredths = 0;
	if (all) {
		share = (unsigned __int128)f->avoided * 10000 / all;
		f->percent_hundredths = share > 10000 ? 10000 : (uint32_t)share;
	}

	f->ext_p50_ns = 0;
	f->ext_p99_ns = 0;
	f->ext_known = hist_percentile(stats->ext, f->ext_max_ns, 500,
				       &f->ext_p50_ns);
	hist_percentile(stats->ext, f->ext_max_ns, 990, &f->ext_p99_ns);
}

/**
 * figure_percent() - the avoided share as text: "98.70"
 * @buf: where
 * @f: the figures
 *
 * Return: @buf, or "-" if the share is not known.
 */
const char *figure_percent(char buf[FIGURE_PERCENT], const struct figure *f)
{
	if (!f->percent_known)
		return "-";
	snprintf(buf, FIGURE_PERCENT, "%u.%02u", f->percent_hundredths / 100,
		 f->percent_hundredths % 100);
	return buf;
}

/**
 * figure_counter_name() - the name of a counter, as in the JSON
 * @index: enum ecs_stat
 *
 * Return: its name, or NULL if it has none.
 */
const char *figure_counter_name(unsigned int index)
{
	return index < ECS_STAT_NR ? counters[index].name : NULL;
}

/**
 * figure_counter_text() - what a counter counts
 * @index: enum ecs_stat
 *
 * Return: a line of text, or NULL.
 */
const char *figure_counter_text(unsigned int index)
{
	return index < ECS_STAT_NR ? counters[index].text : NULL;
}

/**
 * figure_kind_name() - the name of a kind of section, as in the JSON
 * @index: enum ecs_kind
 *
 * Return: its name, or NULL if it has none.
 */
const char *figure_kind_name(unsigned int index)
{
	return index < ECS_KIND_NR ? kinds[index] : NULL;
}
