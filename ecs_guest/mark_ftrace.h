/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark_ftrace.h: marks by callbacks of ftrace, for kernels whose direct calls take one
 * function at a time (before 5.17) or that have none.
 */
#ifndef ECSG_MARK_FTRACE_H
#define ECSG_MARK_FTRACE_H

#include "mark_by.h"

extern const struct ecsg_mark_by ecsg_mark_ftrace;

#endif /* ECSG_MARK_FTRACE_H */
