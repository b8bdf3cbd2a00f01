/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thread.h: preempt notifiers on the threads that run registered vCPUs.
 *
 * A thread has at most one attachment, whatever number of vCPUs it ran in its
 * life, so their number is bounded by the number of threads.
 */
#ifndef ECSH_THREAD_H
#define ECSH_THREAD_H

struct ecsh_vcpu;

int ecsh_thread_init(void);
void ecsh_thread_exit(void);
int ecsh_thread_attach(struct ecsh_vcpu *v);
void ecsh_thread_forget(struct ecsh_vcpu *v);

#endif /* ECSH_THREAD_H */
