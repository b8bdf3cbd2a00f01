/* SPDX-License-Identifier: GPL-2.0-only */
/* ctl.h: /dev/ecs and the read-only attributes beside it. */
#ifndef ECSH_CTL_H
#define ECSH_CTL_H

int ecsh_ctl_init(void);
void ecsh_ctl_exit(void);

#endif /* ECSH_CTL_H */
