/* SPDX-License-Identifier: GPL-2.0-only */
/* proc.h: processes, and which of them are VMs. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cmdline.h"

/**
 * struct proc_vm - what proc says of a VM
 * @pid: its process
 * @name: malloc()ed, or NULL; raw: not fit to be printed as it is
 * @uuid: empty if it has none
 */
struct proc_vm {
	pid_t pid;
	char *name;
	char uuid[CMDLINE_UUID];
};

#define PROC_THREAD_NAME 64 /* room for any */

int proc_pids(pid_t **pids, size_t *count);
int proc_threads(pid_t pid, pid_t **tids, size_t *count);
void proc_thread_name(pid_t pid, pid_t tid, char name[PROC_THREAD_NAME]);
bool proc_has_thread(pid_t pid, pid_t tid);
int proc_describe(struct proc_vm *vm, pid_t pid);
bool proc_is_user(pid_t pid);
int proc_is_vm(pid_t pid);
pid_t proc_process_of(pid_t pid);

#endif /* PROC_H */
