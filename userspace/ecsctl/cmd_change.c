// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_change.c: enable, disable, set.
 *
 * Everything is read, checked and resolved before the first VM is changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"
#include "units.h"
#include "view.h"

static void report(const struct proc_vm *id, const struct ecs_ioc_params *now)
{
	char grace[UNITS_TEXT], budget[UNITS_TEXT], label[VM_LABEL],
		hints[PARAM_HINTS];
	struct json_object *obj;

	if (out_options.json) {
		obj = vm_json(id);
		js_str(obj, "mode", param_mode_name(now->mode));
		view_json_params(obj, now);
		json_object_array_add(out_array("vms"), obj);
	} else if (out_options.quiet) {
		return;
	} else if (now->mode == ECS_MODE_OFF && now->hints) {
		printf("%s: off, hints %s once it is on\n", vm_label(label, id),
		       param_hints(hints, now->hints));
	} else if (now->mode == ECS_MODE_OFF) {
		printf("%s: off\n", vm_label(label, id));
	} else {
		printf("%s: %s, grace %s, budget %s%s%s\n", vm_label(label, id),
		       param_mode_name(now->mode),
		       units_ns(grace, now->grace_ns),
		       units_ppm(budget, now->budget_ppm),
		       now->hints ? ", hints " : "",
		       now->hints ? param_hints(hints, now->hints) : "");
	}
}

static int change_one(const struct proc_vm *id,
		      const struct ecs_ioc_params *params)
{
	char label[VM_LABEL];
	struct ecs_ioc_vm vm;
	int error = host_vm_set(id->pid, params, &vm);

	/* What the module does not know is off. */
	if (error == -ENOENT && params->valid == ECS_PARAM_MODE &&
	    params->mode == ECS_MODE_OFF) {
		vm.params = host_version()->defaults;
		vm.params.mode = ECS_MODE_OFF;
		error = 0;
	}
	if (error)
		return host_failure(vm_label(label, id), error);
	report(id, &vm.params);
	return OUT_OK;
}

/*
 * The one bound that is between two parameters, of which one may be the VM's own: seen
 * before any VM is changed. What cannot be read now is told of when it is changed.
 */
static int check(const struct proc_vm *id, const struct ecs_ioc_params *params)
{
	char burst[UNITS_TEXT], recheck[UNITS_TEXT], label[VM_LABEL];
	__u32 burst_ns = params->burst_ns, recheck_ns = params->recheck_ns;
	struct ecs_ioc_vm vm;
	bool known;

	if (!(params->valid & (ECS_PARAM_BURST | ECS_PARAM_RECHECK)) ||
	    host_vm_get(id->pid, &vm, &known))
		return OUT_OK;
	if (!(params->valid & ECS_PARAM_BURST))
		burst_ns = vm.params.burst_ns;
	if (!(params->valid & ECS_PARAM_RECHECK))
		recheck_ns = vm.params.recheck_ns;
	if (burst_ns >= recheck_ns)
		return OUT_OK;
	return fail(OUT_USAGE,
		    "%s: burst (%s) must not be less than recheck (%s)",
		    vm_label(label, id), units_ns(burst, burst_ns),
		    units_ns(recheck, recheck_ns));
}

static int change(const struct vm_list *list,
		  const struct ecs_ioc_params *params)
{
	struct outcome outcome = { .total = list->count };
	size_t i;
	int code;

	for (i = 0; i < list->count; i++) {
		code = check(&list->vm[i], params);
		if (code)
			return code;
	}
	for (i = 0; i < list->count; i++) {
		code = change_one(&list->vm[i], params);
		if (code)
			outcome_failed(&outcome, &list->vm[i], code);
	}
	return outcome_code(&outcome);
}

/* The module, the names, then the change. */
static int change_named(char **specs, int count,
			const struct ecs_ioc_params *params)
{
	struct vm_list list = { 0 };
	int error = host_open();

	if (!error)
		error = vm_resolve(&list, specs, count);
	if (!error)
		error = change(&list, params);
	vm_list_free(&list);
	return error;
}

enum {
	OBSERVE = OPTIONS_OWN,
	GRACE,
	GRACE_SLEEP,
	RECHECK,
	BUDGET,
	BURST,
	HINTS,
	WAITERS,
	YIELD
};

static const struct option enable_options[] = {
	{ "observe", no_argument, NULL, OBSERVE },
	{ "grace", required_argument, NULL, GRACE },
	{ "grace-sleep", required_argument, NULL, GRACE_SLEEP },
	{ "recheck", required_argument, NULL, RECHECK },
	{ "budget", required_argument, NULL, BUDGET },
	{ "burst", required_argument, NULL, BURST },
	{ "hints", required_argument, NULL, HINTS },
	{ "waiters", required_argument, NULL, WAITERS },
	{ "yield", required_argument, NULL, YIELD },
	{ NULL, 0, NULL, 0 },
};

static int enable_option(int option, const char *value, void *data)
{
	struct ecs_ioc_params *params = data;

	if (option == OBSERVE) {
		params->mode = ECS_MODE_OBSERVE;
		return OUT_OK;
	}
	return param_set(params, enable_options[option - OBSERVE].name, value);
}

/**
 * cmd_enable() - ecsctl enable VM...
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_enable(const struct command *cmd, int argc, char **argv)
{
	struct ecs_ioc_params params = {
		.valid = ECS_PARAM_MODE,
		.mode = ECS_MODE_ON,
	};
	int error = options_parse(cmd, argc, argv, enable_options,
				  enable_option, &params);

	if (error)
		return error;
	if (optind == argc)
		return fail(OUT_USAGE, "enable: which VM? (ecsctl list)");
	return change_named(argv + optind, argc - optind, &params);
}

static int disable_option(int option, const char *value, void *data)
{
	(void)option;
	(void)value;
	*(bool *)data = true;
	return OUT_OK;
}

/* @later: VMs that register from now on will be on. */
static int all_are_off(bool loaded, bool later)
{
	fail_forget();
	if (out_options.json) {
		js_str(out_doc(), "disabled", "all");
		js_bool(out_doc(), "module_loaded", loaded);
		js_bool(out_doc(), "enable_all", later);
	} else if (!loaded && !out_options.quiet) {
		puts("nothing to do: ecs_host is not loaded");
	} else if (!out_options.quiet) {
		printf("all VMs: off%s\n",
		       later ? ", but new ones will be on: ecs_host.enable_all is set" :
			       "");
	}
	return OUT_OK;
}

/*
 * The panic button: it asks for no interface version, for the call has no
 * struct, and what is not loaded is off.
 */
static int disable_all(void)
{
	bool later = false;
	int error = host_open_raw();

	if (error == OUT_NO_MODULE && !host_module_loaded())
		return all_are_off(false, false);
	if (error)
		return error;
	error = host_disable_all();
	if (error)
		return host_failure("disable --all", error);
	/* Is that the end of it? A module of another version cannot say. */
	if (!host_open())
		later = host_version()->enable_all;
	return all_are_off(true, later);
}

/**
 * cmd_disable() - ecsctl disable VM... | --all
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_disable(const struct command *cmd, int argc, char **argv)
{
	static const struct option own[] = {
		{ "all", no_argument, NULL, OPTIONS_OWN },
		{ NULL, 0, NULL, 0 },
	};
	const struct ecs_ioc_params params = {
		.valid = ECS_PARAM_MODE,
		.mode = ECS_MODE_OFF,
	};
	bool all = false;
	int error = options_parse(cmd, argc, argv, own, disable_option, &all);

	if (error)
		return error;
	if (all && optind < argc)
		return fail(OUT_USAGE,
			    "disable: either --all or VMs, not both");
	if (all)
		return disable_all();
	if (optind == argc)
		return fail(OUT_USAGE, "disable: which VM? (or --all)");
	return change_named(argv + optind, argc - optind, &params);
}

static int set_option(int option, const char *value, void *data)
{
	(void)option;
	return param_set(data, "hints", value);
}

/**
 * cmd_set() - ecsctl set VM key=value... [--hints LIST]
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_set(const struct command *cmd, int argc, char **argv)
{
	static const struct option own[] = {
		{ "hints", required_argument, NULL, OPTIONS_OWN },
		{ NULL, 0, NULL, 0 },
	};
	struct ecs_ioc_params params = { 0 };
	int i, error = options_parse(cmd, argc, argv, own, set_option, &params);

	if (error)
		return error;
	if (optind == argc)
		return fail(OUT_USAGE, "set: which VM? (ecsctl list)");
	if (optind + 1 == argc && !params.valid)
		return fail(OUT_USAGE, "set: nothing to set; give key=value");
	for (i = optind + 1; i < argc && !error; i++)
		error = param_assign(&params, argv[i]);
	return error ? error : change_named(argv + optind, 1, &params);
}
