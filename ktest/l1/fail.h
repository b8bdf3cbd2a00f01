/* SPDX-License-Identifier: GPL-2.0-only */
/* fail.h: operations whose allocations are to fail. */
#ifndef FAIL_H
#define FAIL_H

#include <stdbool.h>

/**
 * struct operation - what is tried again and again
 * @name: its name on the command line
 * @args: how many words follow that
 * @prepare: what comes before each try
 * @act: the try; 0 or a negative errno
 * @left: is there anything of it?
 * @undo: the opposite; 0 or a negative errno
 * @outcome: of an act that cannot say itself how it went, or NULL
 */
struct operation {
	const char *name;
	int args;
	void (*prepare)(char **args);
	int (*act)(char **args);
	bool (*left)(void);
	int (*undo)(void);
	int (*outcome)(void);
};

/* fail_module.c, fail_host.c */
extern const struct operation fail_load, fail_mark;
extern const struct operation fail_enable, fail_boost, fail_register;

void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif /* FAIL_H */
