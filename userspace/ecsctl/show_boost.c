// SPDX-License-Identifier: GPL-2.0-only
/* show_boost.c: boosts and the limit of a guest, as text and JSON. */
#include "show.h"

#include <stdio.h>

#include "boost.h"
#include "out.h"
#include "table.h"
#include "vcpuset.h"
#include "vm.h"

static struct json_object *json_boost(const struct ecs_ioc_boost *b)
{
	struct json_object *obj = json_object_new_object(), *counters;
	unsigned int i;

	js_int(obj, "tid", b->tid);
	if (b->vcpu < 0)
		js_add(obj, "vcpu", NULL);
	else
		js_int(obj, "vcpu", b->vcpu);
	js_str(obj, "backend", boost_backend_name(b->backend));
	js_str(obj, "source", boost_source_name(b->source));
	js_str(obj, "state", boost_state_name(b->state));
	js_u64(obj, "sbt_ns", b->sbt_ns);
	js_u64(obj, "usbt_ns", b->usbt_ns);
	js_u64(obj, "borrow_ns", b->borrow_ns);
	js_u64(obj, "share_ppm", b->wanted_ppm);
	js_u64(obj, "run_ns", b->run_ns);
	counters = json_object_new_object();
	for (i = 0; i < ECS_BOOST_STAT_NR; i++)
		js_u64(counters, boost_counter_name(i), b->stats.counter[i]);
	js_add(obj, "counters", counters);
	show_json_hist(obj, "wait_boosted", b->stats.wait_boosted,
		       b->stats.counter[ECS_BOOST_STAT_WAIT_MAX_NS]);
	show_json_hist(obj, "wait_other", b->stats.wait_other, 0);
	return obj;
}

/**
 * show_json_boosts() - add boosts to an object, as "boosts"
 * @to: the object of a VM
 * @boosts: from the module
 * @count: how many
 */
void show_json_boosts(struct json_object *to,
		      const struct ecs_ioc_boost *boosts, size_t count)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(list, json_boost(&boosts[i]));
	js_add(to, "boosts", list);
}

/* What all of them counted together. */
static void text_counters(const struct ecs_ioc_boost *boosts, size_t count)
{
	struct table t = { .columns = 3, .right = 1u << 1 };
	struct ecs_ioc_boost_stats sum;
	unsigned int i;

	boost_sum(&sum, boosts, count);
	for (i = 0; i < ECS_BOOST_STAT_NR; i++) {
		table_cell(&t, "%s", boost_counter_name(i));
		table_cell(&t, "%llu", (unsigned long long)sum.counter[i]);
		table_cell(&t, "%s", boost_counter_text(i));
	}
	table_print(&t, "  ");
}

static void cell_thread(struct table *t, const struct ecs_ioc_boost *b)
{
	if (b->vcpu < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%d", b->vcpu);
	table_cell(t, "%d", b->tid);
}

static void text_params(const struct ecs_ioc_boost *boosts, size_t count)
{
	static const char *const head[] = { "VCPU", "TID",    "BACKEND",
					    "BY",   "STATE",  "SBT",
					    "USBT", "BORROW", "SHARE%",
					    "RUN" };
	struct table t = { .columns = 10, .right = 0x3e3 };
	const struct ecs_ioc_boost *b;
	char text[UNITS_TEXT];
	size_t i;

	for (i = 0; i < 10; i++)
		table_cell(&t, "%s", head[i]);
	for (b = boosts; b < boosts + count; b++) {
		cell_thread(&t, b);
		table_cell(&t, "%s", boost_backend_name(b->backend));
		table_cell(&t, "%s", boost_source_name(b->source));
		table_cell(&t, "%s", boost_state_name(b->state));
		table_cell(&t, "%s", units_ns(text, b->sbt_ns));
		table_cell(&t, "%s", units_ns(text, b->usbt_ns));
		table_cell(&t, "%s",
			   b->borrow_ns ? units_ns(text, b->borrow_ns) : "-");
		table_cell(&t, "%s", units_percent(text, b->wanted_ppm, true));
		table_cell(&t, "%s", units_ns_short(text, b->run_ns));
	}
	table_print(&t, "  ");
}

static void text_waits(const struct ecs_ioc_boost *boosts, size_t count)
{
	static const char *const head[] = {
		"VCPU",	     "TID",	  "BOOSTS",    "MISSED",    "BOOST-P50",
		"BOOST-P99", "BOOST-MAX", "OTHER-P50", "OTHER-P99", "OTHER-MAX",
	};
	static const unsigned int permille[] = { 500, 990, 1000 };
	struct table t = { .columns = 10, .right = 0x3ff };
	const struct ecs_ioc_boost *b;
	char text[UNITS_TEXT];
	const __u64 *c;
	size_t i;

	for (i = 0; i < 10; i++)
		table_cell(&t, "%s", head[i]);
	for (b = boosts; b < boosts + count; b++) {
		c = b->stats.counter;
		cell_thread(&t, b);
		table_cell(&t, "%llu",
			   (unsigned long long)c[ECS_BOOST_STAT_BOOSTS]);
		table_cell(&t, "%llu",
			   (unsigned long long)c[ECS_BOOST_STAT_MISSED]);
		for (i = 0; i < 3; i++)
			table_cell(&t, "%s",
				   show_percentile(text, b->stats.wait_boosted,
						   c[ECS_BOOST_STAT_WAIT_MAX_NS],
						   permille[i]));
		for (i = 0; i < 3; i++)
			table_cell(&t, "%s",
				   show_percentile(text, b->stats.wait_other, 0,
						   permille[i]));
	}
	table_print(&t, "  ");
}

/**
 * show_text_boosts() - print what is known of boosted threads
 * @boosts: from the module
 * @count: how many; nothing is printed if there is none
 *
 * The sum of the counters, what each thread was given, and how long it waited
 * for a CPU.
 */
void show_text_boosts(const struct ecs_ioc_boost *boosts, size_t count)
{
	if (!count)
		return;
	text_counters(boosts, count);
	text_params(boosts, count);
	text_waits(boosts, count);
}

/* "vCPUs 0-1", "thread 4711" */
static void print_who(const struct ecs_ioc_boost *boosts, size_t count)
{
	struct vcpuset set = { 0 };
	char text[VCPUSET_TEXT];
	size_t i;

	for (i = 0; i < count; i++)
		vcpuset_add(&set, boosts[i].vcpu);
	if (vcpuset_next(&set, -1) < 0)
		printf("thread %d", boosts->tid);
	else
		printf("vCPU%s %s", count > 1 ? "s" : "",
		       vcpuset_text(text, &set));
}

/**
 * show_boosted() - tell what was just boosted
 * @vm: the VM
 * @boosts: from the module, at least one, all alike; one at most without a vCPU
 * @count: how many
 */
void show_boosted(const struct proc_vm *vm, const struct ecs_ioc_boost *boosts,
		  size_t count)
{
	char label[VM_LABEL], sbt[UNITS_TEXT], usbt[UNITS_TEXT],
		share[UNITS_TEXT];
	struct json_object *obj;

	if (out_options.json) {
		obj = vm_json(vm);
		show_json_boosts(obj, boosts, count);
		json_object_array_add(out_array("vms"), obj);
	} else if (!out_options.quiet) {
		printf("%s: ", vm_label(label, vm));
		print_who(boosts, count);
		printf(" boosted by %s, sbt %s, usbt %s, %s %% of a CPU%s\n",
		       boost_backend_name(boosts->backend),
		       units_ns(sbt, boosts->sbt_ns),
		       units_ns(usbt, boosts->usbt_ns),
		       units_percent(share, boosts->wanted_ppm, true),
		       count > 1 ? " each" : "");
	}
}

/**
 * show_json_limit() - add what the guest may ask for, as "limit"
 * @to: the object of a VM
 * @limit: from the module
 */
void show_json_limit(struct json_object *to, const struct ecs_ioc_limit *limit)
{
	struct json_object *obj = json_object_new_object();

	js_u64(obj, "sbt_max_ns", limit->sbt_max_ns);
	js_u64(obj, "usbt_min_ns", limit->usbt_min_ns);
	js_add(to, "limit", obj);
}

/**
 * show_limit() - what the guest may ask for
 * @buf: where
 * @limit: from the module
 *
 * Return: @buf.
 */
const char *show_limit(char buf[3 * UNITS_TEXT],
		       const struct ecs_ioc_limit *limit)
{
	char sbt[UNITS_TEXT], usbt[UNITS_TEXT];

	if (limit->sbt_max_ns)
		snprintf(buf, 3 * UNITS_TEXT, "sbt up to %s, usbt from %s",
			 units_ns(sbt, limit->sbt_max_ns),
			 units_ns(usbt, limit->usbt_min_ns));
	else
		snprintf(buf, 3 * UNITS_TEXT, "none");
	return buf;
}
