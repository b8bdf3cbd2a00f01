/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hint.h: what a guest is told of the host's load, VM by VM, if at all.
 *
 * v->hints says what the guest is given and v->told what its page says now. With
 * nothing given all of this is a test of these words, which share a cache line
 * with the mode.
 */
#ifndef ECSH_HINT_H
#define ECSH_HINT_H

#include <linux/atomic.h>
#include <linux/percpu.h>

#include "ecs_ioctl.h"
#include "vcpu.h"

/* vCPUs whose guest is told of overcommitment: the wakeups of all are looked at. */
extern atomic_t ecsh_hint_watched;

void ecsh_hint_init(void);
void ecsh_hint_exit(void);
u32 ecsh_hint_kept(const struct ecsh_vcpu *v);
void ecsh_hint_set(struct ecsh_vcpu *v, u32 hints);
void ecsh_hint_end(struct ecsh_vcpu *v);
void ecsh_hint_runs(struct ecsh_vcpu *v);
void ecsh_hint_leaves(struct ecsh_vcpu *v, bool preempted);
void ecsh_hint_now(struct ecsh_vcpu *v);
void ecsh_hint_read(struct ecsh_vcpu *v);
void ecsh_hint_read_cpu(int cpu);

/**
 * ecsh_hint_sched_in() - a vCPU's thread has got a CPU
 * @v: the vCPU, the running one here
 *
 * Context: its thread, preemption off, no lock.
 */
static inline void ecsh_hint_sched_in(struct ecsh_vcpu *v)
{
	if (READ_ONCE(v->hints))
		ecsh_hint_runs(v);
}

/**
 * ecsh_hint_sched_out() - a vCPU's thread leaves its CPU or the vCPU
 * @v: the vCPU
 * @preempted: it would have run on
 *
 * Context: v->lock held.
 */
static inline void ecsh_hint_sched_out(struct ecsh_vcpu *v, bool preempted)
{
	if (v->hints)
		ecsh_hint_leaves(v, preempted);
}

/**
 * ecsh_hint_look() - look who wants the CPU of a running vCPU
 * @v: the vCPU
 *
 * Context: v->lock held; its CPU's runqueue lock held or on that CPU.
 */
static inline void ecsh_hint_look(struct ecsh_vcpu *v)
{
	if (v->hints & ECS_HINT_OVERCOMMIT)
		ecsh_hint_read(v);
}

/**
 * ecsh_hint_queued() - a task, any, was put on the queue of a CPU
 * @cpu: maybe another one
 *
 * Context: the lock of its runqueue held, interrupts off.
 */
static inline void ecsh_hint_queued(int cpu)
{
	if (atomic_read(&ecsh_hint_watched))
		ecsh_hint_read_cpu(cpu);
}

#endif /* ECSH_HINT_H */
