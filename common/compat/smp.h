/* SPDX-License-Identifier: GPL-2.0-only */
/* smp.h: functions that another CPU is asked to call. */
#ifndef ECS_COMPAT_SMP_H
#define ECS_COMPAT_SMP_H

#include <linux/smp.h>

/* v5.11, 545b8c8df41f "smp: Cleanup smp_call_function*()" */
#ifndef INIT_CSD
#define INIT_CSD(_csd, _func, _info)    \
	do {                            \
		(_csd)->func = (_func); \
		(_csd)->info = (_info); \
	} while (0)
#endif

#endif /* ECS_COMPAT_SMP_H */
