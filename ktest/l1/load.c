// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c: a process that looks like a VMM and burns CPU time, run in L1.
 *
 *   load THREADS BUSY_US PERIOD_US [CPU]
 *
 * Each thread computes for BUSY_US of its own CPU time, sleeps to the next
 * multiple of PERIOD_US and begins again; with PERIOD_US 0 it never sleeps, with
 * -1 to the next byte of standard input. The threads are named as QEMU names its
 * vCPUs. With CPU all of them stay there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static long busy_us, period_us;

static long long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void *work(void *number)
{
	long long next = now_ns(CLOCK_MONOTONIC), end;
	struct timespec ts;
	char name[16];

	snprintf(name, sizeof(name), "CPU %d/KVM", (int)(long)number);
	prctl(PR_SET_NAME, name);
	for (;;) {
		end = now_ns(CLOCK_THREAD_CPUTIME_ID) + busy_us * 1000;
		while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
			;
		if (!period_us)
			continue;
		if (period_us < 0) {
			if (read(0, name, 1) != 1)
				break;
			continue;
		}
		while (next <= now_ns(CLOCK_MONOTONIC))
			next += period_us * 1000;
		ts.tv_sec = next / 1000000000;
		ts.tv_nsec = next % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t cpus;
	int i;

	if (argc < 4)
		return 2;
	/* A VM without a vCPU: this is how a VMM is told from others. */
	if (ioctl(open("/dev/kvm", O_RDWR), KVM_CREATE_VM, 0) < 0)
		return 1;
	busy_us = atol(argv[2]);
	period_us = atol(argv[3]);
	if (argc > 4) {
		CPU_ZERO(&cpus);
		CPU_SET(atoi(argv[4]), &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			return 1;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < atoi(argv[1]); i++)
		if (pthread_create(&thread, &attr, work, (void *)(long)i))
			return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
