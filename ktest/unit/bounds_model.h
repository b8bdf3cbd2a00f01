/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bounds_model.h: which values /dev/ecs takes, by ecs_ioctl.h, as a table: for the
 * tests of bounds.c, the fuzz target, and the fuzzer of the device.
 */
#ifndef ECS_BOUNDS_MODEL_H
#define ECS_BOUNDS_MODEL_H

#include <stddef.h>
#include <string.h>

#include "../../common/ecs_ioctl.h"
#include "test.h"

static const struct bounds_field {
	__u32 bit;
	size_t offset;
	__u32 min, max;
} bounds_fields[] = {
#define FIELD(bit, name, min, max)                                           \
	{                                                                    \
		ECS_PARAM_##bit, offsetof(struct ecs_ioc_params, name), min, \
			max                                                  \
	}
	FIELD(MODE, mode, ECS_MODE_OFF, ECS_MODE_ON),
	FIELD(GRACE, grace_ns, ECS_GRACE_NS_MIN, ECS_GRACE_NS_MAX),
	FIELD(GRACE_SLEEP, grace_sleep_ns, ECS_GRACE_SLEEP_NS_MIN,
	      ECS_GRACE_SLEEP_NS_MAX),
	FIELD(RECHECK, recheck_ns, ECS_RECHECK_NS_MIN, ECS_RECHECK_NS_MAX),
	FIELD(BUDGET, budget_ppm, ECS_BUDGET_PPM_MIN, ECS_BUDGET_PPM_MAX),
	FIELD(BURST, burst_ns, ECS_BURST_NS_MIN, ECS_BURST_NS_MAX),
	FIELD(HINTS, hints, 0, ECS_HINT_ALL),
	FIELD(WAITERS, waiters, ECS_WAITERS_EXTEND, ECS_WAITERS_REFUSE),
	FIELD(YIELD, yield, ECS_YIELD_OFF, ECS_YIELD_ON),
#undef FIELD
};

static inline __u32 *bounds_at(struct ecs_ioc_params *params,
			       const struct bounds_field *field)
{
	return (__u32 *)((char *)params + field->offset);
}

/* Whether it may be set by itself. */
static inline bool model_params(const struct ecs_ioc_params *change)
{
	struct ecs_ioc_params copy = *change;
	const struct bounds_field *field;
	__u32 known = 0, value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bounds_fields); i++) {
		field = &bounds_fields[i];
		value = *bounds_at(&copy, field);
		known |= field->bit;
		if ((copy.valid & field->bit) &&
		    (value < field->min || value > field->max))
			return false;
	}
	return !(copy.valid & ~known);
}

/* What holds after it, of a VM for which @params hold; false: they do. */
static inline bool model_merge(struct ecs_ioc_params *params,
			       struct ecs_ioc_params change)
{
	struct ecs_ioc_params before = *params;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bounds_fields); i++)
		if (change.valid & bounds_fields[i].bit)
			*bounds_at(params, &bounds_fields[i]) =
				*bounds_at(&change, &bounds_fields[i]);
	if (params->recheck_ns <= params->burst_ns)
		return true;
	*params = before;
	return false;
}

static inline bool model_boost_ns(uint64_t sbt_ns, uint64_t usbt_ns)
{
	return sbt_ns >= ECS_BOOST_SBT_NS_MIN &&
	       sbt_ns <= ECS_BOOST_SBT_NS_MAX &&
	       usbt_ns >= ECS_BOOST_USBT_NS_MIN &&
	       usbt_ns <= ECS_BOOST_USBT_NS_MAX;
}

static inline bool model_boost(const struct ecs_ioc_boost *boost)
{
	if (boost->flags || boost->zero || boost->vcpu < -1)
		return false;
	if (boost->backend != ECS_BOOST_AUTO &&
	    boost->backend != ECS_BOOST_PICK &&
	    boost->backend != ECS_BOOST_FIFO)
		return false;
	return model_boost_ns(boost->sbt_ns, boost->usbt_ns) &&
	       boost->borrow_ns <= ECS_BOOST_BORROW_NS_MAX;
}

static inline bool model_limit(const struct ecs_ioc_limit *limit)
{
	if (limit->flags || limit->zero)
		return false;
	/* Nothing is allowed: what else is said does not matter. */
	if (!limit->sbt_max_ns)
		return true;
	return model_boost_ns(limit->sbt_max_ns, limit->usbt_min_ns);
}

#endif /* ECS_BOUNDS_MODEL_H */
