// SPDX-License-Identifier: GPL-2.0-only
/*
 * job.c: boost several threads, all or none.
 *
 * Those that give back most of a CPU are changed first, so that what fits in the
 * end is not refused on the way. If one is refused, those before it get back
 * what they had: what others of them used meanwhile may have to be cooled for first.
 * Signals wait until one or the other is done.
 */
#include "job.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "boost.h"
#include "host.h"
#include "out.h"
#include "units.h"
#include "vm.h"

/* A USBT is at most a second. */
#define UNDO_TRIES    40
#define UNDO_EVERY_NS 50000000

/**
 * struct step - one thread to boost
 * @was: its boost before, NULL if there was none
 * @now: its boost
 */
struct step {
	const struct ecs_ioc_boost *was;
	struct ecs_ioc_boost now;
};

/**
 * struct job - threads of one VM
 * @vm: which one
 * @step: one by one
 * @count: how many
 */
struct job {
	const struct proc_vm *vm;
	struct step *step;
	size_t count;
};

/* Only the guest asks for what it asked for: set from here it would be the administrator's. */
static bool is_guests(const struct step *s)
{
	return s->was && s->was->source == ECS_BOOST_BY_GUEST;
}

/* Back to what this thread had. */
static int set_back(const struct job *job, const struct step *s)
{
	struct ecs_ioc_boost back = { 0 };

	if (!s->was || is_guests(s))
		return host_boost_clear(job->vm->pid, s->now.tid);
	back.pid = job->vm->pid;
	back.tid = s->was->tid;
	back.vcpu = s->was->vcpu;
	back.backend = s->was->backend;
	back.sbt_ns = s->was->sbt_ns;
	back.usbt_ns = s->was->usbt_ns;
	back.borrow_ns = s->was->borrow_ns;
	return host_boost_set(&back);
}

/* Back to what the first @count threads had; how many could not? */
static size_t undo(const struct job *job, size_t count, size_t *asked)
{
	static const struct timespec pause = { .tv_nsec = UNDO_EVERY_NS };
	unsigned int tries = UNDO_TRIES;
	const struct step *s;
	size_t failed = 0;
	int error;

	*asked = 0;
	while (count--) {
		s = &job->step[count];
		error = set_back(job, s);
		while (error == -ENOSPC && tries) {
			tries--;
			nanosleep(&pause, NULL);
			error = set_back(job, s);
		}
		*asked += is_guests(s) && !error;
		failed += error && error != -ESRCH;
	}
	return failed;
}

static int no_room(const char *who, const struct ecs_ioc_boost *b)
{
	char want[UNITS_TEXT], left[UNITS_TEXT], all[UNITS_TEXT];

	units_percent(want, boost_share_ppm(b->sbt_ns, b->usbt_ns), true);
	if (!b->capacity_ppm)
		return fail(OUT_REFUSED,
			    "%s wants %s %% of a CPU, more than is free", who,
			    want);
	return fail(OUT_REFUSED,
		    "%s wants %s %% of a CPU, %s %% is free of %s %% that may be given away on its CPUs",
		    who, want, units_percent(left, b->free_ppm, false),
		    units_percent(all, b->capacity_ppm, false));
}

static int refused(const char *label, const struct ecs_ioc_boost *b, int error)
{
	char who[VM_LABEL + 32];

	if (b->vcpu >= 0)
		snprintf(who, sizeof(who), "%s: vCPU %d", label, b->vcpu);
	else
		snprintf(who, sizeof(who), "%s: thread %d", label, b->tid);
	switch (error) {
	case -ENOSPC:
		return no_room(who, b);
	case -EBUSY:
		return fail(OUT_REFUSED,
			    "%s has a real-time or deadline policy of its own",
			    who);
	case -EOPNOTSUPP:
		return fail(OUT_REFUSED,
			    "%s: this kernel lacks the hooks for %s (ecsctl doctor)",
			    who,
			    b->backend == ECS_BOOST_PICK ? "backend pick" :
			    b->backend == ECS_BOOST_FIFO ? "backend fifo" :
							   "boosts");
	case -ESRCH:
		if (proc_process_of(b->pid))
			return fail(OUT_NO_VM, "%s: the thread has ended", who);
		return host_failure(label, error);
	default:
		return host_failure(who, error);
	}
}

/* Thread @done of the job was refused. */
static int give_up(const struct job *job, size_t done, int error)
{
	size_t asked, lost = undo(job, done, &asked);
	char label[VM_LABEL];
	int code = refused(vm_label(label, job->vm), &job->step[done].now,
			   error);

	if (!done)
		return code;
	if (lost)
		return fail(code,
			    "%s (after %zu of %zu threads; %zu could not be set back)",
			    fail_message(), done, job->count, lost);
	if (asked)
		return fail(code,
			    "%s (after %zu of %zu threads; all is as it was, but %zu that the guest had asked for are its to ask for again)",
			    fail_message(), done, job->count, asked);
	return fail(code, "%s (after %zu of %zu threads; all is as it was)",
		    fail_message(), done, job->count);
}

static int apply(const struct job *job)
{
	struct ecs_ioc_boost *b;
	size_t i;
	int error;

	for (i = 0; i < job->count; i++) {
		b = &job->step[i].now;
		error = host_boost_set(b);
		if (error)
			return give_up(job, i, error);
	}
	return OUT_OK;
}

static int by_vcpu(const void *a, const void *b)
{
	const struct ecs_ioc_boost *x = a, *y = b;

	if (x->vcpu != y->vcpu)
		return x->vcpu > y->vcpu ? 1 : -1;
	return x->tid > y->tid ? 1 : -1;
}

static uint32_t old_ppm(const struct step *s)
{
	return s->was ? boost_share_ppm(s->was->sbt_ns, s->was->usbt_ns) : 0;
}

static int by_old_share(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (old_ppm(x) != old_ppm(y))
		return old_ppm(x) < old_ppm(y) ? 1 : -1;
	return by_vcpu(&x->now, &y->now);
}

static void plan(struct step *s, const struct proc_vm *vm,
		 const struct target *target, const struct ecs_ioc_boost *want)
{
	s->now = *want;
	s->now.pid = vm->pid;
	s->now.tid = target->tid;
	s->now.vcpu = target->vcpu;
}

static const struct ecs_ioc_boost *find(const struct ecs_ioc_boost *boosts,
					size_t count, int tid)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (boosts[i].tid == tid)
			return &boosts[i];
	}
	return NULL;
}

/**
 * job_run() - boost threads of a VM
 * @vm: the VM
 * @list: the threads
 * @want: the backend and the times
 * @old: the VM's boosts before
 * @nr_old: how many
 * @now: out, if all is well: the boosts, in the order of the vCPUs; free() it
 *
 * Return: OUT_OK, or an exit code, with a message.
 */
int job_run(const struct proc_vm *vm, const struct target_list *list,
	    const struct ecs_ioc_boost *want, const struct ecs_ioc_boost *old,
	    size_t nr_old, struct ecs_ioc_boost **now)
{
	struct job job = { .vm = vm, .count = list->count };
	struct ecs_ioc_boost *done = calloc(list->count, sizeof(*done));
	sigset_t all, before;
	size_t i;
	int code;

	job.step = calloc(list->count, sizeof(*job.step));
	if (!job.step || !done)
		abort();
	for (i = 0; i < job.count; i++) {
		plan(&job.step[i], vm, &list->target[i], want);
		job.step[i].was = find(old, nr_old, list->target[i].tid);
	}
	qsort(job.step, job.count, sizeof(*job.step), by_old_share);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	code = apply(&job);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (i = 0; i < job.count; i++)
		done[i] = job.step[i].now;
	qsort(done, job.count, sizeof(*done), by_vcpu);
	free(job.step);
	if (code)
		free(done);
	else
		*now = done;
	return code;
}
