// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_list.c: all VMs of the host.
 *
 * It works without the module, and then knows no modes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "options.h"
#include "out.h"
#include "param.h"
#include "table.h"
#include "vm.h"

/* All VMs; @unreadable: how many processes may not be looked at. */
static int find_all(struct vm_list *list, unsigned int *unreadable)
{
	struct proc_vm vm;
	pid_t *pids;
	size_t count, i;
	int is_vm, error = proc_pids(&pids, &count);

	if (error)
		return fail(OUT_REFUSED, "cannot read /proc: %s",
			    strerror(-error));
	for (i = 0; i < count; i++) {
		is_vm = proc_is_vm(pids[i]);
		if ((is_vm == -EACCES || is_vm == -EPERM) &&
		    proc_is_user(pids[i]))
			++*unreadable;
		if (is_vm != 1)
			continue;
		if (!proc_describe(&vm, pids[i]))
			vm_list_add(list, vm);
	}
	free(pids);
	return OUT_OK;
}

/* Those that the module knows and that may not be looked at. */
static int add_known(struct vm_list *list)
{
	struct ecs_ioc_vm *vms;
	struct proc_vm vm;
	size_t count, i;
	int error = host_vms(&vms, &count);

	for (i = 0; i < count && !error; i++) {
		if (!proc_describe(&vm, vms[i].pid))
			vm_list_add(list, vm);
	}
	free(vms);
	return error ? host_failure("list", error) : OUT_OK;
}

static int compare(const void *a, const void *b)
{
	const struct proc_vm *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int print(const struct proc_vm *vm, struct table *t, bool module)
{
	struct json_object *obj;
	const char *mode = NULL;
	char label[VM_LABEL];
	struct ecs_ioc_vm ioc;
	bool known = false;
	int error;

	if (module) {
		error = host_vm_get(vm->pid, &ioc, &known);
		if (error == -ESRCH)
			return OUT_OK; /* gone meanwhile */
		if (error)
			return host_failure(vm_label(label, vm), error);
		mode = param_mode_name(ioc.params.mode);
	}
	if (out_options.json) {
		obj = vm_json(vm);
		js_bool(obj, "known", known);
		js_str(obj, "mode", mode);
		json_object_array_add(out_array("vms"), obj);
		return OUT_OK;
	}
	table_cell(t, "%s", vm->name ? vm->name : "-");
	table_cell(t, "%s", vm->uuid[0] ? vm->uuid : "-");
	table_cell(t, "%d", (int)vm->pid);
	table_cell(t, "%s", mode ? mode : "-");
	return OUT_OK;
}

/**
 * cmd_list() - ecsctl list
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code.
 */
int cmd_list(const struct command *cmd, int argc, char **argv)
{
	static const char *const head[] = { "NAME", "UUID", "PID", "MODE" };
	struct table t = { .columns = 4, .right = 1u << 2 };
	unsigned int unreadable = 0;
	struct vm_list list = { 0 };
	bool module;
	size_t i;
	int error = options_none(cmd, argc, argv);

	if (error)
		return error;
	error = host_open();
	module = !error;
	if (error == OUT_NO_MODULE && !host_module_loaded()) {
		fail_forget();
		error = OUT_OK;
	}
	if (!error)
		error = find_all(&list, &unreadable);
	if (!error && module)
		error = add_known(&list);
	if (list.count)
		qsort(list.vm, list.count, sizeof(*list.vm), compare);
	if (!error && out_options.json) {
		js_bool(out_doc(), "module_loaded", module);
		js_u64(out_doc(), "unreadable", unreadable);
		out_array("vms");
	}
	for (i = 0; i < 4 && !error && !out_options.json; i++)
		table_cell(&t, "%s", head[i]);
	for (i = 0; i < list.count && !error; i++)
		error = print(&list.vm[i], &t, module);
	table_print(&t, "");
	if (!error && unreadable && !out_options.json && !out_options.quiet)
		fprintf(stderr,
			"ecsctl: not looked at for lack of permission: %u process%s\n",
			unreadable, unreadable == 1 ? "" : "es");
	vm_list_free(&list);
	return error;
}
