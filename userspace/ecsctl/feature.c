// SPDX-License-Identifier: GPL-2.0-only
/* feature.c: the features of the module, by name. */
#include "feature.h"

#include <stddef.h>
#include <stdio.h>

#include "out.h"

static const struct feature features_known[] = {
	{ ECS_HOST_F_MSR, "msr", "guests can register",
	  "ecs_host does not load" },
	{ ECS_HOST_F_DEFER_TICK, "defer_tick", "slice ends are deferred",
	  "a vCPU in a section loses the CPU at the end of its slice" },
	{ ECS_HOST_F_DEFER_WAKEUP, "defer_wakeup",
	  "wakeup preemptions are deferred",
	  "a vCPU in a section loses the CPU to a waking task" },
	{ ECS_HOST_F_EXIT_CHECK, "exit_check",
	  "sections are looked at on VM exits",
	  "extensions end at the next recheck, not at a VM exit" },
	{ ECS_HOST_F_RESET, "reset", "vCPU reset is seen",
	  "a registration outlives a reset of its vCPU" },
	{ ECS_HOST_F_MEMSLOT, "memslot", "memory slot removal is seen",
	  "a registration outlives its memory slot" },
	{ ECS_HOST_F_DESTROY, "destroy", "vCPU destruction is seen",
	  "ecs_host does not load" },
	{ ECS_HOST_F_BOOST, "boost", "vCPUs can be boosted",
	  "no vCPU can be boosted" },
	{ ECS_HOST_F_BOOST_PICK, "boost_pick",
	  "boosts go through the pick of the fair class",
	  "boosts cannot go through the pick of the fair class" },
	{ ECS_HOST_F_BOOST_PLACE, "boost_place",
	  "a boosted wakeup goes to a CPU that serves no boost",
	  "a boosted wakeup may land behind another boost" },
	{ ECS_HOST_F_OVERCOMMIT, "overcommit",
	  "a guest can be told that others want its CPU",
	  "no guest can be told that others want its CPU" },
	{ ECS_HOST_F_YIELD_SPIN, "yield_spin",
	  "a vCPU that spins yields to a preempted holder",
	  "whom a vCPU that spins yields to is KVM's choice" },
	{ ECS_HOST_F_YIELD_CALL, "yield_call",
	  "a yield by hypercall goes to a preempted holder",
	  "whom a yield by hypercall goes to is KVM's choice" },
};

/**
 * feature_at() - the features one by one
 * @i: from 0
 *
 * Return: the feature, NULL behind the last one.
 */
const struct feature *feature_at(unsigned int i)
{
	return i < sizeof(features_known) / sizeof(features_known[0]) ?
		       &features_known[i] :
		       NULL;
}

/**
 * feature_names() - the names of some features
 * @buf: where
 * @bits: ECS_HOST_F_*
 *
 * Return: @buf: "defer_tick, defer_wakeup"; a bit of a newer module is "?".
 */
const char *feature_names(char buf[FEATURE_NAMES], __u64 bits)
{
	const struct feature *f;
	size_t len = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; (f = feature_at(i)); i++) {
		if (bits & f->bit)
			len += (size_t)snprintf(buf + len, FEATURE_NAMES - len,
						"%s%s", len ? ", " : "",
						f->name);
		bits &= ~f->bit;
	}
	if (bits)
		snprintf(buf + len, FEATURE_NAMES - len, "%s?",
			 len ? ", " : "");
	return buf;
}

/**
 * feature_json() - which features there are
 * @features: ECS_HOST_F_*
 *
 * Return: an object of name: boolean; owned by the caller.
 */
struct json_object *feature_json(__u64 features)
{
	struct json_object *obj = json_object_new_object();
	const struct feature *f;
	unsigned int i;

	for (i = 0; (f = feature_at(i)); i++)
		js_bool(obj, f->name, features & f->bit);
	return obj;
}
