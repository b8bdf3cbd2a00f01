// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail.c: let the allocations of one operation fail, one after the other.
 *
 *   fail STEP load FILE PARAMETERS
 *   fail STEP enable
 *   fail STEP boost
 *   fail STEP register
 *
 * The kernel's /proc/thread-self/fail-nth makes the Nth allocation from now on fail
 * that this thread asks for. So the operation is done with N = 1, 1 + STEP, ... until
 * it does not get that far. One that fails has to leave nothing behind; one that
 * succeeds although an allocation failed is undone. STEP 0 says how many there are.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../../common/ecs_ioctl.h"
#include "bare.h"

#define MANY 1000000

struct operation {
	const char *name;
	int args;
	void (*prepare)(char **args); /* each time anew */
	int (*act)(char **args);
	bool (*left)(void); /* is there anything of it? */
	int (*undo)(void);
};

static struct bare_vm vm;
static struct bare_vcpu vcpu;
static int nth_fd, module_fd, ecs_fd;
static pid_t child;

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

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

/* The module. */

static void load_prepare(char **args)
{
	if (!module_fd)
		module_fd = open(args[0], O_RDONLY | O_CLOEXEC);
	if (module_fd < 0)
		die("%s: %s", args[0], strerror(errno));
}

static int load_act(char **args)
{
	return syscall(SYS_finit_module, module_fd, args[1], 0) ? -errno : 0;
}

static bool load_left(void)
{
	return !access("/sys/module/ecs_host", F_OK) ||
	       !access("/dev/ecs", F_OK);
}

static int load_undo(void)
{
	return syscall(SYS_delete_module, "ecs_host", O_NONBLOCK) ? -errno : 0;
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

static const struct operation operations[] = {
	{ "load", 2, load_prepare, load_act, load_left, load_undo },
	{ "enable", 0, fresh_process, enable_act, enable_left, enable_undo },
	{ "boost", 0, fresh_process, boost_act, boost_left, boost_undo },
	{ "register", 0, register_prepare, register_act, register_left,
	  register_undo },
};

static void set_nth(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(nth_fd, text, len, 0) != len)
		die("fail-nth: %s", strerror(errno));
}

/* How many are still to come: 0, the one that was to fail has failed. */
static int get_nth(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %s", strerror(errno));
	return atoi(text);
}

/* Does it with the nth allocation failing; returns how many there were of these. */
static int try(const struct operation *op, char **args, int nth, int *err)
{
	int left;

	op->prepare(args);
	set_nth(nth);
	*err = op->act(args);
	left = get_nth();
	set_nth(0);
	if (left && *err)
		die("%s: fails by itself: %s", op->name, strerror(-*err));
	return nth - left;
}

static void undo(const struct operation *op, int nth)
{
	int err;

	if (!op->left())
		die("%s: allocation %d: it succeeded, and there is nothing",
		    op->name, nth);
	err = op->undo();
	if (err)
		die("%s: allocation %d: cannot be undone: %s", op->name, nth,
		    strerror(-err));
}

int main(int argc, char **argv)
{
	int i, nth, step, err, failed = 0, survived = 0;
	const struct operation *op = NULL;
	bool over = false;

	for (i = 0; argc > 2 && i < 4; i++)
		if (!strcmp(argv[2], operations[i].name) &&
		    argc == 3 + operations[i].args)
			op = &operations[i];
	if (!op)
		return 2;
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		die("fail-nth: %s", strerror(errno));
	step = atoi(argv[1]);
	if (!step) {
		printf("%d\n", try(op, argv + 3, MANY, &err));
		undo(op, 0);
		return 0;
	}
	for (nth = 1; !over; nth += step) {
		over = try(op, argv + 3, nth, &err) < nth;
		if (!err)
			undo(op, nth);
		if (op->left())
			die("%s: allocation %d: %s it left something", op->name,
			    nth, err ? "failing" : "undone");
		failed += err != 0;
		survived += !err;
	}
	printf("%s: up to allocation %d: %d times refused, %d times done\n",
	       op->name, nth, failed, survived);
	return 0;
}
