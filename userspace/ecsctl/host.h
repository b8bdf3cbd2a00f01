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

int host_boost_set(struct ecs_ioc_boost *boost);
int host_boost_clear(int pid, int tid);
int host_boosts(int pid, struct ecs_ioc_boost **boosts, size_t *count);
bool host_boosts_known(void);
int host_limit_set(int pid, struct ecs_ioc_limit *limit);
int host_limit_get(int pid, struct ecs_ioc_limit *limit);

/* For the files that ask: more of anything than this is a module gone wrong. */
#define HOST_MOST 100000

void *host_grow(void *list, size_t count, size_t size);

#endif /* HOST_H */
