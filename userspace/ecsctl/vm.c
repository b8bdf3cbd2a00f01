// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.c: from what the user calls a VM to its process.
 *
 *   VM := "pid:" N | name | UUID | at least 8 hex digits it begins with
 *
 * A bare number is refused: it might be a pid, a libvirt id or a Proxmox VMID.
 */
#include "vm.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "out.h"

/**
 * vm_list_add() - append a VM, unless its process is there already
 * @list: the list
 * @vm: its name is given away
 */
void vm_list_add(struct vm_list *list, struct proc_vm vm)
{
	struct proc_vm *bigger;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (list->vm[i].pid == vm.pid) {
			free(vm.name);
			return;
		}
	}
	bigger = reallocarray(list->vm, list->count + 1, sizeof(*list->vm));
	if (!bigger)
		abort();
	list->vm = bigger;
	list->vm[list->count++] = vm;
}

/**
 * vm_list_free() - free what a list holds
 * @list: empty afterwards
 */
void vm_list_free(struct vm_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->vm[i].name);
	free(list->vm);
	memset(list, 0, sizeof(*list));
}

/* The failure of proc_is_vm(). */
static int not_a_vm(pid_t pid, int is_vm)
{
	if (is_vm == -EACCES || is_vm == -EPERM)
		return fail(OUT_PERMISSION,
			    "may not look at the files of process %d (/proc/%d/fd): %s",
			    (int)pid, (int)pid, strerror(-is_vm));
	if (is_vm == -ESRCH)
		return fail(OUT_NO_VM, "there is no process %d", (int)pid);
	if (is_vm < 0)
		return fail(OUT_REFUSED, "cannot read /proc/%d/fd: %s",
			    (int)pid, strerror(-is_vm));
	return fail(OUT_NO_VM,
		    "process %d is no VM: it holds no KVM VM (no kvm-vm file)",
		    (int)pid);
}

static int resolve_pid(struct vm_list *list, const char *spec)
{
	const char *digits = spec + strlen("pid:");
	struct proc_vm vm;
	pid_t process;
	char *end;
	int is_vm;
	long pid;

	errno = 0;
	pid = strtol(digits, &end, 10);
	if (!isdigit((unsigned char)*digits) || *end || errno || pid < 1 ||
	    pid > INT_MAX)
		return fail(OUT_USAGE, "\"%s\": pid: needs a process number",
			    spec);
	process = proc_process_of((pid_t)pid);
	if (process && process != pid)
		return fail(OUT_NO_VM,
			    "%ld is a thread of process %d; use pid:%d", pid,
			    (int)process, (int)process);
	is_vm = proc_is_vm((pid_t)pid);
	if (is_vm != 1)
		return not_a_vm((pid_t)pid, is_vm);
	if (proc_describe(&vm, (pid_t)pid) == -ESRCH) {
		free(vm.name);
		return not_a_vm((pid_t)pid, -ESRCH);
	}
	vm_list_add(list, vm);
	return OUT_OK;
}

/* Why a name led to no VM, or to more than one. */
static int name_failure(const char *spec, const struct vm_list *found,
			pid_t other, int other_error)
{
	char pids[200] = "";
	size_t i, len = 0;

	if (found->count > 1) {
		for (i = 0; i < found->count && len < sizeof(pids); i++)
			len += (size_t)snprintf(pids + len, sizeof(pids) - len,
						"%s pid:%d", i ? "," : "",
						(int)found->vm[i].pid);
		return fail(OUT_NO_VM,
			    "\"%s\" is ambiguous, %zu VMs have that name or UUID:%s",
			    spec, found->count, pids);
	}
	if (other_error)
		return not_a_vm(other, other_error);
	if (other)
		return fail(OUT_NO_VM,
			    "\"%s\" is no VM: process %d has that name but holds no KVM VM (no kvm-vm file)",
			    spec, (int)other);
	return fail(OUT_NO_VM, "no VM is called \"%s\"; see ecsctl list", spec);
}

static int resolve_name(struct vm_list *list, const char *spec)
{
	struct vm_list found = { 0 };
	int error, is_vm, other_error = 0;
	pid_t *pids, other = 0;
	struct proc_vm vm;
	size_t count, i;

	error = proc_pids(&pids, &count);
	if (error)
		return fail(OUT_REFUSED, "cannot read /proc: %s",
			    strerror(-error));
	for (i = 0; i < count; i++) {
		is_vm = 0;
		error = proc_describe(&vm, pids[i]);
		if (!error && ((vm.name && !strcmp(vm.name, spec)) ||
			       cmdline_uuid_matches(vm.uuid, spec))) {
			is_vm = proc_is_vm(pids[i]);
			if (is_vm == 1) {
				vm_list_add(&found, vm);
				continue;
			}
			if (is_vm != -ESRCH && !other_error) {
				other = pids[i];
				other_error = is_vm;
			}
		}
		free(vm.name);
	}
	free(pids);
	if (found.count != 1 || other_error) {
		error = name_failure(spec, &found, other, other_error);
	} else {
		error = OUT_OK;
		vm_list_add(list, found.vm[0]);
		found.count = 0; /* its name went with it */
	}
	vm_list_free(&found);
	return error;
}

static int resolve(struct vm_list *list, const char *spec)
{
	if (!*spec)
		return fail(OUT_USAGE, "the name of a VM is empty");
	if (spec[strspn(spec, "0123456789")] == '\0')
		return fail(OUT_USAGE,
			    "\"%s\" is ambiguous: use pid:N, a name or a UUID",
			    spec);
	if (!strncmp(spec, "pid:", strlen("pid:")))
		return resolve_pid(list, spec);
	return resolve_name(list, spec);
}

/**
 * vm_resolve() - find the VMs that the user named
 * @list: out: vm_list_free() it, on error too
 * @specs: what the user typed
 * @count: how many
 *
 * Return: OUT_OK if each named exactly one VM, else an exit code, with a
 * message.
 */
int vm_resolve(struct vm_list *list, char *const *specs, int count)
{
	int i, error = OUT_OK;

	memset(list, 0, sizeof(*list));
	for (i = 0; i < count && !error; i++)
		error = resolve(list, specs[i]);
	return error;
}

/**
 * vm_label() - name and pid, for a message
 * @buf: where
 * @vm: the VM
 *
 * Return: @buf.
 */
const char *vm_label(char buf[VM_LABEL], const struct proc_vm *vm)
{
	if (vm->name)
		snprintf(buf, VM_LABEL, "%.80s (pid %d)", vm->name,
			 (int)vm->pid);
	else
		snprintf(buf, VM_LABEL, "pid:%d", (int)vm->pid);
	clean_text(buf);
	return buf;
}

/**
 * vm_json() - an object that says which VM this is
 * @vm: the VM
 *
 * Return: it; owned by the caller.
 */
struct json_object *vm_json(const struct proc_vm *vm)
{
	struct json_object *obj = json_object_new_object();

	js_str(obj, "name", vm->name);
	js_str(obj, "uuid", vm->uuid[0] ? vm->uuid : NULL);
	js_int(obj, "pid", vm->pid);
	return obj;
}
