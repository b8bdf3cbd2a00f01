// SPDX-License-Identifier: GPL-2.0-only
/* doctor_module.c: the module, its hooks and its features. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "host.h"
#include "out.h"

#define BOOST \
	(ECS_HOST_F_BOOST | ECS_HOST_F_BOOST_PICK | ECS_HOST_F_BOOST_PLACE)
#define DEFER (ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP)

static const char *hint_for(int code)
{
	switch (code) {
	case OUT_NO_MODULE:
		return host_module_loaded() ?
			       "install ecsctl and ecs_host of one version, then reload ecs_host" :
			       "modprobe ecs_host; if that fails, see dmesg";
	case OUT_PERMISSION:
		return "be root, or in the group that /dev/ecs belongs to (kvm)";
	default:
		return NULL;
	}
}

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "this kernel has no such symbol, or cannot trace it";
	case -EBUSY:
		return "something else has hooked it (a live patch?)";
	case -EOPNOTSUPP:
		return "this kernel cannot redirect it";
	default:
		return strerror(-error);
	}
}

/* @lost: what the hook serves and the module does not have. */
static void hook_finding(const struct ecs_ioc_hook *h, __u64 lost)
{
	char names[FEATURE_NAMES];

	if (!h->error)
		doctor_finding(DOCTOR_OK, "hook", NULL, "%s (%s)", h->name,
			       h->feature ? feature_names(names, h->feature) :
					    "helps others");
	else if (h->optional || (h->feature && !lost))
		doctor_finding(DOCTOR_OK, "hook", NULL,
			       "%s is not needed here: %s", h->name,
			       reason(h->error));
	else
		doctor_finding(DOCTOR_WARN, "hook",
			       h->error == -EBUSY ?
				       "unload what has hooked it, then reload ecs_host" :
				       "report this kernel, with the output of ecsctl -p doctor",
			       "%s is missing, which switches off %s: %s",
			       h->name,
			       lost ? feature_names(names, lost) : "nothing",
			       reason(h->error));
}

static void check_hooks(__u64 features)
{
	struct ecs_ioc_hook *hooks;
	size_t count, i;
	int error = host_hooks(&hooks, &count);

	for (i = 0; i < count && !error; i++)
		hook_finding(&hooks[i], hooks[i].feature & ~features);
	if (error)
		doctor_finding(DOCTOR_FAIL, "hook", NULL,
			       "the hooks cannot be read: %s",
			       strerror(-error));
	free(hooks);
}

/* Which way boosts are dispatched, and why. */
static void check_boost(__u64 features)
{
	if (!(features & ECS_HOST_F_BOOST))
		doctor_finding(DOCTOR_WARN, "boost", NULL,
			       "no backend: boost is refused");
	else if (features & ECS_HOST_F_BOOST_PICK)
		doctor_finding(DOCTOR_OK, "boost", NULL,
			       "backend pick: boosted vCPUs stay in the fair class, so cgroup quotas hold");
	else
		doctor_finding(DOCTOR_WARN, "boost",
			       "do not rely on CPU quotas of VMs that are boosted; only SBT and USBT bound them",
			       "backend fifo, for a hook of boost_pick is missing: a boosted vCPU is real-time and escapes the CPU quota of its cgroup");
}

/* @known: the bits that the module knows of. */
static void check_features(__u64 features, __u64 known)
{
	const struct feature *f;
	unsigned int i;

	for (i = 0; (f = feature_at(i)); i++) {
		if (!(known & f->bit))
			continue;
		if (features & f->bit)
			doctor_finding(DOCTOR_OK, "feature", NULL, "%s: %s",
				       f->name, f->with);
		else
			doctor_finding(f->bit == ECS_HOST_F_MSR ? DOCTOR_FAIL :
								  DOCTOR_WARN,
				       "feature", NULL, "no %s: %s", f->name,
				       f->without);
	}
	if (!(features & DEFER))
		doctor_finding(DOCTOR_FAIL, "feature", NULL,
			       "nothing can be deferred: enable is refused");
}

/**
 * doctor_module() - is it loaded, ours, permitted and complete?
 */
void doctor_module(void)
{
	const struct ecs_ioc_version *v;
	int error = host_open();

	if (error) {
		doctor_finding(DOCTOR_FAIL, "module", hint_for(error), "%s",
			       fail_message());
		return;
	}
	v = host_version();
	if (strcmp(v->version, ECSCTL_VERSION))
		doctor_finding(DOCTOR_WARN, "module",
			       "after an update: reload ecs_host",
			       "ecs_host %s is loaded, ecsctl is %s",
			       v->version, ECSCTL_VERSION);
	else
		doctor_finding(DOCTOR_OK, "module", NULL,
			       "ecs_host %s is loaded, interface %u, guest ABI %u.%u",
			       v->version, v->interface, v->abi_major,
			       v->abi_minor);
	doctor_finding(DOCTOR_OK, "device", NULL, "/dev/ecs can be opened");
	check_hooks(v->features);
	if (v->features & BOOST || host_boosts_known()) {
		check_features(v->features, ~0ull);
		check_boost(v->features);
	} else {
		check_features(v->features, ~BOOST);
		doctor_finding(DOCTOR_WARN, "boost",
			       "install ecsctl and ecs_host of one version, then reload ecs_host",
			       "ecs_host is too old to know of boosts");
	}
}
