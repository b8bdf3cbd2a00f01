// SPDX-License-Identifier: GPL-2.0
/*
 * Small kernel operations, as many as go, by several workers at once; after the
 * idea of will-it-scale.
 *
 *	scale [-p] [-n WORKERS] [-s SECONDS] BENCH
 *
 * Workers are threads of one process, or processes with -p. Prints one line,
 * with the operations per second of all of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define MAX_WORKERS 64
#define PAGE	    4096ul
#define FAULTS	    64 /* pages of one mapping */
#define POLLED	    64 /* descriptors of one poll() */

/* Each on cache lines of its own. */
struct worker {
	uint64_t operations;
	int number;
	int fd; /* of the unix bench: its end */
	char path[64];
	pid_t pid;
	pthread_t thread;
	char pad[128];
};

/* In memory that processes share, too. */
struct shared {
	pthread_barrier_t start;
	struct worker workers[MAX_WORKERS];
	uint32_t word;
	char pad[128];
	int stop;
};

static struct shared *shared;

struct bench {
	const char *name;
	void (*setup)(int workers); /* once, before there are workers */
	void (*step)(struct worker *w);
	int waits; /* for another worker, for ever if that is gone */
};

static void die_if(int wrong, const char *what)
{
	if (wrong)
		die(what);
}

/* Only the worker itself writes it. */
static void count(struct worker *w)
{
	__atomic_store_n(&w->operations, w->operations + 1, __ATOMIC_RELAXED);
}

static void page_fault_step(struct worker *w)
{
	char *at = mmap(NULL, FAULTS * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	die_if(at == MAP_FAILED, "mmap");
	for (int i = 0; i < FAULTS; i++) {
		__atomic_store_n(at + i * PAGE, 1, __ATOMIC_RELAXED);
		count(w);
	}
	munmap(at, FAULTS * PAGE);
}

static void mmap_step(struct worker *w)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	die_if(at == MAP_FAILED || munmap(at, PAGE), "mmap");
	count(w);
}

/* All in one directory, each a file of its own. */
static void create_setup(int workers)
{
	for (int i = 0; i < workers; i++)
		snprintf(shared->workers[i].path,
			 sizeof(shared->workers[i].path), "scale.%d.%d",
			 getpid(), i);
}

static void create_step(struct worker *w)
{
	int fd = open(w->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	die_if(fd < 0, w->path);
	close(fd);
	die_if(unlink(w->path), w->path);
	count(w);
}

/* One pipe for all: who reads has written before, so that none waits for ever. */
static int common_pipe[2];

static void pipe_setup(int workers)
{
	(void)workers;
	die_if(pipe2(common_pipe, O_CLOEXEC), "pipe");
}

static void pipe_step(struct worker *w)
{
	char byte = 0;

	die_if(write(common_pipe[1], &byte, 1) != 1, "write");
	die_if(read(common_pipe[0], &byte, 1) != 1, "read");
	count(w);
}

/* Two workers each send a byte to and fro, and wait for each other. */
static void unix_setup(int workers)
{
	int ends[2];

	if (workers % 2) {
		fprintf(stderr, "unix: the number of workers is even\n");
		exit(2);
	}
	for (int i = 0; i < workers; i += 2) {
		die_if(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
		shared->workers[i].fd = ends[0];
		shared->workers[i + 1].fd = ends[1];
	}
}

static void unix_step(struct worker *w)
{
	char byte = 0;

	if (w->number % 2)
		die_if(read(w->fd, &byte, 1) != 1, "read");
	die_if(write(w->fd, &byte, 1) != 1, "write");
	if (w->number % 2 == 0)
		die_if(read(w->fd, &byte, 1) != 1, "read");
	count(w);
}

/* Never waits, as the word differs, but takes the lock of the word's bucket. */
static void futex_step(struct worker *w)
{
	long err = syscall(SYS_futex, &shared->word, FUTEX_WAIT, 1, NULL, NULL,
			   0);

	die_if(err != -1 || errno != EAGAIN, "futex");
	count(w);
}

/* The call itself: the library keeps a break of its own, which threads break. */
static unsigned long break_at;

static void brk_setup(int workers)
{
	(void)workers;
	break_at = (unsigned long)syscall(SYS_brk, 0);
}

static void brk_step(struct worker *w)
{
	syscall(SYS_brk, break_at + PAGE * (unsigned long)(w->number + 1));
	syscall(SYS_brk, break_at);
	count(w);
}

static struct pollfd polled[POLLED];

static void poll_setup(int workers)
{
	int ends[2];

	(void)workers;
	for (int i = 0; i < POLLED; i++) {
		die_if(pipe2(ends, O_CLOEXEC), "pipe");
		polled[i] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	}
}

static void poll_step(struct worker *w)
{
	struct pollfd fds[POLLED];

	memcpy(fds, polled, sizeof(fds));
	die_if(poll(fds, POLLED, 0) != 0, "poll");
	count(w);
}

static const struct bench benches[] = {
	{ "page-fault", NULL, page_fault_step, 0 },
	{ "mmap", NULL, mmap_step, 0 },
	{ "create", create_setup, create_step, 0 },
	{ "pipe", pipe_setup, pipe_step, 0 },
	{ "unix", unix_setup, unix_step, 1 },
	{ "futex", NULL, futex_step, 0 },
	{ "brk", brk_setup, brk_step, 0 },
	{ "poll", poll_setup, poll_step, 0 },
};

#define BENCHES (sizeof(benches) / sizeof(benches[0]))

static const struct bench *bench;

static void *work(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&shared->start);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
		bench->step(w);
	return NULL;
}

static void start_process(struct worker *w)
{
	pid_t parent = getpid(), pid = fork();

	die_if(pid < 0, "fork");
	if (pid) {
		w->pid = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		work(w);
	_exit(0);
}

static void start_thread(struct worker *w)
{
	errno = pthread_create(&w->thread, NULL, work, w);
	die_if(errno, "pthread_create");
}

static void set_up(int workers)
{
	pthread_barrierattr_t attr;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	die_if(shared == MAP_FAILED, "mmap");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->start, &attr, (unsigned int)workers + 1);
	for (int i = 0; i < workers; i++)
		shared->workers[i].number = i;
	if (bench->setup)
		bench->setup(workers);
}

/* End all workers; those that may wait for each other are cut off. */
static void finish(int workers)
{
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < workers; i++) {
		struct worker *w = &shared->workers[i];

		if (w->pid && bench->waits)
			kill(w->pid, SIGKILL);
		if (w->pid)
			waitpid(w->pid, NULL, 0);
		else if (!bench->waits)
			pthread_join(w->thread, NULL);
	}
}

static void usage(void)
{
	fprintf(stderr, "scale [-p] [-n WORKERS] [-s SECONDS] BENCH, of");
	for (size_t i = 0; i < BENCHES; i++)
		fprintf(stderr, " %s", benches[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

int main(int argc, char **argv)
{
	uint64_t began, total = 0, least = UINT64_MAX, most = 0, took;
	int workers = 2, processes = 0, option;
	unsigned int seconds = 4;

	while ((option = getopt(argc, argv, "pn:s:")) != -1) {
		if (option == 'p')
			processes = 1;
		else if (option == 'n')
			workers = (int)number_arg(optarg, MAX_WORKERS);
		else if (option == 's')
			seconds = number_arg(optarg, 3600);
		else
			usage();
	}
	for (size_t i = 0; i < BENCHES && optind == argc - 1; i++)
		if (!strcmp(argv[optind], benches[i].name))
			bench = &benches[i];
	if (!bench)
		usage();

	set_up(workers);
	for (int i = 0; i < workers; i++) {
		if (processes)
			start_process(&shared->workers[i]);
		else
			start_thread(&shared->workers[i]);
	}
	pthread_barrier_wait(&shared->start);
	began = now_ns();
	sleep_ns(seconds * SECOND);
	for (int i = 0; i < workers; i++) {
		uint64_t done = __atomic_load_n(&shared->workers[i].operations,
						__ATOMIC_RELAXED);

		total += done;
		least = done < least ? done : least;
		most = done > most ? done : most;
	}
	took = now_ns() - began;
	finish(workers);
	say_rate("scale", total, took);
	printf(" least=%llu most=%llu\n", (unsigned long long)least,
	       (unsigned long long)most);
	fflush(stdout);
	_exit(total ? 0 : 1);
}
