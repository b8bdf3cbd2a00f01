/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cost.h: ecs_cost - how many instructions lock operations take.
 *
 * Made for a CPU whose time stamp counter counts instructions: QEMU's TCG with
 * -icount shift=0, which gives each instruction 1 ns and a TSC of 1 GHz. What is
 * measured is the least of many samples: the tick may hit some of them.
 */
#ifndef COST_H
#define COST_H

#include <linux/compiler.h>
#include <linux/types.h>

struct seq_file;

/* One instruction behind RDTSC, whatever the compiler makes of the rest. */
static __always_inline void cost_stamp(u32 *at)
{
	asm volatile("rdtsc\n\tmov %%eax, %0"
		     : "=m"(*at)
		     :
		     : "eax", "edx", "memory");
}

/**
 * struct cost_least - the least that was seen
 * @took: instructions
 * @samples: how often
 */
struct cost_least {
	u32 took;
	unsigned int samples;
};

static inline void cost_take(struct cost_least *least, u32 took)
{
	if (!least->samples || took < least->took)
		*least = (struct cost_least){ took, 1 };
	else if (took == least->took)
		least->samples++;
}

int cost_lock_init(void);
void cost_lock_exit(void);
u32 cost_lock_nothing(void);
int cost_lock_show(struct seq_file *seq, u32 nothing);
int cost_switch_show(struct seq_file *seq, u32 nothing);

#endif /* COST_H */
