// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c: which threads of a VM are meant.
 *
 * The module knows the thread of a vCPU that its guest has registered. All
 * others are told by their names, so that a guest needs no module at all. A
 * thread goes by the number that the module has for it, KVM's, before that in
 * its name, the VMM's: they may differ.
 */
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "comm.h"
#include "host.h"
#include "out.h"
#include "vm.h"

/**
 * target_parse_vcpus() - read the value of --vcpu
 * @spec: changed only if all is well
 * @value: a list
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int target_parse_vcpus(struct target_spec *spec, const char *value)
{
	struct vcpuset set;

	if (spec->listed)
		return fail(OUT_USAGE, "vcpu is given twice");
	if (!vcpuset_parse(&set, value))
		return fail(OUT_USAGE,
			    "vcpu: \"%s\" is no list of vCPUs; write it like 0,2-3",
			    value);
	spec->vcpus = set;
	spec->listed = true;
	return OUT_OK;
}

/**
 * target_parse_tid() - read the value of --tid
 * @spec: changed only if all is well
 * @value: the thread
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int target_parse_tid(struct target_spec *spec, const char *value)
{
	char *end;
	long tid;

	errno = 0;
	tid = strtol(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || tid < 1 ||
	    tid > INT_MAX)
		return fail(OUT_USAGE, "tid: \"%s\" is no thread number",
			    value);
	if (spec->tid)
		return fail(OUT_USAGE, "tid is given twice");
	spec->tid = (int)tid;
	return OUT_OK;
}

/* Unless the thread is there already. */
static void add(struct target_list *list, int tid, int vcpu)
{
	struct target *bigger;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (list->target[i].tid == tid)
			return;
	}
	bigger = reallocarray(list->target, list->count + 1,
			      sizeof(*list->target));
	if (!bigger)
		abort();
	list->target = bigger;
	list->target[list->count].tid = tid;
	list->target[list->count++].vcpu = vcpu;
}

static int add_registered(struct target_list *list, const struct proc_vm *vm)
{
	struct ecs_ioc_vcpu *vcpus;
	char label[VM_LABEL];
	size_t count, i;
	int error = host_vcpus(vm->pid, &vcpus, &count);

	for (i = 0; i < count && !error; i++) {
		if (vcpus[i].tid)
			add(list, vcpus[i].tid, vcpus[i].vcpu);
	}
	free(vcpus);
	return error ? host_failure(vm_label(label, vm), error) : OUT_OK;
}

static int add_named(struct target_list *list, const struct proc_vm *vm)
{
	char label[VM_LABEL], name[PROC_THREAD_NAME];
	pid_t *tids = NULL;
	size_t count = 0, i;
	int vcpu, error = proc_threads(vm->pid, &tids, &count);

	for (i = 0; i < count && !error; i++) {
		proc_thread_name(vm->pid, tids[i], name);
		vcpu = comm_vcpu(name);
		if (vcpu >= 0)
			add(list, (int)tids[i], vcpu);
	}
	free(tids);
	if (error == -ESRCH)
		return host_failure(vm_label(label, vm), error);
	if (error)
		return fail(OUT_REFUSED, "%s: cannot read /proc/%d/task: %s",
			    vm_label(label, vm), (int)vm->pid,
			    strerror(-error));
	return OUT_OK;
}

static int compare(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->vcpu != y->vcpu)
		return (x->vcpu > y->vcpu) - (x->vcpu < y->vcpu);
	return (x->tid > y->tid) - (x->tid < y->tid);
}

/* Each of the vCPUs is one thread, or nothing is done. */
static int keep_listed(struct target_list *list, const struct vcpuset *wanted,
		       const char *label)
{
	struct vcpuset there = { 0 };
	char text[VCPUSET_TEXT];
	const struct target *t;
	size_t i, n = 0;
	int vcpu = -1;

	for (i = 0; i < list->count; i++)
		vcpuset_add(&there, list->target[i].vcpu);
	while ((vcpu = vcpuset_next(wanted, vcpu)) >= 0) {
		if (!vcpuset_has(&there, vcpu))
			return fail(OUT_NO_VM,
				    "%s: there is no vCPU %d; there are %s",
				    label, vcpu, vcpuset_text(text, &there));
	}
	for (i = 0; i < list->count; i++) {
		t = &list->target[i];
		if (!vcpuset_has(wanted, t->vcpu))
			continue;
		if (n && list->target[n - 1].vcpu == t->vcpu)
			return fail(OUT_NO_VM,
				    "%s: vCPU %d is ambiguous, threads %d and %d seem to run it; use --tid",
				    label, t->vcpu, list->target[n - 1].tid,
				    t->tid);
		list->target[n++] = *t;
	}
	list->count = n;
	return OUT_OK;
}

/* @list: all threads of vCPUs. */
static int keep_thread(struct target_list *list, const struct proc_vm *vm,
		       int tid, const char *label)
{
	pid_t process = proc_process_of(tid);
	struct target found = { .tid = tid, .vcpu = -1 };
	size_t i;

	if (!proc_has_thread(vm->pid, tid))
		return process ?
			       fail(OUT_NO_VM,
				    "%s: thread %d is not its own, but of process %d",
				    label, tid, (int)process) :
			       fail(OUT_NO_VM, "%s: there is no thread %d",
				    label, tid);
	for (i = 0; i < list->count; i++) {
		if (list->target[i].tid == tid)
			found = list->target[i];
	}
	list->count = 0;
	add(list, found.tid, found.vcpu);
	return OUT_OK;
}

/**
 * target_find() - the threads that the user means
 * @list: out: target_free() it, on error too
 * @vm: the VM
 * @spec: one thread, some vCPUs or all of them
 * @boosts: the VM's boosts, which tell of threads as well
 * @nr_boosts: how many
 *
 * Return: OUT_OK, or an exit code, with a message. There is at least one.
 */
int target_find(struct target_list *list, const struct proc_vm *vm,
		const struct target_spec *spec,
		const struct ecs_ioc_boost *boosts, size_t nr_boosts)
{
	char label[VM_LABEL];
	size_t i;
	int error;

	memset(list, 0, sizeof(*list));
	vm_label(label, vm);
	error = add_registered(list, vm);
	if (!error)
		error = add_named(list, vm);
	for (i = 0; i < nr_boosts && !error; i++) {
		if (boosts[i].vcpu >= 0)
			add(list, boosts[i].tid, boosts[i].vcpu);
	}
	if (error)
		return error;
	if (spec->tid)
		return keep_thread(list, vm, spec->tid, label);
	if (!list->count)
		return fail(OUT_NO_VM,
			    "%s: its threads do not tell which is a vCPU; start QEMU with -name ...,debug-threads=on, or name a thread with --tid",
			    label);
	qsort(list->target, list->count, sizeof(*list->target), compare);
	return spec->listed ? keep_listed(list, &spec->vcpus, label) : OUT_OK;
}

/**
 * target_free() - free what a list holds
 * @list: empty afterwards
 */
void target_free(struct target_list *list)
{
	free(list->target);
	memset(list, 0, sizeof(*list));
}
