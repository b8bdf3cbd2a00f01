// SPDX-License-Identifier: GPL-2.0-only
/* cmd_status.c: a line for each VM. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"
#include "table.h"
#include "units.h"
#include "view.h"

static const char *const head[] = {
	"NAME",	   "PID",     "MODE",	 "VCPUS",   "AVOIDED%",
	"GRANTED", "EXT-P50", "EXT-P99", "EXT-MAX", "BOOSTED",
};

#define NR_COLUMNS (sizeof(head) / sizeof(head[0]))
#define BOOSTED	   (NR_COLUMNS - 1) /* only there if any VM has boosts */

/**
 * struct report - what becomes of the VMs
 * @table: their rows, in text
 * @boosted: how many threads are boosted
 */
struct report {
	struct table table;
	size_t boosted;
};

static void cell_ns(struct table *t, bool known, uint64_t ns)
{
	char text[UNITS_TEXT];

	table_cell(t, "%s", known ? units_ns_short(text, ns) : "-");
}

static void row(struct report *to, const struct view *view)
{
	struct table *t = &to->table;
	char percent[FIGURE_PERCENT];
	struct figure f;

	if (out_options.json) {
		json_object_array_add(out_array("vms"), view_json(view));
		return;
	}
	figure_derive(&f, &view->ioc.stats);
	table_cell(t, "%s", view->id->name ? view->id->name : "-");
	table_cell(t, "%d", (int)view->id->pid);
	table_cell(t, "%s", param_mode_name(view->ioc.params.mode));
	table_cell(t, "%u/%u", view->ioc.registered, view->ioc.vcpus);
	table_cell(t, "%s", figure_percent(percent, &f));
	table_cell(t, "%llu", (unsigned long long)f.granted);
	cell_ns(t, f.ext_known, f.ext_p50_ns);
	cell_ns(t, f.ext_known, f.ext_p99_ns);
	cell_ns(t, f.ext_known, f.ext_max_ns);
	table_cell(t, "%zu", view->nr_boosts);
	to->boosted += view->nr_boosts;
}

static int status_all(struct report *to)
{
	struct proc_vm id;
	struct ecs_ioc_vm *vms;
	struct view view;
	size_t count, i;
	int error = host_vms(&vms, &count);

	for (i = 0; i < count && !error; i++) {
		/* A process that is gone by now has counters, but no name. */
		proc_describe(&id, vms[i].pid);
		view.id = &id;
		view.known = true;
		view.ioc = vms[i];
		error = view_boosts(&view);
		if (error == -ESRCH)
			error = 0; /* ... and no boosts */
		if (!error)
			row(to, &view);
		view_free(&view);
		free(id.name);
	}
	free(vms);
	return error ? host_failure("status", error) : OUT_OK;
}

static int status_named(struct report *to, char **specs, int count)
{
	struct outcome outcome = { 0 };
	struct vm_list list;
	struct view view;
	size_t i;
	int code, error = vm_resolve(&list, specs, count);

	outcome.total = list.count;
	for (i = 0; i < list.count && !error; i++) {
		code = view_get(&view, &list.vm[i]);
		if (code)
			outcome_failed(&outcome, &list.vm[i], code);
		else
			row(to, &view);
		view_free(&view);
	}
	if (!error)
		error = outcome_code(&outcome);
	vm_list_free(&list);
	return error;
}

/**
 * cmd_status() - ecsctl status [VM...]
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_status(const struct command *cmd, int argc, char **argv)
{
	struct report to = { .table.columns = NR_COLUMNS,
			     .table.right = 0x3fa };
	struct table *t = &to.table;
	unsigned int i;
	int error = options_parse(cmd, argc, argv, NULL, NULL, NULL);

	if (!error)
		error = host_open();
	if (error)
		return error;
	for (i = 0; i < NR_COLUMNS && !out_options.json; i++)
		table_cell(t, "%s", head[i]);
	if (optind < argc) {
		error = status_named(&to, argv + optind, argc - optind);
	} else {
		if (out_options.json)
			out_array("vms"); /* empty, not absent */
		error = status_all(&to);
	}
	if (error && t->cells == NR_COLUMNS)
		table_free(t); /* no head without a body */
	if (!to.boosted)
		table_drop(t, BOOSTED);
	table_print(t, "");
	return error;
}
