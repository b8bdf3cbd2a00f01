/* SPDX-License-Identifier: GPL-2.0-only */
/* idle.h: idle told apart from critical. */
#ifndef ECSG_IDLE_H
#define ECSG_IDLE_H

int ecsg_idle_init(void);
void ecsg_idle_exit(void);

#endif /* ECSG_IDLE_H */
