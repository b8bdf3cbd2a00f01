/* SPDX-License-Identifier: GPL-2.0-only */
/* vm.h: what is known of a VMM process: its parameters and its vCPUs. */
#ifndef ECSH_VM_H
#define ECSH_VM_H

#include "ecs_ioctl.h"

struct ecsh_vcpu;

void ecsh_vm_exit(void);
struct ecsh_vm *ecsh_vm_add_vcpu(struct ecsh_vcpu *v);
void ecsh_vm_remove_vcpu(struct ecsh_vcpu *v);

int ecsh_vm_set(struct ecs_ioc_vm *arg);
int ecsh_vm_read(struct ecs_ioc_vm *arg);
int ecsh_vm_next(struct ecs_ioc_vm *arg);
int ecsh_vm_next_vcpu(struct ecs_ioc_vcpu *arg);
void ecsh_vm_disable_all(void);
void ecsh_vm_defaults(struct ecs_ioc_params *params);

#endif /* ECSH_VM_H */
