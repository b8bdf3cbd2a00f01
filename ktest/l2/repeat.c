// SPDX-License-Identifier: GPL-2.0
/*
 * Run a command again and again for some seconds, for loads that do a fixed work:
 *
 *	repeat [-s SECONDS] COMMAND [ARGUMENT...]
 *
 * The run under way when the time is over is finished and counts. Prints one
 * line, with the runs per second and how long single ones took. What the command
 * prints is only shown if it fails, and then so does this.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define MAX_RUNS 100000

static int output; /* a file in memory, with the output of the last run */

static int run(char **command)
{
	int status;
	pid_t pid;

	if (ftruncate(output, 0) || lseek(output, 0, SEEK_SET))
		die("output");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(output, 1);
		dup2(output, 2);
		execvp(command[0], command);
		fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) != pid)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show_output(void)
{
	char text[4096];
	ssize_t n;

	lseek(output, 0, SEEK_SET);
	while ((n = read(output, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stderr);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The least of all that @percent of them do not exceed. */
static unsigned long long rank_us(const uint64_t *sorted, size_t runs,
				  unsigned int percent)
{
	return sorted[(runs * percent + 99) / 100 - 1] / 1000;
}

int main(int argc, char **argv)
{
	static uint64_t took[MAX_RUNS];
	unsigned int seconds = 4;
	uint64_t began, at, end;
	size_t runs = 0;
	int option;

	while ((option = getopt(argc, argv, "+s:")) != -1) {
		if (option != 's')
			return 2;
		seconds = number_arg(optarg, 3600);
	}
	if (optind == argc) {
		fprintf(stderr, "repeat [-s SECONDS] COMMAND [ARGUMENT...]\n");
		return 2;
	}
	output = memfd_create("output", MFD_CLOEXEC);
	if (output < 0)
		die("memfd_create");

	began = now_ns();
	at = began;
	end = began + seconds * SECOND;
	do {
		int status = run(argv + optind);

		if (status) {
			show_output();
			fprintf(stderr, "repeat: status %d of %s\n", status,
				argv[optind]);
			return 1;
		}
		took[runs] = now_ns() - at;
		at += took[runs++];
	} while (at < end && runs < MAX_RUNS);

	qsort(took, runs, sizeof(took[0]), compare);
	say_rate("repeat", runs, at - began);
	printf(" p50_us=%llu p99_us=%llu max_us=%llu\n",
	       rank_us(took, runs, 50), rank_us(took, runs, 99),
	       rank_us(took, runs, 100));
	return 0;
}
