// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_tsc - says that the time stamp counter is constant.
 *
 * KVM of a PREEMPT_RT kernel refuses a CPU that does not say so. The counter that QEMU
 * emulates is constant, but QEMU does not know how to say it. Loaded in L1 ahead of KVM.
 */
#include <linux/module.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

static int __init ecs_tsc_init(void)
{
	set_cpu_cap(&boot_cpu_data, X86_FEATURE_CONSTANT_TSC);
	return 0;
}

static void __exit ecs_tsc_exit(void)
{
}

module_init(ecs_tsc_init);
module_exit(ecs_tsc_exit);

MODULE_DESCRIPTION("A constant time stamp counter, for the ecs tests");
MODULE_LICENSE("GPL");
