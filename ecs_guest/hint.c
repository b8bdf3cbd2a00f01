// SPDX-License-Identifier: GPL-2.0-only
/*
 * hint.c: see hint.h.
 *
 * poll.c acts on them. Here they can be seen: "are they offered, and what do they
 * say?" is the first question of whoever misses them.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "ecs_abi.h"
#include "hint.h"
#include "host.h"
#include "page.h"
#include "param.h"

/* There are pages to read. Parameters are there before init and after exit. */
static bool ready;

/* Context: param_lock held. */
static int get_hints(char *buf, const struct kernel_param *param)
{
	const struct ecs_abi_page *page;
	int cpu, len = 0;
	bool known;

	for_each_online_cpu(cpu) {
		page = ready ? READ_ONCE(per_cpu(ecsg_page, cpu)) : NULL;
		if (!page)
			continue;
		/* Without a registration the words may be another host's. */
		known = READ_ONCE(per_cpu(ecsg_page_session, cpu)) != 0;
		len += sysfs_emit_at(buf, len, "%d %d %d\n", cpu,
				     known && ecs_abi_is_vcpu_preempted(page),
				     known &&
					     ecs_abi_is_pcpu_overcommitted(page));
	}
	return len;
}

static const struct kernel_param_ops hints_ops = {
	.set = ecsg_param_refuse,
	.get = get_hints,
};
module_param_cb(hints, &hints_ops, NULL, 0400);
MODULE_PARM_DESC(hints, "read: a line a CPU: its number, is it preempted, do others want its CPU of the host");

static int get_offered(char *buf, const struct kernel_param *param)
{
	u64 features = 0;
	int len;

	if (ecsg_host_read(ECS_ABI_MSR_FEATURES, &features))
		features = 0;
	len = sysfs_emit(buf, "%s%s",
			 features & ECS_ABI_F_HINT_PREEMPTED ? "preempted " :
							       "",
			 features & ECS_ABI_F_HINT_OVERCOMMIT ? "overcommit " :
								"");
	if (!len)
		return sysfs_emit(buf, "none\n");
	buf[len - 1] = '\n';
	return len;
}

static const struct kernel_param_ops offered_ops = {
	.set = ecsg_param_refuse,
	.get = get_offered,
};
module_param_cb(hints_offered, &offered_ops, NULL, 0444);
MODULE_PARM_DESC(hints_offered, "read: which hints the host keeps for this VM");

/**
 * ecsg_hint_init() - there are pages
 *
 * Context: module init.
 */
void ecsg_hint_init(void)
{
	kernel_param_lock(THIS_MODULE);
	ready = true;
	kernel_param_unlock(THIS_MODULE);
}

/**
 * ecsg_hint_exit() - nobody reads the pages any more
 *
 * Context: module exit, before the pages go.
 */
void ecsg_hint_exit(void)
{
	kernel_param_lock(THIS_MODULE);
	ready = false;
	kernel_param_unlock(THIS_MODULE);
}
