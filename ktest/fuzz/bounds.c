// SPDX-License-Identifier: GPL-2.0-only
/*
 * bounds.c: any bytes as the argument of an ioctl, cut short anywhere: what is
 * taken is what the model takes, and several changes of one VM come to the same.
 */
#include "bounds.h"
#include "bounds_model.h"
#include "fuzz.h"

/* Fields by fields: at a bound, beside it, or any number. */
static __u32 any_value(struct input *in, __u32 min, __u32 max)
{
	uint8_t how = in_byte(in);

	switch (how & 7) {
	case 0:
		return min;
	case 1:
		return max;
	case 2:
		return min - 1;
	case 3:
		return max + 1;
	case 4:
		return (__u32)in_log(in, UINT32_MAX);
	}
	return (__u32)in_range(in, min, max);
}

static void params(struct input *in)
{
	struct ecs_ioc_params got = { .recheck_ns = 50000,
				      .burst_ns = 20000000 };
	struct ecs_ioc_params want = got, change = got;
	const struct bounds_field *field;
	bool good;
	size_t i;

	while (in->left && !test_failures) {
		change.valid = (__u32)in_bytes(in, 2);
		if (change.valid & 0x8000)
			change.valid |= (__u32)in_bytes(in, 2) << 16;
		for (i = 0; i < ARRAY_SIZE(bounds_fields); i++) {
			field = &bounds_fields[i];
			if (change.valid & field->bit)
				*bounds_at(&change, field) =
					any_value(in, field->min, field->max);
		}
		good = model_params(&change);
		CHECK(ecs_bounds_params(&change) == good, "valid %x",
		      change.valid);
		if (!good)
			continue;
		good = model_merge(&want, change);
		CHECK(ecs_bounds_merge(&got, &change) == good &&
			      !memcmp(&got, &want, sizeof(got)),
		      "valid %x", change.valid);
	}
}

static void boost(struct input *in)
{
	struct ecs_ioc_boost b = { 0 };
	uint64_t sbt_ns, usbt_ns;

	b.vcpu = (__s32)any_value(in, 0, 300);
	b.backend = any_value(in, ECS_BOOST_AUTO, ECS_BOOST_FIFO);
	b.sbt_ns = any_value(in, ECS_BOOST_SBT_NS_MIN, ECS_BOOST_SBT_NS_MAX);
	b.usbt_ns = any_value(in, ECS_BOOST_USBT_NS_MIN, ECS_BOOST_USBT_NS_MAX);
	b.borrow_ns = any_value(in, 0, ECS_BOOST_BORROW_NS_MAX);
	b.flags = (__u32)in_log(in, UINT32_MAX);
	b.zero = in_log(in, UINT64_MAX);
	CHECK(ecs_bounds_boost(&b) == model_boost(&b),
	      "SBT %u, USBT %u, borrow %u, backend %u, vCPU %d", b.sbt_ns,
	      b.usbt_ns, b.borrow_ns, b.backend, b.vcpu);
	/* As a guest asks, in 64 bits. */
	sbt_ns = b.sbt_ns | in_log(in, UINT32_MAX) << 32;
	usbt_ns = b.usbt_ns | in_log(in, UINT32_MAX) << 32;
	CHECK(ecs_bounds_boost_ns(sbt_ns, usbt_ns) ==
		      model_boost_ns(sbt_ns, usbt_ns),
	      "%llu, %llu", (unsigned long long)sbt_ns,
	      (unsigned long long)usbt_ns);
}

static void limit(struct input *in)
{
	struct ecs_ioc_limit l = { 0 };

	l.sbt_max_ns = any_value(in, ECS_BOOST_SBT_NS_MIN,
				 ECS_BOOST_SBT_NS_MAX);
	l.usbt_min_ns = any_value(in, ECS_BOOST_USBT_NS_MIN,
				  ECS_BOOST_USBT_NS_MAX);
	if (in_byte(in) & 1)
		l.sbt_max_ns = 0;
	l.flags = (__u32)in_log(in, UINT32_MAX);
	l.zero = (__u32)in_log(in, UINT32_MAX);
	CHECK(ecs_bounds_limit(&l) == model_limit(&l), "SBT %u, USBT %u",
	      l.sbt_max_ns, l.usbt_min_ns);
}

/* The bytes as they come, as much of them as there are, and 0 behind. */
static void raw(struct input *in)
{
	union {
		struct ecs_ioc_params params;
		struct ecs_ioc_boost boost;
		struct ecs_ioc_limit limit;
	} arg;
	size_t size = in->left < sizeof(arg) ? in->left : sizeof(arg);

	memset(&arg, 0, sizeof(arg));
	if (size)
		memcpy(&arg, in->at, size);
	CHECK(ecs_bounds_params(&arg.params) == model_params(&arg.params),
	      "params");
	CHECK(ecs_bounds_boost(&arg.boost) == model_boost(&arg.boost), "boost");
	CHECK(ecs_bounds_limit(&arg.limit) == model_limit(&arg.limit), "limit");
}

static void fuzz_one(struct input *in)
{
	switch (in_byte(in) % 4) {
	case 0:
		params(in);
		break;
	case 1:
		boost(in);
		break;
	case 2:
		limit(in);
		break;
	case 3:
		raw(in);
		break;
	}
}
