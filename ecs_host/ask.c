// SPDX-License-Identifier: GPL-2.0-only
/* ask.c: see ask.h. */
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "ask.h"
#include "boost.h"
#include "bounds.h"
#include "dispatch.h"
#include "pick.h"
#include "promise.h"
#include "vcpu.h"

/* Context: boost mutex held, by which a limit that is lowered is waited for. */
static bool may_ask(struct ecsh_vcpu *v, u64 sbt_ns, u64 usbt_ns)
{
	return rcu_access_pointer(v->page) && READ_ONCE(v->task) == current &&
	       sbt_ns <= READ_ONCE(v->sbt_max_ns) &&
	       usbt_ns >= READ_ONCE(v->usbt_min_ns);
}

/**
 * ecsh_ask_boost() - a guest asks for a boost of the vCPU that runs it
 * @v: the vCPU, with a page
 * @sbt_ns: run time wanted per boost
 * @usbt_ns: time after a boost before the next may begin
 *
 * Context: the vCPU's thread, may sleep.
 * Return: as ecsh_promise_set(), -EPERM beyond what the VM is allowed.
 */
int ecsh_ask_boost(struct ecsh_vcpu *v, u64 sbt_ns, u64 usbt_ns)
{
	struct ecs_ioc_boost arg = { .vcpu = v->id };
	int err;

	if (!ecs_bounds_boost_ns(sbt_ns, usbt_ns))
		return -EINVAL;
	arg.sbt_ns = (u32)sbt_ns;
	arg.usbt_ns = (u32)usbt_ns;
	rt_mutex_lock(&ecsh_boost_mutex);
	err = may_ask(v, sbt_ns, usbt_ns) ?
		      ecsh_promise_make(current, ECS_BOOST_BY_GUEST, &arg) :
		      -EPERM;
	rt_mutex_unlock(&ecsh_boost_mutex);
	/* The page was dropped meanwhile, by somebody who found no boost yet. */
	if (!err && !rcu_access_pointer(v->page))
		ecsh_ask_no_more(current);
	return err;
}

/**
 * ecsh_ask_no_more() - a guest needs no boost any more, or lost its page
 * @task: the thread of its vCPU
 *
 * Context: any but under a runqueue lock; @task stays.
 */
void ecsh_ask_no_more(struct task_struct *task)
{
	struct ecsh_boost *b;

	rcu_read_lock();
	b = ecsh_boost_find(task);
	if (b)
		ecsh_dispatch_stop(b, true);
	rcu_read_unlock();
}

/**
 * ecsh_ask_prepare() - have all hooks in place before a guest asks
 *
 * A guest asks with locks of KVM held, where text is not to be patched.
 *
 * Context: may sleep.
 * Return: 0 or -EOPNOTSUPP.
 */
int ecsh_ask_prepare(void)
{
	int err;

	rt_mutex_lock(&ecsh_boost_mutex);
	err = ecsh_boost_engage(true);
	if (!err)
		ecsh_pick_engage(true);
	rt_mutex_unlock(&ecsh_boost_mutex);
	return err ? -EOPNOTSUPP : 0;
}

/**
 * ecsh_ask_limit() - end what a guest asked for and may not have any more
 * @tgid: the VM
 * @sbt_max_ns: largest SBT allowed
 * @usbt_min_ns: least USBT allowed
 *
 * Context: may sleep.
 */
void ecsh_ask_limit(struct pid *tgid, u32 sbt_max_ns, u32 usbt_min_ns)
{
	struct ecsh_boost *b, *next;

	rt_mutex_lock(&ecsh_boost_mutex);
	list_for_each_entry_safe(b, next, &ecsh_boosts, node)
		if (b->tgid == tgid && b->source == ECS_BOOST_BY_GUEST &&
		    (b->params.sbt_ns > sbt_max_ns ||
		     b->params.usbt_ns < usbt_min_ns))
			ecsh_boost_remove(b);
	rt_mutex_unlock(&ecsh_boost_mutex);
}
