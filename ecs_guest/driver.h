/* SPDX-License-Identifier: GPL-2.0-only */
/* driver.h: the cpuidle driver that makes idle CPUs poll. */
#ifndef ECSG_DRIVER_H
#define ECSG_DRIVER_H

int ecsg_driver_start(void);
void ecsg_driver_stop(void);

#endif /* ECSG_DRIVER_H */
