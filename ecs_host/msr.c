// SPDX-License-Identifier: GPL-2.0-only
/*
 * msr.c: see msr.h.
 *
 * ecsh_msr_set() and _get() stand in for KVM's functions of the same shape: 0
 * completes the guest's instruction, 1 makes it a #GP. They run on the vCPU's
 * thread with vcpu->mutex and kvm->srcu (read) held, and may sleep.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "ask.h"
#include "claim.h"
#include "ecs_abi.h"
#include "gate.h"
#include "hook.h"
#include "msr.h"
#include "stats.h"
#include "thread.h"
#include "vcpu.h"
#include "vm.h"

#define DONE  0
#define FAULT 1

atomic64_t ecsh_msr_strangers = ATOMIC64_INIT(0);

static u64 features(struct kvm_vcpu *vcpu)
{
	u64 have = ecsh_hook_features();
	/* What the VM is allowed; made by the first read, which takes a mutex. */
	struct ecsh_vcpu *v = ecsh_vcpu_get(vcpu);
	u64 offered = 0;
	u32 hints;

	if (have & (ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP))
		offered |= ECS_ABI_F_DEFER | ECS_ABI_F_YIELD;
	if (!v)
		return offered;
	if ((have & ECS_HOST_F_BOOST) && READ_ONCE(v->sbt_max_ns))
		offered |= ECS_ABI_F_BOOST;
	hints = READ_ONCE(v->hints);
	if (hints & ECS_HINT_PREEMPTED)
		offered |= ECS_ABI_F_HINT_PREEMPTED;
	if (hints & ECS_HINT_OVERCOMMIT)
		offered |= ECS_ABI_F_HINT_OVERCOMMIT;
	return offered;
}

/*
 * KVM takes the VM down. On Intel it may still leave a nested guest then, and load the
 * MSRs that this one's exit names: after the end of the vCPU was announced, and
 * with no lock held. A record made now would stay.
 */
static bool is_dying(const struct kvm_vcpu *vcpu)
{
	return !refcount_read(&vcpu->kvm->users_count);
}

/*
 * What a vCPU asks for here costs the host more than it pays for: a grace period,
 * work of kernel threads. One that asks again within a millisecond sleeps first. A
 * list of MSRs is loaded in one go: a fault ends it.
 *
 * Return: whether it is worth it: not for a thread that is killed.
 */
static bool pace(u64 *asked_at)
{
	if (ktime_get_mono_fast_ns() - *asked_at < NSEC_PER_MSEC)
		usleep_range(1000, 2000);
	*asked_at = ktime_get_mono_fast_ns();
	return !fatal_signal_pending(current);
}

/*
 * A process that shares the memory of the VMM may run its vCPUs, but it is another
 * VM: what holds for the first one, and ends with it, is not to be the second one's.
 */
static bool may_register(const struct ecsh_vcpu *v)
{
	return v && v->vm->pid == task_tgid(current);
}

static int set_page(struct kvm_vcpu *vcpu, u64 data)
{
	struct ecsh_page *page;
	struct ecsh_vcpu *v;
	u64 gpa;

	if (!data) {
		v = ecsh_vcpu_get(vcpu);
		if (v)
			ecsh_vcpu_drop_page(v, ECS_STAT_WITHDRAWN);
		return DONE;
	}
	if (!ecs_claim_page(data, &gpa))
		return FAULT;
	/*
	 * Pinning may wait for as long as the VMM likes (userfaultfd). Keep the
	 * module meanwhile, so that rmmod is refused and does not hang.
	 */
	if (!try_module_get(THIS_MODULE))
		return FAULT;
	v = ecsh_vcpu_get(vcpu);
	page = may_register(v) ? ecsh_page_create(vcpu, gpa) : ERR_PTR(-EPERM);
	/* What follows is short, and rmmod waits for it: ecsh_hook_drain(). */
	module_put(THIS_MODULE);
	if (IS_ERR(page))
		return FAULT;
	if (ecsh_thread_attach(v))
		goto discard;
	/* Its end is paid for here: no more than these are under way. */
	if (!pace(&v->registered_at) || ecsh_vcpu_register(v, page))
		goto discard;
	return DONE;

discard:
	ecsh_page_discard(page);
	return FAULT;
}

/* A guest that never registered gets a record to count in, if there is memory. */
static void count_offence(struct kvm_vcpu *vcpu)
{
	struct ecsh_vcpu *v = ecsh_vcpu_get(vcpu);
	unsigned long flags;

	if (!v) {
		atomic64_inc(&ecsh_msr_strangers);
		return;
	}
	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_stats_inc(&v->stats, ECS_STAT_BAD_MSR);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

static int take_back(struct kvm_vcpu *vcpu)
{
	struct ecsh_vcpu *v;

	rcu_read_lock();
	v = ecsh_vcpu_find(vcpu);
	if (v)
		ecsh_gate_yield(v);
	rcu_read_unlock();
	return DONE;
}

/* The parameters on the guest's page. */
static bool read_boost(struct ecsh_vcpu *v, u64 *sbt_ns, u64 *usbt_ns)
{
	const struct ecs_abi_boost *boost;
	struct ecsh_page *page;
	bool ok = false;

	rcu_read_lock();
	page = rcu_dereference(v->page);
	if (page && !READ_ONCE(page->overwritten)) {
		boost = &page->map->boost;
		*sbt_ns = READ_ONCE(boost->sbt_ns);
		*usbt_ns = READ_ONCE(boost->usbt_ns);
		ok = !READ_ONCE(boost->flags);
	}
	rcu_read_unlock();
	return ok;
}

static int set_boost(struct kvm_vcpu *vcpu, u64 data)
{
	struct ecsh_vcpu *v;
	u64 sbt_ns, usbt_ns;

	if (data == ECS_ABI_BOOST_RELEASE) {
		ecsh_ask_no_more(current);
		return DONE;
	}
	/* vcpu->mutex is held: the record stays. */
	rcu_read_lock();
	v = ecsh_vcpu_find(vcpu);
	rcu_read_unlock();
	if (data != ECS_ABI_BOOST_REQUEST || !v)
		return FAULT;
	if (!pace(&v->asked_at) || !read_boost(v, &sbt_ns, &usbt_ns) ||
	    ecsh_ask_boost(v, sbt_ns, usbt_ns))
		return FAULT;
	return DONE;
}

/**
 * ecsh_msr_set() - the guest writes one of our MSRs
 * @vcpu: KVM's vCPU
 * @msr: index and data
 *
 * Context: see the top of the file.
 * Return: 0 or 1 for #GP, which changes nothing and is counted.
 */
int ecsh_msr_set(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int ret = FAULT;

	if (is_dying(vcpu))
		return FAULT;
	atomic_inc(&ecsh_hook_inside);
	switch (msr->index) {
	case ECS_ABI_MSR_PAGE:
		ret = set_page(vcpu, msr->data);
		break;
	case ECS_ABI_MSR_BOOST:
		ret = set_boost(vcpu, msr->data);
		break;
	case ECS_ABI_MSR_YIELD:
		ret = take_back(vcpu);
		break;
	}
	if (ret == FAULT)
		count_offence(vcpu);
	atomic_dec(&ecsh_hook_inside);
	return ret;
}

/* The registration of a vCPU: where its page is, or its generation. */
static u64 registration(struct kvm_vcpu *vcpu, bool generation)
{
	struct ecsh_page *page;
	struct ecsh_vcpu *v;
	u64 data = 0;

	rcu_read_lock();
	v = ecsh_vcpu_find(vcpu);
	page = v ? rcu_dereference(v->page) : NULL;
	if (page && !READ_ONCE(page->overwritten))
		data = generation ? page->generation :
				    gfn_to_gpa(page->gfn) | ECS_ABI_PAGE_ENABLE;
	rcu_read_unlock();
	return data;
}

/**
 * ecsh_msr_get() - the guest reads one of our MSRs
 * @vcpu: KVM's vCPU
 * @msr: index in, data out
 *
 * Context: see the top of the file.
 * Return: 0 or 1 for #GP, which is counted.
 */
int ecsh_msr_get(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int ret = DONE;

	if (is_dying(vcpu))
		return FAULT;
	atomic_inc(&ecsh_hook_inside);
	switch (msr->index) {
	case ECS_ABI_MSR_ID:
		msr->data = (u64)ECS_ABI_MAGIC << 32 | ECS_ABI_MAJOR << 16 |
			    ECS_ABI_MINOR;
		break;
	case ECS_ABI_MSR_FEATURES:
		msr->data = features(vcpu);
		break;
	case ECS_ABI_MSR_PAGE:
		msr->data = registration(vcpu, false);
		break;
	case ECS_ABI_MSR_STATUS:
		msr->data = registration(vcpu, true);
		break;
	default:
		count_offence(vcpu);
		ret = FAULT;
		break;
	}
	atomic_dec(&ecsh_hook_inside);
	return ret;
}
