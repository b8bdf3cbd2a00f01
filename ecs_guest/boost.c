// SPDX-License-Identifier: GPL-2.0-only
/*
 * boost.c: see boost.h.
 *
 * A boost belongs to the registration of the page that it was asked under, and ends with
 * it: nothing here is done when a page is withdrawn. A CPU that is refused does not ask
 * by itself for a while.
 *
 * What a CPU holds is changed on that CPU with interrupts off, so that it needs no lock.
 * Others read single words of it.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "boost.h"
#include "ecs_abi.h"
#include "host.h"
#include "page.h"
#include "param.h"
#include "realtime_param.h"

/* How long a CPU that was refused does not ask again by itself. */
#define RETRY_MS 1000

/**
 * struct boost - what a CPU has
 * @held: ecsg_page_session that the host granted a boost under, 0 if none
 * @retry: jiffies before which it does not ask by itself
 */
struct boost {
	unsigned long held;
	unsigned long retry;
};

static DEFINE_PER_CPU(struct boost, boosts);

static atomic_t requests = ATOMIC_INIT(0);
static atomic_t refusals = ATOMIC_INIT(0);

/**
 * ecsg_boost_is_held() - does that CPU hold a boost?
 * @cpu: whichever; of another one the answer may be out of date
 *
 * Context: any.
 * Return: whether the host granted one under the registration that there is.
 */
bool ecsg_boost_is_held(int cpu)
{
	unsigned long held = READ_ONCE(per_cpu(boosts.held, cpu));

	return held && held == READ_ONCE(per_cpu(ecsg_page_session, cpu));
}

/**
 * ecsg_boost_may_ask() - would it be of use that this CPU asks?
 *
 * Context: on the CPU, interrupts off; also under its runqueue lock.
 * Return: false if it holds one, has no page to ask under, or was just refused.
 */
bool ecsg_boost_may_ask(void)
{
	return this_cpu_read(boosts.held) != this_cpu_read(ecsg_page_session) &&
	       time_after_eq(jiffies, this_cpu_read(boosts.retry));
}

static void release(struct boost *boost)
{
	WRITE_ONCE(boost->held, 0);
	/* It fails on a host without ecs, to which we were migrated: fine. */
	ecsg_host_write(ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_RELEASE);
}

static bool request(struct boost *boost, bool held)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);
	unsigned long session = this_cpu_read(ecsg_page_session);

	if (!session) {
		/* Then it has none any more, and need not be asked again and again. */
		WRITE_ONCE(boost->held, 0);
		return false;
	}
	WRITE_ONCE(page->boost.sbt_ns,
		   (u64)READ_ONCE(ecsg_realtime_param.sbt_us) * NSEC_PER_USEC);
	WRITE_ONCE(page->boost.usbt_ns,
		   (u64)READ_ONCE(ecsg_realtime_param.usbt_us) * NSEC_PER_USEC);
	if (!held)
		atomic_inc(&requests);
	if (ecsg_host_write(ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_REQUEST)) {
		atomic_inc(&refusals);
		/* What it has is not what it is to have any more. */
		if (held)
			release(boost);
		WRITE_ONCE(boost->retry, jiffies + msecs_to_jiffies(RETRY_MS));
		return false;
	}
	WRITE_ONCE(boost->held, session);
	return true;
}

/**
 * ecsg_boost_settle() - make this CPU hold a boost, or none
 * @wanted: which
 * @anew: ask also if it was just refused, or holds one: the host may have ended it, or
 *	the parameters have changed
 *
 * Legal in any context, as the MSR write is an instruction with a fixup; but it may take
 * long, so no runqueue lock is held.
 *
 * Context: on the CPU, interrupts off.
 * Return: whether the host has granted one now.
 */
bool ecsg_boost_settle(bool wanted, bool anew)
{
	struct boost *boost = this_cpu_ptr(&boosts);
	bool held = ecsg_boost_is_held(smp_processor_id());

	lockdep_assert_irqs_disabled();
	if (!wanted) {
		if (held)
			release(boost);
		return false;
	}
	if (!anew && (held || time_before(jiffies, boost->retry)))
		return false;
	return request(boost, held);
}

static int get_boosted(char *buf, const struct kernel_param *param)
{
	unsigned int n = 0;
	int cpu;

	for_each_online_cpu(cpu)
		n += ecsg_boost_is_held(cpu);
	return sysfs_emit(buf, "%u\n", n);
}

static const struct kernel_param_ops boosted_ops = {
	.set = ecsg_param_refuse,
	.get = get_boosted,
};
module_param_cb(boosted, &boosted_ops, NULL, 0444);
MODULE_PARM_DESC(boosted, "read: how many CPUs hold a boost");

static int get_counter(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%u\n", (u32)atomic_read(param->arg));
}

static const struct kernel_param_ops counter_ops = {
	.set = ecsg_param_refuse,
	.get = get_counter,
};
module_param_cb(boost_requests, &counter_ops, &requests, 0444);
MODULE_PARM_DESC(boost_requests, "read: how often a CPU without a boost asked for one");
module_param_cb(boost_refusals, &counter_ops, &refusals, 0444);
MODULE_PARM_DESC(boost_refusals, "read: how often the host said no, also to one that asked again");
