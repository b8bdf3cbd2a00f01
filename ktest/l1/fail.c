// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail.c: let the allocations of one operation fail, one after the other.
 *
 *   fail STEP load FILE PARAMETERS
 *   fail STEP enable
 *   fail STEP boost
 *   fail STEP register
 *   fail STEP mark KIND		in a guest
 *
 * The kernel's /proc/thread-self/fail-nth makes the Nth allocation from now on fail
 * that this thread asks for. So the operation is done with N = 1, 1 + STEP, ... until
 * it does not get that far. One that fails has to leave nothing behind; one that
 * succeeds although an allocation failed is undone. STEP 0 says how many there are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

#define MANY 1000000

static const struct operation *const operations[] = {
	&fail_load, &fail_mark, &fail_enable, &fail_boost, &fail_register,
};

static int nth_fd;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

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
	if (!*err && op->outcome)
		*err = op->outcome();
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
	int nth, step, err, failed = 0, survived = 0;
	const struct operation *op = NULL;
	bool over = false;
	unsigned int i;

	for (i = 0; argc > 2 && i < sizeof(operations) / sizeof(operations[0]);
	     i++)
		if (!strcmp(argv[2], operations[i]->name) &&
		    argc == 3 + operations[i]->args)
			op = operations[i];
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
