/* SPDX-License-Identifier: GPL-2.0-only */
/* grace.h: an extension from its grant to its end. */
#ifndef ECSH_GRACE_H
#define ECSH_GRACE_H

#include <linux/hrtimer.h>

#include "ecs_ioctl.h"
#include "gate.h"
#include "policy.h"

struct ecsh_vcpu;

void ecsh_grace_init(void);
enum ecs_policy_hint ecsh_grace_hint(struct ecsh_vcpu *v);
void ecsh_grace_begin(struct ecsh_vcpu *v, int cpu, enum ecsh_gate_kind kind);
void ecsh_grace_end(struct ecsh_vcpu *v, enum ecs_stat why);
void ecsh_grace_ended(struct ecsh_vcpu *v, enum ecs_stat why, u64 now);
void ecsh_grace_look(void);
void ecsh_grace_forget(struct ecsh_vcpu *v);
enum hrtimer_restart ecsh_grace_timer(struct hrtimer *timer);

#endif /* ECSH_GRACE_H */
