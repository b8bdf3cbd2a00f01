// SPDX-License-Identifier: GPL-2.0-only
/* cmd_version.c: who is who. */
#include <stdio.h>

#include "feature.h"
#include "host.h"
#include "options.h"
#include "out.h"

static void json(const struct ecs_ioc_version *v)
{
	struct json_object *obj = json_object_new_object();

	js_str(obj, "version", ECSCTL_VERSION);
	js_int(obj, "interface", ECS_IOC_INTERFACE);
	js_add(out_doc(), "ecsctl", obj);
	if (!v) {
		js_add(out_doc(), "ecs_host", NULL);
		return;
	}
	obj = json_object_new_object();
	js_str(obj, "version", v->version);
	js_u64(obj, "interface", v->interface);
	js_u64(obj, "abi_major", v->abi_major);
	js_u64(obj, "abi_minor", v->abi_minor);
	js_bool(obj, "enable_all", v->enable_all);
	js_add(obj, "features", feature_json(v->features));
	js_add(out_doc(), "ecs_host", obj);
}

/**
 * cmd_version() - ecsctl version
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code; a module that is not loaded is no failure.
 */
int cmd_version(const struct command *cmd, int argc, char **argv)
{
	const struct ecs_ioc_version *v = NULL;
	int error = options_none(cmd, argc, argv);

	if (error)
		return error;
	error = host_open();
	if (!error)
		v = host_version();
	if (error == OUT_NO_MODULE && !host_module_loaded()) {
		fail_forget();
		error = OUT_OK;
	}
	if (out_options.json) {
		json(v);
		return error;
	}
	printf("ecsctl %s (interface %u)\n", ECSCTL_VERSION, ECS_IOC_INTERFACE);
	if (v)
		printf("ecs_host %s (interface %u, guest ABI %u.%u)\n",
		       v->version, v->interface, v->abi_major, v->abi_minor);
	else if (!error)
		printf("ecs_host is not loaded\n");
	return error;
}
