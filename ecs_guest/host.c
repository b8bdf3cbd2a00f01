// SPDX-License-Identifier: GPL-2.0-only
/* host.c: see host.h. Every access survives a host that has no such MSR. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>

#include "ecs_abi.h"
#include "host.h"

/**
 * ecsg_host_read() - read one of the host's MSRs
 * @msr: ECS_ABI_MSR_*
 * @value: filled in on success
 *
 * Context: any.
 * Return: 0, -EIO if it faults.
 */
int ecsg_host_read(u32 msr, u64 *value)
{
	u32 low, high;

	if (rdmsr_safe(msr, &low, &high))
		return -EIO;
	*value = (u64)high << 32 | low;
	return 0;
}

/**
 * ecsg_host_write() - write one of the host's MSRs
 * @msr: ECS_ABI_MSR_*
 * @value: what to write
 *
 * Context: any.
 * Return: 0, -EIO if it faults.
 */
int ecsg_host_write(u32 msr, u64 value)
{
	return wrmsr_safe(msr, (u32)value, (u32)(value >> 32)) ? -EIO : 0;
}

/**
 * ecsg_host_speaks() - does the host that we are on now speak our ABI?
 *
 * A host may answer any MSR, with 0 (KVM's ignore_msrs).
 *
 * Context: any.
 */
bool ecsg_host_speaks(void)
{
	u64 id;

	return !ecsg_host_read(ECS_ABI_MSR_ID, &id) &&
	       id >> 16 == ((u64)ECS_ABI_MAGIC << 16 | ECS_ABI_MAJOR);
}

/**
 * ecsg_host_find() - is there a host that speaks our ABI?
 *
 * Context: module init.
 * Return: 0 or -ENODEV, after one line that says why.
 */
int ecsg_host_find(void)
{
	u64 id;

	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)) {
		pr_info("the memory of this guest is private: nothing to do\n");
		return -ENODEV;
	}
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR) ||
	    ecsg_host_read(ECS_ABI_MSR_ID, &id) || id >> 32 != ECS_ABI_MAGIC) {
		pr_info("no host with ecs here: nothing to do\n");
		return -ENODEV;
	}
	if ((id >> 16 & 0xffff) != ECS_ABI_MAJOR) {
		pr_info("the host speaks ABI %llu, this module %d: nothing to do\n",
			id >> 16 & 0xffff, ECS_ABI_MAJOR);
		return -ENODEV;
	}
	return 0;
}
