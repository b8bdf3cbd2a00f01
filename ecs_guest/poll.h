/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * poll.h: an idle CPU polls for its next task, while nobody else wants the CPU of
 * the host.
 *
 * To halt and be woken again costs a VM exit on either side, an interrupt, and the
 * host's scheduler twice: more than many tasks wait for each other.
 */
#ifndef ECSG_POLL_H
#define ECSG_POLL_H

#include <linux/types.h>

void ecsg_poll_init(void);
void ecsg_poll_exit(void);
bool ecsg_poll_idle(void);

#endif /* ECSG_POLL_H */
