/* SPDX-License-Identifier: GPL-2.0-only */
/* param.h: the parameters of a VM, as text. */
#ifndef PARAM_H
#define PARAM_H

#include "ecs_ioctl.h"

int param_set(struct ecs_ioc_params *params, const char *key,
	      const char *value);
int param_assign(struct ecs_ioc_params *params, const char *text);
int param_duration(const char *name, const char *value, __u32 least, __u32 most,
		   __u32 *ns);
const char *param_mode_name(unsigned int mode);
const char *param_waiters_name(unsigned int waiters);
const char *param_yield_name(unsigned int yield);

#define PARAM_HINTS 32 /* room for all of them */

const char *param_hint_name(unsigned int i);
const char *param_hints(char buf[PARAM_HINTS], __u32 hints);

#endif /* PARAM_H */
