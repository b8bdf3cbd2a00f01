/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare.h: a VM without a machine: some memory and vCPUs in real mode that run a
 * few bytes of code. It is there in milliseconds, so that there can be many.
 */
#ifndef BARE_H
#define BARE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../common/ecs_abi.h"

#define BARE_VCPUS 32 /* most of them in a VM */

/* Where what is in its memory. */
#define BARE_WRMSR 0x1000
#define BARE_RDMSR 0x1010
#define BARE_SPIN  0x1020
#define BARE_NAP   0x1030
#define BARE_FAULT 0x1040
#define BARE_STACK 0x8000
#define BARE_PAGES 0x10000
#define BARE_SIZE  (BARE_PAGES + BARE_VCPUS * ECS_ABI_PAGE_SIZE)

/* Ports by which it says what became of an instruction. */
#define BARE_WRITTEN 0x10
#define BARE_READ    0x11
#define BARE_FAULTED 0x12

struct bare_vm {
	int kvm, fd;
	uint8_t *memory;
};

struct bare_vcpu {
	int fd, number;
	struct kvm_run *run;
};

/* Where a vCPU has its page, in the guest and here. */
static inline uint64_t bare_gpa(int number)
{
	return BARE_PAGES + (uint64_t)number * ECS_ABI_PAGE_SIZE;
}

static inline struct ecs_abi_page *bare_page(struct bare_vm *vm, int number)
{
	return (struct ecs_abi_page *)(vm->memory + bare_gpa(number));
}

static inline void bare_code(struct bare_vm *vm)
{
	/* wrmsr; out %al, $port; jmp back */
	static const uint8_t write[] = { 0x0f,	       0x30, 0xe6,
					 BARE_WRITTEN, 0xeb, 0xfa };
	static const uint8_t read[] = {
		0x0f, 0x32, 0xe6, BARE_READ, 0xeb, 0xfa
	};
	static const uint8_t spin[] = { 0xeb, 0xfe };
	/* hlt, which ends KVM_RUN where no interrupt controller is; jmp back */
	static const uint8_t nap[] = { 0xf4, 0xeb, 0xfd };
	static const uint8_t fault[] = { 0xe6, BARE_FAULTED, 0xeb, 0xfc };
	/* Interrupt vector 13: offset, segment. */
	static const uint16_t vector[] = { BARE_FAULT, 0 };

	memcpy(vm->memory + BARE_WRMSR, write, sizeof(write));
	memcpy(vm->memory + BARE_RDMSR, read, sizeof(read));
	memcpy(vm->memory + BARE_SPIN, spin, sizeof(spin));
	memcpy(vm->memory + BARE_NAP, nap, sizeof(nap));
	memcpy(vm->memory + BARE_FAULT, fault, sizeof(fault));
	memcpy(vm->memory + 13 * sizeof(vector), vector, sizeof(vector));
}

/* Returns 0 or a negative errno. */
static inline int bare_create(struct bare_vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = BARE_SIZE,
	};

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	vm->memory = mmap(NULL, BARE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm->fd < 0 || vm->memory == MAP_FAILED)
		return -errno;
	region.userspace_addr = (uintptr_t)vm->memory;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;
	bare_code(vm);
	return 0;
}

/* Makes a vCPU and fills its page in. Returns 0 or a negative errno. */
static inline int bare_add(struct bare_vm *vm, int number,
			   struct bare_vcpu *vcpu)
{
	struct kvm_sregs sregs;
	size_t size;

	vcpu->number = number;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, number);
	if (vcpu->fd < 0)
		return -errno;
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs))
		return -errno;
	bare_page(vm, number)->header = (struct ecs_abi_header){
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.size = sizeof(struct ecs_abi_page),
	};
	return 0;
}

/* Undoes both, for vCPUs numbered from 0; also if nothing was ever made. */
static inline void bare_destroy(struct bare_vm *vm, struct bare_vcpu *vcpus,
				int nr)
{
	int i, size;

	if (!vm->memory)
		return;
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	for (i = 0; i < nr; i++) {
		munmap(vcpus[i].run, size);
		close(vcpus[i].fd);
	}
	close(vm->fd);
	close(vm->kvm);
	munmap(vm->memory, BARE_SIZE);
	vm->memory = NULL;
}

/* Sends a vCPU to some code. Returns 0 or a negative errno. */
static inline int bare_go(struct bare_vcpu *vcpu, uint64_t rip, uint32_t msr,
			  uint64_t value)
{
	struct kvm_regs regs = {
		.rip = rip,
		.rsp = BARE_STACK,
		.rflags = 2,
		.rcx = msr,
		.rax = (uint32_t)value,
		.rdx = value >> 32,
	};

	return ioctl(vcpu->fd, KVM_SET_REGS, &regs) ? -errno : 0;
}

/* Runs until it speaks: a port, or a negative errno. */
static inline int bare_run(struct bare_vcpu *vcpu)
{
	int err;

	do {
		err = ioctl(vcpu->fd, KVM_RUN, 0) ? -errno : 0;
	} while (err == -EINTR);
	if (!err && vcpu->run->exit_reason == KVM_EXIT_IO)
		return vcpu->run->io.port;
	return err ?: -EIO;
}

/* Writes an MSR from inside: 0, -EFAULT for #GP, another negative errno. */
static inline int bare_wrmsr(struct bare_vcpu *vcpu, uint32_t msr,
			     uint64_t value)
{
	int said = bare_go(vcpu, BARE_WRMSR, msr, value);

	said = said ?: bare_run(vcpu);
	if (said == BARE_WRITTEN)
		return 0;
	return said < 0 ? said : -EFAULT;
}

/* Reads an MSR from inside, likewise. */
static inline int bare_rdmsr(struct bare_vcpu *vcpu, uint32_t msr,
			     uint64_t *value)
{
	int said = bare_go(vcpu, BARE_RDMSR, msr, 0);
	struct kvm_regs regs;

	said = said ?: bare_run(vcpu);
	if (said != BARE_READ)
		return said < 0 ? said : -EFAULT;
	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		return -errno;
	*value = regs.rdx << 32 | (uint32_t)regs.rax;
	return 0;
}

/* Names the current thread as QEMU names its vCPUs. */
static inline void bare_name(int number)
{
	char name[16];

	snprintf(name, sizeof(name), "CPU %d/KVM", number);
	prctl(PR_SET_NAME, name);
}

#endif /* BARE_H */
