// SPDX-License-Identifier: GPL-2.0-only
/*
 * promise.c: see promise.h; what fits is decided by admit.c.
 *
 * Affinities are looked at when a boost is asked for. Who narrows them later
 * may have promised more than there is; then boosts wait for each other.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "admit.h"
#include "boost.h"
#include "bounds.h"
#include "compat/sched.h"
#include "dispatch.h"
#include "fifo.h"
#include "pick.h"
#include "promise.h"
#include "queue.h"
#include "vm.h"
#include "walk.h"

/* Records that guests asked for, for each CPU of the host; admission allows 50000. */
#define GUEST_BOOSTS 32

static unsigned int boost_limit = 50;
module_param(boost_limit, uint, 0644);
MODULE_PARM_DESC(boost_limit, "percent of each CPU that boosts may be promised (default 50)");

/* @again: text may be patched now. */
static int choose_backend(u32 *backend, bool again)
{
	int err;

	err = *backend == ECS_BOOST_FIFO ? -EINVAL : ecsh_pick_engage(again);
	if (err && *backend == ECS_BOOST_PICK)
		return -EOPNOTSUPP;
	*backend = err ? ECS_BOOST_FIFO : ECS_BOOST_PICK;
	return err && !ecsh_fifo_is_there() ? -EOPNOTSUPP : 0;
}

/**
 * ecsh_promise_share() - the share of a CPU that goes with parameters
 * @params: SBT and USBT
 *
 * Return: parts per million.
 */
u32 ecsh_promise_share(const struct ecs_budget_params *params)
{
	return ecs_admit_share_ppm(params->sbt_ns, params->usbt_ns);
}

/*
 * What a record takes of the CPUs. One that was given back takes it until it has
 * cooled, one that was made smaller until what it used before has been cooled for.
 */
static u32 claim_of(struct ecsh_boost *b)
{
	unsigned long flags;
	bool over;
	u64 now;

	raw_spin_lock_irqsave(&b->lock, flags);
	now = ktime_get_mono_fast_ns();
	over = b->gone && !ecs_budget_cooling_left(&b->budget, now);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	if (now < b->claim_until)
		return b->claim_ppm;
	b->claim_ppm = ecsh_promise_share(&b->params);
	return over ? 0 : b->claim_ppm;
}

/* Fits a share for @task, beside all boosts but @self? */
static int admit(struct task_struct *task, const struct ecsh_boost *self,
		 u32 ppm, struct ecs_ioc_boost *arg)
{
	struct ecs_admit_claim wanted = {
		.ppm = ppm,
		/* Not cpus_ptr: a thread that may not migrate just now has one CPU. */
		.cpus = (const u64 *)cpumask_bits(&task->cpus_mask),
	};
	struct ecs_admit_answer answer;
	struct ecs_admit_claim *claims;
	unsigned int nr = 0;
	struct ecsh_boost *b;
	bool fits;

	BUILD_BUG_ON(sizeof(unsigned long) != sizeof(u64));
	claims = kcalloc(ecsh_boost_nr + 1, sizeof(*claims), GFP_KERNEL);
	if (!claims)
		return -ENOMEM;
	list_for_each_entry(b, &ecsh_boosts, node) {
		if (b == self)
			continue;
		claims[nr].ppm = claim_of(b);
		claims[nr].cpus =
			(const u64 *)cpumask_bits(&b->task->cpus_mask);
		nr++;
	}
	fits = ecs_admit_check(claims, nr, &wanted,
			       (const u64 *)cpumask_bits(cpu_online_mask),
			       BITS_TO_LONGS(nr_cpu_ids),
			       min(READ_ONCE(boost_limit), 100u) * 10000,
			       &answer);
	kfree(claims);
	arg->wanted_ppm = ppm;
	arg->free_ppm = answer.free_ppm;
	arg->capacity_ppm = answer.capacity_ppm;
	return fits ? 0 : -ENOSPC;
}

static void change(struct ecsh_boost *b, const struct ecs_budget_params *params,
		   u32 backend)
{
	u32 share = ecsh_promise_share(params), before = claim_of(b);
	unsigned long flags;
	u64 until;

	raw_spin_lock_irqsave(&b->lock, flags);
	until = ktime_get_mono_fast_ns();
	until += ecs_budget_owed(&b->params, &b->budget, until);
	b->params = *params;
	WRITE_ONCE(b->backend, backend);
	/* A boost under way ends by the new ones. */
	if (b->queue_cpu >= 0)
		ecsh_queue_kick(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	b->claim_ppm = max(before, share);
	/* Nothing of a larger one has been used yet. */
	if (before > share)
		b->claim_until = max(b->claim_until, until);
	ecsh_fifo_sync(b);
}

/*
 * Each record costs all switches of threads a little, however small its share is, and
 * a VMM may make as many vCPUs as it likes.
 */
static bool is_room_for_guest(void)
{
	unsigned int nr = 0;
	struct ecsh_boost *b;

	list_for_each_entry(b, &ecsh_boosts, node)
		nr += b->source == ECS_BOOST_BY_GUEST;
	return nr < GUEST_BOOSTS * num_online_cpus();
}

/*
 * Did another thread run this vCPU, and has what it used of its boosts yet to be
 * cooled for? Then the next one waits, or a VMM could have boosts without end, and
 * records of dead threads, by making threads.
 */
static bool has_used(const struct task_struct *task, int vcpu)
{
	struct ecsh_boost *b;

	list_for_each_entry(b, &ecsh_boosts, node)
		if (b->task != task && b->tgid == task_tgid(current) &&
		    b->vcpu == vcpu && b->source == ECS_BOOST_BY_GUEST &&
		    READ_ONCE(b->gone) && !ecsh_dispatch_is_over(b))
			return true;
	return false;
}

/**
 * ecsh_promise_make() - promise a boost, or another one, to whom it is due
 * @task: the thread, which stays
 * @source: ECS_BOOST_BY_*
 * @arg: checked by bounds.c
 *
 * Context: ecsh_boost_mutex held, may sleep.
 * Return: as ecsh_promise_set().
 */
int ecsh_promise_make(struct task_struct *task, u32 source,
		      struct ecs_ioc_boost *arg)
{
	struct ecs_budget_params params = {
		.sbt_ns = arg->sbt_ns,
		.usbt_ns = arg->usbt_ns,
		.borrow_ns = arg->borrow_ns,
	};
	struct ecsh_boost *b = ecsh_boost_find(task);
	/* A guest asks with locks of KVM held; see ecsh_ask_prepare(). */
	bool again = source == ECS_BOOST_BY_ADMIN;
	u32 backend = arg->backend;
	unsigned long flags;
	int err;

	lockdep_assert_held(&ecsh_boost_mutex);
	/* A guest does not change what the administrator gave it. */
	if (b && source == ECS_BOOST_BY_GUEST &&
	    b->source == ECS_BOOST_BY_ADMIN && !READ_ONCE(b->gone))
		return 0;
	/* Asked again, as guests do now and then: nothing to do. */
	if (b && source == ECS_BOOST_BY_GUEST && !READ_ONCE(b->gone) &&
	    b->params.sbt_ns == params.sbt_ns &&
	    b->params.usbt_ns == params.usbt_ns)
		return 0;
	if (!b && source == ECS_BOOST_BY_GUEST && has_used(task, arg->vcpu))
		return -EBUSY;
	if (!b && source == ECS_BOOST_BY_GUEST && !is_room_for_guest())
		return -ENOSPC;
	/* Not its priority of the moment, which may be inherited, nor what we made it. */
	if (task->normal_prio < MAX_RT_PRIO && !(b && READ_ONCE(b->is_fifo)))
		return -EBUSY;
	/* Not the -EBUSY of another user of ftrace: that means something else. */
	if (ecsh_boost_engage(again))
		return -EOPNOTSUPP;
	err = choose_backend(&backend, again);
	if (err)
		return err;
	err = admit(task, b, ecsh_promise_share(&params), arg);
	if (err)
		return err;
	if (b)
		change(b, &params, backend);
	else
		b = ecsh_boost_add(task, &params, backend);
	if (!b)
		return -ENOMEM;
	b->vcpu = arg->vcpu;
	raw_spin_lock_irqsave(&b->lock, flags);
	b->source = source;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	/* A guest may have let go before it was no longer its own. */
	if (READ_ONCE(b->gone))
		ecsh_dispatch_revive(b);
	return 0;
}

/* The thread @tid of process @pid, with a reference. */
static struct task_struct *get_thread(s32 pid, s32 tid)
{
	struct pid *number = tid > 0 ? find_get_pid(tid) : NULL;
	struct task_struct *task;

	task = number ? get_pid_task(number, PIDTYPE_PID) : NULL;
	put_pid(number);
	if (task && (task_tgid_vnr(task) != pid || (task->flags & PF_KTHREAD) ||
		     (task->flags & PF_EXITING))) {
		put_task_struct(task);
		task = NULL;
	}
	return task;
}

/*
 * The process of a boosted thread is a VM, so that it is listed, a guest without a
 * module, too. Only now: what is refused leaves nothing.
 */
static int make_known(struct task_struct *task)
{
	struct pid *pid = get_task_pid(task, PIDTYPE_TGID);
	int err = pid ? ecsh_vm_know(pid) : -ESRCH;
	struct ecsh_boost *b;

	put_pid(pid);
	if (!err)
		return 0;
	/* It was not known, and so the boost is new; or the thread is gone. */
	rt_mutex_lock(&ecsh_boost_mutex);
	b = ecsh_boost_find(task);
	if (b)
		ecsh_boost_remove(b);
	rt_mutex_unlock(&ecsh_boost_mutex);
	return err;
}

/**
 * ecsh_promise_set() - boost a thread, or change what it is promised
 * @arg: see ECS_IOC_BOOST_SET
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL a value is out of bounds, -ESRCH no such thread, -EBUSY it
 * has a real-time policy of its own, -ENOSPC it cannot be promised, -EOPNOTSUPP
 * not with this backend or kernel, -ENOMEM. Nothing is changed on error.
 */
int ecsh_promise_set(struct ecs_ioc_boost *arg)
{
	struct task_struct *task;
	struct ecsh_boost *b;
	int err;

	if (!ecs_bounds_boost(arg))
		return -EINVAL;
	task = get_thread(arg->pid, arg->tid);
	if (!task)
		return -ESRCH;
	rt_mutex_lock(&ecsh_boost_mutex);
	err = ecsh_promise_make(task, ECS_BOOST_BY_ADMIN, arg);
	b = err ? NULL : ecsh_boost_find(task);
	if (b)
		ecsh_walk_fill_boost(b, arg);
	/* It exited meanwhile, and nobody else would see that. */
	if (b && (READ_ONCE(task->flags) & PF_EXITING)) {
		ecsh_boost_remove(b);
		err = -ESRCH;
	}
	rt_mutex_unlock(&ecsh_boost_mutex);
	if (!err)
		err = make_known(task);
	put_task_struct(task);
	return err;
}

/**
 * ecsh_promise_clear() - end one boost, or all of a VM
 * @arg: see ECS_IOC_BOOST_CLEAR
 *
 * Context: may sleep; the caller has checked permission.
 * Return: 0, -EINVAL, -ESRCH no such process or thread, -ENOENT the thread is
 * not boosted.
 */
int ecsh_promise_clear(struct ecs_ioc_boost *arg)
{
	struct task_struct *task;
	struct ecsh_boost *b;
	struct pid *pid;

	if (arg->flags)
		return -EINVAL;
	if (!arg->tid) {
		pid = ecsh_vm_get_live_pid(arg->pid);
		if (!pid)
			return -ESRCH;
		ecsh_boost_remove_all(pid);
		put_pid(pid);
		return 0;
	}
	task = get_thread(arg->pid, arg->tid);
	if (!task)
		return -ESRCH;
	rt_mutex_lock(&ecsh_boost_mutex);
	b = ecsh_boost_find(task);
	if (b)
		ecsh_boost_remove(b);
	rt_mutex_unlock(&ecsh_boost_mutex);
	put_task_struct(task);
	return b ? 0 : -ENOENT;
}
