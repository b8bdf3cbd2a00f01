// SPDX-License-Identifier: GPL-2.0-only
/* vcpu.c: see vcpu.h. */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "ask.h"
#include "compat/timer.h"
#include "grace.h"
#include "hint.h"
#include "stats.h"
#include "thread.h"
#include "vcpu.h"
#include "vm.h"

DEFINE_PER_CPU(struct ecsh_vcpu *, ecsh_vcpu_running);

/* Changes of the registry; raw, for ftrace callbacks run with preemption off. */
static DEFINE_RAW_SPINLOCK(registry_lock);
static DEFINE_HASHTABLE(registry, 8);
static struct workqueue_struct *wq;
/* No registration any more; registry_lock. */
static bool closing;

/**
 * ecsh_vcpu_find() - the record of a vCPU
 * @key: KVM's vCPU
 *
 * Context: RCU read side or preemption off.
 * Return: the record, valid until the caller leaves that context (the vCPU's
 * own thread: as long as it holds vcpu->mutex), or NULL.
 */
struct ecsh_vcpu *ecsh_vcpu_find(const struct kvm_vcpu *key)
{
	struct ecsh_vcpu *v;

	hash_for_each_possible_rcu(registry, v, hash, (unsigned long)key)
		if (v->key == key)
			return v;
	return NULL;
}

/*
 * Second and last step out: grace periods separate the end of the registry
 * entry from the end of the memory. Who may still hold the pointer, and why no
 * longer after each step:
 *  1. a callback that found it in the registry: gone, the work waited for RCU;
 *  2. a sched_in that read thread->vcpu just before ecsh_thread_forget() and
 *     stored it in ecsh_vcpu_running: it ran with preemption off, so it is over
 *     and the sweep below sees what it stored;
 *  3. a request or timer that read ecsh_vcpu_running before the sweep: over
 *     after synchronize_rcu(); it may have started the timer, so that is
 *     cancelled only then;
 *  4. an ioctl that walks the VM's list: excluded by ecsh_vm_mutex;
 *  5. a vCPU that looks for a holder on that list: a third grace period.
 */
static void free_work(struct work_struct *work)
{
	struct ecsh_vcpu *v = container_of(to_rcu_work(work), struct ecsh_vcpu,
					   free);
	int cpu, tries;

	/* Its timer has yet to make up for what was deferred; it finds no page. */
	for (tries = 0;
	     tries < 20 && READ_ONCE(v->state.phase) == ECS_POLICY_EXTENDED;
	     tries++)
		usleep_range(1000, 2000);
	for_each_possible_cpu(cpu)
		cmpxchg(per_cpu_ptr(&ecsh_vcpu_running, cpu), v, NULL);
	synchronize_rcu();
	hrtimer_cancel(&v->timer);
	ecsh_grace_forget(v);
	ecsh_vm_remove_vcpu(v);
	synchronize_rcu();
	kfree(v);
}

static struct ecsh_vcpu *create(struct kvm_vcpu *vcpu)
{
	struct ecsh_vcpu *v;
	unsigned long flags;
	struct ecsh_vm *vm;

	v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return NULL;
	raw_spin_lock_init(&v->lock);
	INIT_RCU_WORK(&v->free, free_work);
	hrtimer_setup(&v->timer, ecsh_grace_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	v->key = vcpu;
	v->kvm = vcpu->kvm;
	v->id = vcpu->vcpu_id;
	vm = ecsh_vm_add_vcpu(v);
	if (!vm) {
		kfree(v);
		return NULL;
	}
	/* It is in the VM's list by now. */
	raw_spin_lock_irqsave(&v->lock, flags);
	ecs_policy_init(&v->params, &v->state, ktime_get_mono_fast_ns());
	raw_spin_unlock_irqrestore(&v->lock, flags);

	raw_spin_lock_irqsave(&registry_lock, flags);
	hash_add_rcu(registry, &v->hash, (unsigned long)v->key);
	raw_spin_unlock_irqrestore(&registry_lock, flags);
	return v;
}

/**
 * ecsh_vcpu_get() - the record of the vCPU that the current thread runs
 * @vcpu: KVM's vCPU
 *
 * Makes the record if there is none. Two threads do not race here: KVM runs a
 * vCPU under vcpu->mutex.
 *
 * Context: the vCPU's thread, vcpu->mutex held, may sleep.
 * Return: the record, NULL without memory.
 */
struct ecsh_vcpu *ecsh_vcpu_get(struct kvm_vcpu *vcpu)
{
	struct ecsh_vcpu *v;

	rcu_read_lock();
	v = ecsh_vcpu_find(vcpu);
	rcu_read_unlock();
	return v ?: create(vcpu);
}

/* Context: v->lock held. */
static struct ecsh_page *
exchange_page(struct ecsh_vcpu *v, struct ecsh_page *page, enum ecs_stat why)
{
	struct ecsh_page *old = ecsh_vcpu_page(v);

	if (old)
		ecsh_page_sign_off(old);
	if (page)
		ecsh_page_sign_on(page, ecsh_hint_kept(v));
	/* Signing on or off has cleared the hints. */
	WRITE_ONCE(v->told, 0);
	rcu_assign_pointer(v->page, page);
	if (old || page)
		ecsh_stats_inc(&v->stats, why);
	return old;
}

/**
 * ecsh_vcpu_register() - put a registration in force
 * @v: the vCPU, attached to the current thread
 * @page: its new registration; one that it has is replaced
 *
 * Context: the vCPU's thread, may sleep.
 * Return: 0, -ESHUTDOWN once the module goes.
 */
int ecsh_vcpu_register(struct ecsh_vcpu *v, struct ecsh_page *page)
{
	struct ecsh_page *old = NULL;
	unsigned long flags;
	bool closed;

	raw_spin_lock_irqsave(&v->lock, flags);
	closed = READ_ONCE(closing);
	if (!closed)
		old = exchange_page(v, page, ECS_STAT_REGISTERED);
	/* It runs already, so that its next switch may be long to come. */
	ecsh_hint_now(v);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	if (closed)
		return -ESHUTDOWN;
	if (old)
		ecsh_page_destroy(old, wq);
	/* That was on another page, if there is something. */
	ecsh_ask_no_more(current);
	return 0;
}

/* @only: this registration or none; its pointer is compared, no more. */
static bool drop_page(struct ecsh_vcpu *v, const struct ecsh_page *only,
		      enum ecs_stat why)
{
	struct ecsh_page *old = NULL;
	struct task_struct *task;
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	if (!only || ecsh_vcpu_page(v) == only)
		old = exchange_page(v, NULL, why);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	if (!old)
		return false;
	ecsh_page_destroy(old, wq);
	/* What the guest asked for on that page goes with it, not what came after. */
	rcu_read_lock();
	task = READ_ONCE(v->task);
	if (task && !rcu_access_pointer(v->page))
		ecsh_ask_no_more(task);
	rcu_read_unlock();
	return true;
}

/**
 * ecsh_vcpu_drop_page() - end a registration, if there is one
 * @v: the vCPU
 * @why: ECS_STAT_WITHDRAWN or ECS_STAT_DROPPED
 *
 * An extension under way ends at its next look, which finds no section; a boost
 * that the guest asked for ends, too.
 *
 * Context: any but under a runqueue lock; the caller keeps @v alive.
 * Return: whether there was one.
 */
bool ecsh_vcpu_drop_page(struct ecsh_vcpu *v, enum ecs_stat why)
{
	return drop_page(v, NULL, why);
}

/**
 * ecsh_vcpu_drop_only() - end this registration, not one that came after it
 * @v: the vCPU
 * @page: what it had, not followed here; or NULL: it had none
 *
 * Context: RCU read side since @page was read, no runqueue lock.
 */
void ecsh_vcpu_drop_only(struct ecsh_vcpu *v, const struct ecsh_page *page)
{
	if (page)
		drop_page(v, page, ECS_STAT_DROPPED);
}

/**
 * ecsh_vcpu_destroyed() - KVM is about to free a vCPU
 * @key: KVM's vCPU, known here or not
 *
 * Context: process context or preemption off, no runqueue lock.
 */
void ecsh_vcpu_destroyed(const struct kvm_vcpu *key)
{
	struct ecsh_vcpu *v;
	unsigned long flags;

	raw_spin_lock_irqsave(&registry_lock, flags);
	v = ecsh_vcpu_find(key);
	if (v) {
		hash_del_rcu(&v->hash);
		/* What KVM puts at these addresses next is not it. */
		WRITE_ONCE(v->key, NULL);
		WRITE_ONCE(v->kvm, NULL);
	}
	raw_spin_unlock_irqrestore(&registry_lock, flags);
	if (!v)
		return;
	/* Before its thread is forgotten: a boost of the guest goes with it. */
	ecsh_vcpu_drop_page(v, ECS_STAT_DROPPED);
	ecsh_thread_forget(v);
	queue_rcu_work(wq, &v->free);
}

/**
 * ecsh_vcpu_memslot_gone() - a memory slot was deleted or moved
 * @kvm: the VM
 * @base: first guest frame it had
 * @npages: how many
 *
 * The pins keep the memory, but it is no longer the guest's at that address:
 * registrations that lie in it are dropped.
 *
 * Only that VM's vCPUs are looked at: who changes slots pays for their number.
 *
 * Context: process context or preemption off, no runqueue lock; the VM stays.
 */
void ecsh_vcpu_memslot_gone(struct kvm *kvm, gfn_t base, u64 npages)
{
	struct kvm_vcpu *vcpu;
	struct ecsh_page *page;
	struct ecsh_vcpu *v;
	unsigned long i;
	bool hit;

	rcu_read_lock();
	kvm_for_each_vcpu(i, vcpu, kvm) {
		v = ecsh_vcpu_find(vcpu);
		if (!v)
			continue;
		page = rcu_dereference(v->page);
		hit = page && (page->gfn - base < npages ||
			       page->pc_gfn - base < npages);
		if (hit)
			ecsh_vcpu_drop_only(v, page);
	}
	rcu_read_unlock();
}

/**
 * ecsh_vcpu_init() - set up the registry
 *
 * Return: 0 or -ENOMEM.
 */
int ecsh_vcpu_init(void)
{
	wq = alloc_workqueue("ecs_host", WQ_UNBOUND, 0);
	return wq ? 0 : -ENOMEM;
}

/**
 * ecsh_vcpu_close() - sign off all pages, and take no new ones
 *
 * While guests can still withdraw: one that is told so later may have freed its page.
 *
 * Context: module exit, before the MSRs go; may sleep.
 */
void ecsh_vcpu_close(void)
{
	struct ecsh_vcpu *v;
	unsigned long flags;
	int bucket;

	/* Who comes to the registry after this sees it, who came before is found. */
	raw_spin_lock_irqsave(&registry_lock, flags);
	WRITE_ONCE(closing, true);
	raw_spin_unlock_irqrestore(&registry_lock, flags);
	rcu_read_lock();
	hash_for_each_rcu(registry, bucket, v, hash)
		ecsh_vcpu_drop_page(v, ECS_STAT_DROPPED);
	rcu_read_unlock();
}

/**
 * ecsh_vcpu_exit() - end all records
 *
 * No hook, notifier or file is left that could find one; the works already
 * under way are waited for.
 *
 * Context: module exit.
 */
void ecsh_vcpu_exit(void)
{
	struct hlist_node *next;
	struct ecsh_vcpu *v;
	unsigned long flags;
	int bucket;

	hash_for_each_safe(registry, bucket, next, v, hash) {
		raw_spin_lock_irqsave(&registry_lock, flags);
		hash_del_rcu(&v->hash);
		raw_spin_unlock_irqrestore(&registry_lock, flags);
		ecsh_vcpu_drop_page(v, ECS_STAT_DROPPED);
		queue_rcu_work(wq, &v->free);
	}
	/* The RCU part of the works first, then the works. */
	rcu_barrier();
	destroy_workqueue(wq);
}
