// SPDX-License-Identifier: GPL-2.0-only
/* holder.c: see holder.h. */
#include <linux/rculist.h>
#include <linux/sched/task.h>

#include "choice.h"
#include "compat/sched.h"
#include "holder.h"
#include "queue.h"
#include "vm.h"

/*
 * A yield makes the holder's CPU choose anew, with the holder before all others.
 * A vCPU that runs there on an extension would lose it, and one holder would wait
 * for another; a boosted thread would lose what it was promised.
 */
static bool is_taken(const struct ecsh_vcpu *me, int cpu)
{
	struct ecsh_vcpu *running = READ_ONCE(per_cpu(ecsh_vcpu_running, cpu));

	if (READ_ONCE(per_cpu(ecsh_queue, cpu).nr))
		return true;
	return running && running != me &&
	       READ_ONCE(running->state.phase) == ECS_POLICY_EXTENDED;
}

/* Can a yield of @me reach this vCPU, and would it be for a holder? */
static bool fits(const struct ecsh_vcpu *me, struct ecsh_vcpu *v,
		 struct task_struct **task)
{
	if (v == me || !READ_ONCE(v->held_at) || !rcu_access_pointer(v->page))
		return false;
	*task = READ_ONCE(v->task);
	/* yield_to() refuses between classes. */
	return *task && ecs_sched_is_fair(*task) &&
	       !is_taken(me, task_cpu(*task));
}

/*
 * How many vCPUs are looked at, with preemption off: more than a VM has, but not than a
 * VMM can make that opens one VM after the other.
 */
#define LOOK_AT 1024

/*
 * The list of the VM's vCPUs stays, for @me is on it.
 * Context: RCU read side or preemption off.
 */
static struct ecsh_vcpu *find(const struct ecsh_vcpu *me, unsigned long named,
			      struct ecsh_holder *holder)
{
	struct ecsh_vcpu *v, *best = NULL;
	struct ecs_choice one, chosen;
	unsigned int looks = LOOK_AT;
	struct task_struct *task;

	list_for_each_entry_rcu(v, &me->vm->vcpus, vm_node) {
		if (!looks--)
			break;
		if (!fits(me, v, &task))
			continue;
		one.held_at = READ_ONCE(v->held_at);
		one.tries = READ_ONCE(v->tries);
		one.named = v->id == named;
		if (!one.held_at ||
		    (best && !ecs_choice_is_better(&one, &chosen)))
			continue;
		best = v;
		chosen = one;
		holder->task = task;
		holder->held_at = one.held_at;
		holder->id = v->id;
	}
	return best;
}

/**
 * ecsh_holder_is_there() - is there a holder to give time to?
 * @me: the vCPU that the current thread runs
 * @named: APIC id of the vCPU that the guest wants to run, or
 *	ECSH_HOLDER_NOBODY; KVM gives a vCPU its vcpu_id as APIC id
 *
 * Context: RCU read side or preemption off, not under a runqueue lock.
 */
bool ecsh_holder_is_there(const struct ecsh_vcpu *me, unsigned long named)
{
	struct ecsh_holder holder;

	return ecs_sched_is_fair(current) && find(me, named, &holder);
}

/**
 * ecsh_holder_take() - choose a holder and keep its thread
 * @me: the vCPU that the current thread runs
 * @named: as for ecsh_holder_is_there()
 * @holder: filled in on success; ecsh_holder_put() it
 *
 * Context: process context.
 * Return: whether there is one; it may have got a CPU by now.
 */
bool ecsh_holder_take(const struct ecsh_vcpu *me, unsigned long named,
		      struct ecsh_holder *holder)
{
	struct ecsh_vcpu *v;

	rcu_read_lock();
	v = find(me, named, holder);
	if (v) {
		/* Attached threads are kept for a grace period after the end. */
		get_task_struct(holder->task);
		WRITE_ONCE(v->tries, READ_ONCE(v->tries) + 1);
	}
	rcu_read_unlock();
	return v;
}

/**
 * ecsh_holder_put() - done with a holder
 * @me: as for ecsh_holder_take()
 * @holder: from there
 * @refused: the scheduler did not take the yield: no other is tried on it before
 *	it has been on a CPU, so that KVM's own choice is kept from its turn
 *	once at most for each preemption
 *
 * Context: process context.
 */
void ecsh_holder_put(const struct ecsh_vcpu *me,
		     const struct ecsh_holder *holder, bool refused)
{
	unsigned int looks = LOOK_AT;
	struct ecsh_vcpu *v;

	if (refused) {
		rcu_read_lock();
		list_for_each_entry_rcu(v, &me->vm->vcpus, vm_node) {
			if (!looks--)
				break;
			if (READ_ONCE(v->task) != holder->task)
				continue;
			cmpxchg(&v->held_at, holder->held_at, 0);
			break;
		}
		rcu_read_unlock();
	}
	put_task_struct(holder->task);
}
