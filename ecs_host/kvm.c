// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm.c: see kvm.h.
 *
 * Of kvm.ko only kvm_get_kvm() is linked, by symbol_request(): it is exported
 * to all on every kernel, loads kvm.ko if need be, and keeps it while we are
 * hooked into it. The tracepoint kvm_exit is looked up besides.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_host.h>
#include <linux/kvm_para.h>
#include <linux/module.h>

#include "compat/tracepoint.h"
#include "ecs_abi.h"
#include "grace.h"
#include "hook.h"
#include "kvm.h"
#include "msr.h"
#include "vcpu.h"

static struct ecsh_hook msr_hooks[] = {
	{ .names = { "kvm_set_msr_common" }, .feature = ECS_HOST_F_MSR },
	{ .names = { "kvm_get_msr_common" }, .feature = ECS_HOST_F_MSR },
};

#define SET_MSR (&msr_hooks[0])
#define GET_MSR (&msr_hooks[1])

static struct ecsh_hook event_hooks[] = {
	/* Without this a record could outlive its vCPU. */
	{ .names = { "kvm_arch_vcpu_destroy" },
	  .feature = ECS_HOST_F_DESTROY | ECS_HOST_F_MSR },
	{ .names = { "kvm_vcpu_reset" }, .feature = ECS_HOST_F_RESET },
	{ .names = { "kvm_arch_commit_memory_region" },
	  .feature = ECS_HOST_F_MEMSLOT },
};

#define DESTROY (&event_hooks[0])
#define RESET	(&event_hooks[1])

/* Not a function but a tracepoint; listed for ecsctl doctor. */
static struct ecsh_hook exit_hook = {
	.names = { "kvm_exit (tracepoint)" },
	.name = "kvm_exit (tracepoint)",
	.feature = ECS_HOST_F_EXIT_CHECK | ECS_HOST_F_OVERCOMMIT,
};

/*
 * Writes that a VMM does when it resets a vCPU or loads a saved state, and seldom at
 * another time: what was registered before is void. QEMU writes kvmclock's MSRs only
 * to a VM that has it.
 */
static bool replaces_state(const struct msr_data *msr)
{
	return msr->host_initiated && (msr->index == MSR_KVM_SYSTEM_TIME ||
				       msr->index == MSR_KVM_SYSTEM_TIME_NEW ||
				       msr->index == MSR_IA32_TSC);
}

static void drop(const struct kvm_vcpu *key)
{
	struct ecsh_vcpu *v;

	rcu_read_lock();
	v = ecsh_vcpu_find(key);
	if (v)
		ecsh_vcpu_drop_page(v, ECS_STAT_DROPPED);
	rcu_read_unlock();
}

/*
 * kvm_set_msr_common(vcpu, msr), kvm_get_msr_common(vcpu, msr). The decision is
 * taken here, so that KVM's functions are never called from the module.
 * Context: process context, vcpu->mutex held.
 */
static ECS_FTRACE_CALLBACK(filter_msr)
{
	struct kvm_vcpu *vcpu = (void *)ecs_ftrace_argument(fregs, 0);
	struct msr_data *msr = (void *)ecs_ftrace_argument(fregs, 1);
	bool set = ecs_symbol_has(&SET_MSR->symbol, ip);

	if (!msr->host_initiated && ecsh_msr_is_ours(msr->index))
		ecs_ftrace_redirect(fregs, set ? (unsigned long)ecsh_msr_set :
						 (unsigned long)ecsh_msr_get);
	else if (set && replaces_state(msr))
		drop(vcpu);
}

/*
 * kvm_arch_commit_memory_region(kvm, old, new, change); 5.10 has a further
 * argument before old.
 */
static void memslot_changed(ecs_ftrace_regs *fregs)
{
	/* clang-format off */
	typedef void commit(struct kvm *kvm, struct kvm_memory_slot *old,
			    const struct kvm_memory_slot *new,
			    enum kvm_mr_change change);
	/* clang-format on */
	const unsigned int at =
		__same_type(kvm_arch_commit_memory_region, commit) ? 1 : 2;
	struct kvm *kvm = (void *)ecs_ftrace_argument(fregs, 0);
	const struct kvm_memory_slot *old = (void *)ecs_ftrace_argument(fregs,
									at);
	enum kvm_mr_change change = ecs_ftrace_argument(fregs, at + 2);

	/* Address space 0: the other one is SMM's, where nobody registers. */
	if ((change == KVM_MR_DELETE || change == KVM_MR_MOVE) && old &&
	    !old->as_id)
		ecsh_vcpu_memslot_gone(kvm, old->base_gfn, old->npages);
}

/* Context: process context. */
static ECS_FTRACE_CALLBACK(observe_event)
{
	const struct kvm_vcpu *vcpu = (void *)ecs_ftrace_argument(fregs, 0);

	if (ecs_symbol_has(&DESTROY->symbol, ip))
		ecsh_vcpu_destroyed(vcpu);
	else if (ecs_symbol_has(&RESET->symbol, ip))
		drop(vcpu);
	else
		memslot_changed(fregs);
}

/* Context: the vCPU's thread behind a VM exit. */
static void probe_exit(void *data)
{
	ecs_tracepoint_enter();
	ecsh_grace_look();
	ecs_tracepoint_leave();
}

static struct ecsh_hook_set msr_set = {
	.ops = { .func = filter_msr, .flags = ECS_FTRACE_FL_MODIFY },
	.hooks = msr_hooks,
	.nr = ARRAY_SIZE(msr_hooks),
};

static struct ecsh_hook_set event_set = {
	.ops = { .func = observe_event, .flags = ECS_FTRACE_FL_OBSERVE },
	.hooks = event_hooks,
	.nr = ARRAY_SIZE(event_hooks),
};

static struct ecsh_hook_set exit_set = {
	.hooks = &exit_hook,
	.nr = 1,
};

/* Exported by kvm.ko; its trace header is not among the kernel's headers. */
extern struct tracepoint __tracepoint_kvm_exit;
static struct tracepoint *exit_tracepoint;

static void attach_exit(void)
{
	exit_tracepoint = symbol_get(__tracepoint_kvm_exit);
	exit_hook.error = -ENOENT;
	if (exit_tracepoint)
		exit_hook.error = tracepoint_probe_register(exit_tracepoint,
							    probe_exit, NULL);
}

static void detach_exit(void)
{
	if (!exit_hook.error)
		tracepoint_probe_unregister(exit_tracepoint, probe_exit, NULL);
	if (exit_tracepoint)
		symbol_put(__tracepoint_kvm_exit);
	tracepoint_synchronize_unregister();
}

/**
 * ecsh_kvm_init() - hook into kvm.ko; guests may register from here on
 *
 * Context: module init.
 * Return: 0, -ENODEV if there is no kvm.ko, -EOPNOTSUPP if its MSR functions
 * cannot be hooked.
 */
int ecsh_kvm_init(void)
{
	if (!symbol_request(kvm_get_kvm)) {
		pr_err("kvm.ko is not loaded and cannot be: this host runs no VMs\n");
		return -ENODEV;
	}
	ecsh_hook_register(&exit_set);
	attach_exit();
	ecsh_hook_register(&event_set);
	/* Nobody registers where nobody would be told of the end of a vCPU. */
	ecsh_hook_prepare(&msr_set);
	if (!ecsh_hook_error(&event_set, DESTROY))
		ecsh_hook_engage(&msr_set, true);
	if (msr_set.registered && ecsh_hook_features() & ECS_HOST_F_MSR)
		return 0;
	pr_err("KVM's functions cannot be hooked (%s: %d, %s: %d, %s: %d)\n",
	       SET_MSR->name, ecsh_hook_error(&msr_set, SET_MSR), GET_MSR->name,
	       ecsh_hook_error(&msr_set, GET_MSR), DESTROY->name,
	       ecsh_hook_error(&event_set, DESTROY));
	ecsh_vcpu_close();
	ecsh_kvm_exit();
	return -EOPNOTSUPP;
}

/**
 * ecsh_kvm_exit() - out of kvm.ko
 *
 * Context: module exit.
 */
void ecsh_kvm_exit(void)
{
	ecsh_hook_unregister(&msr_set);
	ecsh_hook_drain();
	ecsh_hook_unregister(&event_set);
	detach_exit();
	ecsh_hook_unregister(&exit_set);
	symbol_put(kvm_get_kvm);
}
