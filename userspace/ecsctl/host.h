/* SPDX-License-Identifier: GPL-2.0-only */
/* host.h: what ecs_host.ko is asked, call by call. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "ecs_ioctl.h"

int host_open(void);
int host_open_raw(void);
bool host_module_loaded(void);
const struct ecs_ioc_version *host_version(void);
int host_failure(const char *who, int error);

int host_vm_set(int pid, const struct ecs_ioc_params *params,
		struct ecs_ioc_vm *vm);
int host_vm_get(int pid, struct ecs_ioc_vm *vm, bool *known);
int host_vms(struct ecs_ioc_vm **vms, size_t *count);
int host_vcpus(int pid, struct ecs_ioc_vcpu **vcpus, size_t *count);
int host_hooks(struct ecs_ioc_hook **hooks, size_t *count);
int host_disable_all(void);

#endif /* HOST_H */
