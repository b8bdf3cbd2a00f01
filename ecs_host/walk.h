/* SPDX-License-Identifier: GPL-2.0-only */
/* walk.h: VMs, vCPUs and boosts as /dev/ecs shows them. */
#ifndef ECSH_WALK_H
#define ECSH_WALK_H

#include "ecs_ioctl.h"

struct ecsh_boost;
struct ecsh_vm;

void ecsh_walk_fill_vm(struct ecsh_vm *vm, struct ecs_ioc_vm *arg);
int ecsh_walk_read(struct ecs_ioc_vm *arg);
int ecsh_walk_next(struct ecs_ioc_vm *arg);
int ecsh_walk_next_vcpu(struct ecs_ioc_vcpu *arg);
void ecsh_walk_fill_boost(struct ecsh_boost *b, struct ecs_ioc_boost *arg);
int ecsh_walk_next_boost(struct ecs_ioc_boost *arg);
int ecsh_walk_limit(struct ecs_ioc_limit *arg);

#endif /* ECSH_WALK_H */
