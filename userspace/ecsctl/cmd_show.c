// SPDX-License-Identifier: GPL-2.0-only
/* cmd_show.c: all that is known of a VM and its vCPUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"
#include "show.h"
#include "table.h"
#include "units.h"
#include "view.h"

static void json_stats(struct json_object *to,
		       const struct ecs_ioc_stats *stats)
{
	struct json_object *obj = json_object_new_object();
	unsigned int i;

	for (i = 0; i < ECS_STAT_NR; i++)
		js_u64(obj, figure_counter_name(i), stats->counter[i]);
	js_add(to, "counters", obj);
	show_json_kinds(to, stats);
	show_json_hist(to, "ext", stats->ext,
		       stats->counter[ECS_STAT_EXT_MAX_NS]);
	show_json_hist(to, "late", stats->late,
		       stats->counter[ECS_STAT_LATE_MAX_NS]);
}

/**
 * struct shown - all that is shown of one VM
 * @view: the VM and its boosts
 * @limit: what its guest may ask for
 * @vcpus: malloc()ed
 * @nr_vcpus: how many
 */
struct shown {
	struct view view;
	struct ecs_ioc_limit limit;
	struct ecs_ioc_vcpu *vcpus;
	size_t nr_vcpus;
};

static void json_vm(const struct shown *shown)
{
	const struct view *view = &shown->view;
	const struct ecs_ioc_vcpu *vcpus = shown->vcpus;
	struct json_object *obj = view_json(view), *list, *one;
	size_t i;

	view_json_params(obj, &view->ioc.params);
	json_stats(obj, &view->ioc.stats);
	list = json_object_new_array();
	for (i = 0; i < shown->nr_vcpus; i++) {
		one = json_object_new_object();
		js_int(one, "vcpu", vcpus[i].vcpu);
		js_int(one, "tid", vcpus[i].tid);
		js_bool(one, "registered", vcpus[i].registered);
		js_u64(one, "pc_width", vcpus[i].pc_width);
		js_u64(one, "generation", vcpus[i].generation);
		js_u64(one, "run_ns", vcpus[i].run_ns);
		view_json_figures(one, &vcpus[i].stats);
		json_stats(one, &vcpus[i].stats);
		json_object_array_add(list, one);
	}
	js_add(obj, "vcpu_list", list);
	show_json_boosts(obj, view->boosts, view->nr_boosts);
	show_json_limit(obj, &shown->limit);
	json_object_array_add(out_array("vms"), obj);
}

static void text_counters(const struct view *view,
			  const struct ecs_ioc_vcpu *vcpus, size_t count)
{
	struct table t = { .columns = 3, .right = 1u << 1 };
	struct table c = { .columns = 9, .right = 0x1ff };
	static const char *const head[] = {
		"VCPU",	    "TID",     "REG",	  "GEN",     "RUN",
		"AVOIDED%", "GRANTED", "EXT-P50", "EXT-MAX",
	};
	char percent[FIGURE_PERCENT], run[UNITS_TEXT], p50[UNITS_TEXT],
		max[UNITS_TEXT];
	struct figure f;
	size_t i;

	for (i = 0; i < ECS_STAT_NR; i++) {
		table_cell(&t, "%s", figure_counter_name((unsigned int)i));
		table_cell(&t, "%llu",
			   (unsigned long long)view->ioc.stats.counter[i]);
		table_cell(&t, "%s", figure_counter_text((unsigned int)i));
	}
	table_print(&t, "  ");
	show_text_kinds(&view->ioc.stats);
	for (i = 0; i < 9 && count; i++)
		table_cell(&c, "%s", head[i]);
	for (i = 0; i < count; i++) {
		figure_derive(&f, &vcpus[i].stats);
		table_cell(&c, "%d", vcpus[i].vcpu);
		table_cell(&c, "%d", vcpus[i].tid);
		table_cell(&c, "%s", vcpus[i].registered ? "yes" : "no");
		table_cell(&c, "%llu", (unsigned long long)vcpus[i].generation);
		table_cell(&c, "%s", units_ns_short(run, vcpus[i].run_ns));
		table_cell(&c, "%s", figure_percent(percent, &f));
		table_cell(&c, "%llu", (unsigned long long)f.granted);
		table_cell(&c, "%s",
			   f.ext_known ? units_ns_short(p50, f.ext_p50_ns) :
					 "-");
		table_cell(&c, "%s",
			   f.ext_known ? units_ns_short(max, f.ext_max_ns) :
					 "-");
	}
	table_print(&c, "  ");
}

/* Short for a VM that has none. */
static void text_boosts(const struct shown *shown)
{
	const struct view *view = &shown->view;
	char text[3 * UNITS_TEXT];
	uint32_t ppm = 0;
	size_t i;

	for (i = 0; i < view->nr_boosts; i++)
		ppm += view->boosts[i].wanted_ppm;
	if (view->nr_boosts)
		printf("  boosts    %zu thread%s, %s %% of a CPU\n",
		       view->nr_boosts, view->nr_boosts == 1 ? "" : "s",
		       units_percent(text, ppm, true));
	if (shown->limit.sbt_max_ns)
		printf("  limit     %s\n", show_limit(text, &shown->limit));
}

static void text_vm(const struct shown *shown)
{
	const struct view *view = &shown->view;
	const struct ecs_ioc_params *p = &view->ioc.params;
	const struct ecs_ioc_stats *stats = &view->ioc.stats;
	char grace[UNITS_TEXT], sleeping[UNITS_TEXT], recheck[UNITS_TEXT],
		budget[UNITS_TEXT], burst[UNITS_TEXT], percent[FIGURE_PERCENT],
		label[VM_LABEL], hints[PARAM_HINTS];
	struct figure f;

	figure_derive(&f, stats);
	printf("%s\n", vm_label(label, view->id));
	printf("  uuid      %s\n", view->id->uuid[0] ? view->id->uuid : "-");
	printf("  mode      %s%s\n", param_mode_name(p->mode),
	       view->known ? "" : " (not known to ecs yet)");
	printf("  grace     %s, of sleeping locks %s, looked at after %s\n",
	       units_ns(grace, p->grace_ns),
	       units_ns(sleeping, p->grace_sleep_ns),
	       units_ns(recheck, p->recheck_ns));
	printf("  budget    %s, burst %s\n", units_ppm(budget, p->budget_ppm),
	       units_ns(burst, p->burst_ns));
	printf("  hints     %s\n", param_hints(hints, p->hints));
	printf("  waiters   %s, yield %s\n", param_waiters_name(p->waiters),
	       param_yield_name(p->yield));
	printf("  vcpus     %u of %u registered\n", view->ioc.registered,
	       view->ioc.vcpus);
	text_boosts(shown);
	printf("  avoided   %llu (%s%s)\n", (unsigned long long)f.avoided,
	       figure_percent(percent, &f), f.percent_known ? " %" : "");
	show_text_hist("extension", stats->ext, f.ext_max_ns);
	show_text_hist("late", stats->late,
		       stats->counter[ECS_STAT_LATE_MAX_NS]);
	text_counters(view, shown->vcpus, shown->nr_vcpus);
	show_text_boosts(view->boosts, view->nr_boosts);
}

static int get_rest(struct shown *shown)
{
	int pid = shown->view.id->pid, error = 0;

	if (shown->view.known)
		error = host_vcpus(pid, &shown->vcpus, &shown->nr_vcpus);
	if (!error)
		error = host_limit_get(pid, &shown->limit);
	return error == -ENOTTY ? 0 : error; /* an older module: no limit */
}

static int show(const struct proc_vm *id)
{
	struct shown shown = { 0 };
	char label[VM_LABEL];
	int call, error = view_get(&shown.view, id);

	if (!error) {
		call = get_rest(&shown);
		if (call)
			error = host_failure(vm_label(label, id), call);
	}
	if (!error && out_options.json)
		json_vm(&shown);
	else if (!error)
		text_vm(&shown);
	free(shown.vcpus);
	view_free(&shown.view);
	return error;
}

/**
 * cmd_show() - ecsctl show VM...
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_show(const struct command *cmd, int argc, char **argv)
{
	struct outcome outcome = { 0 };
	struct vm_list list = { 0 };
	size_t i;
	int code, error = options_parse(cmd, argc, argv, NULL, NULL, NULL);

	if (error)
		return error;
	if (optind == argc)
		return fail(OUT_USAGE, "show: which VM? (ecsctl list)");
	error = host_open();
	if (!error)
		error = vm_resolve(&list, argv + optind, argc - optind);
	outcome.total = list.count;
	for (i = 0; i < list.count && !error; i++) {
		code = show(&list.vm[i]);
		if (code)
			outcome_failed(&outcome, &list.vm[i], code);
	}
	if (!error)
		error = outcome_code(&outcome);
	vm_list_free(&list);
	return error;
}
