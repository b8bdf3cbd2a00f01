// SPDX-License-Identifier: GPL-2.0-only
/* cmd_unboost.c: end boosts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "options.h"
#include "out.h"
#include "target.h"
#include "view.h"

/**
 * struct request - what the user asked for
 * @spec: for which threads
 * @all: of all VMs
 */
struct request {
	struct target_spec spec;
	bool all;
};

enum { VCPU = OPTIONS_OWN, TID, ALL };

static const struct option unboost_options[] = {
	{ "vcpu", required_argument, NULL, VCPU },
	{ "tid", required_argument, NULL, TID },
	{ "all", no_argument, NULL, ALL },
	{ NULL, 0, NULL, 0 },
};

static int take_option(int option, const char *value, void *data)
{
	struct request *r = data;

	if (option == VCPU)
		return target_parse_vcpus(&r->spec, value);
	if (option == TID)
		return target_parse_tid(&r->spec, value);
	r->all = true;
	return OUT_OK;
}

static bool is_boosted(const struct ecs_ioc_boost *boosts, size_t count,
		       int tid)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (boosts[i].tid == tid)
			return true;
	}
	return false;
}

/* End the boosts of the threads that are meant; @ended: how many there were. */
static int clear_some(const struct proc_vm *vm, const struct target_spec *spec,
		      const struct ecs_ioc_boost *boosts, size_t count,
		      size_t *ended)
{
	struct target_list list;
	char label[VM_LABEL];
	size_t i;
	int error, code = target_find(&list, vm, spec, boosts, count);

	for (i = 0; i < list.count && !code; i++) {
		if (!is_boosted(boosts, count, list.target[i].tid))
			continue;
		error = host_boost_clear(vm->pid, list.target[i].tid);
		/* The boost of a thread that has ended has ended. */
		if (error && error != -ESRCH)
			code = host_failure(vm_label(label, vm), error);
		else
			++*ended;
	}
	target_free(&list);
	return code;
}

static int clear_all(const struct proc_vm *vm, size_t count, size_t *ended)
{
	char label[VM_LABEL];
	int error = host_boost_clear(vm->pid, 0);

	if (error)
		return host_failure(vm_label(label, vm), error);
	*ended = count;
	return OUT_OK;
}

static void report(const struct proc_vm *vm, size_t ended)
{
	struct json_object *obj;
	char label[VM_LABEL];

	if (out_options.json) {
		obj = vm_json(vm);
		js_u64(obj, "boosts_ended", ended);
		json_object_array_add(out_array("vms"), obj);
	} else if (!out_options.quiet && ended) {
		printf("%s: %zu boost%s ended\n", vm_label(label, vm), ended,
		       ended == 1 ? "" : "s");
	} else if (!out_options.quiet) {
		printf("%s: not boosted\n", vm_label(label, vm));
	}
}

static int unboost(const struct proc_vm *vm, void *data)
{
	const struct target_spec *spec = data;
	struct ecs_ioc_boost *boosts;
	char label[VM_LABEL];
	size_t count, ended = 0;
	int code, error = host_boosts(vm->pid, &boosts, &count);

	if (error)
		code = host_failure(vm_label(label, vm), error);
	else if (spec->listed || spec->tid)
		code = clear_some(vm, spec, boosts, count, &ended);
	else
		code = clear_all(vm, count, &ended);
	if (!code)
		report(vm, ended);
	free(boosts);
	return code;
}

static int all_are_off(bool loaded, size_t ended)
{
	if (out_options.json) {
		js_str(out_doc(), "unboosted", "all");
		js_bool(out_doc(), "module_loaded", loaded);
		js_u64(out_doc(), "boosts_ended", ended);
	} else if (!loaded && !out_options.quiet) {
		puts("nothing to do: ecs_host is not loaded");
	} else if (!out_options.quiet && ended) {
		printf("all VMs: %zu boost%s ended\n", ended,
		       ended == 1 ? "" : "s");
	} else if (!out_options.quiet) {
		puts("all VMs: not boosted");
	}
	return OUT_OK;
}

/* A process that has ended has no boosts. */
static int unboost_process(int pid, size_t *ended)
{
	struct ecs_ioc_boost *boosts;
	size_t count;
	int error = host_boosts(pid, &boosts, &count);

	free(boosts);
	if (!error && count)
		error = host_boost_clear(pid, 0);
	if (!error)
		*ended += count;
	return error == -ESRCH ? 0 : error;
}

/* Whatever one of them comes to, the others as well. */
static int unboost_known(size_t *ended)
{
	struct ecs_ioc_vm *vms;
	size_t count, i;
	int failed, error = host_vms(&vms, &count);

	for (i = 0; i < count; i++) {
		failed = unboost_process(vms[i].pid, ended);
		error = error ? error : failed;
	}
	free(vms);
	return error ? host_failure("unboost --all", error) : OUT_OK;
}

/* A VM may have boosts and else not be known to the module. */
static int unboost_others(size_t *ended)
{
	pid_t *pids = NULL;
	size_t count = 0, i;
	int failed, error = proc_pids(&pids, &count);

	if (error)
		return fail(OUT_REFUSED, "cannot read /proc: %s",
			    strerror(-error));
	for (i = 0; i < count; i++) {
		failed = unboost_process((int)pids[i], ended);
		error = error ? error : failed;
	}
	free(pids);
	return error ? host_failure("unboost --all", error) : OUT_OK;
}

static int unboost_all(void)
{
	size_t ended = 0;
	int others, error = host_open();

	if (error == OUT_NO_MODULE && !host_module_loaded()) {
		fail_forget();
		return all_are_off(false, 0);
	}
	if (error)
		return error;
	if (!host_boosts_known())
		return host_failure("unboost --all", -ENOTTY);
	error = unboost_known(&ended);
	others = unboost_others(&ended);
	if (others)
		return others;
	return error ? error : all_are_off(true, ended);
}

/**
 * cmd_unboost() - ecsctl unboost VM | --all
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_unboost(const struct command *cmd, int argc, char **argv)
{
	struct request r = { 0 };
	int error = options_parse(cmd, argc, argv, unboost_options, take_option,
				  &r);

	if (error)
		return error;
	if (r.spec.tid && r.spec.listed)
		return fail(OUT_USAGE,
			    "unboost: either --vcpu or --tid, not both");
	if (r.all && (optind < argc || r.spec.tid || r.spec.listed))
		return fail(OUT_USAGE,
			    "unboost: either --all or a VM, not both");
	if (r.all)
		return unboost_all();
	return outcome_of_one(cmd, argc, argv, unboost, &r.spec);
}
