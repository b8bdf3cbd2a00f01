// SPDX-License-Identifier: GPL-2.0-only
/*
 * host.c: what ecs_host.ko is asked, call by call.
 *
 * The functions that return "a negative errno" leave the message to the
 * caller, who knows the VM's name; host_failure() makes it.
 */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev.h"
#include "file.h"
#include "out.h"

static struct ecs_ioc_version version;

/**
 * host_module_loaded() - is ecs_host.ko in the kernel?
 *
 * Return: true if so.
 */
bool host_module_loaded(void)
{
	return file_exists("/sys/module/ecs_host");
}

/**
 * host_open_raw() - open the device and do not ask for the interface
 *
 * Return: OUT_OK, or an exit code, with a message.
 */
int host_open_raw(void)
{
	int error = dev_open();

	switch (error) {
	case 0:
		return OUT_OK;
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		if (host_module_loaded())
			return fail(OUT_NO_MODULE,
				    "ecs_host is loaded but /dev/ecs is missing");
		return fail(OUT_NO_MODULE,
			    "ecs_host is not loaded (modprobe ecs_host)");
	case -EACCES:
	case -EPERM:
		return fail(OUT_PERMISSION,
			    "may not open /dev/ecs: %s (be root, or in group kvm to look)",
			    strerror(-error));
	default:
		return fail(OUT_REFUSED, "cannot open /dev/ecs: %s",
			    strerror(-error));
	}
}

/**
 * host_open() - open the device of a module whose interface is ours
 *
 * Return: OUT_OK, or an exit code, with a message.
 */
int host_open(void)
{
	int error = host_open_raw();

	if (error)
		return error;
	memset(&version, 0, sizeof(version));
	version.size = sizeof(version);
	error = dev_call(ECS_IOC_VERSION, &version);
	version.version[sizeof(version.version) - 1] = '\0';
	if (error == -ENOTTY || error == -E2BIG || error == -EINVAL)
		return fail(OUT_NO_MODULE,
			    "ecs_host does not know interface %u; install ecsctl and ecs_host of one version",
			    ECS_IOC_INTERFACE);
	if (error)
		return host_failure("ecs_host", error);
	if (version.interface != ECS_IOC_INTERFACE)
		return fail(OUT_NO_MODULE,
			    "ecs_host %s has interface %u, ecsctl needs %u; install both of one version",
			    version.version, version.interface,
			    ECS_IOC_INTERFACE);
	return OUT_OK;
}

/**
 * host_version() - what the module said of itself
 *
 * Return: it; all zero before host_open().
 */
const struct ecs_ioc_version *host_version(void)
{
	return &version;
}

/**
 * host_failure() - the exit code and message for a call that failed
 * @who: the VM it was about
 * @error: a negative errno from the module
 *
 * Return: the exit code.
 */
int host_failure(const char *who, int error)
{
	switch (error) {
	case -ESRCH:
		return fail(OUT_NO_VM, "%s: the VM has ended", who);
	case -EPERM:
	case -EACCES:
		return fail(OUT_PERMISSION,
			    "%s: no permission (a change needs root or CAP_SYS_NICE)",
			    who);
	case -ENOTTY:
	case -E2BIG:
		return fail(OUT_NO_MODULE,
			    "%s: ecs_host is too old for this call", who);
	case -EOPNOTSUPP:
		return fail(OUT_REFUSED,
			    "%s: this kernel lacks the hooks for that (ecsctl doctor)",
			    who);
	case -EINVAL:
		return fail(OUT_REFUSED, "%s: ecs_host refused the values",
			    who);
	case -EAGAIN:
	case -ELOOP:
		return fail(OUT_REFUSED,
			    "%s: the list of VMs keeps changing; try again",
			    who);
	default:
		return fail(OUT_REFUSED, "%s: ecs_host says: %s", who,
			    strerror(-error));
	}
}

/**
 * host_vm_set() - change a VM's parameters
 * @pid: its process
 * @params: the valid ones
 * @vm: out: what holds now
 *
 * Return: 0 or a negative errno.
 */
int host_vm_set(int pid, const struct ecs_ioc_params *params,
		struct ecs_ioc_vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->size = sizeof(*vm);
	vm->pid = pid;
	vm->params = *params;
	return dev_call(ECS_IOC_VM_SET, vm);
}

/**
 * host_vm_get() - a VM's parameters and counters
 * @pid: its process
 * @vm: out: for a VM that the module does not know, the defaults and no counts
 * @known: out: false for such a VM
 *
 * Return: 0 or a negative errno.
 */
int host_vm_get(int pid, struct ecs_ioc_vm *vm, bool *known)
{
	int error;

	memset(vm, 0, sizeof(*vm));
	vm->size = sizeof(*vm);
	vm->pid = pid;
	error = dev_call(ECS_IOC_VM_GET, vm);
	*known = !error;
	if (error == -ENOENT) {
		memset(vm, 0, sizeof(*vm));
		vm->pid = pid;
		vm->params = version.defaults;
		error = 0;
	}
	return error;
}

/**
 * host_grow() - make room for one more in a list
 * @list: malloc()ed, or NULL
 * @count: how many it holds
 * @size: of each
 *
 * Return: the list, perhaps elsewhere.
 */
void *host_grow(void *list, size_t count, size_t size)
{
	void *bigger = list;

	if (!(count & (count - 1))) /* 0, 1, 2, 4, 8, ... */
		bigger = reallocarray(list, count ? 2 * count : 1, size);
	if (!bigger)
		abort();
	return bigger;
}

static bool seen(const struct ecs_ioc_vm *vms, size_t count, int pid)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (vms[i].pid == pid)
			return true;
	}
	return false;
}

/**
 * host_vms() - all VMs that the module knows
 * @vms: out: malloc()ed, on error too
 * @count: out: how many
 *
 * The list changes while it is read: a VM that ends is left out.
 *
 * Return: 0 or a negative errno; -ELOOP if the module repeats itself, -EAGAIN
 * if VMs end faster than they can be listed.
 */
int host_vms(struct ecs_ioc_vm **vms, size_t *count)
{
	struct ecs_ioc_vm *vm;
	int error, last = 0, tries = 0;

	*vms = NULL;
	*count = 0;
	for (;;) {
		*vms = host_grow(*vms, *count, sizeof(**vms));
		vm = &(*vms)[*count];
		memset(vm, 0, sizeof(*vm));
		vm->size = sizeof(*vm);
		vm->pid = last;
		error = dev_call(ECS_IOC_VM_NEXT, vm);
		if (error == -ESRCH && last) {
			if (tries++ == 3)
				return -EAGAIN;
			last = 0; /* the last one is gone: begin again */
			*count = 0;
			continue;
		}
		if (error == -ENOENT)
			return 0;
		if (error)
			return error;
		if (seen(*vms, *count, vm->pid) || *count == HOST_MOST)
			return -ELOOP;
		last = vm->pid;
		++*count;
	}
}

/**
 * host_vcpus() - all vCPUs of a VM that the module knows
 * @pid: its process
 * @vcpus: out: malloc()ed, on error too
 * @count: out: how many
 *
 * Return: 0 (also for a VM that the module does not know) or a negative errno.
 */
int host_vcpus(int pid, struct ecs_ioc_vcpu **vcpus, size_t *count)
{
	struct ecs_ioc_vcpu *vcpu;
	int error, last = -1;

	*vcpus = NULL;
	*count = 0;
	for (;;) {
		*vcpus = host_grow(*vcpus, *count, sizeof(**vcpus));
		vcpu = &(*vcpus)[*count];
		memset(vcpu, 0, sizeof(*vcpu));
		vcpu->size = sizeof(*vcpu);
		vcpu->pid = pid;
		vcpu->vcpu = last;
		error = dev_call(ECS_IOC_VCPU_NEXT, vcpu);
		if (error == -ENOENT)
			return 0;
		if (error)
			return error;
		if (vcpu->vcpu <= last || *count == HOST_MOST)
			return -ELOOP;
		last = vcpu->vcpu;
		++*count;
	}
}

/**
 * host_hooks() - all hooks of the module
 * @hooks: out: malloc()ed, on error too
 * @count: out: how many
 *
 * Return: 0 or a negative errno.
 */
int host_hooks(struct ecs_ioc_hook **hooks, size_t *count)
{
	struct ecs_ioc_hook *hook;
	int error;

	*hooks = NULL;
	*count = 0;
	for (;;) {
		*hooks = host_grow(*hooks, *count, sizeof(**hooks));
		hook = &(*hooks)[*count];
		memset(hook, 0, sizeof(*hook));
		hook->size = sizeof(*hook);
		hook->index = (__u32)*count;
		error = dev_call(ECS_IOC_HOOK, hook);
		if (error == -ENOENT)
			return 0;
		if (error)
			return error;
		hook->name[sizeof(hook->name) - 1] = '\0';
		if (++*count == HOST_MOST)
			return -ELOOP;
	}
}

/**
 * host_disable_all() - switch every VM off that the module knows
 *
 * Return: 0 or a negative errno.
 */
int host_disable_all(void)
{
	return dev_call(ECS_IOC_DISABLE_ALL, NULL);
}
