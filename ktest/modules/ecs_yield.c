// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_yield - a load of directed yields, in a guest.
 *
 * A kernel thread on each of the chosen CPUs asks the hypervisor again and again
 * to run the vCPU of CPU @target, as a guest does that sends an IPI to a preempted
 * vCPU (@call 11) or releases a paravirtual spinlock (@call 5), with @gap_us of
 * computing in between, until the module is removed. Call 1701 is known to
 * ecs_spin only, which takes it for a pause-loop exit.
 */
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "crew.h"

static unsigned int gap_us = 200;
module_param(gap_us, uint, 0644);
MODULE_PARM_DESC(gap_us, "microseconds between two yields");

static unsigned int call = KVM_HC_SCHED_YIELD;
module_param(call, uint, 0644);
MODULE_PARM_DESC(call, "number of the hypercall");

static unsigned int target;
module_param(target, uint, 0444);
MODULE_PARM_DESC(target, "CPU that is to run");

static bool locked;
module_param(locked, bool, 0444);
MODULE_PARM_DESC(locked, "yields and computes with preemption off, as one that spins for a lock");

static unsigned long apic_id;

static void yield_once(unsigned int cpu)
{
	unsigned int nr = READ_ONCE(call);

	if (locked)
		preempt_disable();

	/* KICK_CPU has flags before the APIC id. */
	if (nr == KVM_HC_KICK_CPU)
		kvm_hypercall2(nr, 0, apic_id);
	else
		kvm_hypercall1(nr, apic_id);
	crew_busy(READ_ONCE(gap_us));
	if (locked)
		preempt_enable();
}

static int __init ecs_yield_init(void)
{
	if (!kvm_para_available() || target >= nr_cpu_ids ||
	    !cpu_online(target))
		return -ENODEV;
	apic_id = per_cpu(x86_cpu_to_apicid, target);
	return crew_start(yield_once);
}

static void __exit ecs_yield_exit(void)
{
	crew_stop();
}

module_init(ecs_yield_init);
module_exit(ecs_yield_exit);

MODULE_DESCRIPTION("Directed yields, a load for the ecs tests");
MODULE_LICENSE("GPL");
