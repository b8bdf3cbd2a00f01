// SPDX-License-Identifier: GPL-2.0-only
/*
 * yield.c: see yield.h.
 *
 * KVM gives the time of a vCPU away in two places: when it spins (a pause-loop
 * exit) and when its guest asks for it (the hypercalls SCHED_YIELD and KICK_CPU).
 * There it knows who waits for a CPU and not who holds a lock. Here both are
 * redirected, but only while a vCPU of the same VM waits that was preempted inside
 * a section: then that one gets the time, and KVM's function does not run. It is
 * never called from here.
 */
#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/sched.h>

#include "compat/kvm.h"
#include "holder.h"
#include "hook.h"
#include "stats.h"
#include "trace.h"
#include "yield.h"

static struct ecsh_hook hooks[] = {
	{ .names = { "kvm_vcpu_on_spin" }, .feature = ECS_HOST_F_YIELD_SPIN },
	{ .names = { "kvm_sched_yield" }, .feature = ECS_HOST_F_YIELD_CALL },
};

#define CALL (&hooks[1])

/*
 * Gives the time of the current vCPU to a holder. There was one a moment ago; if
 * there is none any more, KVM's choice is due at the next turn of the loop.
 */
static bool give(enum ecsh_yield_kind kind, unsigned long named)
{
	struct ecsh_holder holder = { .id = -1 };
	struct ecsh_vcpu *v;
	unsigned long flags;
	bool yielded = false;

	/* vcpu->mutex is held: the record stays. */
	preempt_disable();
	v = this_cpu_read(ecsh_vcpu_running);
	preempt_enable();
	if (!v)
		return false;
	if (ecsh_holder_take(v, named, &holder)) {
		yielded = yield_to(holder.task, true) > 0;
		ecsh_holder_put(v, &holder, !yielded);
	}
	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_inc(&v->stats, yielded ? ECS_STAT_YIELDS_DIRECTED :
					    ECS_STAT_YIELDS_REFUSED);
	trace_ecs_yield(v, kind, holder.id, yielded);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	return yielded;
}

/*
 * Stands in for kvm_vcpu_on_spin(). While it yields, it is a spinner to KVM, and
 * afterwards it is not the next one to be chosen, as there.
 */
static noinline void on_spin(struct kvm_vcpu *vcpu, bool in_kernel)
{
	atomic_inc(&ecsh_hook_inside);
	kvm_vcpu_set_in_spin_loop(vcpu, true);
	give(ECSH_YIELD_SPIN, ECSH_HOLDER_NOBODY);
	kvm_vcpu_set_in_spin_loop(vcpu, false);
	kvm_vcpu_set_dy_eligible(vcpu, false);
	atomic_dec(&ecsh_hook_inside);
}

/* Stands in for kvm_sched_yield(). */
static noinline void on_call(ecs_kvm_yielder *yielder, unsigned long apic_id)
{
	atomic_inc(&ecsh_hook_inside);
	ecs_kvm_count_yield(yielder, give(ECSH_YIELD_CALL, apic_id));
	atomic_dec(&ecsh_hook_inside);
}

/* Context: the vCPU's thread, preemption off. */
static bool is_ours(struct ecsh_vcpu *v, unsigned long named)
{
	enum ecs_stat what = ECS_STAT_YIELDS_NONE;
	unsigned long flags;
	bool ours = false;

	if (READ_ONCE(v->mode) == ECS_MODE_OFF)
		return false;
	/* Whoever gets the time now: this one is not preempted by that. */
	WRITE_ONCE(v->yielding, true);
	if (!READ_ONCE(v->yield))
		return false;
	if (ecsh_holder_is_there(v, named)) {
		ours = READ_ONCE(v->mode) == ECS_MODE_ON;
		what = ECS_STAT_YIELDS_WOULD;
	}
	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_inc(&v->stats, ECS_STAT_YIELDS);
	if (!ours)
		ecsh_stats_inc(&v->stats, what);
	raw_spin_unlock_irqrestore(&v->lock, flags);
	return ours;
}

/* Is the vCPU that runs here, @v, the one that yields? */
static bool is_yielder(const struct ecsh_vcpu *v, bool call, unsigned long arg)
{
	if (call)
		return ecs_kvm_yielder_is((void *)arg, READ_ONCE(v->key),
					  READ_ONCE(v->kvm));
	return READ_ONCE(v->key) == (void *)arg;
}

/*
 * kvm_vcpu_on_spin(vcpu, in_kernel), kvm_sched_yield(vcpu or kvm, apic_id).
 * Context: process context, vcpu->mutex and kvm->srcu (read) held.
 */
static ECS_FTRACE_CALLBACK(filter_yield)
{
	unsigned long yielder = ecs_ftrace_argument(fregs, 0);
	struct ecsh_vcpu *v = this_cpu_read(ecsh_vcpu_running);
	bool call = ecs_symbol_has(&CALL->symbol, ip);
	unsigned long named = ECSH_HOLDER_NOBODY;

	if (call)
		named = ecs_ftrace_argument(fregs, 1);
	if (v && is_yielder(v, call, yielder) && is_ours(v, named))
		ecs_ftrace_redirect(fregs, call ? (unsigned long)on_call :
						  (unsigned long)on_spin);
}

static struct ecsh_hook_set yield_set = {
	.ops = { .func = filter_yield, .flags = ECS_FTRACE_FL_MODIFY },
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};

/**
 * ecsh_yield_init() - hook KVM's directed yields, as far as they are there
 *
 * Context: module init, after ecsh_kvm_init().
 */
void ecsh_yield_init(void)
{
	ecsh_hook_register(&yield_set);
}

/**
 * ecsh_yield_exit() - leave all yields to KVM again
 *
 * Context: module exit, before ecsh_kvm_exit(), which waits for those that yield now.
 */
void ecsh_yield_exit(void)
{
	ecsh_hook_unregister(&yield_set);
}
