/* SPDX-License-Identifier: GPL-2.0-only */
/* job.h: boost several threads, all or none. */
#ifndef JOB_H
#define JOB_H

#include <stddef.h>

#include "ecs_ioctl.h"
#include "target.h"

int job_run(const struct proc_vm *vm, const struct target_list *list,
	    const struct ecs_ioc_boost *want, const struct ecs_ioc_boost *old,
	    size_t nr_old, struct ecs_ioc_boost **now);

#endif /* JOB_H */
