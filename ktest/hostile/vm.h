/* SPDX-License-Identifier: GPL-2.0 */
/* vm.h: VMs of one or two vCPUs that access MSRs, for a client that attacks. */
#ifndef KTEST_HOSTILE_VM_H
#define KTEST_HOSTILE_VM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/ecs_abi.h"

#define PAGES	   8u /* of the slot that is attacked */
#define PAGES_SIZE (PAGES * ECS_ABI_PAGE_SIZE)
#define HERE	   0x100000ull /* where it is, */
#define THERE	   0x200000ull /* and where it is moved to */
#define VCPUS	   2

/* Slots */
enum { LOW, PAGE };

/* guest.S: what a vCPU runs, its handler of #GP, and its end. */
enum code { ONCE, LOOP, SPIN, GP, END };
extern const char guest_code[];
extern const uint32_t guest_at[];

/**
 * struct params - between a vCPU's code and us
 * @index: of the MSR
 * @low: value, in and out
 * @high: its upper half
 * @fault: there was a #GP
 * @read: read it
 * @zero: 0
 * @loops: how often the loop came round
 */
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
	enum code code;
	int stop;
};

struct vm {
	int fd, memfd;
	char *low, *pages;
	unsigned int nr;
	struct vcpu vcpu[VCPUS];
};

/* MSR accesses, system calls against KVM and its memory, wrong outcomes. */
extern unsigned long msr_ops, vmm_ops, wrong;
extern uint64_t vm_seed;

unsigned int below(unsigned int n);
void die(const char *what);
void expect(bool as_it_should, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void count(unsigned long *what, unsigned long by);
void nap(unsigned int us);

void vm_init(void);
void vm_make(struct vm *vm, unsigned int vcpus, int fd);
void vm_end(struct vm *vm);
int vm_call(int fd, unsigned long what, void *arg);
int vm_set_slot(struct vm *vm, unsigned int slot, unsigned int flags,
		uint64_t gpa, void *memory, uint64_t size);
void vm_set_headers(struct vm *vm);

bool vcpu_access(struct vcpu *v, bool read, uint32_t index, uint64_t *value);
bool vcpu_set(struct vcpu *v, uint32_t index, uint64_t value);
uint64_t vcpu_get(struct vcpu *v, uint32_t index);
bool vcpu_enter(struct vcpu *v, uint64_t base);
bool vcpu_is_registered(struct vcpu *v);
bool vcpu_is_soon_gone(struct vcpu *v);
void vcpu_begin(struct vm *vm, unsigned int i, enum code code);
void vcpu_stop(struct vcpu *v);

#endif /* KTEST_HOSTILE_VM_H */
