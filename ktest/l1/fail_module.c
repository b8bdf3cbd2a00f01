// SPDX-License-Identifier: GPL-2.0-only
/* fail_module.c: a module is loaded; the guest's module is told to mark something. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"

static int module_fd;
static char module[64], module_dir[96];

static void load_prepare(char **args)
{
	const char *name = basename(args[0]);

	if (module_fd)
		return;
	module_fd = open(args[0], O_RDONLY | O_CLOEXEC);
	if (module_fd < 0)
		die("%s: %s", args[0], strerror(errno));
	snprintf(module, sizeof(module), "%.*s", (int)strcspn(name, "."), name);
	snprintf(module_dir, sizeof(module_dir), "/sys/module/%s", module);
}

static int load_act(char **args)
{
	return syscall(SYS_finit_module, module_fd, args[1], 0) ? -errno : 0;
}

static bool load_left(void)
{
	return !access(module_dir, F_OK) ||
	       (!strcmp(module, "ecs_host") && !access("/dev/ecs", F_OK));
}

static int load_undo(void)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* Marks: the switch is always taken, and the file "marks" says what became of it. */

#define PARAMETERS "/sys/module/ecs_guest/parameters/"

static const char *kind;
static int switch_fd;

static int mark_switch(const char *to)
{
	return pwrite(switch_fd, to, 1, 0) == 1 ? 0 : -errno;
}

/* Return: 0 it is on, a negative errno if it cannot be, 1 if that was not tried. */
static int mark_state(void)
{
	char line[128], name[64], state[8];
	FILE *file = fopen(PARAMETERS "marks", "re");
	int err;

	if (!file)
		die(PARAMETERS "marks: %s", strerror(errno));
	do {
		if (!fgets(line, sizeof(line), file))
			die(PARAMETERS "marks: nothing of %s", kind);
	} while (sscanf(line, "%63s %7s %d", name, state, &err) != 3 ||
		 strcmp(name, kind));
	fclose(file);
	return !strcmp(state, "on") ? 0 : err < 0 ? err : 1;
}

static int mark_undo(void)
{
	return mark_switch("0");
}

static void mark_prepare(char **args)
{
	char path[128];

	kind = args[0];
	snprintf(path, sizeof(path), PARAMETERS "mark_%s", kind);
	if (!switch_fd)
		switch_fd = open(path, O_WRONLY | O_CLOEXEC);
	if (switch_fd < 0)
		die("%s: %s", path, strerror(errno));
	/* One that was refused is still wanted. */
	if (mark_undo() || mark_state() != 1)
		die("%s cannot be switched off", kind);
}

static int mark_act(char **args)
{
	(void)args;
	return mark_switch("1");
}

static bool mark_left(void)
{
	return !mark_state();
}

const struct operation fail_load = {
	.name = "load",
	.args = 2,
	.prepare = load_prepare,
	.act = load_act,
	.left = load_left,
	.undo = load_undo,
};

const struct operation fail_mark = {
	.name = "mark",
	.args = 1,
	.prepare = mark_prepare,
	.act = mark_act,
	.left = mark_left,
	.undo = mark_undo,
	.outcome = mark_state,
};
