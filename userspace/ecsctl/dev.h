/* SPDX-License-Identifier: GPL-2.0-only */
/* dev.h: /dev/ecs itself. The tests link another implementation. */
#ifndef DEV_H
#define DEV_H

int dev_open(void);
int dev_call(unsigned long request, void *arg);
void dev_close(void);

#endif /* DEV_H */
