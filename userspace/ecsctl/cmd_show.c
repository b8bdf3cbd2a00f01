// SPDX-License-Identifier: GPL-2.0-only
/* cmd_show.c: all that is known of a VM and its vCPUs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "hist.h"
#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"
#include "table.h"
#include "units.h"
#include "view.h"

static const struct {
	const char *name;
	unsigned int permille;
} percentiles[] = { { "p50_ns", 500 }, { "p90_ns", 900 }, { "p99_ns", 990 } };

#define NR_PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

static void json_hist(struct json_object *to, const char *key,
		      const __u64 *bucket, uint64_t max_ns)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *buckets = json_object_new_array(), *one;
	uint64_t ns;
	unsigned int i;

	js_u64(obj, "count", hist_count(bucket));
	for (i = 0; i < NR_PERCENTILES; i++) {
		if (hist_percentile(bucket, max_ns, percentiles[i].permille,
				    &ns))
			js_u64(obj, percentiles[i].name, ns);
		else
			js_add(obj, percentiles[i].name, NULL);
	}
	js_u64(obj, "max_ns", max_ns);
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		if (!bucket[i])
			continue;
		one = json_object_new_object();
		if (i < ECS_HIST_BUCKETS - 1)
			js_u64(one, "below_ns", ecs_hist_upper(i));
		else
			js_add(one, "below_ns", NULL);
		js_u64(one, "count", bucket[i]);
		json_object_array_add(buckets, one);
	}
	js_add(obj, "buckets", buckets);
	js_add(to, key, obj);
}

static void json_stats(struct json_object *to,
		       const struct ecs_ioc_stats *stats)
{
	struct json_object *obj = json_object_new_object();
	unsigned int i;

	for (i = 0; i < ECS_STAT_NR; i++)
		js_u64(obj, figure_counter_name(i), stats->counter[i]);
	js_add(to, "counters", obj);
	json_hist(to, "ext", stats->ext, stats->counter[ECS_STAT_EXT_MAX_NS]);
	json_hist(to, "late", stats->late,
		  stats->counter[ECS_STAT_LATE_MAX_NS]);
}

static void json_vm(const struct view *view, const struct ecs_ioc_vcpu *vcpus,
		    size_t count)
{
	struct json_object *obj = view_json(view), *list, *one;
	size_t i;

	view_json_params(obj, &view->ioc.params);
	json_stats(obj, &view->ioc.stats);
	list = json_object_new_array();
	for (i = 0; i < count; i++) {
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
	json_object_array_add(out_array("vms"), obj);
}

static void text_hist(const char *name, const __u64 *bucket, uint64_t max_ns)
{
	char text[UNITS_TEXT];
	uint64_t ns;
	unsigned int i;

	printf("  %-10s", name);
	if (!hist_count(bucket)) {
		printf("none\n");
		return;
	}
	for (i = 0; i < NR_PERCENTILES; i++) {
		hist_percentile(bucket, max_ns, percentiles[i].permille, &ns);
		printf("p%u %s, ", percentiles[i].permille / 10,
		       units_ns_short(text, ns));
	}
	printf("max %s (%llu)\n", units_ns_short(text, max_ns),
	       (unsigned long long)hist_count(bucket));
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

static void text_vm(const struct view *view, const struct ecs_ioc_vcpu *vcpus,
		    size_t count)
{
	const struct ecs_ioc_params *p = &view->ioc.params;
	const struct ecs_ioc_stats *stats = &view->ioc.stats;
	char grace[UNITS_TEXT], recheck[UNITS_TEXT], budget[UNITS_TEXT],
		burst[UNITS_TEXT], percent[FIGURE_PERCENT], label[VM_LABEL];
	struct figure f;

	figure_derive(&f, stats);
	printf("%s\n", vm_label(label, view->id));
	printf("  uuid      %s\n", view->id->uuid[0] ? view->id->uuid : "-");
	printf("  mode      %s%s\n", param_mode_name(p->mode),
	       view->known ? "" : " (not known to ecs yet)");
	printf("  grace     %s, looked at after %s\n",
	       units_ns(grace, p->grace_ns), units_ns(recheck, p->recheck_ns));
	printf("  budget    %s, burst %s\n", units_ppm(budget, p->budget_ppm),
	       units_ns(burst, p->burst_ns));
	printf("  vcpus     %u of %u registered\n", view->ioc.registered,
	       view->ioc.vcpus);
	printf("  avoided   %llu (%s%s)\n", (unsigned long long)f.avoided,
	       figure_percent(percent, &f), f.percent_known ? " %" : "");
	text_hist("extension", stats->ext, f.ext_max_ns);
	text_hist("late", stats->late, stats->counter[ECS_STAT_LATE_MAX_NS]);
	text_counters(view, vcpus, count);
}

static int show(const struct proc_vm *id)
{
	struct ecs_ioc_vcpu *vcpus = NULL;
	char label[VM_LABEL];
	struct view view;
	size_t count = 0;
	int error = view_get(&view, id), call;

	if (!error && view.known) {
		call = host_vcpus(id->pid, &vcpus, &count);
		if (call)
			error = host_failure(vm_label(label, id), call);
	}
	if (!error && out_options.json)
		json_vm(&view, vcpus, count);
	else if (!error)
		text_vm(&view, vcpus, count);
	free(vcpus);
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
