// SPDX-License-Identifier: GPL-2.0-only
/*
 * hint.c: see hint.h.
 *
 * vcpu_preempted is what the preempt notifier sees: 1 from the moment that the
 * thread loses its CPU while it wants to run on, until it has one again.
 *
 * pcpu_overcommitted is 1 while another task of the fair class is on the queue of
 * the CPU that the vCPU runs on, and while the vCPU waits for its turn. Each fair
 * queue counts its entities, so that one look is a walk from the thread up to the
 * root queue, two words a level of cgroups, and needs no account of our own: such
 * an account would have to see every task of the host come and go, for all time.
 * A higher class does not wait: it preempts, and vcpu_preempted tells.
 *
 * A word written only when the vCPU is switched would be stale all the time that
 * the vCPU runs. So we look
 *
 *  - when it is switched in, or its page or its hints are new;
 *  - when a task comes: the common wakeup check, which sched.c observes, follows
 *    each wakeup, fork and migration, under the runqueue lock. Only while the
 *    page says 0;
 *  - when the fair class asks for the CPU, which sees who came by another way
 *    (a cgroup that has a new quota, a change of policy);
 *  - at VM exits, only while the page says 1. Who waits for a CPU can leave it
 *    only by migration, quota or policy, and for these there is no hook that is
 *    not paid by all. The host's tick is a VM exit, and is not stopped while two
 *    tasks are on the queue.
 *
 * So it becomes 1 at once and 0 after a tick of the host at the latest. From 6.12
 * on a task that fell asleep with more than its share stays queued until it is
 * chosen: it counts for a few slices more.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/threads.h>

#include "compat/sched.h"
#include "hint.h"
#include "hook.h"
#include "page.h"
#include "stats.h"
#include "trace.h"

/* How often the layout of the queues is looked at before it is believed. */
#define PROBES 32

atomic_t ecsh_hint_watched = ATOMIC_INIT(0);

/* Not a function; listed for ecsctl doctor. */
static struct ecsh_hook layout = {
	.names = { "cfs_rq (layout)" },
	.feature = ECS_HOST_F_OVERCOMMIT,
};

static struct ecsh_hook_set layout_set = {
	.hooks = &layout,
	.nr = 1,
};

/* Puts hints into the page, or takes them out. */
static void tell(struct ecsh_vcpu *v, u32 hints, bool on)
{
	u32 told = on ? v->told | hints : v->told & ~hints;
	struct ecsh_page *page;

	lockdep_assert_held(&v->lock);
	page = ecsh_vcpu_page(v);
	if (told == v->told || !page)
		return;
	if (told & ~v->told & ECS_HINT_PREEMPTED)
		ecsh_stats_inc(&v->stats, ECS_STAT_HINT_PREEMPTED);
	if (told & ~v->told & ECS_HINT_OVERCOMMIT)
		ecsh_stats_inc(&v->stats, ECS_STAT_HINT_OVERCOMMIT);
	WRITE_ONCE(v->told, told);
	ecsh_page_set_hints(page, told & ECS_HINT_PREEMPTED,
			    told & ECS_HINT_OVERCOMMIT);
	trace_ecs_hint(v);
}

/* Is anybody else on the queues that lead to a running task? */
static bool is_wanted(struct task_struct *task)
{
	const struct ecs_sched_queue_start *queue;
	struct sched_entity *se;

	for (se = &task->se; se; se = ecs_sched_parent(se)) {
		queue = ecs_sched_queue_start(se);
		if (READ_ONCE(queue->nr) > (READ_ONCE(se->on_rq) ? 1 : 0))
			return true;
	}
	return false;
}

/**
 * ecsh_hint_read() - tell the guest who wants the CPU of a running vCPU
 * @v: the vCPU, whose guest is given that hint
 *
 * Without the runqueue lock the answer may be that of a moment ago.
 *
 * Context: v->lock held; its CPU's runqueue lock held or on that CPU.
 */
void ecsh_hint_read(struct ecsh_vcpu *v)
{
	struct task_struct *task = READ_ONCE(v->task);

	tell(v, ECS_HINT_OVERCOMMIT, task && is_wanted(task));
}

/**
 * ecsh_hint_now() - tell what is to be told of a vCPU that may run somewhere
 * @v: the vCPU, whose page or hints are new
 *
 * One that does not run is told at its next switch.
 *
 * Context: v->lock held.
 */
void ecsh_hint_now(struct ecsh_vcpu *v)
{
	struct task_struct *task = READ_ONCE(v->task);

	lockdep_assert_held(&v->lock);
	/* Who takes it off its CPU meanwhile waits for the lock, and tells after us. */
	if (task && READ_ONCE(per_cpu(ecsh_vcpu_running, task_cpu(task))) == v)
		ecsh_hint_look(v);
}

/**
 * ecsh_hint_read_cpu() - a task came to a CPU, which may run a vCPU
 * @cpu: maybe another one
 *
 * Context: the lock of its runqueue held, interrupts off.
 */
void ecsh_hint_read_cpu(int cpu)
{
	struct ecsh_vcpu *v;

	/*
	 * One that is just being switched in looks by itself: it becomes the
	 * running one, takes its lock, and reads the queues. Either it sees the
	 * task there or we see it run.
	 */
	smp_mb();
	v = READ_ONCE(per_cpu(ecsh_vcpu_running, cpu));
	if (!v ||
	    !(READ_ONCE(v->hints) & ~READ_ONCE(v->told) & ECS_HINT_OVERCOMMIT))
		return;
	raw_spin_lock(&v->lock);
	ecsh_hint_look(v);
	raw_spin_unlock(&v->lock);
}

/**
 * ecsh_hint_runs() - a vCPU's thread has got a CPU
 * @v: the vCPU, the running one here
 *
 * Context: its thread, preemption off, no lock.
 */
void ecsh_hint_runs(struct ecsh_vcpu *v)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	tell(v, ECS_HINT_PREEMPTED, false);
	ecsh_hint_look(v);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

/**
 * ecsh_hint_leaves() - a vCPU's thread leaves its CPU or the vCPU
 * @v: the vCPU
 * @preempted: it would have run on: who took its CPU is one that wants it
 *
 * Context: v->lock held.
 */
void ecsh_hint_leaves(struct ecsh_vcpu *v, bool preempted)
{
	if (preempted)
		tell(v, v->hints, true);
	else
		tell(v, ECS_HINT_ALL, false);
}

/**
 * ecsh_hint_kept() - the hints that a guest is given, as its page says it
 * @v: one of its vCPUs
 *
 * Context: v->lock held.
 * Return: ECS_ABI_INTEREST_*.
 */
u32 ecsh_hint_kept(const struct ecsh_vcpu *v)
{
	return (v->hints & ECS_HINT_PREEMPTED ? ECS_ABI_INTEREST_PREEMPTED :
						0) |
	       (v->hints & ECS_HINT_OVERCOMMIT ? ECS_ABI_INTEREST_OVERCOMMIT :
						 0);
}

/**
 * ecsh_hint_set() - what the guest is given from now on
 * @v: one of its vCPUs
 * @hints: ECS_HINT_*; what is taken away reads 0 at once
 *
 * Context: v->lock held.
 */
void ecsh_hint_set(struct ecsh_vcpu *v, u32 hints)
{
	struct ecsh_page *page;

	lockdep_assert_held(&v->lock);
	if ((v->hints ^ hints) & ECS_HINT_OVERCOMMIT)
		atomic_add(hints & ECS_HINT_OVERCOMMIT ? 1 : -1,
			   &ecsh_hint_watched);
	WRITE_ONCE(v->hints, hints);
	page = ecsh_vcpu_page(v);
	if (page)
		ecsh_page_set_kept(page, ecsh_hint_kept(v));
	tell(v, ~hints, false);
	ecsh_hint_now(v);
}

/**
 * ecsh_hint_end() - a vCPU's record is about to be freed
 * @v: the record, no longer in its VM's list
 *
 * Context: ecsh_vm_mutex held, so that nobody gives it hints again.
 */
void ecsh_hint_end(struct ecsh_vcpu *v)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&v->lock, flags);
	ecsh_hint_set(v, 0);
	raw_spin_unlock_irqrestore(&v->lock, flags);
}

/*
 * The scheduler's headers do not tell us how a queue begins; what it holds does. If
 * an entity is alone on its queue then both the number and the weights are its
 * own, and else both are more.
 */
static bool agrees(struct sched_entity *se)
{
	const struct ecs_sched_queue_start *queue = ecs_sched_queue_start(se);
	unsigned int own = READ_ONCE(se->on_rq) ? 1 : 0, nr;
	unsigned long weight = own ? READ_ONCE(se->load.weight) : 0, sum;

	if (!queue)
		return false;
	nr = READ_ONCE(queue->nr);
	sum = READ_ONCE(queue->load.weight);
	if (nr > PID_MAX_LIMIT)
		return false;
	return nr == own ? sum == weight : nr > own && sum > weight;
}

/* Context: process context; the current thread's own queues, on its own CPU. */
static bool layout_is_known(void)
{
	unsigned int i, bad = 0;
	struct sched_entity *se;

	for (i = 0; i < PROBES; i++) {
		local_irq_disable();
		for (se = &current->se; se; se = ecs_sched_parent(se)) {
			if (!agrees(se)) {
				bad++;
				break;
			}
		}
		local_irq_enable();
		usleep_range(50, 100);
	}
	/* Without the lock a wakeup from another CPU may come in between. */
	return bad <= PROBES / 4;
}

/**
 * ecsh_hint_init() - can it be known who wants a CPU?
 *
 * Context: module init, may sleep.
 */
void ecsh_hint_init(void)
{
	ecsh_hook_register(&layout_set);
	layout.error = layout_is_known() ? 0 : -ENOENT;
}

/**
 * ecsh_hint_exit() - counterpart of ecsh_hint_init()
 *
 * Context: module exit.
 */
void ecsh_hint_exit(void)
{
	ecsh_hook_unregister(&layout_set);
}
