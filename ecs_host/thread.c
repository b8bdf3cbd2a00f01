// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread.c: see thread.h.
 *
 * preempt_notifier_register() and _unregister() may only be called by the
 * thread itself, and not from a notifier. An attachment ends in one of two
 * ways: the thread exits, and its sched_process_exit probe does it; or the
 * module goes, and does it for all threads at once inside stop_machine(). There
 * no thread is between the halves of a context switch: sched_out runs with
 * interrupts off, sched_in and KVM's own (un)registering with preemption off.
 * So neither a stopped, frozen or halted thread nor a paused VM holds up rmmod,
 * and no thread is woken for it.
 */
#include <linux/hashtable.h>
#include <linux/kvm_host.h>
#include <linux/preempt.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>

#include "ask.h"
#include "compat/tracepoint.h"
#include "gate.h"
#include "hint.h"
#include "holder.h"
#include "thread.h"
#include "vcpu.h"

/**
 * struct ecsh_thread - an attachment
 * @notifier: on @task's list
 * @vcpu: which vCPU it runs; NULL after that was destroyed
 * @task: the thread, with a reference
 * @hash: in the table; threads_lock
 * @rcu: frees it
 */
struct ecsh_thread {
	struct preempt_notifier notifier;
	struct ecsh_vcpu *vcpu;
	struct task_struct *task;
	struct hlist_node hash;
	struct rcu_head rcu;
};

/* Covers the table and the links between threads and vCPUs. */
static DEFINE_RAW_SPINLOCK(threads_lock);
static DEFINE_HASHTABLE(threads, 8);
static struct tracepoint *exit_tracepoint;

/* Context: after the switch, preemption off, interrupts on. */
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct ecsh_thread *t = container_of(notifier, struct ecsh_thread,
					     notifier);
	struct ecsh_vcpu *v = READ_ONCE(t->vcpu);

	this_cpu_write(ecsh_vcpu_running, v);
	if (!v)
		return;
	ecsh_holder_unmark(v);
	WRITE_ONCE(v->yielding, false);
	ecsh_hint_sched_in(v);
}

/* Context: before the switch, runqueue lock held, interrupts off. */
static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	struct ecsh_vcpu *v = this_cpu_read(ecsh_vcpu_running);

	if (!v)
		return;
	this_cpu_write(ecsh_vcpu_running, NULL);
	ecsh_gate_sched_out(v);
}

static struct preempt_ops thread_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* Context: threads_lock held, or preemption off. */
static struct ecsh_thread *find(const struct task_struct *task)
{
	struct ecsh_thread *t;

	hash_for_each_possible_rcu(threads, t, hash, (unsigned long)task,
				   lockdep_is_held(&threads_lock))
		if (t->task == task)
			return t;
	return NULL;
}

static void unlink(struct ecsh_thread *t)
{
	lockdep_assert_held(&threads_lock);
	if (t->vcpu)
		WRITE_ONCE(t->vcpu->task, NULL);
	WRITE_ONCE(t->vcpu, NULL);
}

static void free_rcu(struct rcu_head *rcu)
{
	struct ecsh_thread *t = container_of(rcu, struct ecsh_thread, rcu);

	put_task_struct(t->task);
	kfree(t);
}

/**
 * ecsh_thread_attach() - follow the current thread's context switches
 * @v: the vCPU it runs; an older one that it ran is forgotten
 *
 * Context: the vCPU's thread, vcpu->mutex held, may sleep.
 * Return: 0, -ENOMEM, -EBUSY if another living thread has the vCPU: that one may
 * run on another CPU now, and one vCPU must not be the running one of two.
 */
int ecsh_thread_attach(struct ecsh_vcpu *v)
{
	struct ecsh_thread *t, *fresh;
	const struct ecsh_page *page = NULL;
	struct ecsh_vcpu *left = NULL;
	unsigned long flags;
	int err = 0;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;

	rcu_read_lock();
	raw_spin_lock_irqsave(&threads_lock, flags);
	if (v->task && v->task != current) {
		err = -EBUSY;
		goto unlock;
	}
	t = find(current);
	if (!t) {
		t = fresh;
		fresh = NULL;
		t->task = get_task_struct(current);
		preempt_notifier_init(&t->notifier, &thread_ops);
		hash_add_rcu(threads, &t->hash, (unsigned long)current);
		/* Interrupts are off: no switch sees it half done. */
		preempt_notifier_register(&t->notifier);
	}
	if (t->vcpu != v) {
		left = t->vcpu;
		page = left ? rcu_access_pointer(left->page) : NULL;
		ecsh_gate_leave();
		unlink(t);
		ecsh_gate_join(v);
		/* What the guest asked for was for the other vCPU. */
		ecsh_ask_no_more(current);
	}
	WRITE_ONCE(v->task, current);
	WRITE_ONCE(t->vcpu, v);
	this_cpu_write(ecsh_vcpu_running, v);
unlock:
	raw_spin_unlock_irqrestore(&threads_lock, flags);
	/* Nobody follows it any more: its guest is not to think otherwise. */
	if (left)
		ecsh_vcpu_drop_only(left, page);
	rcu_read_unlock();
	kfree(fresh);
	return err;
}

/**
 * ecsh_thread_forget() - a vCPU is going; its thread may stay
 * @v: the vCPU
 *
 * A CPU may still have it as running one; the caller sweeps those after a grace
 * period.
 *
 * Context: any but under a runqueue lock.
 */
void ecsh_thread_forget(struct ecsh_vcpu *v)
{
	struct ecsh_thread *t;
	unsigned long flags;

	raw_spin_lock_irqsave(&threads_lock, flags);
	t = v->task ? find(v->task) : NULL;
	if (t)
		unlink(t);
	raw_spin_unlock_irqrestore(&threads_lock, flags);
}

/* Context: the exiting thread itself, preemption off. */
static void end_current(void)
{
	struct ecsh_thread *t;
	struct ecsh_vcpu *v;
	unsigned long flags;

	/* Only the thread itself adds its entry: without a lock, for all exits. */
	t = find(current);
	if (!t)
		return;
	/*
	 * Preemption is off, so that v stays. No other thread can register it as long as
	 * it is this one's.
	 */
	v = READ_ONCE(t->vcpu);
	if (v)
		ecsh_vcpu_drop_page(v, ECS_STAT_DROPPED);
	raw_spin_lock_irqsave(&threads_lock, flags);
	hash_del_rcu(&t->hash);
	preempt_notifier_unregister(&t->notifier);
	ecsh_gate_leave();
	unlink(t);
	raw_spin_unlock_irqrestore(&threads_lock, flags);
	call_rcu(&t->rcu, free_rcu);
}

/* Context: the exiting thread itself. */
static void probe_exit(void *data)
{
	ecs_tracepoint_enter();
	end_current();
	ecs_tracepoint_leave();
}

/* Context: stop_machine(): no other code runs, see the top of the file. */
static int detach_all(void *data)
{
	struct hlist_node *next;
	struct ecsh_thread *t;
	int bucket, cpu;

	hash_for_each_safe(threads, bucket, next, t, hash) {
		hash_del_rcu(&t->hash);
		preempt_notifier_unregister(&t->notifier);
		if (t->vcpu)
			t->vcpu->task = NULL;
		call_rcu(&t->rcu, free_rcu);
	}
	for_each_possible_cpu(cpu)
		per_cpu(ecsh_vcpu_running, cpu) = NULL;
	return 0;
}

/**
 * ecsh_thread_init() - be told of exiting threads, switch notifiers on
 *
 * The key that preempt notifiers hang on is switched here once, for the life of
 * the module: each flip patches the scheduler's text.
 *
 * Context: module init.
 * Return: 0 or a negative errno.
 */
int ecsh_thread_init(void)
{
	int err;

	exit_tracepoint = ecs_tracepoint_find("sched_process_exit");
	if (!exit_tracepoint)
		return -ENOENT;
	err = tracepoint_probe_register(exit_tracepoint, probe_exit, NULL);
	if (err)
		return err;
	preempt_notifier_inc();
	return 0;
}

/**
 * ecsh_thread_exit() - end all attachments
 *
 * An extension under way ends here at the latest: the stopper preempts the vCPU.
 * It is also the barrier behind which no grant is on its way to another CPU: the
 * stopper runs there only after the IPIs that came before.
 *
 * Context: module exit or failed init; no new ones can come.
 */
void ecsh_thread_exit(void)
{
	stop_machine(detach_all, NULL, NULL);
	tracepoint_probe_unregister(exit_tracepoint, probe_exit, NULL);
	tracepoint_synchronize_unregister();
	preempt_notifier_dec();
	rcu_barrier();
}
