// SPDX-License-Identifier: GPL-2.0
/*
 * First process of a guest: set the guest up, then run shell commands for the
 * test outside until the guest is reset or killed.
 *
 * Lines travel over the virtio-serial port "ktest" (or /dev/ttyS1, where the
 * machine has no such port). Contents are base64, so that after a reset in
 * mid-line both ends find each other again at the next newline:
 *
 *	from outside	RUN <id> <timeout s> <base64 command>
 *			KILL <id>
 *	to outside	HELLO <boot id>
 *			EXIT <id> <status> <base64 of standard output and error>
 *
 * <status> is the exit status, 128 + signal, or 124 after the timeout. Up to
 * MAX_JOBS commands run at the same time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS   32
#define MAX_LINE   (1 << 16)
#define MAX_OUTPUT (4 << 20)

struct job {
	long id;   /* 0: free */
	pid_t pid; /* 0: has ended, with @status */
	int fd;	   /* its output, -1: all read */
	int status;
	bool timed_out;
	time_t deadline;
	size_t len, size;
	char *out;
};

static struct job jobs[MAX_JOBS];
static int port = -1;

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t base64_encode(char *to, const char *from, size_t len)
{
	char *start = to;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (unsigned char)from[i] << 16;

		if (i + 1 < len)
			v |= (unsigned char)from[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)from[i + 2];
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
		*to++ = i + 2 < len ? alphabet[v & 63] : '=';
	}
	return to - start;
}

/* Decodes in place. */
static void base64_decode(char *text)
{
	char *to = text;
	uint32_t v = 0;
	int bits = 0;

	for (const char *p = text, *at; *p && (at = strchr(alphabet, *p));
	     p++) {
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*to++ = (char)(v >> bits);
		}
	}
	*to = '\0';
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void send_all(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(port, data, len);

		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				return;
			usleep(1000);
			continue;
		}
		data += n;
		len -= n;
	}
}

static void say_hello(void)
{
	char id[64] = "", line[96];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);

	if (fd >= 0) {
		if (read(fd, id, 36) < 0)
			id[0] = '\0';
		close(fd);
	}
	/* The newline in front ends what a reset may have cut off. */
	send_all(line, snprintf(line, sizeof(line), "\nHELLO %s\n", id));
}

static void job_report(struct job *job)
{
	char *line = malloc(64 + job->len / 3 * 4 + 8);
	size_t len;

	if (!line)
		return;
	len = sprintf(line, "EXIT %ld %d ", job->id,
		      job->timed_out ? 124 : job->status);
	len += base64_encode(line + len, job->out, job->len);
	line[len++] = '\n';
	send_all(line, len);
	free(line);
	free(job->out);
	memset(job, 0, sizeof(*job));
}

static void job_start(long id, long timeout, const char *command)
{
	struct job *job = NULL;
	int pipefd[2];

	for (int i = 0; i < MAX_JOBS && !job; i++)
		if (!jobs[i].id)
			job = &jobs[i];
	if (!job || pipe2(pipefd, O_CLOEXEC)) {
		char line[64];

		send_all(line,
			 snprintf(line, sizeof(line), "EXIT %ld 125 \n", id));
		return;
	}
	job->id = id;
	job->fd = pipefd[0];
	job->deadline = now() + timeout;
	job->pid = fork();
	if (!job->pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		dup2(pipefd[1], 1);
		dup2(pipefd[1], 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(pipefd[1]);
}

static void job_kill(struct job *job)
{
	if (job->pid > 0)
		kill(-job->pid, SIGKILL);
}

static void take_line(char *line)
{
	long id, timeout;
	int at = 0;

	if (sscanf(line, "RUN %ld %ld %n", &id, &timeout, &at) >= 2 && at) {
		base64_decode(line + at);
		job_start(id, timeout, line + at);
	} else if (sscanf(line, "KILL %ld", &id) == 1) {
		for (int i = 0; i < MAX_JOBS; i++)
			if (jobs[i].id == id)
				job_kill(&jobs[i]);
	} else if (!strcmp(line, "HELLO?")) {
		say_hello();
	}
}

static void read_port(void)
{
	static char line[MAX_LINE];
	static size_t len;
	char chunk[4096];
	ssize_t n = read(port, chunk, sizeof(chunk));

	if (n == 0)
		usleep(20000); /* nobody at the other end */
	for (ssize_t i = 0; i < n; i++) {
		if (chunk[i] == '\n') {
			line[len] = '\0';
			take_line(line);
			len = 0;
		} else if (len < sizeof(line) - 1) {
			line[len++] = chunk[i];
		}
	}
}

static void read_job(struct job *job)
{
	ssize_t n;

	if (job->size - job->len < 4096) {
		size_t size = job->size ? job->size * 2 : 8192;
		char *out = realloc(job->out, size);

		if (!out)
			return;
		job->out = out;
		job->size = size;
	}
	n = read(job->fd, job->out + job->len, 4096);
	if (n <= 0) {
		close(job->fd);
		job->fd = -1;
	} else if (job->len + n <= MAX_OUTPUT) {
		job->len += n; /* what goes beyond is dropped */
	}
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < MAX_JOBS; i++)
			if (jobs[i].id && jobs[i].pid == pid) {
				jobs[i].status = WIFEXITED(status) ?
							 WEXITSTATUS(status) :
							 128 + WTERMSIG(status);
				/* A command's background children go with it. */
				kill(-pid, SIGKILL);
				jobs[i].pid = 0;
			}
}

static void serve(void)
{
	struct pollfd fds[MAX_JOBS + 1];
	struct job *of[MAX_JOBS + 1];

	for (;;) {
		int n = 1;

		fds[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		for (int i = 0; i < MAX_JOBS; i++)
			if (jobs[i].id && jobs[i].fd >= 0) {
				of[n] = &jobs[i];
				fds[n++] = (struct pollfd){ .fd = jobs[i].fd,
							    .events = POLLIN };
			}
		poll(fds, n, n > 1 ? 100 : 250);
		if (fds[0].revents & POLLIN)
			read_port();
		else if (fds[0].revents)
			usleep(20000);
		for (int i = 1; i < n; i++)
			if (fds[i].revents)
				read_job(of[i]);
		reap();
		for (int i = 0; i < MAX_JOBS; i++) {
			struct job *job = &jobs[i];

			if (!job->id)
				continue;
			if (job->pid && !job->timed_out &&
			    now() >= job->deadline) {
				job->timed_out = true;
				job_kill(job);
			}
			if (!job->pid && job->fd < 0)
				job_report(job);
		}
	}
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "re");
	char path[256];

	while (order && fgets(path, sizeof(path), order)) {
		int fd;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 ||
		    (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			fprintf(stderr, "ktest: cannot load %s: %m\n", path);
		close(fd);
	}
	if (order)
		fclose(order);
}

/* The port's device is the one whose name in sysfs is "ktest". */
static int open_port(void)
{
	char path[64], name[16];

	for (int tries = 0; tries < 100; tries++) {
		for (int i = 0; i < 4; i++) {
			int fd;

			snprintf(path, sizeof(path),
				 "/sys/class/virtio-ports/vport%dp1/name", i);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			memset(name, 0, sizeof(name));
			if (read(fd, name, sizeof(name) - 1) > 0 &&
			    !strncmp(name, "ktest", 5)) {
				close(fd);
				snprintf(path, sizeof(path), "/dev/vport%dp1",
					 i);
				return open(path, O_RDWR | O_CLOEXEC);
			}
			close(fd);
		}
		usleep(20000);
	}
	return -1;
}

int main(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mkdir("/dev/pts", 0755);
	mount("shm", "/dev/shm", "tmpfs", 0, NULL);
	mount("pts", "/dev/pts", "devpts", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	mount("run", "/run", "tmpfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("trace", "/sys/kernel/tracing", "tracefs", 0, NULL);
	mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL);

	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	chdir("/tmp");
	load_modules();

	port = open_port();
	if (port < 0) {
		fprintf(stderr, "ktest: no port to the test\n");
		pause();
	}
	say_hello();
	serve();
}
