/* SPDX-License-Identifier: GPL-2.0-only */
/* setting.h: what administrators set for a VM, and what its vCPUs have of it. */
#ifndef ECSH_SETTING_H
#define ECSH_SETTING_H

#include "ecs_ioctl.h"

struct ecsh_vcpu;
struct ecsh_vm;

void ecsh_setting_defaults(struct ecs_ioc_params *params);
void ecsh_setting_apply(struct ecsh_vm *vm, struct ecsh_vcpu *v);
int ecsh_setting_vm(struct ecs_ioc_vm *arg);
int ecsh_setting_limit(struct ecs_ioc_limit *arg);
void ecsh_setting_disable_all(void);

#endif /* ECSH_SETTING_H */
