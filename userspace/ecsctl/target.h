/* SPDX-License-Identifier: GPL-2.0-only */
/* target.h: which threads of a VM are meant. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>

#include "ecs_ioctl.h"
#include "proc.h"
#include "vcpuset.h"

/**
 * struct target - a thread
 * @tid: the thread
 * @vcpu: the vCPU that it runs, -1 if that is not known
 */
struct target {
	int tid;
	int vcpu;
};

/**
 * struct target_list - threads, in the order of their vCPUs
 * @target: malloc()ed
 * @count: how many
 */
struct target_list {
	struct target *target;
	size_t count;
};

/**
 * struct target_spec - what the user asked for; begin with { 0 }
 * @tid: this thread, 0 if none was named
 * @listed: only the vCPUs in @vcpus, not all
 * @vcpus: see @listed
 */
struct target_spec {
	int tid;
	bool listed;
	struct vcpuset vcpus;
};

int target_parse_vcpus(struct target_spec *spec, const char *value);
int target_parse_tid(struct target_spec *spec, const char *value);
int target_find(struct target_list *list, const struct proc_vm *vm,
		const struct target_spec *spec,
		const struct ecs_ioc_boost *boosts, size_t nr_boosts);
void target_free(struct target_list *list);

#endif /* TARGET_H */
