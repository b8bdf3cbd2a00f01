// SPDX-License-Identifier: GPL-2.0-only
/* vm.c: see vm.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vm.h"

#define LOW_SIZE 0x10000u /* code, interrupt table, parameters, stacks */
#define CODE	 0x1000u
#define PARAMS	 0x2000u
#define STACKS	 0x8000u

unsigned long msr_ops, vmm_ops, wrong;
uint64_t vm_seed;
static int kvm;
static size_t run_size;

static uint64_t next(void)
{
	vm_seed ^= vm_seed >> 12;
	vm_seed ^= vm_seed << 25;
	vm_seed ^= vm_seed >> 27;
	return vm_seed * 0x2545f4914f6cdd1dULL;
}

unsigned int below(unsigned int n)
{
	return (next() >> 16) % n;
}

void count(unsigned long *what, unsigned long by)
{
	__atomic_add_fetch(what, by, __ATOMIC_RELAXED);
}

void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* One outcome that is known. */
void expect(bool as_it_should, const char *format, ...)
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

int vm_call(int fd, unsigned long what, void *arg)
{
	count(&vmm_ops, 1);
	return ioctl(fd, what, arg);
}

int vm_set_slot(struct vm *vm, unsigned int slot, unsigned int flags,
		uint64_t gpa, void *memory, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return vm_call(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
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
static void start_at(struct vcpu *v, unsigned int i, enum code code)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = CODE + guest_at[code],
		.rsp = 0x400,
		.rflags = 2,
	};

	if (vm_call(v->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.ds.base = PARAMS + i * 0x100;
	sregs.ss.base = STACKS + i * 0x400;
	if (vm_call(v->fd, KVM_SET_SREGS, &sregs) ||
	    vm_call(v->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS");
}

static void add_vcpu(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[vm->nr];

	v->fd = vm_call(vm->fd, KVM_CREATE_VCPU, (void *)(uintptr_t)vm->nr);
	if (v->fd < 0)
		die("KVM_CREATE_VCPU");
	v->run = map(run_size, v->fd);
	v->params = (void *)(vm->low + PARAMS + vm->nr * 0x100);
	v->stop = 0;
	start_at(v, vm->nr++, ONCE);
}

/* A VM whose attacked memory is anonymous, or of a memfd or another file. */
void vm_make(struct vm *vm, unsigned int vcpus, int fd)
{
	memset(vm, 0, sizeof(*vm));
	vm->memfd = fd;
	vm->fd = vm_call(kvm, KVM_CREATE_VM, NULL);
	if (vm->fd < 0)
		die("KVM_CREATE_VM");
	vm->low = map(LOW_SIZE, -1);
	vm->pages = map(PAGES_SIZE, fd);
	memcpy(vm->low + CODE, guest_code, guest_at[END]);
	/* Interrupt 13: offset and segment. */
	*(uint32_t *)(vm->low + 13 * 4) = CODE + guest_at[GP];
	if (vm_set_slot(vm, LOW, 0, 0, vm->low, LOW_SIZE) ||
	    vm_set_slot(vm, PAGE, 0, HERE, vm->pages, PAGES_SIZE))
		die("KVM_SET_USER_MEMORY_REGION");
	while (vm->nr < vcpus)
		add_vcpu(vm);
}

void vm_end(struct vm *vm)
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
bool vcpu_access(struct vcpu *v, bool read, uint32_t index, uint64_t *value)
{
	struct params *p = v->params;

	p->index = index;
	p->low = *value;
	p->high = *value >> 32;
	p->read = read;
	run(v);
	count(&msr_ops, 1);
	expect(v->run->exit_reason == KVM_EXIT_IO, "exit reason %u",
	       v->run->exit_reason);
	*value = p->low | (uint64_t)p->high << 32;
	return p->fault;
}

bool vcpu_set(struct vcpu *v, uint32_t index, uint64_t value)
{
	return !vcpu_access(v, false, index, &value);
}

uint64_t vcpu_get(struct vcpu *v, uint32_t index)
{
	uint64_t value = 0;

	return vcpu_access(v, true, index, &value) ? 0 : value;
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

void vm_set_headers(struct vm *vm)
{
	for (unsigned int i = 0; i < PAGES; i++)
		set_header(vm, i);
}

static uint64_t gpa_of(uint64_t base, unsigned int i)
{
	return (base + i * ECS_ABI_PAGE_SIZE) | ECS_ABI_PAGE_ENABLE;
}

/* A page of those that no vCPU registers in its loop. */
bool vcpu_enter(struct vcpu *v, uint64_t base)
{
	unsigned int i = VCPUS + below(PAGES - VCPUS);

	return vcpu_set(v, ECS_ABI_MSR_PAGE, gpa_of(base, i));
}

bool vcpu_is_registered(struct vcpu *v)
{
	return vcpu_get(v, ECS_ABI_MSR_STATUS) != 0;
}

void nap(unsigned int us)
{
	struct timespec ts = { .tv_nsec = us * 1000l };

	nanosleep(&ts, NULL);
}

/* A thread that is joined is on its way out, and its registration with it. */
bool vcpu_is_soon_gone(struct vcpu *v)
{
	for (unsigned int tries = 0; vcpu_is_registered(v); tries++) {
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

	while (!__atomic_load_n(&v->stop, __ATOMIC_RELAXED))
		ioctl(v->fd, KVM_RUN, NULL);
	return NULL;
}

void vcpu_begin(struct vm *vm, unsigned int i, enum code code)
{
	struct vcpu *v = &vm->vcpu[i];

	start_at(v, i, code);
	v->params->index = ECS_ABI_MSR_PAGE;
	v->params->low = gpa_of(HERE, i);
	v->params->high = 0;
	v->params->loops = 0;
	v->code = code;
	v->stop = 0;
	if (pthread_create(&v->thread, NULL, run_until_stopped, v))
		die("pthread_create");
}

void vcpu_stop(struct vcpu *v)
{
	struct timespec soon;

	__atomic_store_n(&v->stop, 1, __ATOMIC_RELAXED);
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
	count(&msr_ops, v->code == LOOP ? 2ul * v->params->loops : 1);
}

/* Before anything else. The process has a VM all the time: it is a VMM by that. */
void vm_init(void)
{
	const struct sigaction woken = { .sa_handler = wake };

	sigaction(SIGUSR1, &woken, NULL);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0 || ioctl(kvm, KVM_CREATE_VM, 0) < 0)
		die("/dev/kvm");
	run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
}
