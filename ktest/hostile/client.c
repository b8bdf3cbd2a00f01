// SPDX-License-Identifier: GPL-2.0-only
/*
 * client.c: a small VMM that does everything wrong, run in L1.
 *
 *   client ATTACK SEED CYCLES [FILE]
 *
 * It makes VMs of one or two vCPUs that run a few real-mode instructions, which
 * access an MSR and report how that went, or do so in a loop; and meanwhile it
 * pulls their memory, files and threads away from under them. What must come of
 * it is known mostly and looked at. At the end there is one line,
 *
 *   msr N vmm N wrong N
 *
 * of the MSR accesses of its guests, its own system calls against KVM and its
 * memory, and the outcomes that were wrong. Exit status 0: none was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm.h"

static const char *file;

/* All MSRs, with values good and bad; the VMM's own access is none of ours. */
static void attack_answers(void)
{
	static const uint64_t bad[] = {
		HERE,
		HERE | 2,
		HERE | 3,
		HERE | 0x801,
		1,
		0xfee00001,
		0xfffff001,
		(HERE + PAGES_SIZE) | 1,
		1ull << 52 | HERE | 1,
		~0ull,
		1ull << 63 | 1,
		0xfffffffffffff001,
	};
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} host = { .msrs.nmsrs = 1 };
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	vm_make(&vm, 1, -1);
	vm_set_headers(&vm);
	for (unsigned int n = 0; n < 400; n++) {
		uint32_t index = ECS_ABI_MSR_BASE + below(16);
		uint64_t value = bad[below(sizeof(bad) / sizeof(bad[0]))];
		uint64_t before;

		switch (below(8)) {
		case 0:
			vcpu_access(v, true, index, &value);
			expect(v->params->fault == (index > ECS_ABI_MSR_STATUS),
			       "read of +%u", index & 15);
			break;
		case 1:
			expect(vcpu_enter(v, HERE), "a good page was refused");
			break;
		case 2:
			expect(vcpu_set(v, ECS_ABI_MSR_PAGE, 0),
			       "no withdrawal");
			expect(!vcpu_is_registered(v), "registered after it");
			break;
		case 3:
			before = vcpu_get(v, ECS_ABI_MSR_STATUS);
			host.entry.index = index;
			host.entry.data = value;
			expect(vm_call(v->fd, KVM_SET_MSRS, &host) <= 0,
			       "the VMM wrote +%u", index & 15);
			expect(vm_call(v->fd, KVM_GET_MSRS, &host) <= 0,
			       "the VMM read +%u", index & 15);
			expect(vcpu_get(v, ECS_ABI_MSR_STATUS) == before,
			       "the VMM's access changed something");
			break;
		default:
			before = vcpu_get(v, ECS_ABI_MSR_STATUS);
			expect(!vcpu_set(v, ECS_ABI_MSR_PAGE, value),
			       "page %llx was taken",
			       (unsigned long long)value);
			expect(vcpu_get(v, ECS_ABI_MSR_STATUS) == before,
			       "what was refused changed something");
		}
	}
	vm_end(&vm);
}

static uint64_t any_value(void)
{
	uint64_t value = (uint64_t)below(~0u) << 32 | below(~0u);

	return value >> below(64);
}

/* Any value of the page's MSR: it is taken exactly if it names a page with a header. */
static void attack_places(void)
{
	uint64_t value, before, after;
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];
	bool good;

	vm_make(&vm, 1, -1);
	vm_set_headers(&vm);
	for (unsigned int n = 0; n < 2000; n++) {
		value = any_value();
		switch (below(4)) {
		case 0: /* in its memory, before it or behind it */
			value = HERE - PAGES_SIZE + below(3 * PAGES_SIZE);
			break;
		case 1: /* the same, and aligned */
			value = HERE - PAGES_SIZE +
				below(3 * PAGES) * (uint64_t)ECS_ABI_PAGE_SIZE;
			value |= ECS_ABI_PAGE_ENABLE;
			break;
		case 2:
			value &= ~(ECS_ABI_PAGE_SIZE - 1ull);
			value |= ECS_ABI_PAGE_ENABLE;
		}
		good = value >= HERE && value < HERE + PAGES_SIZE &&
		       value % ECS_ABI_PAGE_SIZE == ECS_ABI_PAGE_ENABLE;
		before = vcpu_get(v, ECS_ABI_MSR_STATUS);
		expect(vcpu_set(v, ECS_ABI_MSR_PAGE, value) == (good || !value),
		       "page %llx was %s", (unsigned long long)value,
		       good ? "refused" : "taken");
		after = vcpu_get(v, ECS_ABI_MSR_STATUS);
		expect(good ? after && after != before :
			      after == (value ? before : 0),
		       "page %llx: generation %llx became %llx",
		       (unsigned long long)value, (unsigned long long)before,
		       (unsigned long long)after);
	}
	vm_end(&vm);
}

/* The slot goes, moves, is made read-only, all while another vCPU registers. */
static void attack_slots(void)
{
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	vm_make(&vm, 2, -1);
	vm_set_headers(&vm);
	vcpu_begin(&vm, 1, LOOP);
	for (unsigned int n = 0; n < 20; n++) {
		expect(vcpu_enter(v, HERE) && vcpu_is_registered(v),
		       "a good page");
		switch (below(4)) {
		case 0:
			expect(!vm_set_slot(&vm, PAGE, 0, THERE, vm.pages,
					    PAGES_SIZE),
			       "move");
			expect(!vcpu_is_registered(v),
			       "registered after a move");
			expect(!vcpu_enter(v, HERE), "the old place was taken");
			expect(vcpu_enter(v, THERE),
			       "the new place was refused");
			vm_set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			expect(!vcpu_is_registered(v),
			       "registered after moving back");
			break;
		case 1:
			vm_set_slot(&vm, PAGE, 0, 0, NULL, 0);
			expect(!vcpu_is_registered(v),
			       "registered without a slot");
			expect(!vcpu_enter(v, HERE), "taken without a slot");
			vm_set_slot(&vm, PAGE, KVM_MEM_READONLY, HERE, vm.pages,
				    PAGES_SIZE);
			expect(!vcpu_enter(v, HERE),
			       "taken from a read-only slot");
			vm_set_slot(&vm, PAGE, 0, 0, NULL, 0);
			vm_set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			break;
		case 2: /* dirty logging: the page stays where it is */
			vm_set_slot(&vm, PAGE, KVM_MEM_LOG_DIRTY_PAGES, HERE,
				    vm.pages, PAGES_SIZE);
			expect(vcpu_is_registered(v), "lost by dirty logging");
			vm_set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			expect(vcpu_is_registered(v), "lost by the end of it");
			break;
		default: /* the slot that the code is in is another one */
			vm_set_slot(&vm, PAGE, 0, 0, NULL, 0);
			vm_set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
		}
	}
	vcpu_stop(&vm.vcpu[1]);
	vm_end(&vm);
}

/* The memory behind the slot goes in all the ways there are. */
static void attack_memory(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	if (fd < 0 || ftruncate(fd, PAGES_SIZE))
		die("memfd");
	vm_make(&vm, 2, fd);
	for (unsigned int n = 0; n < 20; n++) {
		void *at = vm.pages;

		vm_set_headers(&vm);
		vcpu_begin(&vm, 1, SPIN);
		expect(vcpu_enter(v, HERE), "memory of a memfd was refused");
		vmm_ops += 2;
		switch (below(6)) {
		case 0:
			fallocate(fd,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				  PAGES_SIZE);
			/* There are zeroes where the header was. */
			expect(!vcpu_enter(v, HERE),
			       "a page of zeroes was taken");
			break;
		case 1:
			expect(!ftruncate(fd, 0), "truncate");
			expect(!vcpu_enter(v, HERE),
			       "beyond the end of the file");
			expect(!ftruncate(fd, PAGES_SIZE), "extend");
			break;
		case 2:
			munmap(at, PAGES_SIZE);
			expect(!vcpu_enter(v, HERE), "not mapped, and taken");
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0);
			break;
		case 3:
			mprotect(at, PAGES_SIZE, PROT_READ);
			expect(!vcpu_enter(v, HERE), "not writable, and taken");
			mprotect(at, PAGES_SIZE, PROT_READ | PROT_WRITE);
			break;
		case 4: /* other memory at the same place */
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				  0);
			expect(!vcpu_enter(v, HERE), "empty memory was taken");
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0);
			break;
		default:
			madvise(at, PAGES_SIZE, MADV_DONTNEED);
			expect(vcpu_enter(v, HERE), "the file has it still");
			madvise(at, PAGES_SIZE, MADV_REMOVE);
		}
		if (at != vm.pages)
			die("mmap");
		nap(below(3000));
		vcpu_stop(&vm.vcpu[1]);
	}
	vm_end(&vm);
}

/* What a balloon does: the page is given back, and an empty one comes instead. */
static void attack_balloon(void)
{
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	vm_make(&vm, 2, -1);
	for (unsigned int n = 0; n < 20; n++) {
		vm_set_headers(&vm);
		vcpu_begin(&vm, 1, SPIN);
		expect(vcpu_enter(v, HERE), "a good page was refused");
		vmm_ops++;
		madvise(vm.pages, PAGES_SIZE, MADV_DONTNEED);
		expect(!vcpu_enter(v, HERE), "an empty page was taken");
		nap(below(2000));
		vcpu_stop(&vm.vcpu[1]);
	}
	vm_end(&vm);
}

static void *enter_here(void *arg)
{
	return (void *)(uintptr_t)vcpu_enter(arg, HERE);
}

static bool enter_in_thread(struct vcpu *v)
{
	pthread_t thread;
	void *done;

	if (pthread_create(&thread, NULL, enter_here, v))
		die("pthread_create");
	pthread_join(thread, &done);
	return done;
}

/* vCPUs change their threads; two of them take turns on one. */
static void attack_threads(void)
{
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0], *w = &vm.vcpu[1];

	vm_make(&vm, 2, -1);
	vm_set_headers(&vm);
	for (unsigned int n = 0; n < 10; n++) {
		expect(enter_in_thread(v), "refused in a thread");
		/* That thread is gone, and what it has registered. */
		expect(vcpu_is_soon_gone(v), "registered without its thread");
		expect(vcpu_enter(v, HERE),
		       "refused after its thread has gone");
		/* This one lives: no other may have the vCPU. */
		expect(!enter_in_thread(v), "two threads have one vCPU");
		expect(vcpu_enter(w, HERE), "one thread has two vCPUs in turn");
		expect(vcpu_enter(v, HERE), "and the first again");
		expect(vcpu_set(v, ECS_ABI_MSR_PAGE, 0), "no withdrawal");
		/* Withdrawn or not, it is this thread's, so hand it over. */
		expect(vcpu_enter(w, HERE), "the other again");
		expect(enter_in_thread(v), "it was left and is free");
		expect(vcpu_is_soon_gone(v), "registered without its thread");
	}
	vm_end(&vm);
}

/* Processes that end while they are registered, in all ways. */
static void attack_ends(void)
{
	/* As waitpid() has it. */
	static const int ends[] = { SIGKILL, SIGKILL, 0, 0, SIGALRM, 0 };
	unsigned int how = below(6);
	struct vm vm;
	pid_t child;
	int status;

	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		vm_make(&vm, 2, -1);
		vm_set_headers(&vm);
		vcpu_begin(&vm, 1, how & 1 ? LOOP : SPIN);
		expect(vcpu_enter(&vm.vcpu[0], HERE),
		       "a child's page was refused");
		if (wrong)
			_exit(1);
		nap(below(5000));
		switch (how) {
		case 0:
		case 1:
			kill(getpid(), SIGKILL);
			break;
		case 2: /* with the files open in another process, for a while */
			if (!fork()) {
				nap(20000);
				/* Not its memory: KVM does not let it. */
				ioctl(vm.vcpu[0].fd, KVM_RUN, NULL);
				_exit(0);
			}
			break;
		case 3: /* what was registered is no memory of this process now */
			fcntl(vm.vcpu[0].fd, F_SETFD, 0);
			execl("/bin/sleep", "sleep", "0.02", NULL);
			break;
		case 4: /* the first thread goes and the others stay */
			if (!fork())
				_exit(0);
			ualarm(30000, 0);
			pthread_exit(NULL);
		default:
			close(vm.fd);
			munmap(vm.pages, PAGES_SIZE);
		}
		_exit(wrong != 0);
	}
	waitpid(child, &status, 0);
	msr_ops++;
	vmm_ops += 10;
	expect(status == ends[how], "a child, way %u: status %x", how, status);
}

/* All vCPUs register and withdraw, as fast as they can, for 100 ms. */
static void attack_churn(void)
{
	struct vm vm;

	vm_make(&vm, VCPUS, -1);
	vm_set_headers(&vm);
	for (unsigned int i = 0; i < VCPUS; i++)
		vcpu_begin(&vm, i, LOOP);
	nap(100000);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpu_stop(&vm.vcpu[i]);
		expect(vm.vcpu[i].params->loops, "it never ran");
	}
	vm_end(&vm);
}

/* A new vCPU each time, so that nothing of its budget is used yet. */
static void attack_fresh(void)
{
	struct vm vm;

	vm_make(&vm, 1, -1);
	vm_set_headers(&vm);
	vcpu_begin(&vm, 0, SPIN);
	nap(30000);
	vcpu_stop(&vm.vcpu[0]);
	vm_end(&vm);
}

static int enter_as_other(void *arg)
{
	return vcpu_enter(arg, HERE);
}

/* A process that shares the memory, and so may run the vCPU, is another VM. */
static void attack_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct vm vm;
	int status = 0;
	pid_t child;

	vm_make(&vm, 1, -1);
	vm_set_headers(&vm);
	/* In a thread that goes: this process has no claim to the vCPU any more. */
	expect(enter_in_thread(&vm.vcpu[0]), "a good page was refused");
	expect(vcpu_is_soon_gone(&vm.vcpu[0]), "registered without its thread");
	child = clone(enter_as_other, stack + sizeof(stack),
		      CLONE_VM | CLONE_FILES | SIGCHLD, &vm.vcpu[0]);
	if (child < 0)
		die("clone");
	waitpid(child, &status, 0);
	expect(!WEXITSTATUS(status), "another process has taken the vCPU over");
	expect(vcpu_enter(&vm.vcpu[0], HERE), "its own process was refused");
	vm_end(&vm);
}

/* Memory of a file: its pages are locked as the file system likes. */
static void attack_file(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct vm vm;

	if (fd < 0 || ftruncate(fd, PAGES_SIZE))
		die(file);
	vm_make(&vm, 1, fd);
	vm_set_headers(&vm);
	expect(!vcpu_enter(&vm.vcpu[0], HERE), "memory of a file was taken");
	vm_end(&vm);
}

static bool ask(struct vcpu *v)
{
	return vcpu_set(v, ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_REQUEST);
}

/* Half of a CPU, which is all that there is to have; it is used for a while. */
static void *be_boosted(void *arg)
{
	struct vcpu *v = arg;
	struct timespec now;
	long long end;
	bool ok;

	ok = vcpu_enter(v, HERE) && ask(v);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	end = now.tv_nsec + 40000000;
	while (now.tv_nsec < end && !now.tv_sec)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (void *)(uintptr_t)ok;
}

/* Waits for a line: the administrator has to allow it. */
static void wait_for_permission(void)
{
	puts("ready");
	fflush(stdout);
	getchar();
}

static void set_boost(struct vm *vm, uint64_t sbt_ns, uint64_t usbt_ns)
{
	struct ecs_abi_page *page;

	for (unsigned int i = 0; i < PAGES; i++) {
		page = (void *)(vm->pages + i * ECS_ABI_PAGE_SIZE);
		page->boost.sbt_ns = sbt_ns;
		page->boost.usbt_ns = usbt_ns;
	}
}

/* A thread that goes does not leave what it has used to the next one. */
static void attack_boosts(void)
{
	unsigned int tries;
	pthread_t thread;
	cpu_set_t cpus;
	struct vm vm;
	void *ok;

	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	vm_make(&vm, 1, -1);
	vm_set_headers(&vm);
	set_boost(&vm, 90000000, 100000000);
	wait_for_permission();
	if (pthread_create(&thread, NULL, be_boosted, &vm.vcpu[0]))
		die("pthread_create");
	pthread_join(thread, &ok);
	expect(ok, "no boost was granted");
	expect(vcpu_is_soon_gone(&vm.vcpu[0]), "registered without its thread");
	expect(vcpu_enter(&vm.vcpu[0], HERE), "a good page was refused");
	expect(!ask(&vm.vcpu[0]), "a new thread got what the old one has used");
	for (tries = 0; tries < 100 && !ask(&vm.vcpu[0]); tries++)
		nap(10000);
	expect(tries < 100, "it never got it back");
	vcpu_set(&vm.vcpu[0], ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_RELEASE);
	vm_end(&vm);
}

static pthread_barrier_t asked, done;

static void *be_one_of_many(void *arg)
{
	bool ok = vcpu_enter(arg, HERE) && ask(arg);

	/* A boost ends with its thread. */
	pthread_barrier_wait(&asked);
	pthread_barrier_wait(&done);
	return (void *)(uintptr_t)ok;
}

/* As many vCPUs as one likes, each with next to no share: they are few all the same. */
static void attack_crowd(void)
{
	unsigned int crowd = 36 * (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	struct vm *vms = calloc(crowd, sizeof(*vms));
	unsigned int granted = 0;
	void *ok;

	if (!vms || pthread_barrier_init(&asked, NULL, crowd + 1) ||
	    pthread_barrier_init(&done, NULL, crowd + 1))
		die("crowd");
	for (unsigned int i = 0; i < crowd; i++) {
		vm_make(&vms[i], 1, -1);
		vm_set_headers(&vms[i]);
		set_boost(&vms[i], 10000, 1000000000);
	}
	wait_for_permission();
	for (unsigned int i = 0; i < crowd; i++)
		if (pthread_create(&vms[i].vcpu[0].thread, NULL,
				   be_one_of_many, &vms[i].vcpu[0]))
			die("pthread_create");
	pthread_barrier_wait(&asked);
	wait_for_permission();
	pthread_barrier_wait(&done);
	for (unsigned int i = 0; i < crowd; i++) {
		pthread_join(vms[i].vcpu[0].thread, &ok);
		granted += !!ok;
		vm_end(&vms[i]);
	}
	printf("granted %u of %u\n", granted, crowd);
	free(vms);
}

static const struct {
	const char *name;
	void (*cycle)(void);
} attacks[] = {
	{ "answers", attack_answers }, { "places", attack_places },
	{ "slots", attack_slots },     { "memory", attack_memory },
	{ "balloon", attack_balloon }, { "threads", attack_threads },
	{ "ends", attack_ends },       { "churn", attack_churn },
	{ "fresh", attack_fresh },     { "clone", attack_clone },
	{ "file", attack_file },       { "boosts", attack_boosts },
	{ "crowd", attack_crowd },
};

int main(int argc, char **argv)
{
	void (*cycle)(void) = NULL;
	long cycles;

	for (unsigned int i = 0;
	     argc > 3 && i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (!strcmp(argv[1], attacks[i].name))
			cycle = attacks[i].cycle;
	if (!cycle || argc != (cycle == attack_file ? 5 : 4)) {
		fprintf(stderr, "usage: client ATTACK SEED CYCLES [FILE]\n");
		return 2;
	}
	vm_seed = (strtoul(argv[2], NULL, 0) + 1) * 0x9e3779b97f4a7c15ULL;
	file = argv[4];
	vm_init();
	for (cycles = atol(argv[3]); cycles > 0; cycles--)
		cycle();
	printf("msr %lu vmm %lu wrong %lu\n", msr_ops, vmm_ops, wrong);
	return wrong != 0;
}
