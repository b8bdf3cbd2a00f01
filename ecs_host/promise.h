/* SPDX-License-Identifier: GPL-2.0-only */
/* promise.h: who may have a boost: administrators and guests ask, admission answers. */
#ifndef ECSH_PROMISE_H
#define ECSH_PROMISE_H

#include <linux/types.h>

#include "budget.h"
#include "ecs_ioctl.h"

struct ecsh_vcpu;
struct pid;
struct task_struct;

u32 ecsh_promise_share(const struct ecs_budget_params *params);
int ecsh_promise_set(struct ecs_ioc_boost *arg);
int ecsh_promise_clear(struct ecs_ioc_boost *arg);
int ecsh_promise_prepare(void);
int ecsh_promise_request(struct ecsh_vcpu *v, u64 sbt_ns, u64 usbt_ns);
void ecsh_promise_release(struct task_struct *task);
void ecsh_promise_limit(struct pid *tgid, u32 sbt_max_ns, u32 usbt_min_ns);

#endif /* ECSH_PROMISE_H */
