// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl_fuzz.c: random calls of /dev/ecs, run in L1.
 *
 *   ioctl_fuzz WHO SEED SECONDS GID [PID[rt]]...
 *
 * WHO calls:
 *   root      with all capabilities
 *   nocap     root without CAP_SYS_NICE
 *   member    nobody, but in the group GID of the device
 *   stranger  nobody, by a descriptor that root has passed on
 *   nsroot    root in a user and a pid namespace of its own
 *   refused   root, whom everything is refused: it must leave no trace
 *   churn     root, several processes that open, call and close, for a module
 *             that is taken away meanwhile
 *
 * PIDs are processes with threads that stay alive, "rt" says that these are
 * real-time. Half of the time one thread calls, and what comes of each call is
 * known; then several do at once, whose arguments and descriptors change under
 * their hands: then only what must never come is looked for.
 *
 * Prints "calls N" and exits with 0 if nothing was wrong.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ioctl_case.h"

#define THREADS	 4u
#define NOBODY	 65534
#define CHURNERS 6

static struct world world;
static int fds[THREADS];
static atomic_bool over;
static atomic_ulong calls;

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- processes to talk about --- */

static pid_t another_thread(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	pid_t tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) != pid && atoi(entry->d_name) > tid)
			tid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return tid ? tid : pid;
}

static void add_process(pid_t pid, pid_t tid, enum whose whose)
{
	if (world.nr_processes < PROCESSES_MAX)
		world.processes[world.nr_processes++] =
			(struct process){ pid, tid, whose };
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void add_processes(int argc, char **argv)
{
	pid_t pid, tid;
	int i;

	for (i = 0; i < argc; i++) {
		pid = atoi(argv[i]);
		tid = another_thread(pid);
		add_process(pid, tid, strstr(argv[i], "rt") ? REALTIME : LIVE);
		/* The number of a thread is not that of a process. */
		if (tid != pid)
			add_process(tid, NONE_SUCH, DEAD);
	}
	pid = start_sleeper();
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	add_process(pid, pid, DEAD);
	add_process(0, 0, DEAD);
	add_process(0, 0, UNKNOWN);
}

/* --- calling --- */

static int call_run(const struct call *call, int fd)
{
	calls++;
	return ioctl(fd, call->cmd, call->pointer) ? errno : 0;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Nothing else may be done with the device, and the module cannot leave. */
static void try_others(int fd, struct rng *rng)
{
	char byte = 0;

	switch (rng_below(rng, 5)) {
	case 0:
		CHECK(read(fd, &byte, 1) < 0 && errno == EINVAL, "read: %d",
		      errno);
		break;
	case 1:
		CHECK(write(fd, &byte, 1) < 0 &&
			      (errno == EINVAL || errno == EBADF),
		      "write: %d", errno);
		break;
	case 2:
		CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) ==
				      MAP_FAILED &&
			      errno == ENODEV,
		      "mmap: %d", errno);
		break;
	default:
		CHECK(syscall(SYS_delete_module, "ecs_host", O_NONBLOCK) &&
			      (errno == EPERM || errno == EAGAIN),
		      "the module left while it is in use: %d", errno);
		break;
	}
}

static void alone(uint64_t seed, time_t until)
{
	static struct call call;
	struct rng rng = { seed };
	struct arena arena;

	arena_init(&arena);
	while (seconds() < until && !test_failures) {
		call_make(&call, &rng, &world, &arena);
		call_judge(&call, &world, &arena, call_run(&call, fds[0]));
		if (rng_percent(&rng, 1))
			try_others(fds[0], &rng);
	}
}

/* --- several at once --- */

/* What must never come, whoever changes what meanwhile. */
static void judge_loosely(const struct call *call, int error)
{
	static const int known[] = { 0,	     EINVAL, EPERM,  ESRCH,
				     ENOENT, ENOTTY, EFAULT, E2BIG,
				     EBUSY,  ENOSPC, EBADF,  EOPNOTSUPP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known) && known[i] != error; i++)
		;
	CHECK(i < ARRAY_SIZE(known), "errno %d", error);
	CHECK(error || call->verb < VERBS, "a call of no number");
	CHECK(error || world.can || !commands[call->verb].changes,
	      "verb %d succeeded without permission", call->verb);
}

struct caller {
	pthread_t thread;
	struct arena arena;
	uint64_t seed;
};

static struct caller callers[THREADS];

static void *caller(void *arg)
{
	struct caller *self = arg;
	struct rng rng = { self->seed };
	struct call *call = malloc(sizeof(*call));

	while (call && !over && !test_failures) {
		call_make(call, &rng, &world, &self->arena);
		judge_loosely(call,
			      call_run(call, fds[rng_below(&rng, THREADS)]));
	}
	free(call);
	return NULL;
}

/* Writes into arguments that are being read, and takes their memory away. */
static void *scribbler(void *arg)
{
	struct rng rng = { *(uint64_t *)arg };
	struct caller *other;
	size_t at;

	while (!over && !test_failures) {
		other = &callers[rng_below(&rng, THREADS)];
		at = rng_below(&rng, 128);
		if (rng_percent(&rng, 99)) {
			atomic_store((_Atomic __u8 *)(other->arena.rw + at),
				     (__u8)rng_log(&rng, UINT8_MAX));
		} else {
			madvise(other->arena.rw, PAGE, MADV_DONTNEED);
			sched_yield();
		}
	}
	return NULL;
}

/* A descriptor by way of a socket, as a helper of a VMM would pass it on. */
static int passed(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int pair[2], got = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) == 1 &&
	    recvmsg(pair[1], &message, 0) == 1 && message.msg_controllen)
		memcpy(&got, CMSG_DATA(&control.header), sizeof(got));
	close(pair[0]);
	close(pair[1]);
	return got;
}

/* Closes and replaces descriptors that are in use. fds[0] stays. */
static void *changer(void *arg)
{
	struct rng rng = { *(uint64_t *)arg };
	unsigned int i;
	int fd;

	while (!over && !test_failures) {
		i = (unsigned int)rng_range(&rng, 1, THREADS - 1);
		fd = rng_percent(&rng, 50) ? dup(fds[0]) : passed(fds[0]);
		if (rng_percent(&rng, 50))
			close(fds[i]);
		if (fd >= 0 && fd != fds[i]) {
			dup2(fd, fds[i]);
			close(fd);
		}
		usleep((useconds_t)rng_below(&rng, 500));
	}
	return NULL;
}

static void together(uint64_t seed, time_t until)
{
	uint64_t seeds[2] = { seed + 100, seed + 101 };
	pthread_t others[2];
	unsigned int i;

	over = false;
	for (i = 0; i < THREADS; i++) {
		callers[i].seed = seed + i;
		arena_init(&callers[i].arena);
	}
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&callers[i].thread, NULL, caller,
				   &callers[i]))
			die("pthread_create");
	if (pthread_create(&others[0], NULL, scribbler, &seeds[0]) ||
	    pthread_create(&others[1], NULL, changer, &seeds[1]))
		die("pthread_create");
	while (seconds() < until && !test_failures)
		usleep(50000);
	over = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(callers[i].thread, NULL);
	pthread_join(others[0], NULL);
	pthread_join(others[1], NULL);
}

/* --- what is refused --- */

static int get_vm(int fd, pid_t pid)
{
	struct ecs_ioc_vm vm = { .size = sizeof(vm), .pid = pid };

	return ioctl(fd, ECS_IOC_VM_GET, &vm) ? errno : 0;
}

/*
 * Changes of a process that the module has never heard of, each with something
 * wrong: it must not have heard of it afterwards.
 */
static void refused(uint64_t seed, time_t until)
{
	struct process process = { 0, 0, LIVE };
	static struct call call;
	struct rng rng = { seed };
	struct arena arena;
	struct may may;
	int error;

	arena_init(&arena);
	process.pid = start_sleeper();
	process.tid = process.pid;
	world.processes[0] = process;
	world.nr_processes = 1;
	while (seconds() < until && !test_failures) {
		call_make(&call, &rng, &world, &arena);
		if (call.verb == DISABLE_ALL)
			continue;
		call_may(&may, &call, &world);
		/* What surely succeeds, and an answer that cannot be given. */
		if (may.nr == 1 && (!may.error[0] || may.error[0] == EFAULT))
			continue;
		error = call_run(&call, fds[0]);
		call_judge(&call, &world, &arena, error);
		if (!error || error == EFAULT) {
			/* It may be known now: another one. */
			kill(process.pid, SIGKILL);
			waitpid(process.pid, NULL, 0);
			process.pid = start_sleeper();
			process.tid = process.pid;
			world.processes[0] = process;
			continue;
		}
		if (!CHECK(get_vm(fds[0], process.pid) == ENOENT,
			   "refused with %d, and the VM is known", error))
			call_show(&call);
	}
	kill(process.pid, SIGKILL);
}

/* --- the module goes and comes --- */

static void churner(uint64_t seed, time_t until)
{
	static struct call call;
	struct rng rng = { seed };
	struct arena arena;
	unsigned int i;
	int fd;

	arena_init(&arena);
	while (seconds() < until && !test_failures) {
		fd = open("/dev/ecs", O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			CHECK(errno == ENOENT || errno == ENODEV ||
				      errno == ENXIO,
			      "open: %d", errno);
			usleep(1000);
			continue;
		}
		for (i = 0; i < 20; i++) {
			call_make(&call, &rng, &world, &arena);
			judge_loosely(&call, call_run(&call, fd));
		}
		close(fd);
		usleep((useconds_t)rng_below(&rng, 20000));
	}
	printf("calls %lu\n", (unsigned long)calls);
	fflush(stdout);
	_exit(test_failures ? 1 : 0);
}

static int churn(uint64_t seed, time_t until)
{
	pid_t pids[CHURNERS];
	int i, status, wrong = 0;

	fflush(stdout);
	for (i = 0; i < CHURNERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			churner(seed + (uint64_t)i, until);
	}
	for (i = 0; i < CHURNERS; i++)
		if (waitpid(pids[i], &status, 0) < 0 || status)
			wrong = 1;
	return wrong;
}

/* --- who --- */

static void open_device(void)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		fds[i] = open("/dev/ecs", O_RDWR);
		if (fds[i] < 0)
			die("/dev/ecs");
	}
}

static void drop_nice(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_NICE) ||
	    syscall(SYS_capget, &header, data))
		die("capget");
	data[0].effective &= ~(1u << CAP_SYS_NICE);
	data[0].permitted &= ~(1u << CAP_SYS_NICE);
	data[0].inheritable &= ~(1u << CAP_SYS_NICE);
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

static void become_nobody(gid_t group)
{
	if (setgroups(group ? 1 : 0, &group) || setgid(NOBODY) ||
	    setuid(NOBODY))
		die("setuid");
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Goes on in a child, in which only it and its children have numbers. */
static void become_root_of_nothing(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
		die("unshare");
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", "0 0 1");
	put("/proc/self/gid_map", "0 0 1");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		waitpid(pid, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int main(int argc, char **argv)
{
	const char *who = argc > 4 ? argv[1] : "";
	uint64_t seed = argc > 4 ? strtoull(argv[2], NULL, 0) : 0;
	struct ecs_ioc_version version = { .size = sizeof(version) };
	time_t until;
	gid_t group;
	int fd;

	if (argc <= 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	until = seconds() + atol(argv[3]);
	group = (gid_t)atol(argv[4]);
	open_device();
	if (ioctl(fds[0], ECS_IOC_VERSION, &version))
		die("ECS_IOC_VERSION");
	world.features = version.features;
	world.can = !strcmp(who, "root") || !strcmp(who, "refused") ||
		    !strcmp(who, "churn");
	if (!strcmp(who, "nocap")) {
		drop_nice();
	} else if (!strcmp(who, "member")) {
		become_nobody(group);
		open_device();
	} else if (!strcmp(who, "stranger")) {
		become_nobody(0);
		fd = open("/dev/ecs", O_RDONLY);
		CHECK(fd < 0 && errno == EACCES, "a stranger opens it: %d",
		      errno);
	} else if (!strcmp(who, "nsroot")) {
		become_root_of_nothing();
		argc = 5;
		add_process(getpid(), getpid(), LIVE);
	} else if (!world.can) {
		return 2;
	}
	add_processes(argc - 5, argv + 5);
	if (!strcmp(who, "churn")) {
		unsigned int i;

		for (i = 0; i < THREADS; i++)
			close(fds[i]);
		return churn(seed, until);
	}
	if (!strcmp(who, "refused")) {
		refused(seed, until);
	} else {
		alone(seed, seconds() + (until - seconds() + 1) / 2);
		if (!test_failures)
			together(seed + 1000, until);
	}
	printf("calls %lu\n", (unsigned long)calls);
	return test_failures ? 1 : 0;
}
