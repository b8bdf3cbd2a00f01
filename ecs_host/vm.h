/* SPDX-License-Identifier: GPL-2.0-only */
/* vm.h: what is known of a VMM process: its parameters and its vCPUs. */
#ifndef ECSH_VM_H
#define ECSH_VM_H

#include <linux/list.h>
#include <linux/mutex.h>

#include "ecs_ioctl.h"

struct ecsh_vcpu;
struct pid;

/**
 * struct ecsh_vm - a VMM process
 * @node: in the list of VMs
 * @pid: its thread group, with a reference
 * @params: what it is given
 * @vcpus: its records
 * @sbt_max_ns: largest SBT that the guest may ask for, 0: it may not
 * @usbt_min_ns: least USBT that it may ask for
 * @gone: counters of vCPUs that are destroyed, and of the VM as a whole
 *
 * All of it is covered by ecsh_vm_mutex; @vcpus is read under RCU, too, by
 * threads of vCPUs that are on it.
 */
struct ecsh_vm {
	struct list_head node;
	struct pid *pid;
	struct ecs_ioc_params params;
	struct list_head vcpus;
	u32 sbt_max_ns;
	u32 usbt_min_ns;
	struct ecs_ioc_stats gone;
};

extern struct mutex ecsh_vm_mutex;
extern struct list_head ecsh_vms;

void ecsh_vm_exit(void);
struct ecsh_vm *ecsh_vm_add_vcpu(struct ecsh_vcpu *v);
void ecsh_vm_remove_vcpu(struct ecsh_vcpu *v);

int ecsh_vm_know(struct pid *pid);
struct ecsh_vm *ecsh_vm_alloc(void);
struct ecsh_vm *ecsh_vm_find(struct pid *pid);
struct ecsh_vm *ecsh_vm_find_or_add(struct pid *pid, struct ecsh_vm **fresh);
void ecsh_vm_sweep(void);
bool ecsh_vm_is_dead(struct pid *pid);
struct pid *ecsh_vm_get_live_pid(s32 nr);

#endif /* ECSH_VM_H */
