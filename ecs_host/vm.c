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
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "stats.h"
#include "vcpu.h"
#include "vm.h"

static bool enable_all;
module_param(enable_all, bool, 0444);
MODULE_PARM_DESC(enable_all, "VMs are on unless switched off (default: no); cleared by disable --all");

/**
 * struct ecsh_vm - a VMM process
 * @node: in the list of VMs
 * @pid: its thread group, with a reference
 * @params: what it is given
 * @vcpus: its records
 * @gone: counters of vCPUs that are destroyed, and of the VM as a whole
 *
 * All of it is covered by ecsh_vm_mutex.
 */
struct ecsh_vm {
	struct list_head node;
	struct pid *pid;
	struct ecs_ioc_params params;
	struct list_head vcpus;
	struct ecs_ioc_stats gone;
};

/*
 * Taken inside vcpu->mutex and kvm->srcu by guests that register, so nothing of
 * KVM and no user memory is touched while it is held.
 */
static DEFINE_MUTEX(ecsh_vm_mutex);
static LIST_HEAD(vms);

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
		.recheck_ns = 50 * NSEC_PER_USEC,
		.budget_ppm = 250000,
		.burst_ns = 20 * NSEC_PER_MSEC,
	};
}

/* Has the whole process died, reaped or not? */
static bool is_dead(struct pid *pid)
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

static void sweep(void)
{
	struct ecsh_vm *vm, *next;

	lockdep_assert_held(&ecsh_vm_mutex);
	list_for_each_entry_safe(vm, next, &vms, node)
		if (list_empty(&vm->vcpus) && is_dead(vm->pid))
			destroy(vm);
}

static struct ecsh_vm *find(struct pid *pid)
{
	struct ecsh_vm *vm;

	lockdep_assert_held(&ecsh_vm_mutex);
	list_for_each_entry(vm, &vms, node)
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

	sweep();
	vm = find(pid);
	if (vm || !*fresh)
		return vm;
	vm = *fresh;
	*fresh = NULL;
	vm->pid = get_pid(pid);
	INIT_LIST_HEAD(&vm->vcpus);
	ecsh_vm_defaults(&vm->params);
	list_add_tail(&vm->node, &vms);
	return vm;
}

/* Gives a vCPU its VM's parameters. */
static void apply(struct ecsh_vm *vm, struct ecsh_vcpu *v)
{
	const struct ecs_ioc_params *params = &vm->params;
	unsigned long flags;

	lockdep_assert_held(&ecsh_vm_mutex);
	raw_spin_lock_irqsave(&v->lock, flags);
	v->params.grace_ns = params->grace_ns;
	v->params.recheck_ns = params->recheck_ns;
	v->params.burst_ns = params->burst_ns;
	v->params.budget_ppm = params->budget_ppm;
	v->params.extend = params->mode == ECS_MODE_ON;
	WRITE_ONCE(v->mode, params->mode);
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
		list_add_tail(&v->vm_node, &vm->vcpus);
		apply(vm, v);
	}
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	return vm;
}

/**
 * ecsh_vm_remove_vcpu() - a vCPU's record is about to be freed
 * @v: the record; nobody else can find it
 *
 * Context: may sleep.
 */
void ecsh_vm_remove_vcpu(struct ecsh_vcpu *v)
{
	mutex_lock(&ecsh_vm_mutex);
	list_del(&v->vm_node);
	ecsh_stats_add(&v->vm->gone, &v->stats);
	sweep();
	mutex_unlock(&ecsh_vm_mutex);
}

static void read_vcpu(struct ecsh_vcpu *v, struct ecs_ioc_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_add(stats, &v->stats);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

static void fill(struct ecsh_vm *vm, struct ecs_ioc_vm *arg)
{
	struct ecsh_vcpu *v;

	lockdep_assert_held(&ecsh_vm_mutex);
	arg->pid = pid_vnr(vm->pid);
	arg->vcpus = 0;
	arg->registered = 0;
	arg->zero = 0;
	arg->params = vm->params;
	arg->stats = vm->gone;
	list_for_each_entry(v, &vm->vcpus, vm_node) {
		arg->vcpus++;
		arg->registered += !!rcu_access_pointer(v->page);
		read_vcpu(v, &arg->stats);
	}
}

static bool params_are_valid(const struct ecs_ioc_params *p)
{
	if (p->valid & ~ECS_PARAM_ALL)
		return false;
	if ((p->valid & ECS_PARAM_MODE) && p->mode > ECS_MODE_ON)
		return false;
	if ((p->valid & ECS_PARAM_GRACE) &&
	    (p->grace_ns < ECS_GRACE_NS_MIN || p->grace_ns > ECS_GRACE_NS_MAX))
		return false;
	if ((p->valid & ECS_PARAM_RECHECK) &&
	    (p->recheck_ns < ECS_RECHECK_NS_MIN ||
	     p->recheck_ns > ECS_RECHECK_NS_MAX))
		return false;
	if ((p->valid & ECS_PARAM_BUDGET) && p->budget_ppm > ECS_BUDGET_PPM_MAX)
		return false;
	if ((p->valid & ECS_PARAM_BURST) &&
	    (p->burst_ns < ECS_BURST_NS_MIN || p->burst_ns > ECS_BURST_NS_MAX))
		return false;
	return true;
}

static void merge(struct ecs_ioc_params *to, const struct ecs_ioc_params *from)
{
	if (from->valid & ECS_PARAM_MODE)
		to->mode = from->mode;
	if (from->valid & ECS_PARAM_GRACE)
		to->grace_ns = from->grace_ns;
	if (from->valid & ECS_PARAM_RECHECK)
		to->recheck_ns = from->recheck_ns;
	if (from->valid & ECS_PARAM_BUDGET)
		to->budget_ppm = from->budget_ppm;
	if (from->valid & ECS_PARAM_BURST)
		to->burst_ns = from->burst_ns;
}

/* The pid of a live process, with a reference; as the caller numbers it. */
static struct pid *get_live_pid(s32 nr)
{
	struct pid *pid = nr > 0 ? find_get_pid(nr) : NULL;

	if (pid && is_dead(pid)) {
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

	if (arg->flags || !params_are_valid(&change))
		return -EINVAL;
	pid = get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	fresh = alloc();
	mutex_lock(&ecsh_vm_mutex);
	vm = find_or_add(pid, &fresh);
	if (vm) {
		params = vm->params;
		merge(&params, &change);
		/* Such a bucket would never hold enough for a grant. */
		if (params.burst_ns < params.recheck_ns) {
			err = -EINVAL;
			goto unlock;
		}
		vm->params = params;
		list_for_each_entry(v, &vm->vcpus, vm_node)
			apply(vm, v);
		fill(vm, arg);
	} else {
		err = -ENOMEM;
	}
unlock:
	mutex_unlock(&ecsh_vm_mutex);
	kfree(fresh);
	put_pid(pid);
	return err;
}

/**
 * ecsh_vm_read() - a VM's parameters and counters
 * @arg: see ECS_IOC_VM_GET
 *
 * Context: may sleep.
 * Return: 0, -ESRCH no such process, -ENOENT a process the module never heard of.
 */
int ecsh_vm_read(struct ecs_ioc_vm *arg)
{
	struct ecsh_vm *vm;
	struct pid *pid;

	if (arg->flags)
		return -EINVAL;
	pid = get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	mutex_lock(&ecsh_vm_mutex);
	vm = find(pid);
	if (vm)
		fill(vm, arg);
	mutex_unlock(&ecsh_vm_mutex);
	put_pid(pid);
	return vm ? 0 : -ENOENT;
}

/**
 * ecsh_vm_next() - walk the VMs in the order of their pids
 * @arg: see ECS_IOC_VM_NEXT
 *
 * Context: may sleep.
 * Return: 0, -ENOENT at the end.
 */
int ecsh_vm_next(struct ecs_ioc_vm *arg)
{
	struct ecsh_vm *vm, *best = NULL;

	if (arg->flags)
		return -EINVAL;
	mutex_lock(&ecsh_vm_mutex);
	sweep();
	list_for_each_entry(vm, &vms, node) {
		/* 0: not visible in the caller's pid namespace. */
		if (pid_vnr(vm->pid) <= max(arg->pid, 0) || is_dead(vm->pid))
			continue;
		if (!best || pid_vnr(vm->pid) < pid_vnr(best->pid))
			best = vm;
	}
	if (best)
		fill(best, arg);
	mutex_unlock(&ecsh_vm_mutex);
	return best ? 0 : -ENOENT;
}

static void fill_vcpu(struct ecsh_vcpu *v, struct ecs_ioc_vcpu *arg)
{
	struct task_struct *task;
	struct ecsh_page *page;

	lockdep_assert_held(&ecsh_vm_mutex);
	arg->vcpu = v->id;
	arg->tid = 0;
	arg->run_ns = 0;
	arg->registered = 0;
	arg->generation = 0;
	arg->pc_width = 0;
	arg->zero = 0;
	memset(&arg->stats, 0, sizeof(arg->stats));
	read_vcpu(v, &arg->stats);
	rcu_read_lock();
	page = rcu_dereference(v->page);
	if (page) {
		arg->registered = 1;
		arg->generation = page->generation;
		arg->pc_width = page->pc_width;
	}
	task = READ_ONCE(v->task);
	if (task) {
		arg->tid = task_pid_vnr(task);
		arg->run_ns = READ_ONCE(task->se.sum_exec_runtime);
	}
	rcu_read_unlock();
}

/**
 * ecsh_vm_next_vcpu() - walk a VM's vCPUs in the order of their ids
 * @arg: see ECS_IOC_VCPU_NEXT
 *
 * Context: may sleep.
 * Return: 0, -ESRCH no such process, -ENOENT unknown VM or at the end.
 */
int ecsh_vm_next_vcpu(struct ecs_ioc_vcpu *arg)
{
	struct ecsh_vcpu *v, *best = NULL;
	struct ecsh_vm *vm;
	struct pid *pid;

	if (arg->flags)
		return -EINVAL;
	pid = get_live_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	mutex_lock(&ecsh_vm_mutex);
	vm = find(pid);
	if (vm)
		list_for_each_entry(v, &vm->vcpus, vm_node)
			if (v->id > arg->vcpu && (!best || v->id < best->id))
				best = v;
	if (best)
		fill_vcpu(best, arg);
	mutex_unlock(&ecsh_vm_mutex);
	put_pid(pid);
	return best ? 0 : -ENOENT;
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
	list_for_each_entry(vm, &vms, node) {
		vm->params.mode = ECS_MODE_OFF;
		list_for_each_entry(v, &vm->vcpus, vm_node)
			apply(vm, v);
	}
	mutex_unlock(&ecsh_vm_mutex);
}

/**
 * ecsh_vm_exit() - free what is left; all vCPUs are gone
 *
 * Context: module exit.
 */
void ecsh_vm_exit(void)
{
	struct ecsh_vm *vm, *next;

	list_for_each_entry_safe(vm, next, &vms, node)
		destroy(vm);
}
