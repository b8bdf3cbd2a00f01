/* SPDX-License-Identifier: GPL-2.0-only */
/* follow.h: boosted threads as they wake, run, move, sleep and exit. */
#ifndef ECSH_FOLLOW_H
#define ECSH_FOLLOW_H

struct task_struct;

bool ecsh_follow_wakeup(struct task_struct *p);
int ecsh_follow_engage(void);
void ecsh_follow_disengage(void);

#endif /* ECSH_FOLLOW_H */
