/* SPDX-License-Identifier: GPL-2.0-only */
/* realtime.h: CPUs with real-time tasks ask the host for a boost. */
#ifndef ECSG_REALTIME_H
#define ECSG_REALTIME_H

void ecsg_realtime_init(void);
void ecsg_realtime_exit(void);
void ecsg_realtime_refresh(void);
void ecsg_realtime_registered(void);

#endif /* ECSG_REALTIME_H */
