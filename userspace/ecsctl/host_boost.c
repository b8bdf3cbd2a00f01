// SPDX-License-Identifier: GPL-2.0-only
/* host_boost.c: what ecs_host.ko is asked of boosts; see host.c. */
#include "host.h"

#include <errno.h>
#include <string.h>

#include "dev.h"

/**
 * host_boost_set() - boost a thread, or change its boost
 * @boost: pid, tid, vcpu, backend and the times; out: all of it, on ENOSPC
 *         free_ppm and capacity_ppm
 *
 * Return: 0 or a negative errno.
 */
int host_boost_set(struct ecs_ioc_boost *boost)
{
	boost->size = sizeof(*boost);
	return dev_call(ECS_IOC_BOOST_SET, boost);
}

/**
 * host_boost_clear() - end a boost
 * @pid: the VM
 * @tid: its thread, 0 for all of them
 *
 * Return: 0, also if there was none, or a negative errno.
 */
int host_boost_clear(int pid, int tid)
{
	struct ecs_ioc_boost boost = {
		.size = sizeof(boost),
		.pid = pid,
		.tid = tid,
	};
	int error = dev_call(ECS_IOC_BOOST_CLEAR, &boost);

	return error == -ENOENT ? 0 : error;
}

/* @last: the thread seen last. */
static int next(int pid, int last, struct ecs_ioc_boost *boost)
{
	memset(boost, 0, sizeof(*boost));
	boost->size = sizeof(*boost);
	boost->pid = pid;
	boost->tid = last;
	return dev_call(ECS_IOC_BOOST_NEXT, boost);
}

/**
 * host_boosts() - all boosted threads of a VM
 * @pid: its process
 * @boosts: out: malloc()ed, on error too
 * @count: out: how many
 *
 * Return: 0 (also for a VM that the module does not know) or a negative errno;
 * -ENOTTY if the module is too old to know of boosts.
 */
int host_boosts(int pid, struct ecs_ioc_boost **boosts, size_t *count)
{
	int error, last = 0;

	*boosts = NULL;
	*count = 0;
	for (;;) {
		*boosts = host_grow(*boosts, *count, sizeof(**boosts));
		error = next(pid, last, &(*boosts)[*count]);
		if (error == -ENOENT)
			return 0;
		if (error)
			return error;
		if ((*boosts)[*count].tid <= last || *count == HOST_MOST)
			return -ELOOP;
		last = (*boosts)[*count].tid;
		++*count;
	}
}

/**
 * host_boosts_known() - is the module new enough to know of boosts?
 *
 * Return: false if it is not.
 */
bool host_boosts_known(void)
{
	struct ecs_ioc_boost boost;

	return next(1, 0, &boost) != -ENOTTY;
}

/**
 * host_limit_set() - say what a guest may ask for
 * @pid: its process
 * @limit: sbt_max_ns and usbt_min_ns; out: what holds now
 *
 * Return: 0 or a negative errno.
 */
int host_limit_set(int pid, struct ecs_ioc_limit *limit)
{
	limit->size = sizeof(*limit);
	limit->pid = pid;
	return dev_call(ECS_IOC_LIMIT_SET, limit);
}

/**
 * host_limit_get() - what a guest may ask for
 * @pid: its process
 * @limit: out: for a VM that the module does not know, nothing
 *
 * Return: 0 or a negative errno.
 */
int host_limit_get(int pid, struct ecs_ioc_limit *limit)
{
	int error;

	memset(limit, 0, sizeof(*limit));
	limit->size = sizeof(*limit);
	limit->pid = pid;
	error = dev_call(ECS_IOC_LIMIT_GET, limit);
	if (error) {
		limit->sbt_max_ns = 0;
		limit->usbt_min_ns = 0;
	}
	return error == -ENOENT ? 0 : error;
}
