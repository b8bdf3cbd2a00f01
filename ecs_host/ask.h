/* SPDX-License-Identifier: GPL-2.0-only */
/* ask.h: boosts that guests ask for themselves, within what they are allowed. */
#ifndef ECSH_ASK_H
#define ECSH_ASK_H

#include <linux/types.h>

struct ecsh_vcpu;
struct pid;
struct task_struct;

int ecsh_ask_prepare(void);
int ecsh_ask_boost(struct ecsh_vcpu *v, u64 sbt_ns, u64 usbt_ns);
void ecsh_ask_no_more(struct task_struct *task);
void ecsh_ask_limit(struct pid *tgid, u32 sbt_max_ns, u32 usbt_min_ns);

#endif /* ECSH_ASK_H */
