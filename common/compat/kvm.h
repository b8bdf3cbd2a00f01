/* SPDX-License-Identifier: GPL-2.0-only */
/* kvm.h: KVM's functions that others stand in for, and its own counters of them. */
#ifndef ECS_COMPAT_KVM_H
#define ECS_COMPAT_KVM_H

#include <linux/kvm_host.h>

/*
 * The first argument of kvm_sched_yield(): the vCPU that yields, since it counts
 * that; before its VM.
 */
#ifdef ECS_HAVE_KVM_YIELD_STATS
typedef struct kvm_vcpu ecs_kvm_yielder;
#else
typedef struct kvm ecs_kvm_yielder;
#endif

/* Is @yielder the vCPU @vcpu, or the VM @kvm that it belongs to? */
static inline bool ecs_kvm_yielder_is(const ecs_kvm_yielder *yielder,
				      const struct kvm_vcpu *vcpu,
				      const struct kvm *kvm)
{
#ifdef ECS_HAVE_KVM_YIELD_STATS
	return yielder == vcpu;
#else
	return yielder == kvm;
#endif
}

/* A hypercall asked for a directed yield, and got it? */
static inline void ecs_kvm_count_yield(ecs_kvm_yielder *yielder, bool yielded)
{
#ifdef ECS_HAVE_KVM_YIELD_STATS
	yielder->stat.directed_yield_attempted++;
	yielder->stat.directed_yield_successful += yielded;
#endif
}

#endif /* ECS_COMPAT_KVM_H */
