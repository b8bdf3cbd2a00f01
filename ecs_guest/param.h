/* SPDX-License-Identifier: GPL-2.0-only */
/* param.h: module parameters that can only be read, or name one of several ways. */
#ifndef ECSG_PARAM_H
#define ECSG_PARAM_H

#include <linux/errno.h>
#include <linux/moduleparam.h>

/* The kernel calls .set for "insmod ecs_guest name=value" whatever the mode is. */
static inline int ecsg_param_refuse(const char *text,
				    const struct kernel_param *param)
{
	return -EPERM;
}

/**
 * struct ecsg_param_choice - one of several ways to do something, or "auto"
 * @names: of the ways; the first is "auto"
 * @nr: how many names
 * @wanted: which one was asked for, by index; 0, "auto", leaves it to @best
 * @best: the best that this kernel has, always the same; process context, may sleep
 *
 * The argument of a parameter with ecsg_param_choice_ops and mode 0444: only what loads
 * the module chooses. It is read as the name of the way that is taken.
 */
struct ecsg_param_choice {
	const char *const *names;
	unsigned int nr;
	unsigned int wanted;
	unsigned int (*best)(void);
};

unsigned int ecsg_param_chosen(const struct ecsg_param_choice *choice);

extern const struct kernel_param_ops ecsg_param_choice_ops;

#endif /* ECSG_PARAM_H */
