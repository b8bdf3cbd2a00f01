/* SPDX-License-Identifier: GPL-2.0-only */
/* msr.h: what the MSRs of ecs_abi.h do. */
#ifndef ECSH_MSR_H
#define ECSH_MSR_H

#include <linux/kvm_host.h>

static inline bool ecsh_msr_is_ours(u32 index)
{
	return index - ECS_ABI_MSR_BASE < ECS_ABI_MSR_END - ECS_ABI_MSR_BASE;
}

/* Bad accesses that there was no memory to make a record for. */
extern atomic64_t ecsh_msr_strangers;

int ecsh_msr_set(struct kvm_vcpu *vcpu, struct msr_data *msr);
int ecsh_msr_get(struct kvm_vcpu *vcpu, struct msr_data *msr);

#endif /* ECSH_MSR_H */
