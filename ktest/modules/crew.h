/* SPDX-License-Identifier: GPL-2.0 */
/*
 * crew.h: a kernel thread on each of the chosen CPUs, which does one thing over and
 * over until the module is removed.
 *
 * For modules that are a load. Each includes it once, and so has the parameters "cpus"
 * and "count"; it calls crew_start() at last, and crew_stop() first.
 */
#ifndef CREW_H
#define CREW_H

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sysfs.h>
#include <linux/timex.h>
#include <asm/tsc.h>

static unsigned long cpus = ~0UL;
module_param(cpus, ulong, 0444);
MODULE_PARM_DESC(cpus, "mask of the CPUs to run on");

/**
 * struct crew_member - the thread of a CPU
 * @task: NULL if there is none
 * @count: turns that it has taken
 */
struct crew_member {
	struct task_struct *task;
	unsigned long count;
};

static DEFINE_PER_CPU(struct crew_member, crew);
/* CPUs that have one; constant once the first of them runs. */
static struct cpumask crew_cpus;
static void (*crew_turn)(unsigned int cpu);

/* Not by the kernel's clock: who reads that is in a section, with preemption off. */
static inline void crew_busy(unsigned int us)
{
	u64 cycles = (u64)us * tsc_khz / 1000;
	u64 begin = get_cycles();

	while (get_cycles() - begin < cycles)
		barrier();
}

static int crew_work(void *data)
{
	unsigned int cpu = (unsigned long)data;
	struct crew_member *member = &per_cpu(crew, cpu);

	while (!kthread_should_stop()) {
		crew_turn(cpu);
		WRITE_ONCE(member->count, member->count + 1);
		/* Never to sleep would hold up who waits for RCU-tasks. */
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}

static void crew_stop(void)
{
	struct crew_member *member;
	unsigned int cpu;

	for_each_cpu(cpu, &crew_cpus) {
		member = &per_cpu(crew, cpu);
		if (member->task)
			kthread_stop(member->task);
		member->task = NULL;
	}
}

/* @turn: what a thread does once, on its CPU, in process context. */
static int crew_start(void (*turn)(unsigned int cpu))
{
	struct task_struct *task;
	unsigned int cpu;

	crew_turn = turn;
	for_each_online_cpu(cpu)
		if (cpu < BITS_PER_LONG && cpus & BIT(cpu))
			cpumask_set_cpu(cpu, &crew_cpus);
	for_each_cpu(cpu, &crew_cpus) {
		task = kthread_create_on_node(crew_work,
					      (void *)(unsigned long)cpu,
					      cpu_to_node(cpu), "%s/%u",
					      KBUILD_MODNAME, cpu);
		if (IS_ERR(task)) {
			crew_stop();
			return PTR_ERR(task);
		}
		per_cpu(crew, cpu).task = task;
		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	return 0;
}

static int crew_count(char *buffer, const struct kernel_param *kp)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(crew, cpu).count);
	return sysfs_emit(buffer, "%lu\n", sum);
}

static const struct kernel_param_ops crew_count_ops = { .get = crew_count };
module_param_cb(count, &crew_count_ops, NULL, 0444);
MODULE_PARM_DESC(count, "read: turns that all of them together have taken");

#endif /* CREW_H */
