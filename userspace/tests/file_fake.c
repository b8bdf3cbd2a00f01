// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_fake.c: see file_fake.h.
 *
 * The fixture, see dev_fake.c, may have an error for
 *
 *   opendir       of /proc/PID/fd, by pid=
 *   module:FILE   below /sys/module/ecs_guest
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev_fake.h"
#include "file_fake.h"

#define MODULE "/sys/module/ecs_guest/"

/* Nothing is created, so there is no mode. */
int __wrap_open(const char *path, int flags, ...)
{
	const char *name = strstr(path, MODULE);
	char call[40];
	int error;

	if (name) {
		snprintf(call, sizeof(call), "module:%s",
			 strrchr(name, '/') + 1);
		error = fake_fault(call, 0);
		if (error) {
			errno = -error;
			return -1;
		}
	}
	return __real_open(path, flags);
}

DIR *__wrap_opendir(const char *path)
{
	const char *proc = strstr(path, "/proc/");
	int pid = 0, error, end = 0;

	if (proc && sscanf(proc, "/proc/%d/fd%n", &pid, &end) == 1 && end) {
		error = fake_fault("opendir", pid);
		if (error) {
			errno = -error;
			return NULL;
		}
	}
	return __real_opendir(path);
}
