/* SPDX-License-Identifier: GPL-2.0-only */
/* neighbour.h: what traced functions call directly, and what it counts in. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <linux/atomic.h>

extern atomic_long_t neighbour_hits;

void neighbour_entry(void);

#endif /* NEIGHBOUR_H */
