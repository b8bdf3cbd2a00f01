/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clock.h: how the loads of the benchmark keep time, and the one line that each
 * of them prints, which bench_read.py reads.
 */
#ifndef KTEST_L2_CLOCK_H
#define KTEST_L2_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ull

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static inline void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / SECOND),
			       .tv_nsec = (long)(ns % SECOND) };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* The line, without its end: more may follow. */
static inline void say_rate(const char *program, uint64_t operations,
			    uint64_t ns)
{
	printf("%s: rate=%.4f seconds=%.4f operations=%llu", program,
	       (double)operations * 1e9 / (double)ns, (double)ns / 1e9,
	       (unsigned long long)operations);
}

static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* A positive number up to @most, or the end. */
static inline unsigned int number_arg(const char *text, unsigned int most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || !value || value > most) {
		fprintf(stderr, "\"%s\" is not between 1 and %u\n", text, most);
		exit(2);
	}
	return (unsigned int)value;
}

#endif /* KTEST_L2_CLOCK_H */
