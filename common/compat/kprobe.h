/* SPDX-License-Identifier: GPL-2.0-only */
/* compat/kprobe.h: kprobes at the entry of functions go through ftrace. */
#ifndef ECS_COMPAT_KPROBE_H
#define ECS_COMPAT_KPROBE_H

#include <linux/kprobes.h>

#include "compat/ftrace.h"

/*
 * A probe that could not be disarmed stays in the kernel's table, which nobody is told
 * but by its address. Context: may sleep. Nobody is in the handler when it returns.
 */
static inline void ecs_kprobe_unregister(struct kprobe *probe)
{
	unregister_kprobe(probe);
	if (unlikely(!probe->addr))
		ecs_ftrace_stay();
}

static inline void ecs_kretprobe_unregister(struct kretprobe *probe)
{
	unregister_kretprobe(probe);
	if (unlikely(!probe->kp.addr))
		ecs_ftrace_stay();
}

#endif /* ECS_COMPAT_KPROBE_H */
