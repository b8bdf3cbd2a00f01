/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu.h: the vCPUs that ever registered, asked for features, or tried to, and
 * which runs where.
 *
 * A record lives from the vCPU's first such access until KVM destroys it. The
 * pointers to KVM's objects are names only and are never followed.
 */
#ifndef ECSH_VCPU_H
#define ECSH_VCPU_H

#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "ecs_ioctl.h"
#include "page.h"
#include "policy.h"

struct ecsh_vm;

/**
 * struct ecsh_vcpu - one vCPU
 * @lock: covers @mode, @hints, @told, @params, @state, @stats, @due, the limits
 *	and writes of @page. Innermost but for the hrtimer base lock; taken with
 *	interrupts off, also inside a runqueue lock: no wakeups while it is held
 * @mode: ECS_MODE_*
 * @hints: ECS_HINT_* that its guest is given; 0 while @mode is OFF
 * @told: ECS_HINT_* that its page says now
 * @yield: its yields go to preempted holders first
 * @yielding: it has yielded since its last VM exit: it is not preempted by that;
 *	its own thread's
 * @params: what the policy is given
 * @state: the policy's account
 * @stats: counters
 * @due: while extended: when the next look is due
 * @held_at: when it was preempted inside a section, ns; 0 if it was not, or has a
 *	CPU again
 * @tries: yields directed to it since then
 * @sbt_max_ns: largest SBT that the guest may ask for, 0: it may not
 * @usbt_min_ns: least USBT that it may ask for
 * @asked_at: when the guest last asked for a boost; vcpu->mutex
 * @registered_at: when it last registered a page; vcpu->mutex
 * @page: the registration, RCU, NULL while there is none
 * @timer: looks at the section again; pinned to the CPU the vCPU runs on
 * @task: thread it is attached to, NULL if none; RCU; ecsh_thread's lock
 * @vm: its VM
 * @vm_node: in the VM's list; ecsh_vm_mutex, RCU
 * @hash: in the registry; RCU
 * @key: KVM's vCPU, a name only
 * @kvm: KVM's VM, a name only
 * @id: KVM's vcpu_id
 * @free: ends the record after a grace period
 */
struct ecsh_vcpu {
	raw_spinlock_t lock;
	u32 mode;
	u32 hints;
	u32 told;
	bool yield;
	bool yielding;
	struct ecs_policy_params params;
	struct ecs_policy_state state;
	struct ecs_ioc_stats stats;
	u64 due;
	u64 held_at;
	u32 tries;
	u32 sbt_max_ns;
	u32 usbt_min_ns;
	u64 asked_at;
	u64 registered_at;
	struct ecsh_page __rcu *page;
	struct hrtimer timer;
	struct task_struct *task;
	struct ecsh_vm *vm;
	struct list_head vm_node;
	struct hlist_node hash;
	const struct kvm_vcpu *key;
	const struct kvm *kvm;
	int id;
	struct rcu_work free;
};

/*
 * The attached vCPU that runs on a CPU now. Set and cleared by its preempt
 * notifier: the CPU's runqueue lock is held when it is cleared, so it is stable
 * for who holds that lock and finds it set.
 */
DECLARE_PER_CPU(struct ecsh_vcpu *, ecsh_vcpu_running);

/* Its registration or NULL. Context: v->lock held. */
static inline struct ecsh_page *ecsh_vcpu_page(struct ecsh_vcpu *v)
{
	return rcu_dereference_protected(v->page, lockdep_is_held(&v->lock));
}

int ecsh_vcpu_init(void);
void ecsh_vcpu_close(void);
void ecsh_vcpu_exit(void);
struct ecsh_vcpu *ecsh_vcpu_find(const struct kvm_vcpu *key);
struct ecsh_vcpu *ecsh_vcpu_get(struct kvm_vcpu *vcpu);
int ecsh_vcpu_register(struct ecsh_vcpu *v, struct ecsh_page *page);
bool ecsh_vcpu_drop_page(struct ecsh_vcpu *v, enum ecs_stat why);
void ecsh_vcpu_drop_only(struct ecsh_vcpu *v, const struct ecsh_page *page);
void ecsh_vcpu_destroyed(const struct kvm_vcpu *key);
void ecsh_vcpu_memslot_gone(struct kvm *kvm, gfn_t base, u64 npages);

#endif /* ECSH_VCPU_H */
