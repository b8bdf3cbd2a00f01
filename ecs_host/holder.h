/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * holder.h: vCPUs that were preempted inside a section and wait for a CPU.
 *
 * The mark is one word a vCPU, set when its thread leaves the CPU and cleared
 * when it comes back. Setting and clearing are ordered by the runqueue locks;
 * all others only read it, and may find it out of date by one switch.
 */
#ifndef ECSH_HOLDER_H
#define ECSH_HOLDER_H

#include "vcpu.h"

#define ECSH_HOLDER_NOBODY (~0ul)

/**
 * struct ecsh_holder - a holder that was chosen
 * @task: its thread, with a reference
 * @held_at: the mark that it had
 * @id: KVM's vcpu_id
 */
struct ecsh_holder {
	struct task_struct *task;
	u64 held_at;
	int id;
};

/**
 * ecsh_holder_mark() - a vCPU is preempted inside a section
 * @v: the vCPU
 * @now: ns
 *
 * Context: its thread leaves the CPU, runqueue lock held, interrupts off.
 */
static inline void ecsh_holder_mark(struct ecsh_vcpu *v, u64 now)
{
	WRITE_ONCE(v->tries, 0);
	WRITE_ONCE(v->held_at, now ?: 1);
}

/**
 * ecsh_holder_unmark() - a vCPU has a CPU again
 * @v: the vCPU
 *
 * Context: its thread is current, preemption off.
 */
static inline void ecsh_holder_unmark(struct ecsh_vcpu *v)
{
	if (READ_ONCE(v->held_at))
		WRITE_ONCE(v->held_at, 0);
}

bool ecsh_holder_is_there(const struct ecsh_vcpu *me, unsigned long named);
bool ecsh_holder_take(const struct ecsh_vcpu *me, unsigned long named,
		      struct ecsh_holder *holder);
void ecsh_holder_put(const struct ecsh_vcpu *me,
		     const struct ecsh_holder *holder, bool refused);

#endif /* ECSH_HOLDER_H */
