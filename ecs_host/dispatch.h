/* SPDX-License-Identifier: GPL-2.0-only */
/* dispatch.h: boosts begin and end, by the rules of budget.h. */
#ifndef ECSH_DISPATCH_H
#define ECSH_DISPATCH_H

#include <linux/types.h>

#include "budget.h"
#include "ecs_ioctl.h"

struct ecsh_boost;

enum ecs_budget_verdict ecsh_dispatch_begin(struct ecsh_boost *b, u64 now);
void ecsh_dispatch_ended(struct ecsh_boost *b, enum ecs_boost_stat why);
void ecsh_dispatch_cool(struct ecsh_boost *b, u64 now);
void ecsh_dispatch_setup(struct ecsh_boost *b);
void ecsh_dispatch_start(struct ecsh_boost *b);
void ecsh_dispatch_stop(struct ecsh_boost *b, bool only_guests);
void ecsh_dispatch_revive(struct ecsh_boost *b);
void ecsh_dispatch_remind(struct ecsh_boost *b);
bool ecsh_dispatch_is_over(struct ecsh_boost *b);

#endif /* ECSH_DISPATCH_H */
