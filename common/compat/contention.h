/* SPDX-License-Identifier: GPL-2.0-only */
/* contention.h: flags of the contention_begin tracepoint, where there is one. */
#ifndef ECS_COMPAT_CONTENTION_H
#define ECS_COMPAT_CONTENTION_H

/* v5.19, 16edd9b511a1 "locking: Add lock contention tracepoints" */
#include <linux/bits.h>
#include <trace/events/lock.h>

#ifndef LCB_F_SPIN
#define LCB_F_SPIN  BIT(0)
#define LCB_F_READ  BIT(1)
#define LCB_F_WRITE BIT(2)
#endif
/* Came a little later. */
#ifndef LCB_F_MUTEX
#define LCB_F_MUTEX BIT(5)
#endif

#endif /* ECS_COMPAT_CONTENTION_H */
