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
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "boost.h"
#include "bounds.h"
#include "hint.h"
#include "promise.h"
#include "stats.h"
#include "vcpu.h"
#include "vm.h"
#include "walk.h"

static bool enable_all;
module_param(enable_all, bool, 0444);
MODULE_PARM_DESC(enable_all, "VMs are on unless switched off (default: no); cleared by disable --all");

/*
 * Taken inside vcpu->mutex and kvm->srcu by guests that register, so nothing of
 * KVM and no user memory is touched while it is held.
 */
DEFINE_MUTEX(ecsh_vm_mutex);
LIST_HEAD(ecsh_vms);

/**
 * ecsh_vm_defaults() - parameters of a VM that nobody has spoken of
 * @params: filled in
 */
void ecsh_vm_defaults(struct ecs_ioc_params *params)
{
	*params = (struct ecs_ioc_params){
		.valid = ECS_PARAM_ALL,
		.mode = enable_all ? ECS_MODE_ON : ECS_MODE_OFF,
		.grace_ns = 500 * NSEC_PER_USEC,
		.grace_sleep_ns = 125 * NSEC_PER_USEC,
		.recheck_ns = 50 * NSEC_PER_USEC,
		.budget_ppm = 250000,
		.burst_ns = 20 * NSEC_PER_MSEC,
		.waiters = ECS_WAITERS_EXTEND,
		.yield = ECS_YIELD_ON,
	};
}

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

static struct ecsh_vm *alloc(void)
{
	return kzalloc(sizeof(struct ecsh_vm), GFP_KERNEL_ACCOUNT);
}

/*
 * The VM of a process. If there is none, *fresh becomes it: memory is got before
 * the mutex, which a VMM out of its memory limit must not hold up.
 */
static struct ecsh_vm *find_or_add(struct pid *pid, struct ecsh_vm **fresh)
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
	ecsh_vm_defaults(&vm->params);
	list_add_tail(&vm->node, &ecsh_vms);
	return vm;
}

static u32 hints_of(const struct ecsh_vm *vm)
{
	return vm->params.mode == ECS_MODE_OFF ? 0 : vm->params.hints;
}

/* The guest may ask for no boost. */
static void forbid(struct ecsh_vm *vm)
{
	vm->sbt_max_ns = 0;
	vm->usbt_min_ns = 0;
}

/* Gives a vCPU its VM's parameters. */
static void apply(struct ecsh_vm *vm, struct ecsh_vcpu *v)
{
	const struct ecs_ioc_params *params = &vm->params;
	unsigned long flags;

	lockdep_assert_held(&ecsh_vm_mutex);
	raw_spin_lock_irqsave(&v->lock, flags);
	v->params.grace_ns = params->grace_ns;
	v->params.grace_sleep_ns = params->grace_sleep_ns;
	v->params.recheck_ns = params->recheck_ns;
	v->params.burst_ns = params->burst_ns;
	v->params.budget_ppm = params->budget_ppm;
	v->params.extend = params->mode == ECS_MODE_ON;
	v->params.refuse_waiters = params->waiters == ECS_WAITERS_REFUSE;
	v->sbt_max_ns = vm->sbt_max_ns;
	v->usbt_min_ns = vm->usbt_min_ns;
	WRITE_ONCE(v->yield, params->yield == ECS_YIELD_ON);
	WRITE_ONCE(v->mode, params->mode);
	ecsh_hint_set(v, hints_of(vm));
	raw_spin_unlock_irqrestore(&v->lock, flags);
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
	struct ecsh_vm *vm, *fresh = alloc();

	mutex_lock(&ecsh_vm_mutex);
	vm = find_or_add(task_tgid(current), &fresh);
	if (vm) {
		v->vm = vm;
		list_add_tail_rcu(&v->vm_node, &vm->vcpus);
		apply(vm, v);
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
 * ecsh_vm_set() - change a VM's parameters; it need not have registered yet
 * @arg: see ECS_IOC_VM_SET; filled with what holds after it
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL a value is out of bounds (nothing is changed), -ESRCH no
 * such process, -ENOMEM.
 */
int ecsh_vm_set(struct ecs_ioc_vm *arg)
{
	struct ecs_ioc_params change = arg->params, params;
	struct ecsh_vm *vm, *fresh;
	struct ecsh_vcpu *v;
	struct pid *pid;
	int err = 0;

	if (arg->flags || !ecs_bounds_params(&change))
		return -EINVAL;
	pid = ecsh_vm_get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	fresh = alloc();
	mutex_lock(&ecsh_vm_mutex);
	/* What is refused leaves no VM that was not known before. */
	vm = ecsh_vm_find(pid);
	if (vm)
		params = vm->params;
	else
		ecsh_vm_defaults(&params);
	if (!ecs_bounds_merge(&params, &change)) {
		err = -EINVAL;
		goto unlock;
	}
	vm = find_or_add(pid, &fresh);
	if (vm) {
		vm->params = params;
		/* Switched off is all of it: the guest may not ask again. */
		if ((change.valid & ECS_PARAM_MODE) &&
		    change.mode == ECS_MODE_OFF)
			forbid(vm);
		list_for_each_entry(v, &vm->vcpus, vm_node)
			apply(vm, v);
		ecsh_walk_fill_vm(vm, arg);
	} else {
		err = -ENOMEM;
	}
unlock:
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	if (!err && (change.valid & ECS_PARAM_MODE) &&
	    change.mode == ECS_MODE_OFF)
		ecsh_boost_remove_all(pid);
	put_pid(pid);
	return err;
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
	struct ecsh_vm *vm, *fresh = alloc();

	mutex_lock(&ecsh_vm_mutex);
	vm = find_or_add(pid, &fresh);
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	return vm ? 0 : -ENOMEM;
}

/**
 * ecsh_vm_limit_set() - what a guest may ask for itself
 * @arg: see ECS_IOC_LIMIT_SET
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL a value is out of bounds, -ESRCH no such process, -ENOMEM.
 */
int ecsh_vm_limit_set(struct ecs_ioc_limit *arg)
{
	struct ecsh_vm *vm, *fresh;
	struct ecsh_vcpu *v;
	struct pid *pid;

	if (!ecs_bounds_limit(arg))
		return -EINVAL;
	pid = ecsh_vm_get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	fresh = alloc();
	mutex_lock(&ecsh_vm_mutex);
	vm = find_or_add(pid, &fresh);
	if (vm) {
		vm->sbt_max_ns = arg->sbt_max_ns;
		vm->usbt_min_ns = arg->usbt_min_ns;
		list_for_each_entry(v, &vm->vcpus, vm_node)
			apply(vm, v);
	}
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	if (vm)
		ecsh_promise_limit(pid, arg->sbt_max_ns, arg->usbt_min_ns);
	put_pid(pid);
	return vm ? 0 : -ENOMEM;
}

/**
 * ecsh_vm_disable_all() - switch every VM off, and those to come: the panic button
 *
 * Context: may sleep.
 */
void ecsh_vm_disable_all(void)
{
	struct ecsh_vcpu *v;
	struct ecsh_vm *vm;

	mutex_lock(&ecsh_vm_mutex);
	enable_all = false;
	list_for_each_entry(vm, &ecsh_vms, node) {
		vm->params.mode = ECS_MODE_OFF;
		forbid(vm);
		list_for_each_entry(v, &vm->vcpus, vm_node)
			apply(vm, v);
	}
	mutex_unlock(&ecsh_vm_mutex);
	ecsh_boost_remove_all(NULL);
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
