/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed-width types and bool for the files that build in and out of a kernel. */
#ifndef ECS_TYPES_H
#define ECS_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#endif /* ECS_TYPES_H */
