// SPDX-License-Identifier: GPL-2.0-only
/* cmd_limit.c: which boosts a guest may ask for by itself. */
#include <errno.h>
#include <stdio.h>

#include "boost.h"
#include "host.h"
#include "options.h"
#include "out.h"
#include "show.h"
#include "view.h"

enum { MAX_SBT = OPTIONS_OWN, MIN_USBT, NONE };

static const struct option limit_options[] = {
	{ "max-sbt", required_argument, NULL, MAX_SBT },
	{ "min-usbt", required_argument, NULL, MIN_USBT },
	{ "none", no_argument, NULL, NONE },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct request - what the user asked for
 * @want: the limit
 * @none: the guest may ask for nothing
 */
struct request {
	struct ecs_ioc_limit want;
	bool none;
};

static int take_option(int option, const char *value, void *data)
{
	const char *name = limit_options[option - MAX_SBT].name;
	struct request *r = data;
	__u32 *to = option == MAX_SBT ? &r->want.sbt_max_ns :
					&r->want.usbt_min_ns;

	if (option == NONE) {
		r->none = true;
		return OUT_OK;
	}
	if (*to)
		return fail(OUT_USAGE, "%s is given twice", name);
	return option == MAX_SBT ? boost_parse_sbt(name, value, to) :
				   boost_parse_usbt(name, value, to);
}

static void report(const struct proc_vm *vm, const struct ecs_ioc_limit *limit)
{
	char label[VM_LABEL], text[3 * UNITS_TEXT];
	struct json_object *obj;

	if (out_options.json) {
		obj = vm_json(vm);
		show_json_limit(obj, limit);
		json_object_array_add(out_array("vms"), obj);
	} else {
		printf("%s: the guest may ask for %s\n", vm_label(label, vm),
		       limit->sbt_max_ns ? show_limit(text, limit) :
					   "no boost");
	}
}

static int limit(const struct proc_vm *vm, void *data)
{
	const struct request *r = data;
	struct ecs_ioc_limit now = r->want;
	bool changes = r->none || now.sbt_max_ns;
	char label[VM_LABEL];
	int error = changes ? host_limit_set(vm->pid, &now) :
			      host_limit_get(vm->pid, &now);

	/* Who is not known, or cannot be boosted, may ask for nothing. */
	if (r->none && (error == -ENOENT || error == -EOPNOTSUPP))
		error = 0;
	if (error == -EOPNOTSUPP)
		return fail(OUT_REFUSED,
			    "%s: this kernel lacks the hooks for boosts (ecsctl doctor)",
			    vm_label(label, vm));
	if (error)
		return host_failure(vm_label(label, vm), error);
	if (!changes || !out_options.quiet || out_options.json)
		report(vm, &now);
	return OUT_OK;
}

/**
 * cmd_limit() - ecsctl limit VM
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_limit(const struct command *cmd, int argc, char **argv)
{
	struct request r = { 0 };
	int error = options_parse(cmd, argc, argv, limit_options, take_option,
				  &r);

	if (error)
		return error;
	if (r.none && (r.want.sbt_max_ns || r.want.usbt_min_ns))
		return fail(OUT_USAGE, "limit: either --none or the times");
	if (!r.want.sbt_max_ns != !r.want.usbt_min_ns)
		return fail(OUT_USAGE,
			    "limit: --max-sbt and --min-usbt go together");
	return outcome_of_one(cmd, argc, argv, limit, &r);
}
