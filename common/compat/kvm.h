/* SPDX-License-Identifier: GPL-2.0-only */
/* kvm.h: KVM's own counters of what stands in for its functions. */
#ifndef ECS_COMPAT_KVM_H
#define ECS_COMPAT_KVM_H

#include <linux/kvm_host.h>

/* A hypercall asked for a directed yield, and got it? */
static inline void ecs_kvm_count_yield(struct kvm_vcpu *vcpu, bool yielded)
{
#ifdef ECS_HAVE_KVM_YIELD_STATS
	vcpu->stat.directed_yield_attempted++;
	vcpu->stat.directed_yield_successful += yielded;
#endif
}

#endif /* ECS_COMPAT_KVM_H */
