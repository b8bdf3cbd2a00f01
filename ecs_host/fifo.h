/* SPDX-License-Identifier: GPL-2.0-only */
/* fifo.h: boosts by the SCHED_FIFO policy, where the pick cannot be hooked. */
#ifndef ECSH_FIFO_H
#define ECSH_FIFO_H

struct ecsh_boost;

bool ecsh_fifo_is_there(void);
void ecsh_fifo_sync(struct ecsh_boost *b);

#endif /* ECSH_FIFO_H */
