/* SPDX-License-Identifier: GPL-2.0-only */
/* comm.h: which vCPU a thread runs, by its name. */
#ifndef COMM_H
#define COMM_H

int comm_vcpu(const char *comm);

#endif /* COMM_H */
