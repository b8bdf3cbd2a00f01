/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait_probe.h: who waits for a mutex or an rw_semaphore, for kernels without the
 * tracepoints of contended locks (before v5.19).
 */
#ifndef ECSG_WAIT_PROBE_H
#define ECSG_WAIT_PROBE_H

int ecsg_wait_probe_start(void);
void ecsg_wait_probe_stop(void);
unsigned int ecsg_wait_probe_missed(void);

#endif /* ECSG_WAIT_PROBE_H */
