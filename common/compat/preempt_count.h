/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * preempt_count.h: where this kernel keeps its preempt count.
 *
 * An int __preempt_count up to 6.1, pcpu_hot.preempt_count from 6.2, and from
 * 7.x __preempt_count again, as a long with NEED_RESCHED in its top bit.
 */
#ifndef ECS_COMPAT_PREEMPT_COUNT_H
#define ECS_COMPAT_PREEMPT_COUNT_H

#include <linux/hardirq.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#ifdef ECS_HAVE_PCPU_HOT
#include <asm/current.h>
#define ecs_preempt_count_ptr() (&raw_cpu_ptr(&pcpu_hot)->preempt_count)
#else
#include <asm/preempt.h>
#define ecs_preempt_count_ptr() raw_cpu_ptr(&__preempt_count)
#endif

#define ECS_PREEMPT_COUNT_WIDTH sizeof(*ecs_preempt_count_ptr())

/* Bits that mean an interrupt (hard, soft, NMI) is being served. */
#define ECS_PREEMPT_IRQ_MASK \
	((u64)(unsigned long)(SOFTIRQ_MASK | HARDIRQ_MASK | NMI_MASK))
/* Those, and preemption disabled: all but NEED_RESCHED. */
#define ECS_PREEMPT_CRITICAL_MASK \
	(ECS_PREEMPT_IRQ_MASK | (u64)(unsigned long)PREEMPT_MASK)

#endif /* ECS_COMPAT_PREEMPT_COUNT_H */
