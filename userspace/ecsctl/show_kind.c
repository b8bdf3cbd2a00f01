// SPDX-License-Identifier: GPL-2.0-only
/* show_kind.c: what was done for each kind of section, as text and JSON. */
#include "figure.h"
#include "out.h"
#include "show.h"
#include "table.h"

/**
 * show_json_kinds() - add the counters by kind, as "kinds"
 * @to: the object of a VM or a vCPU
 * @stats: from the module
 */
void show_json_kinds(struct json_object *to, const struct ecs_ioc_stats *stats)
{
	struct json_object *all = json_object_new_object(), *one;
	const struct ecs_ioc_kind *kind = stats->kind;
	unsigned int i;

	for (i = 0; i < ECS_KIND_NR; i++, kind++) {
		one = json_object_new_object();
		js_u64(one, "captured", kind->captured);
		js_u64(one, "deferred", kind->deferred);
		js_u64(one, "avoided", kind->avoided);
		js_u64(one, "preempted", kind->preempted);
		js_add(all, figure_kind_name(i), one);
	}
	js_add(to, "kinds", all);
}

/**
 * show_text_kinds() - print the counters of those kinds that were met
 * @stats: from the module
 */
void show_text_kinds(const struct ecs_ioc_stats *stats)
{
	static const char *const head[] = { "SECTION", "CAPTURED", "DEFERRED",
					    "AVOIDED", "PREEMPTED" };
	struct table t = { .columns = 5, .right = 0x1e };
	const struct ecs_ioc_kind *kind = stats->kind;
	unsigned int i;

	for (i = 0; i < t.columns; i++)
		table_cell(&t, "%s", head[i]);
	for (i = 0; i < ECS_KIND_NR; i++, kind++) {
		if (!kind->captured && !kind->preempted)
			continue;
		table_cell(&t, "%s", figure_kind_name(i));
		table_cell(&t, "%llu", (unsigned long long)kind->captured);
		table_cell(&t, "%llu", (unsigned long long)kind->deferred);
		table_cell(&t, "%llu", (unsigned long long)kind->avoided);
		table_cell(&t, "%llu", (unsigned long long)kind->preempted);
	}
	if (t.cells > t.columns)
		table_print(&t, "  ");
	else
		table_free(&t);
}
