/* SPDX-License-Identifier: GPL-2.0-only */
/* param.h: module parameters that can only be read. */
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

#endif /* ECSG_PARAM_H */
