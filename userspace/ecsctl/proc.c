// SPDX-License-Identifier: GPL-2.0-only
/*
 * proc.c: processes, and which of them are VMs: the only file that walks proc.
 *
 * A VM is a process that holds a file of KVM's kind "kvm-vm". It may end at
 * any time: that is -ESRCH here, never a surprise.
 */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The numbers that are names in a directory: processes, or threads. */
static int numbers_in(const char *path, pid_t **numbers, size_t *count)
{
	size_t size = 0, n = 0;
	pid_t *list = NULL, *bigger;
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (n == size) {
			size = size ? 2 * size : 256;
			bigger = reallocarray(list, size, sizeof(*list));
			if (!bigger)
				abort();
			list = bigger;
		}
		list[n++] = (pid_t)atoi(entry->d_name);
	}
	closedir(dir);
	if (n)
		qsort(list, n, sizeof(*list), compare_pids);
	*numbers = list;
	*count = n;
	return 0;
}

/**
 * proc_pids() - all processes
 * @pids: out: malloc()ed, ascending
 * @count: out: how many
 *
 * Return: 0 or a negative errno.
 */
int proc_pids(pid_t **pids, size_t *count)
{
	char path[FILE_PATH];

	if (file_path(path, "/proc"))
		return -ENAMETOOLONG;
	return numbers_in(path, pids, count);
}

/**
 * proc_threads() - all threads of a process
 * @pid: the process
 * @tids: out: malloc()ed, ascending
 * @count: out: how many
 *
 * Return: 0, -ESRCH if it is gone, or another negative errno.
 */
int proc_threads(pid_t pid, pid_t **tids, size_t *count)
{
	char path[FILE_PATH];
	int error;

	if (file_path(path, "/proc/%d/task", (int)pid))
		return -ENAMETOOLONG;
	error = numbers_in(path, tids, count);
	return error == -ENOENT ? -ESRCH : error;
}

/**
 * proc_thread_name() - what a thread calls itself
 * @pid: its process
 * @tid: the thread
 * @name: out: raw; empty if the thread is gone
 */
void proc_thread_name(pid_t pid, pid_t tid, char name[PROC_THREAD_NAME])
{
	file_line(name, PROC_THREAD_NAME, "/proc/%d/task/%d/comm", (int)pid,
		  (int)tid);
}

/**
 * proc_has_thread() - does the thread belong to the process?
 * @pid: the process
 * @tid: the thread
 *
 * Return: false also if one of them is gone.
 */
bool proc_has_thread(pid_t pid, pid_t tid)
{
	return file_exists("/proc/%d/task/%d", (int)pid, (int)tid);
}

static int read_cmdline(pid_t pid, char **args, size_t *len)
{
	char path[FILE_PATH];
	int error;

	error = file_path(path, "/proc/%d/cmdline", (int)pid);
	if (!error)
		error = file_read(path, args, len);
	return error == -ENOENT ? -ESRCH : error;
}

/**
 * proc_describe() - name and UUID of a process that may be a VM
 * @vm: out: free() its name; all of it is set, on error too
 * @pid: the process
 *
 * Return: 0, -ESRCH if it is gone, or another negative errno.
 */
int proc_describe(struct proc_vm *vm, pid_t pid)
{
	char *args;
	size_t len;
	int error;

	memset(vm, 0, sizeof(*vm));
	vm->pid = pid;
	error = read_cmdline(pid, &args, &len);
	if (error)
		return error;
	vm->name = cmdline_name(args, len);
	if (!cmdline_uuid(args, len, vm->uuid))
		vm->uuid[0] = '\0';
	free(args);
	return 0;
}

/**
 * proc_is_user() - is it a process with a program, no kernel thread or zombie?
 * @pid: the process
 *
 * Return: false also if it is gone.
 */
bool proc_is_user(pid_t pid)
{
	char *args;
	size_t len;

	if (read_cmdline(pid, &args, &len))
		return false;
	free(args);
	return len != 0;
}

/**
 * proc_is_vm() - does the process hold a KVM VM?
 * @pid: the process
 *
 * Return: 1 if so, 0 if not, -ESRCH if it is gone, -EACCES or -EPERM if its
 * files cannot be looked at, or another negative errno.
 */
int proc_is_vm(pid_t pid)
{
	char path[FILE_PATH], target[64];
	struct dirent *entry;
	ssize_t len;
	int ret = 0;
	DIR *dir;

	if (file_path(path, "/proc/%d/fd", (int)pid))
		return -ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		len = readlinkat(dirfd(dir), entry->d_name, target,
				 sizeof(target) - 1);
		if (len < 0) {
			if (errno == EACCES || errno == EPERM)
				ret = -errno;
			continue; /* closed meanwhile */
		}
		target[len] = '\0';
		ret = !strcmp(target, "anon_inode:kvm-vm");
	}
	closedir(dir);
	return ret;
}

/**
 * proc_process_of() - the process a thread belongs to
 * @pid: the thread, which may be the first one of its process
 *
 * Return: the process, or 0 if there is no such thread.
 */
pid_t proc_process_of(pid_t pid)
{
	char path[FILE_PATH], *text, *line;
	pid_t tgid = 0;
	size_t len;

	if (file_path(path, "/proc/%d/status", (int)pid) ||
	    file_read(path, &text, &len))
		return 0;
	line = strstr(text, "\nTgid:");
	if (line)
		tgid = (pid_t)atoi(line + strlen("\nTgid:"));
	free(text);
	return tgid;
}
