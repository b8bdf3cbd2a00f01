// SPDX-License-Identifier: GPL-2.0-only
/* bounds.c: see bounds.h. Pure C. */
#include "bounds.h"

static bool is_within(uint64_t value, uint64_t min, uint64_t max)
{
	return value >= min && value <= max;
}

/**
 * ecs_bounds_params() - may these parameters be set?
 * @change: those with their bit in @valid; the others may hold anything
 */
bool ecs_bounds_params(const struct ecs_ioc_params *change)
{
	const uint32_t valid = change->valid;

	if (valid & ~ECS_PARAM_ALL)
		return false;
	if ((valid & ECS_PARAM_MODE) && change->mode > ECS_MODE_ON)
		return false;
	if ((valid & ECS_PARAM_GRACE) &&
	    !is_within(change->grace_ns, ECS_GRACE_NS_MIN, ECS_GRACE_NS_MAX))
		return false;
	if ((valid & ECS_PARAM_GRACE_SLEEP) &&
	    change->grace_sleep_ns > ECS_GRACE_SLEEP_NS_MAX)
		return false;
	if ((valid & ECS_PARAM_RECHECK) &&
	    !is_within(change->recheck_ns, ECS_RECHECK_NS_MIN,
		       ECS_RECHECK_NS_MAX))
		return false;
	if ((valid & ECS_PARAM_HINTS) && (change->hints & ~ECS_HINT_ALL))
		return false;
	if ((valid & ECS_PARAM_BUDGET) &&
	    change->budget_ppm > ECS_BUDGET_PPM_MAX)
		return false;
	if ((valid & ECS_PARAM_BURST) &&
	    !is_within(change->burst_ns, ECS_BURST_NS_MIN, ECS_BURST_NS_MAX))
		return false;
	if ((valid & ECS_PARAM_WAITERS) && change->waiters > ECS_WAITERS_REFUSE)
		return false;
	if ((valid & ECS_PARAM_YIELD) && change->yield > ECS_YIELD_ON)
		return false;
	return true;
}

/**
 * ecs_bounds_merge() - change what holds
 * @params: what holds; changed only if all of it goes together
 * @change: as ecs_bounds_params() has let it pass
 *
 * Return: false if the bucket would never hold enough for a grant.
 */
bool ecs_bounds_merge(struct ecs_ioc_params *params,
		      const struct ecs_ioc_params *change)
{
	struct ecs_ioc_params to = *params;

	if (change->valid & ECS_PARAM_MODE)
		to.mode = change->mode;
	if (change->valid & ECS_PARAM_GRACE)
		to.grace_ns = change->grace_ns;
	if (change->valid & ECS_PARAM_GRACE_SLEEP)
		to.grace_sleep_ns = change->grace_sleep_ns;
	if (change->valid & ECS_PARAM_RECHECK)
		to.recheck_ns = change->recheck_ns;
	if (change->valid & ECS_PARAM_BUDGET)
		to.budget_ppm = change->budget_ppm;
	if (change->valid & ECS_PARAM_BURST)
		to.burst_ns = change->burst_ns;
	if (change->valid & ECS_PARAM_HINTS)
		to.hints = change->hints;
	if (change->valid & ECS_PARAM_WAITERS)
		to.waiters = change->waiters;
	if (change->valid & ECS_PARAM_YIELD)
		to.yield = change->yield;
	if (to.burst_ns < to.recheck_ns)
		return false;
	*params = to;
	return true;
}

/**
 * ecs_bounds_boost_ns() - may a boost be like this?
 * @sbt_ns: run time per boost; a guest's has 64 bits
 * @usbt_ns: time between two, likewise
 */
bool ecs_bounds_boost_ns(uint64_t sbt_ns, uint64_t usbt_ns)
{
	return is_within(sbt_ns, ECS_BOOST_SBT_NS_MIN, ECS_BOOST_SBT_NS_MAX) &&
	       is_within(usbt_ns, ECS_BOOST_USBT_NS_MIN, ECS_BOOST_USBT_NS_MAX);
}

/**
 * ecs_bounds_boost() - may this be asked for by ECS_IOC_BOOST_SET?
 * @boost: what is asked for
 */
bool ecs_bounds_boost(const struct ecs_ioc_boost *boost)
{
	return !boost->flags && !boost->zero && boost->vcpu >= -1 &&
	       boost->backend <= ECS_BOOST_FIFO &&
	       ecs_bounds_boost_ns(boost->sbt_ns, boost->usbt_ns) &&
	       boost->borrow_ns <= ECS_BOOST_BORROW_NS_MAX;
}

/**
 * ecs_bounds_limit() - may this be the limit of a guest?
 * @limit: what is to be set; without an SBT there is no limit to speak of
 */
bool ecs_bounds_limit(const struct ecs_ioc_limit *limit)
{
	return !limit->flags && !limit->zero &&
	       (!limit->sbt_max_ns ||
		ecs_bounds_boost_ns(limit->sbt_max_ns, limit->usbt_min_ns));
}
