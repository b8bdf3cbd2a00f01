/* SPDX-License-Identifier: GPL-2.0-only */
/* smp.h: functions that another CPU is asked to call. */
#ifndef ECS_COMPAT_SMP_H
#define ECS_COMPAT_SMP_H

#include <linux/smp.h>

/* v5.11, 545b8c8df41f "smp: Cleanup smp_call_function*()" */
#ifndef INIT_CSD
static inline void INIT_CSD(call_single_data_t *csd, smp_call_func_t func,
			    void *info)
{
	csd->func = func;
	csd->info = info;
}
#endif

#endif /* ECS_COMPAT_SMP_H */
