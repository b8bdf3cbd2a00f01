// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark_ftrace.c: see mark_ftrace.h.
 *
 * The callbacks are for any context, NMI and where RCU does not watch included: they
 * change this CPU's words, call nothing that is traced and need no guard against
 * recursion. Where another tracer has the same function ftrace guards us all: what
 * happens inside of that one's callback is then not counted, neither the taking nor
 * the release.
 *
 * A trylock is counted when it has succeeded. Its callback has the function run inside
 * of ecsg_mark_try_*(), as a direct call does. That takes the instruction pointer
 * (IPMODIFY), which a function has for one user only: with a live patch of a trylock
 * one kind cannot be marked. A kretprobe would share it, but it cannot always follow
 * who returns, and each miss would later be a release too many.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>

#include "compat/ftrace.h"
#include "mark.h"
#include "mark_count.h"
#include "mark_ftrace.h"

unsigned long ecsg_mark_tried_mutex __read_mostly;
unsigned long ecsg_mark_tried_rwsem __read_mostly;
unsigned long ecsg_mark_tried_read __read_mostly;

/* Context of all of these: any. */
static ECS_FTRACE_CALLBACK(on_enter_mutex)
{
	ecsg_mark_count_enter(ECSG_MARK_MUTEX);
}

static ECS_FTRACE_CALLBACK(on_enter_rwsem)
{
	ecsg_mark_count_enter(ECSG_MARK_RWSEM);
}

static ECS_FTRACE_CALLBACK(on_enter_percpu)
{
	ecsg_mark_count_enter(ECSG_MARK_PERCPU_RWSEM);
}

static ECS_FTRACE_CALLBACK(on_leave)
{
	ecsg_mark_count_leave();
}

static ECS_FTRACE_CALLBACK(on_enter_read)
{
	ecsg_mark_count_enter_read();
}

static ECS_FTRACE_CALLBACK(on_leave_read)
{
	ecsg_mark_count_leave_read();
}

static ECS_FTRACE_CALLBACK(on_enter_rcu)
{
	ecsg_mark_count_enter_rcu();
}

static ECS_FTRACE_CALLBACK(on_leave_rcu)
{
	ecsg_mark_count_leave_rcu();
}

static ECS_FTRACE_CALLBACK(on_downgrade)
{
	ecsg_mark_count_downgrade();
}

/*
 * Each is of one function, written once: of two that a kernel had only the one that is
 * called first would be counted.
 */
static __always_inline bool lead(unsigned long *tried, unsigned long ip)
{
	unsigned long to = ip + MCOUNT_INSN_SIZE, was = READ_ONCE(*tried);

	if (unlikely(!was))
		was = cmpxchg(tried, 0, to) ?: to;
	return was == to;
}

static ECS_FTRACE_CALLBACK(on_try_mutex)
{
	if (lead(&ecsg_mark_tried_mutex, ip))
		ecs_ftrace_redirect(fregs,
				    (unsigned long)ecsg_mark_retry_mutex);
}

static ECS_FTRACE_CALLBACK(on_try_rwsem)
{
	if (lead(&ecsg_mark_tried_rwsem, ip))
		ecs_ftrace_redirect(fregs,
				    (unsigned long)ecsg_mark_retry_rwsem);
}

static ECS_FTRACE_CALLBACK(on_try_read)
{
	if (lead(&ecsg_mark_tried_read, ip))
		ecs_ftrace_redirect(fregs, (unsigned long)ecsg_mark_retry_read);
}

/**
 * struct callback - what does the same as an entry of mark_entry.S
 * @entry: the entry
 * @func: of the ops
 * @flags: of the ops
 */
struct callback {
	ecsg_mark_entry *entry;
	ftrace_func_t func;
	unsigned long flags;
};

static const struct callback callbacks[] = {
	{ ecsg_mark_enter_mutex, on_enter_mutex, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_enter_rwsem, on_enter_rwsem, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_enter_percpu, on_enter_percpu, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_leave, on_leave, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_try_mutex, on_try_mutex, ECS_FTRACE_FL_BARE_MODIFY },
	{ ecsg_mark_try_rwsem, on_try_rwsem, ECS_FTRACE_FL_BARE_MODIFY },
	{ ecsg_mark_enter_read, on_enter_read, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_leave_read, on_leave_read, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_try_read, on_try_read, ECS_FTRACE_FL_BARE_MODIFY },
	{ ecsg_mark_enter_rcu, on_enter_rcu, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_leave_rcu, on_leave_rcu, ECS_FTRACE_FL_BARE },
	{ ecsg_mark_downgrade, on_downgrade, ECS_FTRACE_FL_BARE },
};

static int engage(struct ftrace_ops *ops, ecsg_mark_entry *entry)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(callbacks); i++) {
		if (callbacks[i].entry != entry)
			continue;
		ops->func = callbacks[i].func;
		ops->flags |= callbacks[i].flags;
		return register_ftrace_function(ops);
	}
	return -EOPNOTSUPP;
}

/*
 * ftrace waits until every task has been seen outside of its trampolines and of what
 * they lead to. Nobody sleeps there: only trylocks return through ours.
 */
static void disengage(struct ftrace_ops *ops, ecsg_mark_entry *entry)
{
	ecs_ftrace_unregister(ops);
}

const struct ecsg_mark_by ecsg_mark_ftrace = {
	.engage = engage,
	.disengage = disengage,
};
