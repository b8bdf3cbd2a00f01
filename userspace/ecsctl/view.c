// SPDX-License-Identifier: GPL-2.0-only
/* view.c: what is known of one VM, and its common JSON. */
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "figure.h"
#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"

/**
 * view_get() - ask the module for a VM
 * @view: out; view_free() it, on error too
 * @id: the VM; kept
 *
 * Return: OUT_OK, or an exit code, with a message.
 */
int view_get(struct view *view, const struct proc_vm *id)
{
	char label[VM_LABEL];
	int error;

	view->id = id;
	view->boosts = NULL;
	view->nr_boosts = 0;
	error = host_vm_get(id->pid, &view->ioc, &view->known);
	if (!error)
		error = view_boosts(view);
	return error ? host_failure(vm_label(label, id), error) : OUT_OK;
}

/**
 * view_boosts() - ask the module for the boosts of a VM
 * @view: with its id; view_free() it, on error too
 *
 * A module that is too old to know of boosts has none.
 *
 * Return: 0 or a negative errno.
 */
int view_boosts(struct view *view)
{
	int error = host_boosts(view->id->pid, &view->boosts, &view->nr_boosts);

	return error == -ENOTTY ? 0 : error;
}

/**
 * view_free() - free what a view holds
 * @view: from view_get() or view_boosts()
 */
void view_free(struct view *view)
{
	free(view->boosts);
	view->boosts = NULL;
	view->nr_boosts = 0;
}

/**
 * view_json() - what status and show have in common
 * @view: the VM
 *
 * Return: an object; owned by the caller.
 */
struct json_object *view_json(const struct view *view)
{
	struct json_object *obj = vm_json(view->id);

	js_bool(obj, "known", view->known);
	js_str(obj, "mode", param_mode_name(view->ioc.params.mode));
	js_u64(obj, "vcpus", view->ioc.vcpus);
	js_u64(obj, "registered", view->ioc.registered);
	js_u64(obj, "boosted", view->nr_boosts);
	view_json_figures(obj, &view->ioc.stats);
	return obj;
}

static struct json_object *json_hints(__u32 hints)
{
	struct json_object *list = json_object_new_array(), *one;
	const char *name;
	unsigned int i;

	for (i = 0; (name = param_hint_name(i)); i++) {
		one = hints & 1u << i ? json_object_new_string(name) : NULL;
		if (one)
			json_object_array_add(list, one);
	}
	return list;
}

/**
 * view_json_params() - add the parameters other than the mode, as "params"
 * @to: the object of a VM
 * @params: from the module
 */
void view_json_params(struct json_object *to,
		      const struct ecs_ioc_params *params)
{
	struct json_object *obj = json_object_new_object();

	js_u64(obj, "grace_ns", params->grace_ns);
	js_u64(obj, "grace_sleep_ns", params->grace_sleep_ns);
	js_u64(obj, "recheck_ns", params->recheck_ns);
	js_u64(obj, "budget_ppm", params->budget_ppm);
	js_u64(obj, "burst_ns", params->burst_ns);
	js_add(obj, "hints", json_hints(params->hints));
	js_str(obj, "waiters", param_waiters_name(params->waiters));
	js_bool(obj, "yield", params->yield != ECS_YIELD_OFF);
	js_add(to, "params", obj);
}

static void js_ns(struct json_object *to, const char *key, bool known,
		  uint64_t ns)
{
	if (known)
		js_u64(to, key, ns);
	else
		js_add(to, key, NULL);
}

/**
 * view_json_figures() - add the derived figures
 * @to: the object of a VM or a vCPU
 * @stats: from the module
 */
void view_json_figures(struct json_object *to,
		       const struct ecs_ioc_stats *stats)
{
	struct json_object *percent = NULL;
	char text[FIGURE_PERCENT];
	struct figure f;

	figure_derive(&f, stats);
	if (f.percent_known)
		percent = json_object_new_double_s(f.percent_hundredths / 100.0,
						   figure_percent(text, &f));
	js_u64(to, "avoided", f.avoided);
	js_add(to, "avoided_percent", percent);
	js_u64(to, "granted", f.granted);
	js_ns(to, "ext_p50_ns", f.ext_known, f.ext_p50_ns);
	js_ns(to, "ext_p99_ns", f.ext_known, f.ext_p99_ns);
	js_ns(to, "ext_max_ns", f.ext_known, f.ext_max_ns);
}

/**
 * outcome_failed() - a command failed for one VM
 * @o: the outcome
 * @id: the VM
 * @code: the exit code; the message is that of the last fail()
 *
 * In JSON the VM gets an entry with its own error.
 */
void outcome_failed(struct outcome *o, const struct proc_vm *id, int code)
{
	struct json_object *obj, *error;

	if (!o->failed++) {
		o->code = code;
		snprintf(o->first, sizeof(o->first), "%s", fail_message());
	}
	if (!out_options.json)
		return;
	obj = vm_json(id);
	error = json_object_new_object();
	js_int(error, "code", code);
	js_str(error, "message", fail_message());
	js_add(obj, "error", error);
	json_object_array_add(out_array("vms"), obj);
}

/**
 * outcome_code() - what the whole command comes to
 * @o: the outcome
 *
 * Return: the exit code, with one message for all.
 */
int outcome_code(const struct outcome *o)
{
	fail_forget();
	if (!o->failed)
		return OUT_OK;
	if (o->total == 1)
		return fail(o->code, "%s", o->first);
	return fail(o->failed < o->total ? OUT_PARTIAL : o->code,
		    "%zu of %zu VMs failed; %s", o->failed, o->total, o->first);
}

/**
 * outcome_of_one() - run a command that takes one VM
 * @cmd: the command
 * @argc: of the command, after options_parse()
 * @argv: of the command
 * @fn: called for the VM; returns an exit code, with a message
 * @data: for @fn
 *
 * Return: an exit code.
 */
int outcome_of_one(const struct command *cmd, int argc, char **argv,
		   outcome_fn fn, void *data)
{
	struct outcome outcome = { .total = 1 };
	struct vm_list list = { 0 };
	int code, error;

	if (optind == argc)
		return fail(OUT_USAGE, "%s: which VM? (ecsctl list)",
			    cmd->name);
	if (optind + 1 < argc)
		return fail(OUT_USAGE, "%s takes one VM, not also \"%s\"",
			    cmd->name, argv[optind + 1]);
	error = host_open();
	if (!error)
		error = vm_resolve(&list, argv + optind, 1);
	if (!error) {
		code = fn(&list.vm[0], data);
		if (code)
			outcome_failed(&outcome, &list.vm[0], code);
		error = outcome_code(&outcome);
	}
	vm_list_free(&list);
	return error;
}
