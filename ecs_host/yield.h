/* SPDX-License-Identifier: GPL-2.0-only */
/* yield.h: where KVM gives the time of a vCPU to another one of its VM. */
#ifndef ECSH_YIELD_H
#define ECSH_YIELD_H

/* What a vCPU did to yield. */
enum ecsh_yield_kind {
	ECSH_YIELD_SPIN, /* a pause-loop exit: it spins */
	ECSH_YIELD_CALL, /* a hypercall: it asks for a vCPU to run */
};

void ecsh_yield_init(void);
void ecsh_yield_exit(void);

#endif /* ECSH_YIELD_H */
