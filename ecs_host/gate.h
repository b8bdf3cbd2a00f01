/* SPDX-License-Identifier: GPL-2.0-only */
/* gate.h: where the hooks of the scheduler meet the policy. */
#ifndef ECSH_GATE_H
#define ECSH_GATE_H

#include <linux/types.h>

struct ecsh_vcpu;

enum ecsh_gate_kind {
	ECSH_GATE_TICK,	  /* the running task has had its slice */
	ECSH_GATE_WAKEUP, /* a waking task is more entitled */
};

bool ecsh_gate_request(struct ecsh_vcpu *v, int cpu, enum ecsh_gate_kind kind);
void ecsh_gate_yield(struct ecsh_vcpu *v);
void ecsh_gate_sched_out(struct ecsh_vcpu *v);
void ecsh_gate_join(struct ecsh_vcpu *v);
void ecsh_gate_leave(void);

#endif /* ECSH_GATE_H */
