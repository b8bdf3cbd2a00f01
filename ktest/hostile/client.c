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

#include "../../common/ecs_abi.h"

#define LOW_SIZE   0x10000u /* code, interrupt table, parameters, stacks */
#define CODE	   0x1000u
#define PARAMS	   0x2000u
#define STACKS	   0x8000u
#define PAGES	   8u /* of the slot that is attacked */
#define PAGES_SIZE (PAGES * ECS_ABI_PAGE_SIZE)
#define HERE	   0x100000ull /* where it is, */
#define THERE	   0x200000ull /* and where it is moved to */
#define VCPUS	   2

/* Slots */
enum { LOW, PAGE };

extern const char guest_once[], guest_loop[], guest_spin[], guest_gp[],
	guest_end[];

/*
 * Offsets are those of struct params, which DS points to. The handler of #GP goes
 * on behind the two bytes of the instruction.
 */
asm(".pushsection .rodata\n"
    ".code16\n"
    "guest_once:\n"
    "1:	movl %ds:0, %ecx\n"
    "	movl %ds:4, %eax\n"
    "	movl %ds:8, %edx\n"
    "	movb $0, %ds:12\n"
    "	cmpb $0, %ds:13\n"
    "	jne 2f\n"
    "	wrmsr\n"
    "	jmp 3f\n"
    "2:	rdmsr\n"
    "3:	movl %eax, %ds:4\n"
    "	movl %edx, %ds:8\n"
    "	outb %al, $0x10\n"
    "	jmp 1b\n"
    "guest_loop:\n"
    "1:	movl %ds:0, %ecx\n"
    "	movl %ds:4, %eax\n"
    "	movl %ds:8, %edx\n"
    "	wrmsr\n"
    "	xorl %eax, %eax\n"
    "	xorl %edx, %edx\n"
    "	wrmsr\n"
    "	incl %ds:16\n"
    "	jmp 1b\n"
    "guest_spin:\n"
    "	movl %ds:0, %ecx\n"
    "	movl %ds:4, %eax\n"
    "	movl %ds:8, %edx\n"
    "	wrmsr\n"
    "1:	incl %ds:16\n"
    "	jmp 1b\n"
    "guest_gp:\n"
    "	pushw %bp\n"
    "	movw %sp, %bp\n"
    "	addw $2, 2(%bp)\n"
    "	movb $1, %ds:12\n"
    "	popw %bp\n"
    "	iretw\n"
    "guest_end:\n"
    ".code64\n"
    ".popsection\n");

struct params {
	uint32_t index, low, high;
	uint8_t fault, read, zero[2];
	uint32_t loops;
};

struct vcpu {
	int fd;
	struct kvm_run *run;
	struct params *params;
	pthread_t thread;
	volatile bool stop;
};

struct vm {
	int fd, memfd;
	char *low, *pages;
	unsigned int nr;
	struct vcpu vcpu[VCPUS];
};

static int kvm;
static size_t run_size;
static uint64_t rng;
static unsigned long msr_ops, vmm_ops, wrong;
static const char *file;

static uint64_t next(void)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return rng * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(unsigned int n)
{
	return (next() >> 16) % n;
}

static void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* One outcome that is known. */
__attribute__((format(printf, 2, 3))) static void
expect(bool as_it_should, const char *format, ...)
{
	va_list args;

	if (as_it_should)
		return;
	if (__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED) > 5)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static int call(int fd, unsigned long what, void *arg)
{
	__atomic_add_fetch(&vmm_ops, 1, __ATOMIC_RELAXED);
	return ioctl(fd, what, arg);
}

static int set_slot(struct vm *vm, unsigned int slot, unsigned int flags,
		    uint64_t gpa, void *memory, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return call(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static void *map(size_t size, int fd)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd,
			0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

/* Where a vCPU is to begin. */
static void start_at(struct vcpu *v, unsigned int i, const char *code)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = CODE + (code - guest_once),
		.rsp = 0x400,
		.rflags = 2,
	};

	if (call(v->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.ds.base = PARAMS + i * 0x100;
	sregs.ss.base = STACKS + i * 0x400;
	if (call(v->fd, KVM_SET_SREGS, &sregs) ||
	    call(v->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS");
}

static void add_vcpu(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[vm->nr];

	v->fd = call(vm->fd, KVM_CREATE_VCPU, (void *)(uintptr_t)vm->nr);
	if (v->fd < 0)
		die("KVM_CREATE_VCPU");
	v->run = map(run_size, v->fd);
	v->params = (void *)(vm->low + PARAMS + vm->nr * 0x100);
	v->stop = false;
	start_at(v, vm->nr++, guest_once);
}

/* A VM whose attacked memory is anonymous, or of a memfd or another file. */
static void make_vm(struct vm *vm, unsigned int vcpus, int fd)
{
	memset(vm, 0, sizeof(*vm));
	vm->memfd = fd;
	vm->fd = call(kvm, KVM_CREATE_VM, NULL);
	if (vm->fd < 0)
		die("KVM_CREATE_VM");
	vm->low = map(LOW_SIZE, -1);
	vm->pages = map(PAGES_SIZE, fd);
	memcpy(vm->low + CODE, guest_once, guest_end - guest_once);
	/* Interrupt 13: offset and segment. */
	*(uint32_t *)(vm->low + 13 * 4) = CODE + (guest_gp - guest_once);
	if (set_slot(vm, LOW, 0, 0, vm->low, LOW_SIZE) ||
	    set_slot(vm, PAGE, 0, HERE, vm->pages, PAGES_SIZE))
		die("KVM_SET_USER_MEMORY_REGION");
	while (vm->nr < vcpus)
		add_vcpu(vm);
}

static void end_vm(struct vm *vm)
{
	int fds[VCPUS + 1], i, nr = 0;

	for (unsigned int n = 0; n < vm->nr; n++) {
		munmap(vm->vcpu[n].run, run_size);
		fds[nr++] = vm->vcpu[n].fd;
	}
	fds[nr++] = vm->fd;
	if (below(2))
		munmap(vm->pages, PAGES_SIZE);
	else
		vm->low = (munmap(vm->low, LOW_SIZE), NULL);
	/* In any order. */
	while (nr) {
		i = below(nr);
		close(fds[i]);
		fds[i] = fds[--nr];
	}
	if (vm->low)
		munmap(vm->low, LOW_SIZE);
	else
		munmap(vm->pages, PAGES_SIZE);
	if (vm->memfd >= 0)
		close(vm->memfd);
}

static void run(struct vcpu *v)
{
	while (ioctl(v->fd, KVM_RUN, NULL) && errno == EINTR)
		;
}

/* One access; returns whether there was a #GP. */
static bool access_msr(struct vcpu *v, bool read, uint32_t index,
		       uint64_t *value)
{
	struct params *p = v->params;

	p->index = index;
	p->low = *value;
	p->high = *value >> 32;
	p->read = read;
	run(v);
	__atomic_add_fetch(&msr_ops, 1, __ATOMIC_RELAXED);
	expect(v->run->exit_reason == KVM_EXIT_IO, "exit reason %u",
	       v->run->exit_reason);
	*value = p->low | (uint64_t)p->high << 32;
	return p->fault;
}

static bool set(struct vcpu *v, uint32_t index, uint64_t value)
{
	return !access_msr(v, false, index, &value);
}

static uint64_t get(struct vcpu *v, uint32_t index)
{
	uint64_t value = 0;

	return access_msr(v, true, index, &value) ? 0 : value;
}

static void set_header(struct vm *vm, unsigned int i)
{
	struct ecs_abi_page *page = (void *)(vm->pages + i * ECS_ABI_PAGE_SIZE);

	page->header = (struct ecs_abi_header){
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.size = sizeof(*page),
	};
	/* Inside a section for ever. */
	page->guest.non_preemptable = 1;
}

static void set_headers(struct vm *vm)
{
	for (unsigned int i = 0; i < PAGES; i++)
		set_header(vm, i);
}

static uint64_t gpa_of(uint64_t base, unsigned int i)
{
	return (base + i * ECS_ABI_PAGE_SIZE) | ECS_ABI_PAGE_ENABLE;
}

/* A page of those that no vCPU registers in its loop. */
static bool enter(struct vcpu *v, uint64_t base)
{
	unsigned int i = VCPUS + below(PAGES - VCPUS);

	return set(v, ECS_ABI_MSR_PAGE, gpa_of(base, i));
}

static bool is_registered(struct vcpu *v)
{
	return get(v, ECS_ABI_MSR_STATUS) != 0;
}

static void nap(unsigned int us)
{
	struct timespec ts = { .tv_nsec = us * 1000l };

	nanosleep(&ts, NULL);
}

/* A thread that is joined is on its way out, and its registration with it. */
static bool is_soon_gone(struct vcpu *v)
{
	for (unsigned int tries = 0; is_registered(v); tries++) {
		if (tries == 500)
			return false;
		nap(1000);
	}
	return true;
}

/* --- vCPUs that run by themselves --- */

static void wake(int signal)
{
	(void)signal;
}

static void *run_until_stopped(void *arg)
{
	struct vcpu *v = arg;

	while (!v->stop)
		ioctl(v->fd, KVM_RUN, NULL);
	return NULL;
}

static void begin(struct vm *vm, unsigned int i, const char *code)
{
	struct vcpu *v = &vm->vcpu[i];

	start_at(v, i, code);
	v->params->index = ECS_ABI_MSR_PAGE;
	v->params->low = gpa_of(HERE, i);
	v->params->high = 0;
	v->params->loops = 0;
	v->stop = false;
	if (pthread_create(&v->thread, NULL, run_until_stopped, v))
		die("pthread_create");
}

static void stop(struct vcpu *v, bool loop)
{
	struct timespec soon;

	v->stop = true;
	/* It may have been about to enter the kernel: again, until it has ended. */
	do {
		pthread_kill(v->thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 20000000;
		if (soon.tv_nsec >= 1000000000) {
			soon.tv_sec++;
			soon.tv_nsec -= 1000000000;
		}
	} while (pthread_timedjoin_np(v->thread, NULL, &soon));
	if (loop)
		__atomic_add_fetch(&msr_ops, 2ul * v->params->loops,
				   __ATOMIC_RELAXED);
}

/* --- the attacks; each is one cycle --- */

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

	make_vm(&vm, 1, -1);
	set_headers(&vm);
	for (unsigned int n = 0; n < 400; n++) {
		uint32_t index = ECS_ABI_MSR_BASE + below(16);
		uint64_t value = bad[below(sizeof(bad) / sizeof(bad[0]))];
		uint64_t before;

		switch (below(8)) {
		case 0:
			access_msr(v, true, index, &value);
			expect(v->params->fault == (index > ECS_ABI_MSR_STATUS),
			       "read of +%u", index & 15);
			break;
		case 1:
			expect(enter(v, HERE), "a good page was refused");
			break;
		case 2:
			expect(set(v, ECS_ABI_MSR_PAGE, 0), "no withdrawal");
			expect(!is_registered(v), "registered after it");
			break;
		case 3:
			before = get(v, ECS_ABI_MSR_STATUS);
			host.entry.index = index;
			host.entry.data = value;
			expect(call(v->fd, KVM_SET_MSRS, &host) <= 0,
			       "the VMM wrote +%u", index & 15);
			expect(call(v->fd, KVM_GET_MSRS, &host) <= 0,
			       "the VMM read +%u", index & 15);
			expect(get(v, ECS_ABI_MSR_STATUS) == before,
			       "the VMM's access changed something");
			break;
		default:
			before = get(v, ECS_ABI_MSR_STATUS);
			expect(!set(v, ECS_ABI_MSR_PAGE, value),
			       "page %llx was taken",
			       (unsigned long long)value);
			expect(get(v, ECS_ABI_MSR_STATUS) == before,
			       "what was refused changed something");
		}
	}
	end_vm(&vm);
}

/* The slot goes, moves, is made read-only, all while another vCPU registers. */
static void attack_slots(void)
{
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	make_vm(&vm, 2, -1);
	set_headers(&vm);
	begin(&vm, 1, guest_loop);
	for (unsigned int n = 0; n < 20; n++) {
		expect(enter(v, HERE) && is_registered(v), "a good page");
		switch (below(4)) {
		case 0:
			expect(!set_slot(&vm, PAGE, 0, THERE, vm.pages,
					 PAGES_SIZE),
			       "move");
			expect(!is_registered(v), "registered after a move");
			expect(!enter(v, HERE), "the old place was taken");
			expect(enter(v, THERE), "the new place was refused");
			set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			expect(!is_registered(v),
			       "registered after moving back");
			break;
		case 1:
			set_slot(&vm, PAGE, 0, 0, NULL, 0);
			expect(!is_registered(v), "registered without a slot");
			expect(!enter(v, HERE), "taken without a slot");
			set_slot(&vm, PAGE, KVM_MEM_READONLY, HERE, vm.pages,
				 PAGES_SIZE);
			expect(!enter(v, HERE), "taken from a read-only slot");
			set_slot(&vm, PAGE, 0, 0, NULL, 0);
			set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			break;
		case 2: /* dirty logging: the page stays where it is */
			set_slot(&vm, PAGE, KVM_MEM_LOG_DIRTY_PAGES, HERE,
				 vm.pages, PAGES_SIZE);
			expect(is_registered(v), "lost by dirty logging");
			set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
			expect(is_registered(v), "lost by the end of it");
			break;
		default: /* the slot that the code is in is another one */
			set_slot(&vm, PAGE, 0, 0, NULL, 0);
			set_slot(&vm, PAGE, 0, HERE, vm.pages, PAGES_SIZE);
		}
	}
	stop(&vm.vcpu[1], true);
	end_vm(&vm);
}

/* The memory behind the slot goes in all the ways there are. */
static void attack_memory(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	if (fd < 0 || ftruncate(fd, PAGES_SIZE))
		die("memfd");
	make_vm(&vm, 2, fd);
	for (unsigned int n = 0; n < 20; n++) {
		void *at = vm.pages;

		set_headers(&vm);
		begin(&vm, 1, guest_spin);
		expect(enter(v, HERE), "memory of a memfd was refused");
		vmm_ops += 2;
		switch (below(6)) {
		case 0:
			fallocate(fd,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				  PAGES_SIZE);
			/* There are zeroes where the header was. */
			expect(!enter(v, HERE), "a page of zeroes was taken");
			break;
		case 1:
			expect(!ftruncate(fd, 0), "truncate");
			expect(!enter(v, HERE), "beyond the end of the file");
			expect(!ftruncate(fd, PAGES_SIZE), "extend");
			break;
		case 2:
			munmap(at, PAGES_SIZE);
			expect(!enter(v, HERE), "not mapped, and taken");
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0);
			break;
		case 3:
			mprotect(at, PAGES_SIZE, PROT_READ);
			expect(!enter(v, HERE), "not writable, and taken");
			mprotect(at, PAGES_SIZE, PROT_READ | PROT_WRITE);
			break;
		case 4: /* other memory at the same place */
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				  0);
			expect(!enter(v, HERE), "empty memory was taken");
			at = mmap(at, PAGES_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0);
			break;
		default:
			madvise(at, PAGES_SIZE, MADV_DONTNEED);
			expect(enter(v, HERE), "the file has it still");
			madvise(at, PAGES_SIZE, MADV_REMOVE);
		}
		if (at != vm.pages)
			die("mmap");
		nap(below(3000));
		stop(&vm.vcpu[1], false);
	}
	end_vm(&vm);
}

/* What a balloon does: the page is given back, and an empty one comes instead. */
static void attack_balloon(void)
{
	struct vm vm;
	struct vcpu *v = &vm.vcpu[0];

	make_vm(&vm, 2, -1);
	for (unsigned int n = 0; n < 20; n++) {
		set_headers(&vm);
		begin(&vm, 1, guest_spin);
		expect(enter(v, HERE), "a good page was refused");
		vmm_ops++;
		madvise(vm.pages, PAGES_SIZE, MADV_DONTNEED);
		expect(!enter(v, HERE), "an empty page was taken");
		nap(below(2000));
		stop(&vm.vcpu[1], false);
	}
	end_vm(&vm);
}

static void *enter_here(void *arg)
{
	return (void *)(uintptr_t)enter(arg, HERE);
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

	make_vm(&vm, 2, -1);
	set_headers(&vm);
	for (unsigned int n = 0; n < 10; n++) {
		expect(enter_in_thread(v), "refused in a thread");
		/* That thread is gone, and what it has registered. */
		expect(is_soon_gone(v), "registered without its thread");
		expect(enter(v, HERE), "refused after its thread has gone");
		/* This one lives: no other may have the vCPU. */
		expect(!enter_in_thread(v), "two threads have one vCPU");
		expect(enter(w, HERE), "one thread has two vCPUs in turn");
		expect(enter(v, HERE), "and the first again");
		expect(set(v, ECS_ABI_MSR_PAGE, 0), "no withdrawal");
		/* Withdrawn or not, it is this thread's, so hand it over. */
		expect(enter(w, HERE), "the other again");
		expect(enter_in_thread(v), "it was left and is free");
		expect(is_soon_gone(v), "registered without its thread");
	}
	end_vm(&vm);
}

/* Processes that end while they are registered, in all ways. */
static void attack_ends(void)
{
	unsigned int how = below(6);
	struct vm vm;
	pid_t child;
	int status;

	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		make_vm(&vm, 2, -1);
		set_headers(&vm);
		begin(&vm, 1, how & 1 ? guest_loop : guest_spin);
		expect(enter(&vm.vcpu[0], HERE), "a child's page was refused");
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
	expect(WIFSIGNALED(status) || !WEXITSTATUS(status), "a child, way %u",
	       how);
}

/* All vCPUs register and withdraw, as fast as they can, for 100 ms. */
static void attack_churn(void)
{
	struct vm vm;

	make_vm(&vm, VCPUS, -1);
	set_headers(&vm);
	for (unsigned int i = 0; i < VCPUS; i++)
		begin(&vm, i, guest_loop);
	nap(100000);
	for (unsigned int i = 0; i < VCPUS; i++) {
		stop(&vm.vcpu[i], true);
		expect(vm.vcpu[i].params->loops, "it never ran");
	}
	end_vm(&vm);
}

/* A new vCPU each time, so that nothing of its budget is used yet. */
static void attack_fresh(void)
{
	struct vm vm;

	make_vm(&vm, 1, -1);
	set_headers(&vm);
	begin(&vm, 0, guest_spin);
	nap(30000);
	stop(&vm.vcpu[0], false);
	msr_ops++;
	end_vm(&vm);
}

static int enter_as_other(void *arg)
{
	return enter(arg, HERE);
}

/* A process that shares the memory, and so may run the vCPU, is another VM. */
static void attack_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct vm vm;
	int status = 0;
	pid_t child;

	make_vm(&vm, 1, -1);
	set_headers(&vm);
	/* In a thread that goes: this process has no claim to the vCPU any more. */
	expect(enter_in_thread(&vm.vcpu[0]), "a good page was refused");
	expect(is_soon_gone(&vm.vcpu[0]), "registered without its thread");
	child = clone(enter_as_other, stack + sizeof(stack),
		      CLONE_VM | CLONE_FILES | SIGCHLD, &vm.vcpu[0]);
	if (child < 0)
		die("clone");
	waitpid(child, &status, 0);
	expect(!WEXITSTATUS(status), "another process has taken the vCPU over");
	expect(enter(&vm.vcpu[0], HERE), "its own process was refused");
	end_vm(&vm);
}

/* Memory of a file: its pages are locked as the file system likes. */
static void attack_file(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct vm vm;

	if (fd < 0 || ftruncate(fd, PAGES_SIZE))
		die(file);
	make_vm(&vm, 1, fd);
	set_headers(&vm);
	expect(!enter(&vm.vcpu[0], HERE), "memory of a file was taken");
	end_vm(&vm);
}

static bool ask(struct vcpu *v)
{
	return set(v, ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_REQUEST);
}

/* Half of a CPU, which is all that there is to have; it is used for a while. */
static void *be_boosted(void *arg)
{
	struct vcpu *v = arg;
	struct timespec now;
	long long end;
	bool ok;

	ok = enter(v, HERE) && ask(v);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	end = now.tv_nsec + 40000000;
	while (now.tv_nsec < end && !now.tv_sec)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (void *)(uintptr_t)ok;
}

/*
 * A thread that goes does not leave what it has used to the next one. Waits for a
 * line first: the administrator has to allow it.
 */
static void attack_boosts(void)
{
	struct ecs_abi_page *page;
	unsigned int tries;
	pthread_t thread;
	cpu_set_t cpus;
	struct vm vm;
	void *ok;

	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	make_vm(&vm, 1, -1);
	set_headers(&vm);
	for (unsigned int i = 0; i < PAGES; i++) {
		page = (void *)(vm.pages + i * ECS_ABI_PAGE_SIZE);
		page->boost.sbt_ns = 90000000;
		page->boost.usbt_ns = 100000000;
	}
	puts("ready");
	fflush(stdout);
	getchar();
	if (pthread_create(&thread, NULL, be_boosted, &vm.vcpu[0]))
		die("pthread_create");
	pthread_join(thread, &ok);
	expect(ok, "no boost was granted");
	expect(is_soon_gone(&vm.vcpu[0]), "registered without its thread");
	expect(enter(&vm.vcpu[0], HERE), "a good page was refused");
	expect(!ask(&vm.vcpu[0]), "a new thread got what the old one has used");
	for (tries = 0; tries < 100 && !ask(&vm.vcpu[0]); tries++)
		nap(10000);
	expect(tries < 100, "it never got it back");
	set(&vm.vcpu[0], ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_RELEASE);
	end_vm(&vm);
}

static const struct {
	const char *name;
	void (*cycle)(void);
} attacks[] = {
	{ "answers", attack_answers }, { "slots", attack_slots },
	{ "memory", attack_memory },   { "balloon", attack_balloon },
	{ "threads", attack_threads }, { "ends", attack_ends },
	{ "churn", attack_churn },     { "fresh", attack_fresh },
	{ "clone", attack_clone },     { "file", attack_file },
	{ "boosts", attack_boosts },
};

int main(int argc, char **argv)
{
	const struct sigaction woken = { .sa_handler = wake };
	void (*cycle)(void) = NULL;
	long cycles;

	for (unsigned int i = 0;
	     argc > 3 && i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (!strcmp(argv[1], attacks[i].name))
			cycle = attacks[i].cycle;
	if (!cycle || (cycle == attack_file) != (argc > 4)) {
		fprintf(stderr, "usage: client ATTACK SEED CYCLES [FILE]\n");
		return 2;
	}
	rng = (strtoul(argv[2], NULL, 0) + 1) * 0x9e3779b97f4a7c15ULL;
	file = argv[4];
	sigaction(SIGUSR1, &woken, NULL);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	for (cycles = atol(argv[3]); cycles > 0; cycles--)
		cycle();
	printf("msr %lu vmm %lu wrong %lu\n", msr_ops, vmm_ops, wrong);
	return wrong != 0;
}
