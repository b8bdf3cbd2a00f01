// SPDX-License-Identifier: GPL-2.0-only
/* walk.c: see walk.h. */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "boost.h"
#include "promise.h"
#include "stats.h"
#include "vcpu.h"
#include "vm.h"
#include "walk.h"

/*
 * Takes ecsh_vm_mutex and finds a VM, NULL if the module never heard of it; -ESRCH
 * and not taken if there is no such process.
 */
static int lock_vm(s32 nr, struct ecsh_vm **vm)
{
	struct pid *pid = ecsh_vm_get_live_pid(nr);

	if (!pid)
		return -ESRCH;
	mutex_lock(&ecsh_vm_mutex);
	*vm = ecsh_vm_find(pid);
	put_pid(pid);
	return 0;
}

static void read_vcpu(struct ecsh_vcpu *v, struct ecs_ioc_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_add(stats, &v->stats);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

/**
 * ecsh_walk_fill_vm() - what there is to know of a VM
 * @vm: the VM
 * @arg: filled in
 *
 * Context: ecsh_vm_mutex held.
 */
void ecsh_walk_fill_vm(struct ecsh_vm *vm, struct ecs_ioc_vm *arg)
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

/**
 * ecsh_walk_read() - a VM's parameters and counters
 * @arg: see ECS_IOC_VM_GET
 *
 * Context: may sleep.
 * Return: 0, -ESRCH no such process, -ENOENT a process the module never heard of.
 */
int ecsh_walk_read(struct ecs_ioc_vm *arg)
{
	struct ecsh_vm *vm;
	int err;

	if (arg->flags)
		return -EINVAL;
	err = lock_vm(arg->pid, &vm);
	if (err)
		return err;
	if (vm)
		ecsh_walk_fill_vm(vm, arg);
	mutex_unlock(&ecsh_vm_mutex);
	return vm ? 0 : -ENOENT;
}

/**
 * ecsh_walk_next() - walk the VMs in the order of their pids
 * @arg: see ECS_IOC_VM_NEXT
 *
 * Context: may sleep.
 * Return: 0, -ENOENT at the end.
 */
int ecsh_walk_next(struct ecs_ioc_vm *arg)
{
	struct ecsh_vm *vm, *best = NULL;

	if (arg->flags)
		return -EINVAL;
	mutex_lock(&ecsh_vm_mutex);
	ecsh_vm_sweep();
	list_for_each_entry(vm, &ecsh_vms, node) {
		/* 0: not visible in the caller's pid namespace. */
		if (pid_vnr(vm->pid) <= max(arg->pid, 0) ||
		    ecsh_vm_is_dead(vm->pid))
			continue;
		if (!best || pid_vnr(vm->pid) < pid_vnr(best->pid))
			best = vm;
	}
	if (best)
		ecsh_walk_fill_vm(best, arg);
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
 * ecsh_walk_next_vcpu() - walk a VM's vCPUs in the order of their ids
 * @arg: see ECS_IOC_VCPU_NEXT
 *
 * Context: may sleep.
 * Return: 0, -ESRCH no such process, -ENOENT unknown VM or at the end.
 */
int ecsh_walk_next_vcpu(struct ecs_ioc_vcpu *arg)
{
	struct ecsh_vcpu *v, *best = NULL;
	struct ecsh_vm *vm;
	int err;

	if (arg->flags)
		return -EINVAL;
	err = lock_vm(arg->pid, &vm);
	if (err)
		return err;
	if (vm)
		list_for_each_entry(v, &vm->vcpus, vm_node)
			if (v->id > arg->vcpu && (!best || v->id < best->id))
				best = v;
	if (best)
		fill_vcpu(best, arg);
	mutex_unlock(&ecsh_vm_mutex);
	return best ? 0 : -ENOENT;
}

/**
 * ecsh_walk_limit() - what a guest may ask for itself
 * @arg: see ECS_IOC_LIMIT_GET
 *
 * Context: may sleep.
 * Return: 0, -EINVAL, -ESRCH no such process.
 */
int ecsh_walk_limit(struct ecs_ioc_limit *arg)
{
	struct ecsh_vm *vm;
	int err;

	if (arg->flags)
		return -EINVAL;
	err = lock_vm(arg->pid, &vm);
	if (err)
		return err;
	arg->zero = 0;
	arg->sbt_max_ns = vm ? vm->sbt_max_ns : 0;
	arg->usbt_min_ns = vm ? vm->usbt_min_ns : 0;
	mutex_unlock(&ecsh_vm_mutex);
	return 0;
}

/**
 * ecsh_walk_fill_boost() - what there is to know of a boost
 * @b: the boost
 * @arg: filled in
 *
 * Context: ecsh_boost_mutex held.
 */
void ecsh_walk_fill_boost(struct ecsh_boost *b, struct ecs_ioc_boost *arg)
{
	static const u32 states[] = {
		[ECS_BUDGET_READY] = ECS_BOOST_READY,
		[ECS_BUDGET_BOOSTED] = ECS_BOOST_BOOSTED,
		[ECS_BUDGET_COOLING] = ECS_BOOST_COOLING,
	};
	unsigned long flags;

	lockdep_assert_held(&ecsh_boost_mutex);
	arg->pid = pid_vnr(b->tgid);
	arg->tid = task_pid_vnr(b->task);
	arg->vcpu = b->vcpu;
	arg->backend = b->backend;
	arg->source = b->source;
	arg->sbt_ns = b->params.sbt_ns;
	arg->usbt_ns = b->params.usbt_ns;
	arg->borrow_ns = b->params.borrow_ns;
	arg->wanted_ppm = ecsh_promise_share(&b->params);
	arg->zero = 0;
	arg->run_ns = READ_ONCE(b->task->se.sum_exec_runtime);
	raw_spin_lock_irqsave(&b->lock, flags);
	/* Nobody looks while it sleeps. */
	ecs_budget_cooling_left(&b->budget, ktime_get_mono_fast_ns());
	arg->state = states[b->budget.phase];
	arg->stats = b->stats;
	arg->stats.counter[ECS_BOOST_STAT_PICKS] = READ_ONCE(b->picks);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * ecsh_walk_next_boost() - walk a VM's boosts in the order of their thread ids
 * @arg: see ECS_IOC_BOOST_NEXT
 *
 * Context: may sleep.
 * Return: 0, -EINVAL, -ENOENT at the end.
 */
int ecsh_walk_next_boost(struct ecs_ioc_boost *arg)
{
	struct ecsh_boost *b, *best = NULL;
	int tid, best_tid = 0;

	if (arg->flags || arg->pid <= 0)
		return -EINVAL;
	rt_mutex_lock(&ecsh_boost_mutex);
	list_for_each_entry(b, &ecsh_boosts, node) {
		tid = task_pid_vnr(b->task);
		if (READ_ONCE(b->gone) || pid_vnr(b->tgid) != arg->pid ||
		    tid <= arg->tid || (best && tid > best_tid))
			continue;
		best = b;
		best_tid = tid;
	}
	if (best)
		ecsh_walk_fill_boost(best, arg);
	rt_mutex_unlock(&ecsh_boost_mutex);
	return best ? 0 : -ENOENT;
}
