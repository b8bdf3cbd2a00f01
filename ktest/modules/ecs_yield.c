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
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/kvm_para.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>

static unsigned int gap_us = 200;
module_param(gap_us, uint, 0644);
MODULE_PARM_DESC(gap_us, "microseconds between two yields");

static unsigned int call = KVM_HC_SCHED_YIELD;
module_param(call, uint, 0644);
MODULE_PARM_DESC(call, "number of the hypercall");

static unsigned int target;
module_param(target, uint, 0444);
MODULE_PARM_DESC(target, "CPU that is to run");

static unsigned long cpus = ~0UL;
module_param(cpus, ulong, 0444);
MODULE_PARM_DESC(cpus, "mask of the CPUs to run on");

struct yielder {
	struct task_struct *task;
	unsigned long count;
};

static struct yielder *yielders;
static unsigned long apic_id;

static void busy(unsigned int us)
{
	u64 end = ktime_get_ns() + us * (u64)NSEC_PER_USEC;

	while (ktime_get_ns() < end)
		cpu_relax();
}

static int yield_on(void *data)
{
	struct yielder *yielder = data;
	unsigned int nr;

	while (!kthread_should_stop()) {
		nr = READ_ONCE(call);
		/* KICK_CPU has flags before the APIC id. */
		if (nr == KVM_HC_KICK_CPU)
			kvm_hypercall2(nr, 0, apic_id);
		else
			kvm_hypercall1(nr, apic_id);
		WRITE_ONCE(yielder->count, yielder->count + 1);
		busy(READ_ONCE(gap_us));
		cond_resched();
	}
	return 0;
}

static void stop_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (!IS_ERR_OR_NULL(yielders[cpu].task))
			kthread_stop(yielders[cpu].task);
	kfree(yielders);
}

/* Reading it gives how often all CPUs together have yielded. */
static int count_get(char *buffer, const struct kernel_param *kp)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for (cpu = 0; yielders && cpu < nr_cpu_ids; cpu++)
		sum += READ_ONCE(yielders[cpu].count);
	return sysfs_emit(buffer, "%lu\n", sum);
}

static const struct kernel_param_ops count_ops = { .get = count_get };
module_param_cb(count, &count_ops, NULL, 0444);
MODULE_PARM_DESC(count, "how often it has yielded");

static int __init ecs_yield_init(void)
{
	unsigned int cpu;

	if (!kvm_para_available() || target >= nr_cpu_ids ||
	    !cpu_online(target))
		return -ENODEV;
	apic_id = per_cpu(x86_cpu_to_apicid, target);
	yielders = kcalloc(nr_cpu_ids, sizeof(*yielders), GFP_KERNEL);
	if (!yielders)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		struct yielder *yielder = &yielders[cpu];
		struct task_struct *task;

		if (cpu >= BITS_PER_LONG || !(cpus & BIT(cpu)))
			continue;
		task = kthread_create_on_node(yield_on, yielder,
					      cpu_to_node(cpu), "ecs_yield/%u",
					      cpu);
		if (IS_ERR(task)) {
			stop_all();
			return PTR_ERR(task);
		}
		yielder->task = task;
		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	return 0;
}

static void __exit ecs_yield_exit(void)
{
	stop_all();
}

module_init(ecs_yield_init);
module_exit(ecs_yield_exit);

MODULE_DESCRIPTION("Directed yields, a load for the ecs tests");
MODULE_LICENSE("GPL");
