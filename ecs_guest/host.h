/* SPDX-License-Identifier: GPL-2.0-only */
/* host.h: the host's MSRs, from the guest's side. */
#ifndef ECSG_HOST_H
#define ECSG_HOST_H

#include <linux/types.h>

int ecsg_host_find(void);
bool ecsg_host_speaks(void);
int ecsg_host_read(u32 msr, u64 *value);
int ecsg_host_write(u32 msr, u64 value);

#endif /* ECSG_HOST_H */
