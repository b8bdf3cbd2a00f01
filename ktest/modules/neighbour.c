// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbour.c: ecs_neighbour, another tracer of the functions that ecs_host hooks.
 *
 * It counts how often the functions @names are called, in the way that @kind says:
 *
 *	observe	an ftrace_ops, as the function tracer has it
 *	modify	the same, that may change where the function goes on, as a live
 *		patch does; only one can at a time
 *	direct	a direct call, as a BPF program at the entry of a function has it
 *	probe	a kprobe
 *	post	a kprobe with a handler behind the instruction: like modify
 *	return	a kretprobe
 *	kill	nothing of all that: ftrace shuts itself down, as after a fault, for good
 *
 * If one of them cannot be had the module is not loaded, with that error.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

#include "compat/direct.h"
#include "compat/ftrace.h"
#include "neighbour.h"

#define NAMES 8

static char *names[NAMES];
static int nr;
module_param_array(names, charp, &nr, 0444);
MODULE_PARM_DESC(names, "functions to trace");

static char *kind = "observe";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "observe, modify, direct, probe, post, return or kill");

atomic_long_t neighbour_hits = ATOMIC_LONG_INIT(0);

static int hits_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(&neighbour_hits));
}

static const struct kernel_param_ops hits_ops = { .get = hits_get };
module_param_cb(hits, &hits_ops, NULL, 0444);
MODULE_PARM_DESC(hits, "how often they were called");

static ECS_FTRACE_CALLBACK(seen)
{
	atomic_long_inc(&neighbour_hits);
}

static struct ftrace_ops observe_ops = {
	.func = seen,
	.flags = ECS_FTRACE_FL_WRAP | FTRACE_OPS_FL_SAVE_REGS,
};

static struct ftrace_ops modify_ops = {
	.func = seen,
	.flags = ECS_FTRACE_FL_WRAP | FTRACE_OPS_FL_SAVE_REGS |
		 FTRACE_OPS_FL_IPMODIFY,
};

static struct ftrace_ops direct_ops;

static int before(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_long_inc(&neighbour_hits);
	return 0;
}

static void after(struct kprobe *probe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static int returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	atomic_long_inc(&neighbour_hits);
	return 0;
}

static struct kprobe probes[NAMES];
static struct kprobe *probe_list[NAMES];
static struct kretprobe return_probes[NAMES];
static struct kretprobe *return_list[NAMES];

static int filter(struct ftrace_ops *ops)
{
	int i, err = 0;

	for (i = 0; i < nr && !err; i++)
		err = ftrace_set_filter(ops, (unsigned char *)names[i],
					strlen(names[i]), 0);
	return err;
}

static int trace(struct ftrace_ops *ops)
{
	int err = filter(ops) ?: register_ftrace_function(ops);

	if (err)
		ecs_ftrace_free_filter(ops);
	return err;
}

static int call_directly(void)
{
	unsigned long entry = (unsigned long)neighbour_entry;
	int err = filter(&direct_ops) ?:
					ecs_direct_register(&direct_ops, entry);

	if (err)
		ecs_ftrace_free_filter(&direct_ops);
	return err;
}

static int probe(bool post)
{
	int i;

	for (i = 0; i < nr; i++) {
		probes[i].symbol_name = names[i];
		probes[i].pre_handler = before;
		probes[i].post_handler = post ? after : NULL;
		probe_list[i] = &probes[i];
	}
	return register_kprobes(probe_list, nr);
}

static int probe_returns(void)
{
	int i;

	for (i = 0; i < nr; i++) {
		return_probes[i].kp.symbol_name = names[i];
		return_probes[i].handler = returned;
		return_list[i] = &return_probes[i];
	}
	return register_kretprobes(return_list, nr);
}

/* Not exported; a probe finds it. */
static int kill(void)
{
	struct kprobe finder = { .symbol_name = "ftrace_kill" };
	int err = register_kprobe(&finder);
	void (*ftrace_kill)(void) = (void *)finder.addr;

	if (err)
		return err;
	unregister_kprobe(&finder);
	ftrace_kill();
	return 0;
}

static int __init ecs_neighbour_init(void)
{
	if (!strcmp(kind, "kill"))
		return kill();
	if (!nr)
		return -EINVAL;
	if (!strcmp(kind, "observe"))
		return trace(&observe_ops);
	if (!strcmp(kind, "modify"))
		return trace(&modify_ops);
	if (!strcmp(kind, "direct"))
		return call_directly();
	if (!strcmp(kind, "probe"))
		return probe(false);
	if (!strcmp(kind, "post"))
		return probe(true);
	if (!strcmp(kind, "return"))
		return probe_returns();
	return -EINVAL;
}

static void untrace(struct ftrace_ops *ops)
{
	unregister_ftrace_function(ops);
	ecs_ftrace_free_filter(ops);
}

static void call_directly_no_more(void)
{
	ecs_direct_unregister(&direct_ops, (unsigned long)neighbour_entry);
	ecs_ftrace_free_filter(&direct_ops);
}

static void __exit ecs_neighbour_exit(void)
{
	if (!strcmp(kind, "kill"))
		return;
	if (!strcmp(kind, "observe"))
		untrace(&observe_ops);
	else if (!strcmp(kind, "modify"))
		untrace(&modify_ops);
	else if (!strcmp(kind, "direct"))
		call_directly_no_more();
	else if (!strcmp(kind, "return"))
		unregister_kretprobes(return_list, nr);
	else
		unregister_kprobes(probe_list, nr);
}

module_init(ecs_neighbour_init);
module_exit(ecs_neighbour_exit);

MODULE_DESCRIPTION("Another tracer, for the ecs tests");
MODULE_LICENSE("GPL");
