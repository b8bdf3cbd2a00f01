/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracepoint.h: probes on tracepoints that are found by name.
 *
 * A probe here takes only its private pointer: the arguments that follow differ
 * between kernels (kvm_exit, sched_process_exit) and are not needed.
 */
#ifndef ECS_COMPAT_TRACEPOINT_H
#define ECS_COMPAT_TRACEPOINT_H

#include <linux/preempt.h>
#include <linux/tracepoint.h>

#if defined(CONFIG_CFI_CLANG) || defined(CONFIG_CFI)
#error "this kernel has CONFIG_CFI, and would stop at the probes of ecs"
#endif

struct ecs_tracepoint {
	const char *name;
	struct tracepoint *tp;
};

static inline void ecs_tracepoint_match(struct tracepoint *tp, void *data)
{
	struct ecs_tracepoint *wanted = data;

	if (!strcmp(tp->name, wanted->name))
		wanted->tp = tp;
}

/*
 * Around what a probe does, if it wants preemption off and is not called under a lock
 * that sees to that. Where tracepoints are guarded by SRCU they leave it on.
 */
static __always_inline void ecs_tracepoint_enter(void)
{
#ifdef ECS_HAVE_TRACEPOINT_SRCU
	preempt_disable_notrace();
#endif
}

static __always_inline void ecs_tracepoint_leave(void)
{
#ifdef ECS_HAVE_TRACEPOINT_SRCU
	preempt_enable_notrace();
#endif
}

/**
 * ecs_tracepoint_find() - a tracepoint of the kernel proper, by name
 * @name: without the trace_ in front
 *
 * Tracepoints of modules are not found.
 *
 * Return: the tracepoint or NULL.
 */
static inline struct tracepoint *ecs_tracepoint_find(const char *name)
{
	struct ecs_tracepoint wanted = { .name = name };

	for_each_kernel_tracepoint(ecs_tracepoint_match, &wanted);
	return wanted.tp;
}

#endif /* ECS_COMPAT_TRACEPOINT_H */
