// SPDX-License-Identifier: GPL-2.0-only
/* cmd_guest.c: what ecs_guest does in the guest that this runs in. */
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "options.h"
#include "out.h"
#include "table.h"
#include "units.h"

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

static unsigned int count(const struct vcpuset *cpus)
{
	unsigned int n = 0;
	int cpu = -1;

	while ((cpu = vcpuset_next(cpus, cpu)) >= 0)
		n++;
	return n;
}

/* Why it is not marked, NULL if it is. */
static const char *why_not(char buf[64], const struct guest *guest,
			   unsigned int id)
{
	const struct guest_mark *mark = &guest->marks.mark[id];

	if (mark->on)
		return NULL;
	if (mark->error)
		return guest_mark_reason(mark);
	if (!mark->wanted) {
		snprintf(buf, 64, "mark_%s is N", guest_mark_name(id));
		return buf;
	}
	/* Of this one the module gives no error. */
	return id == GUEST_WAIT ? "this kernel does not say who waits" :
				  "not known";
}

static void json_mark(struct json_object *obj, const struct guest *guest,
		      unsigned int id)
{
	const struct guest_mark *mark = &guest->marks.mark[id];
	char buf[64];

	js_bool(obj, "wanted", mark->wanted);
	js_bool(obj, "on", mark->on);
	js_int(obj, "error", mark->error);
	js_str(obj, "why_not", why_not(buf, guest, id));
}

static void json_marks(struct json_object *to, const struct guest *guest)
{
	struct json_object *obj = json_object_new_object(), *list, *one;
	const struct guest_marks *marks = &guest->marks;
	unsigned int id;
	size_t i;

	list = json_object_new_array();
	for (id = 0; id < GUEST_WAIT; id++) {
		one = json_object_new_object();
		js_str(one, "name", guest_mark_name(id));
		json_mark(one, guest, id);
		js_u64(one, "taken", marks->mark[id].taken);
		json_object_array_add(list, one);
	}
	js_add(obj, "kinds", list);
	js_u64(obj, "held", marks->held);
	js_u64(obj, "clipped", marks->clipped);
	js_u64(obj, "lost", marks->lost);
	list = json_object_new_array();
	for (i = 0; i < marks->nr_other; i++)
		json_object_array_add(list,
				      json_object_new_string(marks->other[i]));
	js_add(obj, "other", list);
	js_add(to, "marks", obj);
	obj = json_object_new_object();
	json_mark(obj, guest, GUEST_WAIT);
	js_add(to, "waiters", obj);
}

static void json_hints(struct json_object *to, const struct guest *guest)
{
	struct json_object *obj = json_object_new_object(), *list, *one;
	const char *p = guest->offered;
	size_t i, len;

	list = json_object_new_array();
	for (; *p; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		if (!len || !strcmp(p, "none"))
			continue;
		one = json_object_new_string_len(p, (int)len);
		json_object_array_add(list, one);
	}
	js_add(obj, "offered", list);
	js_bool(obj, "readable", guest->hints_readable);
	list = guest->hints_readable ? json_object_new_array() : NULL;
	for (i = 0; i < guest->nr_hints; i++) {
		one = json_object_new_object();
		js_u64(one, "cpu", guest->hints[i].cpu);
		js_bool(one, "preempted", guest->hints[i].preempted);
		js_bool(one, "overcommit", guest->hints[i].overcommit);
		json_object_array_add(list, one);
	}
	js_add(obj, "cpus", list);
	js_add(to, "hints", obj);
}

static void json_boosts(struct json_object *to, const struct guest *guest)
{
	struct json_object *obj = json_object_new_object(), *list;
	int cpu = -1;

	js_bool(obj, "wanted", guest->boost);
	js_u64(obj, "held", guest->boosted);
	js_u64(obj, "requests", guest->requests);
	js_u64(obj, "refusals", guest->refusals);
	js_u64(obj, "sbt_ns", guest->sbt_us * NS_PER_US);
	js_u64(obj, "usbt_ns", guest->usbt_us * NS_PER_US);
	js_u64(obj, "release_ns", guest->release_ms * NS_PER_MS);
	js_bool(obj, "kthreads", guest->boost_kthreads);
	list = json_object_new_array();
	while ((cpu = vcpuset_next(&guest->boost_cpus, cpu)) >= 0)
		json_object_array_add(list, json_object_new_int(cpu));
	js_add(obj, "always", list);
	js_add(to, "boosts", obj);
}

static void json(const struct guest *guest)
{
	struct json_object *obj = json_object_new_object();

	js_str(obj, "version", guest->version);
	js_u64(obj, "online", count(&guest->online));
	js_u64(obj, "registered", guest->registered);
	js_bool(obj, "preempt_count", guest->preempt_count);
	js_u64(obj, "watch_ns", guest->watch_s * NS_PER_S);
	json_marks(obj, guest);
	json_hints(obj, guest);
	guest_json_poll(obj, guest);
	json_boosts(obj, guest);
	js_add(out_doc(), "guest", obj);
}

static void text_marks(const struct guest *guest)
{
	static const char *const head[] = { "MARK", "STATE", "TAKEN",
					    "WHY NOT" };
	const struct guest_marks *marks = &guest->marks;
	struct table t = { .columns = 4 };
	char buf[64];
	const char *why;
	unsigned int id;
	size_t i;

	for (i = 0; i < 4; i++)
		table_cell(&t, "%s", head[i]);
	for (id = 0; id < GUEST_WAIT; id++) {
		why = why_not(buf, guest, id);
		table_cell(&t, "%s", guest_mark_name(id));
		table_cell(&t, "%s", why ? "off" : "on");
		table_cell(&t, "%llu",
			   (unsigned long long)marks->mark[id].taken);
		table_cell(&t, "%s", why ? why : "-");
	}
	table_print(&t, "  ");
	t.columns = 1;
	for (i = 0; i < marks->nr_other; i++)
		table_cell(&t, "%s", marks->other[i]);
	table_print(&t, "  ");
}

/* Of which CPUs the host says yes. */
static void text_hint(const struct guest *guest, const char *name,
		      bool preempted)
{
	const struct guest_hint *hint = guest->hints;
	struct vcpuset cpus = { { 0 } };
	char buf[VCPUSET_TEXT];
	size_t i;

	for (i = 0; i < guest->nr_hints; i++, hint++) {
		if (preempted ? hint->preempted : hint->overcommit)
			vcpuset_add(&cpus, (int)hint->cpu);
	}
	vcpuset_text(buf, &cpus);
	printf("  %-11s %s (of %zu CPUs)\n", name, buf[0] ? buf : "none",
	       guest->nr_hints);
}

static void text_boosts(const struct guest *guest)
{
	char sbt[UNITS_TEXT], usbt[UNITS_TEXT], later[UNITS_TEXT],
		cpus[VCPUSET_TEXT];

	printf("  boosted     %llu of %u CPUs, %llu requests, %llu refused\n",
	       (unsigned long long)guest->boosted, count(&guest->online),
	       (unsigned long long)guest->requests,
	       (unsigned long long)guest->refusals);
	printf("  boosts      %s, sbt %s, usbt %s, given back after %s\n",
	       guest->boost ? "wanted" : "not wanted (boost is N)",
	       units_ns(sbt, guest->sbt_us * NS_PER_US),
	       units_ns(usbt, guest->usbt_us * NS_PER_US),
	       units_ns(later, guest->release_ms * NS_PER_MS));
	vcpuset_text(cpus, &guest->boost_cpus);
	printf("  boost_cpus  %s; real-time kernel threads %s\n",
	       cpus[0] ? cpus : "none",
	       guest->boost_kthreads ? "count, too" : "do not count");
}

static void text(const struct guest *guest)
{
	const struct guest_marks *marks = &guest->marks;
	char every[UNITS_TEXT], buf[64];
	const char *why = why_not(buf, guest, GUEST_WAIT);

	printf("ecs_guest %s\n", guest->version);
	printf("  registered  %llu of %u CPUs, ",
	       (unsigned long long)guest->registered, count(&guest->online));
	if (guest->watch_s)
		printf("looked at every %s\n",
		       units_ns(every, guest->watch_s * NS_PER_S));
	else
		printf("never looked at again (watch_s is 0)\n");
	if (!guest->preempt_count)
		printf("  spinlocks   not told: this kernel has no preempt count for them\n");
	printf("  held        %llu (locks, now)\n",
	       (unsigned long long)marks->held);
	printf("  clipped     %llu (releases of what was not counted)\n",
	       (unsigned long long)marks->clipped);
	printf("  lost        %llu (tasks and waits not followed)\n",
	       (unsigned long long)marks->lost);
	printf("  waiters     %s%s\n", why ? "not told: " : "told to the host",
	       why ? why : "");
	printf("  hints       offered: %s%s\n", guest->offered,
	       guest->hints_readable ? "" :
				       "; what they say only root may read");
	if (guest->hints_readable) {
		text_hint(guest, "preempted", true);
		text_hint(guest, "overcommit", false);
	}
	guest_text_poll(guest);
	text_boosts(guest);
	text_marks(guest);
}

/**
 * cmd_guest() - ecsctl guest
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_guest(const struct command *cmd, int argc, char **argv)
{
	struct guest guest;
	int error = options_none(cmd, argc, argv);

	if (error)
		return error;
	error = guest_read(&guest);
	if (!error && out_options.json)
		json(&guest);
	else if (!error)
		text(&guest);
	guest_free(&guest);
	return error;
}
