/* SPDX-License-Identifier: GPL-2.0-only */
/* sched.h: the fair class' requests for a CPU, caught where they are made. */
#ifndef ECSH_SCHED_H
#define ECSH_SCHED_H

void ecsh_sched_init(void);
void ecsh_sched_exit(void);

#endif /* ECSH_SCHED_H */
