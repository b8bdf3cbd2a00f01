/* SPDX-License-Identifier: GPL-2.0-only */
/* irq_work.h: an irq_work that runs in hard interrupt context on PREEMPT_RT, too. */
#ifndef ECS_COMPAT_IRQ_WORK_H
#define ECS_COMPAT_IRQ_WORK_H

#include <linux/irq_work.h>

/* v5.11, 7a9f50a05843 "irq_work: Cleanup" */
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(_func)                        \
	((struct irq_work){                              \
		.flags = ATOMIC_INIT(IRQ_WORK_HARD_IRQ), \
		.func = (_func),                         \
	})
#endif

#endif /* ECS_COMPAT_IRQ_WORK_H */
