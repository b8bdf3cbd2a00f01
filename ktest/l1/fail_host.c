// SPDX-License-Identifier: GPL-2.0-only
/* fail_host.c: what is asked of a module that is there: by /dev/ecs, by a guest. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>

#include "../../common/ecs_ioctl.h"
#include "bare.h"
#include "fail.h"

static struct bare_vm vm;
static struct bare_vcpu vcpu;
static int ecs_fd;
static pid_t child;

/* A process that the module has not heard of; the one before it ends. */
static void fresh_process(char **args)
{
	(void)args;
	if (!ecs_fd)
		ecs_fd = open("/dev/ecs", O_RDWR | O_CLOEXEC);
	if (ecs_fd < 0)
		die("/dev/ecs: %s", strerror(errno));
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

/* A VM is switched on. */

static int enable_act(char **args)
{
	struct ecs_ioc_vm arg = {
		.size = sizeof(arg),
		.pid = child,
		.params = { .valid = ECS_PARAM_MODE, .mode = ECS_MODE_ON },
	};

	(void)args;
	return ioctl(ecs_fd, ECS_IOC_VM_SET, &arg) ? -errno : 0;
}

static bool enable_left(void)
{
	struct ecs_ioc_vm arg = { .size = sizeof(arg), .pid = child };

	if (ioctl(ecs_fd, ECS_IOC_VM_GET, &arg))
		return errno != ENOENT;
	return arg.params.mode != ECS_MODE_OFF;
}

static int enable_undo(void)
{
	return ioctl(ecs_fd, ECS_IOC_DISABLE_ALL) ? -errno : 0;
}

/* A boost; the first one follows the scheduler. */

static int boost_act(char **args)
{
	struct ecs_ioc_boost arg = {
		.size = sizeof(arg),
		.pid = child,
		.tid = child,
		.vcpu = -1,
		.sbt_ns = 1000000,
		.usbt_ns = 9000000,
	};

	(void)args;
	return ioctl(ecs_fd, ECS_IOC_BOOST_SET, &arg) ? -errno : 0;
}

static bool boost_left(void)
{
	struct ecs_ioc_boost arg = { .size = sizeof(arg), .pid = child };

	if (ioctl(ecs_fd, ECS_IOC_BOOST_NEXT, &arg))
		return errno != ENOENT;
	return true;
}

static int boost_undo(void)
{
	struct ecs_ioc_boost arg = { .size = sizeof(arg), .pid = child };

	return ioctl(ecs_fd, ECS_IOC_BOOST_CLEAR, &arg) ? -errno : 0;
}

/* A guest's page. */

static void register_prepare(char **args)
{
	int err;

	(void)args;
	bare_destroy(&vm, &vcpu, 1);
	err = bare_create(&vm) ?: bare_add(&vm, 0, &vcpu);
	if (err)
		die("no VM: %s", strerror(-err));
}

static int register_act(char **args)
{
	(void)args;
	return bare_wrmsr(&vcpu, ECS_ABI_MSR_PAGE,
			  bare_gpa(0) | ECS_ABI_PAGE_ENABLE);
}

static bool register_left(void)
{
	uint64_t generation = 0;
	int err = bare_rdmsr(&vcpu, ECS_ABI_MSR_STATUS, &generation);

	if (err)
		die("the registration cannot be read: %s", strerror(-err));
	return generation;
}

static int register_undo(void)
{
	return bare_wrmsr(&vcpu, ECS_ABI_MSR_PAGE, 0);
}

const struct operation fail_enable = {
	.name = "enable",
	.prepare = fresh_process,
	.act = enable_act,
	.left = enable_left,
	.undo = enable_undo,
};

const struct operation fail_boost = {
	.name = "boost",
	.prepare = fresh_process,
	.act = boost_act,
	.left = boost_left,
	.undo = boost_undo,
};

const struct operation fail_register = {
	.name = "register",
	.prepare = register_prepare,
	.act = register_act,
	.left = register_left,
	.undo = register_undo,
};
