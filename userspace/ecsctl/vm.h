/* SPDX-License-Identifier: GPL-2.0-only */
/* vm.h: from what the user calls a VM to its process. */
#ifndef VM_H
#define VM_H

#include <stddef.h>

#include "proc.h"

struct json_object;

#define VM_LABEL 128 /* room for vm_label() */

/**
 * struct vm_list - VMs, each once
 * @vm: malloc()ed
 * @count: how many
 */
struct vm_list {
	struct proc_vm *vm;
	size_t count;
};

int vm_resolve(struct vm_list *list, char *const *specs, int count);
void vm_list_add(struct vm_list *list, struct proc_vm vm);
void vm_list_free(struct vm_list *list);
const char *vm_label(char buf[VM_LABEL], const struct proc_vm *vm);
struct json_object *vm_json(const struct proc_vm *vm);

#endif /* VM_H */
