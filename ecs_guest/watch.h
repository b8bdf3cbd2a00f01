/* SPDX-License-Identifier: GPL-2.0-only */
/* watch.h: notice that the host has lost our registration. */
#ifndef ECSG_WATCH_H
#define ECSG_WATCH_H

void ecsg_watch_init(void);
void ecsg_watch_exit(void);

#endif /* ECSG_WATCH_H */
