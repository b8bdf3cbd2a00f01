// SPDX-License-Identifier: GPL-2.0-only
/* cmd_boost.c: boost vCPUs. */
#include <stdlib.h>

#include "boost.h"
#include "host.h"
#include "job.h"
#include "options.h"
#include "out.h"
#include "show.h"
#include "target.h"
#include "view.h"

/**
 * struct request - what the user asked for
 * @spec: for which threads
 * @want: the backend and the times
 * @given: bit n: the nth option was there
 */
struct request {
	struct target_spec spec;
	struct ecs_ioc_boost want;
	unsigned int given;
};

enum { VCPU = OPTIONS_OWN, TID, SBT, USBT, BORROW, BACKEND };

static const struct option boost_options[] = {
	{ "vcpu", required_argument, NULL, VCPU },
	{ "tid", required_argument, NULL, TID },
	{ "sbt", required_argument, NULL, SBT },
	{ "usbt", required_argument, NULL, USBT },
	{ "borrow", required_argument, NULL, BORROW },
	{ "backend", required_argument, NULL, BACKEND },
	{ NULL, 0, NULL, 0 },
};

static int take_option(int option, const char *value, void *data)
{
	const char *name = boost_options[option - VCPU].name;
	unsigned int bit = 1u << (option - VCPU);
	struct request *r = data;

	if (r->given & bit)
		return fail(OUT_USAGE, "%s is given twice", name);
	r->given |= bit;
	switch (option) {
	case VCPU:
		return target_parse_vcpus(&r->spec, value);
	case TID:
		return target_parse_tid(&r->spec, value);
	case SBT:
		return boost_parse_sbt(name, value, &r->want.sbt_ns);
	case USBT:
		return boost_parse_usbt(name, value, &r->want.usbt_ns);
	case BORROW:
		return boost_parse_borrow(name, value, &r->want.borrow_ns);
	default:
		return boost_parse_backend(value, &r->want.backend);
	}
}

static int boost(const struct proc_vm *vm, void *data)
{
	const struct request *r = data;
	struct target_list list = { 0 };
	struct ecs_ioc_boost *old, *now;
	char label[VM_LABEL];
	size_t nr_old;
	int code = OUT_OK, error = host_boosts(vm->pid, &old, &nr_old);

	if (error)
		code = host_failure(vm_label(label, vm), error);
	if (!code)
		code = target_find(&list, vm, &r->spec, old, nr_old);
	if (!code)
		code = job_run(vm, &list, &r->want, old, nr_old, &now);
	if (!code) {
		show_boosted(vm, now, list.count);
		free(now);
	}
	target_free(&list);
	free(old);
	return code;
}

/**
 * cmd_boost() - ecsctl boost VM
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_boost(const struct command *cmd, int argc, char **argv)
{
	struct request r = { .want.backend = ECS_BOOST_AUTO };
	int error = options_parse(cmd, argc, argv, boost_options, take_option,
				  &r);

	if (error)
		return error;
	if (r.spec.tid && r.spec.listed)
		return fail(OUT_USAGE,
			    "boost: either --vcpu or --tid, not both");
	if (!r.want.sbt_ns || !r.want.usbt_ns)
		return fail(OUT_USAGE, "boost: --sbt and --usbt are needed");
	return outcome_of_one(cmd, argc, argv, boost, &r);
}
