/* SPDX-License-Identifier: GPL-2.0-only */
/* promise.h: who may have a boost: what is asked for is admitted or refused. */
#ifndef ECSH_PROMISE_H
#define ECSH_PROMISE_H

#include <linux/types.h>

#include "budget.h"
#include "ecs_ioctl.h"

struct task_struct;

u32 ecsh_promise_share(const struct ecs_budget_params *params);
int ecsh_promise_set(struct ecs_ioc_boost *arg);
int ecsh_promise_clear(struct ecs_ioc_boost *arg);
int ecsh_promise_make(struct task_struct *task, u32 source,
		      struct ecs_ioc_boost *arg);

#endif /* ECSH_PROMISE_H */
