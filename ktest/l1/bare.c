// SPDX-License-Identifier: GPL-2.0-only
/*
 * bare.c: bare VMs, each in a process of its own, run in L1.
 *
 *   bare VMS VCPUS spin|nap MARKS
 *
 * Every vCPU registers a page that has MARKS as its count of sections, and then
 * spins, or naps: it asks to be halted, and its VMM lets it sleep for a while. Each VM
 * says "up PID" when all of its vCPUs have registered, or why not. All of them end
 * with this process.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "bare.h"

#define NAP_US 200000 /* of 256 vCPUs some 1000 wakeups a second */

static struct bare_vm vm;
static struct bare_vcpu vcpus[BARE_VCPUS];
static pthread_barrier_t up;
static bool naps;
static uint32_t marks;
static int failed;

static void *play(void *arg)
{
	struct bare_vcpu *vcpu = arg;
	int err;

	bare_name(vcpu->number);
	bare_page(&vm, vcpu->number)->guest.non_preemptable = marks;
	err = bare_wrmsr(vcpu, ECS_ABI_MSR_PAGE,
			 bare_gpa(vcpu->number) | ECS_ABI_PAGE_ENABLE);
	if (err)
		__atomic_store_n(&failed, err, __ATOMIC_SEQ_CST);
	pthread_barrier_wait(&up);
	if (bare_go(vcpu, naps ? BARE_NAP : BARE_SPIN, 0, 0))
		exit(1);
	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) && errno != EINTR)
			exit(1);
		if (naps)
			usleep(NAP_US);
	}
}

/* One VM, for as long as its parent lives. */
static void be_vm(int nr)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i, err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = bare_create(&vm);
	for (i = 0; !err && i < nr; i++)
		err = bare_add(&vm, i, &vcpus[i]);
	pthread_barrier_init(&up, NULL, nr + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; !err && i < nr; i++)
		err = -pthread_create(&thread, &attr, play, &vcpus[i]);
	if (!err) {
		pthread_barrier_wait(&up);
		err = failed;
	}
	if (err)
		printf("failed %d: %s\n", getpid(), strerror(-err));
	else
		printf("up %d\n", getpid());
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int i, nr;

	if (argc != 5)
		return 2;
	nr = atoi(argv[2]);
	naps = !strcmp(argv[3], "nap");
	marks = atoi(argv[4]);
	if (nr < 1 || nr > BARE_VCPUS)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < atoi(argv[1]); i++) {
		if (!fork())
			be_vm(nr);
	}
	for (;;)
		pause();
}
