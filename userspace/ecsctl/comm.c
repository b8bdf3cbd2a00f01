// SPDX-License-Identifier: GPL-2.0-only
/*
 * comm.c: which vCPU a thread runs, by its name. Pure.
 *
 * QEMU names its threads only with -name ...,debug-threads=on, as libvirt
 * starts it.
 */
#include "comm.h"

#include <string.h>

#include "vcpuset.h"

static const struct {
	const char *before;
	const char *after;
} names[] = {
	{ "CPU ", "/KVM" }, /* QEMU */
	{ "vcpu", "" },	    /* cloud-hypervisor */
	{ "fc_vcpu ", "" }, /* firecracker */
};

/* The number between @before and @after, -1 if that is not what @comm is. */
static int between(const char *comm, const char *before, const char *after)
{
	size_t len = strlen(before);
	int vcpu = 0;

	if (strncmp(comm, before, len))
		return -1;
	comm += len;
	if (*comm < '0' || *comm > '9')
		return -1;
	for (; *comm >= '0' && *comm <= '9'; comm++) {
		vcpu = 10 * vcpu + (*comm - '0');
		if (vcpu >= VCPUSET_MOST)
			return -1;
	}
	return strcmp(comm, after) ? -1 : vcpu;
}

/**
 * comm_vcpu() - which vCPU a thread runs
 * @comm: the name of the thread
 *
 * Return: the VMM's number of it, -1 if the name is not that of a vCPU.
 */
int comm_vcpu(const char *comm)
{
	unsigned int i;
	int vcpu = -1;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && vcpu < 0; i++)
		vcpu = between(comm, names[i].before, names[i].after);
	return vcpu;
}
