/* SPDX-License-Identifier: GPL-2.0-only */
/* ftrace.h: callbacks, their arguments and the instruction pointer. */
#ifndef ECS_COMPAT_FTRACE_H
#define ECS_COMPAT_FTRACE_H

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#ifdef ECS_HAVE_FTRACE_REGS
typedef struct ftrace_regs ecs_ftrace_regs;
#else
typedef struct pt_regs ecs_ftrace_regs;
#endif

/* The callback of an ftrace_ops, as ftrace_func_t has it. */
#define ECS_FTRACE_CALLBACK(name)                                    \
	void notrace name(unsigned long ip, unsigned long parent_ip, \
			  struct ftrace_ops *ops, ecs_ftrace_regs *fregs)

/*
 * The recursion flag was inverted in v5.11 (a25d036d939a): before it said "needs
 * no wrapper", since then it asks for the wrapper, which also disables
 * preemption around the callback. Without it is right for a callback that calls
 * nothing and may run in any context, preemptible or not.
 */
#ifdef ECS_HAVE_FTRACE_RECURSION
#define ECS_FTRACE_FL_WRAP    FTRACE_OPS_FL_RECURSION
#define ECS_FTRACE_FL_NO_WRAP 0
#else
#define ECS_FTRACE_FL_WRAP    0
#define ECS_FTRACE_FL_NO_WRAP FTRACE_OPS_FL_RECURSION_SAFE
#endif

/* Redirecting needs the full register set where ftrace_regs has no rip. */
#if defined(ECS_HAVE_FTRACE_REGS) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define ECS_FTRACE_FL_REGS 0
#else
#define ECS_FTRACE_FL_REGS FTRACE_OPS_FL_SAVE_REGS
#endif

#define ECS_FTRACE_FL_OBSERVE \
	(ECS_FTRACE_FL_WRAP | ECS_FTRACE_FL_REGS | FTRACE_OPS_FL_PERMANENT)
#define ECS_FTRACE_FL_MODIFY (ECS_FTRACE_FL_OBSERVE | FTRACE_OPS_FL_IPMODIFY)

/* The same with as little as possible around it; the latter with all registers. */
#define ECS_FTRACE_FL_BARE (ECS_FTRACE_FL_NO_WRAP | FTRACE_OPS_FL_PERMANENT)
#define ECS_FTRACE_FL_BARE_MODIFY \
	(ECS_FTRACE_FL_BARE | FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY)

static __always_inline struct pt_regs *
ecs_ftrace_pt_regs(ecs_ftrace_regs *fregs)
{
#if !defined(ECS_HAVE_FTRACE_REGS)
	return fregs;
#elif defined(arch_ftrace_regs)
	return &arch_ftrace_regs(fregs)->regs;
#else
	return &fregs->regs;
#endif
}

/* Argument @n of the traced function, from 0. */
static __always_inline unsigned long ecs_ftrace_argument(ecs_ftrace_regs *fregs,
							 unsigned int n)
{
	return regs_get_kernel_argument(ecs_ftrace_pt_regs(fregs), n);
}

/*
 * After a fault of its own ftrace shuts itself down (ftrace_kill()): it unregisters
 * nobody any more, and what it has patched goes on calling us. Our text must stay then,
 * so that who is to take it away never returns from here.
 */
static inline void __noreturn ecs_ftrace_stay(void)
{
	pr_err("ftrace has shut itself down, its calls of this module cannot be ended: it stays\n");
	for (;;)
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}

/* @err: of what was to take @ops away. */
static inline void ecs_ftrace_stay_if_dead(struct ftrace_ops *ops, int err)
{
	/* It may have happened just now, in what was to end the calls: nobody tells then. */
	if (!err)
		err = ftrace_set_filter(ops, NULL, 0, 0);
	if (unlikely(err == -ENODEV))
		ecs_ftrace_stay();
}

/* Context: may sleep. Nobody is in the callback when it returns. */
static inline void ecs_ftrace_unregister(struct ftrace_ops *ops)
{
	ecs_ftrace_stay_if_dead(ops, unregister_ftrace_function(ops));
}

/*
 * Frees the filter of an ops that is not registered. ftrace_free_filter() is not for
 * modules before v6.2 (8be9fbd5345d); this does the same, everywhere, but needs memory
 * for an empty one.
 */
static inline void ecs_ftrace_free_filter(struct ftrace_ops *ops)
{
	int tries;

	for (tries = 0;
	     ftrace_set_filter(ops, NULL, 0, 1) == -ENOMEM && tries < 50;
	     tries++)
		msleep(20);
}

/* Makes the trampoline return to @ip; only in an ops with FL_MODIFY. */
static __always_inline void ecs_ftrace_redirect(ecs_ftrace_regs *fregs,
						unsigned long ip)
{
	ecs_ftrace_pt_regs(fregs)->ip = ip;
}

#endif /* ECS_COMPAT_FTRACE_H */
