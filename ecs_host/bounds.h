/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bounds.h: which values /dev/ecs takes.
 *
 * Pure C, like policy.h, and linked into the module and into the tests. What comes
 * in is a copy of the caller's struct; the bounds are those of ecs_ioctl.h. Nothing
 * is looked up here: whether there is such a process is another question.
 */
#ifndef ECS_BOUNDS_H
#define ECS_BOUNDS_H

#include "ecs_ioctl.h"
#include "ecs_types.h"

bool ecs_bounds_params(const struct ecs_ioc_params *change);
bool ecs_bounds_merge(struct ecs_ioc_params *params,
		      const struct ecs_ioc_params *change);
bool ecs_bounds_boost_ns(uint64_t sbt_ns, uint64_t usbt_ns);
bool ecs_bounds_boost(const struct ecs_ioc_boost *boost);
bool ecs_bounds_limit(const struct ecs_ioc_limit *limit);

#endif /* ECS_BOUNDS_H */
