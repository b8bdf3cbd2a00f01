// SPDX-License-Identifier: GPL-2.0-only
/* setting.c: see setting.h. */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "ask.h"
#include "boost.h"
#include "bounds.h"
#include "hint.h"
#include "setting.h"
#include "vcpu.h"
#include "vm.h"
#include "walk.h"

static bool enable_all;
module_param(enable_all, bool, 0444);
MODULE_PARM_DESC(enable_all, "VMs are on unless switched off (default: no); cleared by disable --all");

/**
 * ecsh_setting_defaults() - parameters of a VM that nobody has spoken of
 * @params: filled in
 */
void ecsh_setting_defaults(struct ecs_ioc_params *params)
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

/**
 * ecsh_setting_apply() - give a vCPU the settings of its VM
 * @vm: its VM
 * @v: the vCPU
 *
 * Context: ecsh_vm_mutex held.
 */
void ecsh_setting_apply(struct ecsh_vm *vm, struct ecsh_vcpu *v)
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

static void apply_to_all(struct ecsh_vm *vm)
{
	struct ecsh_vcpu *v;

	list_for_each_entry(v, &vm->vcpus, vm_node)
		ecsh_setting_apply(vm, v);
}

/**
 * ecsh_setting_vm() - change a VM's parameters; it need not have registered yet
 * @arg: see ECS_IOC_VM_SET; filled with what holds after it
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL a value is out of bounds (nothing is changed), -ESRCH no
 * such process, -ENOMEM.
 */
int ecsh_setting_vm(struct ecs_ioc_vm *arg)
{
	struct ecs_ioc_params change = arg->params, params;
	bool off = change.valid & ECS_PARAM_MODE && change.mode == ECS_MODE_OFF;
	struct ecsh_vm *vm, *fresh;
	struct pid *pid;
	int err = 0;

	if (arg->flags || !ecs_bounds_params(&change))
		return -EINVAL;
	pid = ecsh_vm_get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	fresh = ecsh_vm_alloc();
	mutex_lock(&ecsh_vm_mutex);
	/* What is refused leaves no VM that was not known before. */
	vm = ecsh_vm_find(pid);
	if (vm)
		params = vm->params;
	else
		ecsh_setting_defaults(&params);
	if (!ecs_bounds_merge(&params, &change)) {
		err = -EINVAL;
		goto unlock;
	}
	vm = ecsh_vm_find_or_add(pid, &fresh);
	if (vm) {
		vm->params = params;
		/* Switched off is all of it: the guest may not ask again. */
		if (off)
			forbid(vm);
		apply_to_all(vm);
		ecsh_walk_fill_vm(vm, arg);
	} else {
		err = -ENOMEM;
	}
unlock:
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	if (!err && off)
		ecsh_boost_remove_all(pid);
	put_pid(pid);
	return err;
}

/**
 * ecsh_setting_limit() - what a guest may ask for itself
 * @arg: see ECS_IOC_LIMIT_SET
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL a value is out of bounds, -ESRCH no such process, -ENOMEM.
 */
int ecsh_setting_limit(struct ecs_ioc_limit *arg)
{
	struct ecsh_vm *vm, *fresh;
	struct pid *pid;

	if (!ecs_bounds_limit(arg))
		return -EINVAL;
	pid = ecsh_vm_get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	fresh = ecsh_vm_alloc();
	mutex_lock(&ecsh_vm_mutex);
	vm = ecsh_vm_find_or_add(pid, &fresh);
	if (vm) {
		vm->sbt_max_ns = arg->sbt_max_ns;
		vm->usbt_min_ns = arg->usbt_min_ns;
		apply_to_all(vm);
	}
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	if (vm)
		ecsh_ask_limit(pid, arg->sbt_max_ns, arg->usbt_min_ns);
	put_pid(pid);
	return vm ? 0 : -ENOMEM;
}

/**
 * ecsh_setting_disable_all() - switch every VM off, and those to come: the panic button
 *
 * Context: may sleep.
 */
void ecsh_setting_disable_all(void)
{
	struct ecsh_vm *vm;

	mutex_lock(&ecsh_vm_mutex);
	enable_all = false;
	list_for_each_entry(vm, &ecsh_vms, node) {
		vm->params.mode = ECS_MODE_OFF;
		forbid(vm);
		apply_to_all(vm);
	}
	mutex_unlock(&ecsh_vm_mutex);
	ecsh_boost_remove_all(NULL);
}
