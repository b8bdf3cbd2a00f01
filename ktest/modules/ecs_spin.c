// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_spin - pause-loop exits on a host whose CPUs have none.
 *
 * QEMU's emulated SVM has no pause filter, so that KVM is never told there that a
 * guest spins. With this module on the host a guest says so itself, by a hypercall
 * with the number ECS_SPIN: KVM's function for hypercalls is redirected for it, and
 * what stands in calls kvm_vcpu_on_spin() as the handler of the exit does.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "compat/ftrace.h"

#define ECS_SPIN 1701

static const char hooked[] = "kvm_emulate_hypercall";
static typeof(kvm_vcpu_on_spin) *spin;
static typeof(kvm_skip_emulated_instruction) *skip;
static atomic_t inside = ATOMIC_INIT(0);
static atomic_long_t spins = ATOMIC_LONG_INIT(0);

/* Reading it gives how often guests have spun. */
static int count_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(&spins));
}

static const struct kernel_param_ops count_ops = { .get = count_get };
module_param_cb(count, &count_ops, NULL, 0444);
MODULE_PARM_DESC(count, "how often guests have spun");

static noinline int on_hypercall(struct kvm_vcpu *vcpu)
{
	int ret;

	atomic_inc(&inside);
	vcpu->arch.regs[VCPU_REGS_RAX] = 0;
	spin(vcpu, true);
	atomic_long_inc(&spins);
	ret = skip(vcpu);
	atomic_dec(&inside);
	return ret;
}

static ECS_FTRACE_CALLBACK(filter_hypercall)
{
	const struct kvm_vcpu *vcpu = (void *)ecs_ftrace_argument(fregs, 0);

	if (vcpu->arch.regs[VCPU_REGS_RAX] == ECS_SPIN)
		ecs_ftrace_redirect(fregs, (unsigned long)on_hypercall);
}

static struct ftrace_ops ops = {
	.func = filter_hypercall,
	.flags = ECS_FTRACE_FL_MODIFY,
};

static void put_symbols(void)
{
	if (spin)
		symbol_put(kvm_vcpu_on_spin);
	if (skip)
		symbol_put(kvm_skip_emulated_instruction);
}

static int __init ecs_spin_init(void)
{
	int err = -ENODEV;

	spin = symbol_get(kvm_vcpu_on_spin);
	skip = symbol_get(kvm_skip_emulated_instruction);
	if (!spin || !skip)
		goto put;
	err = ftrace_set_filter(&ops, (unsigned char *)hooked, strlen(hooked),
				0);
	if (!err)
		err = register_ftrace_function(&ops);
	if (!err)
		return 0;
	ecs_ftrace_free_filter(&ops);
put:
	put_symbols();
	return err;
}

static void __exit ecs_spin_exit(void)
{
	unregister_ftrace_function(&ops);
	ecs_ftrace_free_filter(&ops);
	/* Spinners sleep in the scheduler, where no grace period sees them. */
	do {
		while (atomic_read(&inside))
			msleep(20);
		synchronize_rcu_tasks();
	} while (atomic_read(&inside));
	synchronize_rcu_tasks();
	put_symbols();
}

module_init(ecs_spin_init);
module_exit(ecs_spin_exit);

MODULE_DESCRIPTION("Pause-loop exits by hypercall, for the ecs tests");
MODULE_LICENSE("GPL");
