// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.c: see vm.h.
 *
 * A VM is a VMM process, held by its struct pid: that is not reused, so a new
 * process with an old number is another VM. A VM whose process is gone and whose
 * vCPUs are destroyed is swept at the next occasion.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "hint.h"
#include "setting.h"
#include "stats.h"
#include "vcpu.h"
#include "vm.h"

/*
 * Taken inside vcpu->mutex and kvm->srcu by guests that register, so nothing of
 * KVM and no user memory is touched while it is held.
 */
DEFINE_MUTEX(ecsh_vm_mutex);
LIST_HEAD(ecsh_vms);

/**
 * ecsh_vm_is_dead() - has the whole process died, reaped or not?
 * @pid: its thread group
 */
bool ecsh_vm_is_dead(struct pid *pid)
{
	struct task_struct *task;
	bool dead;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	dead = !task || !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return dead;
}

static void destroy(struct ecsh_vm *vm)
{
	list_del(&vm->node);
	put_pid(vm->pid);
	kfree(vm);
}

/**
 * ecsh_vm_sweep() - forget VMs that are gone
 *
 * Context: ecsh_vm_mutex held.
 */
void ecsh_vm_sweep(void)
{
	struct ecsh_vm *vm, *next;

	lockdep_assert_held(&ecsh_vm_mutex);
	list_for_each_entry_safe(vm, next, &ecsh_vms, node)
		if (list_empty(&vm->vcpus) && ecsh_vm_is_dead(vm->pid))
			destroy(vm);
}

/**
 * ecsh_vm_find() - what is known of a process
 * @pid: its thread group
 *
 * Context: ecsh_vm_mutex held.
 * Return: the VM or NULL.
 */
struct ecsh_vm *ecsh_vm_find(struct pid *pid)
{
	struct ecsh_vm *vm;

	lockdep_assert_held(&ecsh_vm_mutex);
	list_for_each_entry(vm, &ecsh_vms, node)
		if (vm->pid == pid)
			return vm;
	return NULL;
}

/**
 * ecsh_vm_alloc() - memory for a VM that is not known yet
 *
 * To be had before the mutex, which a VMM out of its memory limit must not hold up.
 *
 * Context: may sleep; charged to the current process.
 */
struct ecsh_vm *ecsh_vm_alloc(void)
{
	return kzalloc(sizeof(struct ecsh_vm), GFP_KERNEL_ACCOUNT);
}

/**
 * ecsh_vm_find_or_add() - the VM of a process
 * @pid: its thread group
 * @fresh: of ecsh_vm_alloc(), or NULL; if there is no VM it becomes that one, and
 *	NULL is left here. The caller frees what is left
 *
 * Context: ecsh_vm_mutex held.
 * Return: the VM, or NULL without memory.
 */
struct ecsh_vm *ecsh_vm_find_or_add(struct pid *pid, struct ecsh_vm **fresh)
{
	struct ecsh_vm *vm;

	ecsh_vm_sweep();
	vm = ecsh_vm_find(pid);
	if (vm || !*fresh)
		return vm;
	vm = *fresh;
	*fresh = NULL;
	vm->pid = get_pid(pid);
	INIT_LIST_HEAD(&vm->vcpus);
	ecsh_setting_defaults(&vm->params);
	list_add_tail(&vm->node, &ecsh_vms);
	return vm;
}

/**
 * ecsh_vm_add_vcpu() - a vCPU of the current process registers for the first time
 * @v: its record
 *
 * Context: the vCPU's thread, may sleep.
 * Return: the VM, or NULL without memory.
 */
struct ecsh_vm *ecsh_vm_add_vcpu(struct ecsh_vcpu *v)
{
	struct ecsh_vm *vm, *fresh = ecsh_vm_alloc();

	mutex_lock(&ecsh_vm_mutex);
	vm = ecsh_vm_find_or_add(task_tgid(current), &fresh);
	if (vm) {
		v->vm = vm;
		list_add_tail_rcu(&v->vm_node, &vm->vcpus);
		ecsh_setting_apply(vm, v);
	}
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	return vm;
}

/**
 * ecsh_vm_remove_vcpu() - a vCPU's record is about to be freed
 * @v: the record; only its siblings may still find it, by RCU
 *
 * Context: may sleep.
 */
void ecsh_vm_remove_vcpu(struct ecsh_vcpu *v)
{
	mutex_lock(&ecsh_vm_mutex);
	list_del_rcu(&v->vm_node);
	ecsh_hint_end(v);
	ecsh_stats_add(&v->vm->gone, &v->stats);
	ecsh_vm_sweep();
	mutex_unlock(&ecsh_vm_mutex);
}

/**
 * ecsh_vm_get_live_pid() - a live process by its number
 * @nr: as the caller numbers it
 *
 * Return: its struct pid, with a reference, or NULL.
 */
struct pid *ecsh_vm_get_live_pid(s32 nr)
{
	struct pid *pid = nr > 0 ? find_get_pid(nr) : NULL;

	if (pid && ecsh_vm_is_dead(pid)) {
		put_pid(pid);
		return NULL;
	}
	return pid;
}

/**
 * ecsh_vm_know() - remember a process as a VM
 * @pid: its thread group
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ecsh_vm_know(struct pid *pid)
{
	struct ecsh_vm *vm, *fresh = ecsh_vm_alloc();

	mutex_lock(&ecsh_vm_mutex);
	vm = ecsh_vm_find_or_add(pid, &fresh);
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	return vm ? 0 : -ENOMEM;
}

/**
 * ecsh_vm_exit() - free what is left; all vCPUs are gone
 *
 * Context: module exit.
 */
void ecsh_vm_exit(void)
{
	struct ecsh_vm *vm, *next;

	list_for_each_entry_safe(vm, next, &ecsh_vms, node)
		destroy(vm);
}
