// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget.c: any history of calls equals the model, any history of a vCPU keeps the
 * promises of budget.h, and single answers are exact for any numbers. The first
 * byte says which of the three.
 */
#include "budget_model.h"
#include "budget_world.h"
#include "ecs_ioctl.h"
#include "fuzz.h"

/* See prop_budget.c: so that no difference of times reaches 2^63. */
#define FAR_OFF	  (1ull << 58)
#define JUMPS_MAX 8

static void read_params(struct input *in, struct ecs_budget_params *params)
{
	params->sbt_ns = in_range(in, ECS_BOOST_SBT_NS_MIN,
				  ECS_BOOST_SBT_NS_MAX);
	params->usbt_ns = in_range(in, ECS_BOOST_USBT_NS_MIN,
				   ECS_BOOST_USBT_NS_MAX);
	params->borrow_ns = in_log(in, ECS_BOOST_BORROW_NS_MAX);
}

static uint64_t read_origin(struct input *in)
{
	uint64_t origin = in_log(in, UINT64_MAX);

	return origin & 1 ? 0 - origin : origin;
}

/* A byte a step: what (3 bits), when (2), a change (1), a jump (2). */
static void calls(struct input *in)
{
	struct ecs_budget_params params;
	struct ecs_budget_state state;
	unsigned int i, jumps = 0;
	static struct model model;
	uint64_t origin, number = 0;
	wide now = 0, jump;
	uint8_t op;

	read_params(in, &params);
	origin = read_origin(in);
	ecs_budget_init(&state);
	model = (struct model){ .phase = ECS_BUDGET_READY };
	for (i = 0; i < STEPS_MAX && in->left && !test_failures; i++) {
		op = in_byte(in);
		if (op & 0x20)
			read_params(in, &params);
		if (op & 0x40) {
			jump = (wide)in_log(in, 1ull << 43);
			if (jumps++ < JUMPS_MAX)
				now += op & 0x80 ? jump : -jump;
		}
		switch (op >> 3 & 3) {
		case 1: /* what the last answer said, give or take */
			if (number && number < FAR_OFF)
				now += (wide)number + 1 - in_byte(in) % 3;
			break;
		case 2: /* what it takes to fill up */
			if (model.phase == ECS_BUDGET_READY)
				now += max_wide(refill_ns(&params,
							  model_used(&model)) +
							1 - in_byte(in) % 3,
						0);
			break;
		case 3:
			now += (wide)in_log(in, 1ull << 36);
			break;
		}
		compare((enum event)((op & 7) % EVENT_NR), &params, &state,
			origin + (uint64_t)now, &model, now, &number);
	}
}

/* When the next event is: 0 to 3 as in read_time() of policy.c. */
static void advance(struct input *in, struct world *world, unsigned int how)
{
	wide left = world_cooling_left(world), then = world->now;

	if (left >= (wide)FAR_OFF)
		left = 0;
	switch (how) {
	case 1: /* to when something is due, or as late as a byte says */
		if (is_boost_running(world))
			then = max_wide(then, world->due) + in_byte(in);
		else
			then += left + in_byte(in);
		break;
	case 2: /* 1 ns before it is */
		if (is_boost_running(world))
			then = max_wide(then, world->due - 1);
		else
			then += max_wide(left - 1, 0);
		break;
	case 3:
		then += (wide)in_log(in, 1ull << 36);
		break;
	}
	world->now = then;
}

/* Is it one that the host may report now? */
static bool is_possible(const struct world *world, enum event event)
{
	switch (event) {
	case EVENT_RUN:
		return world->vcpu == VCPU_WAITS;
	case EVENT_CHECK:
	case EVENT_STOP:
		return world->vcpu == VCPU_RUNS;
	case EVENT_SLEEP:
		return world->vcpu != VCPU_SLEEPS;
	case EVENT_WAKE:
	case EVENT_CLOSE:
		return true;
	case EVENT_LEFT:
	case EVENT_OWED:
	case EVENT_NR:
		break;
	}
	return false;
}

/* A byte a step: what (3 bits), when (2), a change, a jump, its direction. */
static void life(struct input *in)
{
	bool changes = in_byte(in) & 1;
	static struct world world;
	unsigned int i, jumps = 0;
	enum event event;
	uint8_t op;
	wide jump;

	world = (struct world){ .jumped = -1,
				.vcpu = VCPU_SLEEPS,
				.changes = changes };
	read_params(in, &world.params);
	world.offset = read_origin(in);
	ecs_budget_init(&world.state);
	for (i = 0; i < STEPS_MAX - 1 && in->left && !test_failures; i++) {
		op = in_byte(in);
		if ((op & 0x20) && changes)
			read_params(in, &world.params);
		if ((op & 0x40) && !changes) {
			jump = (wide)in_log(in, 1ull << 50);
			if (jumps++ < JUMPS_MAX)
				world_jump(&world, op & 0x80 ? jump : -jump);
		}
		advance(in, &world, op >> 3 & 3);
		/* Asked for anew as soon as that is possible. */
		if ((op & 7) == 7 && world.closed &&
		    !world_cooling_left(&world))
			ecs_budget_init(&world.state);
		event = (enum event)((op & 7) % EVENT_LEFT);
		if (is_possible(&world, event))
			world_event(&world, event);
	}
	if (changes || jumps || test_failures)
		return;
	if (world.boosted)
		world_event(&world, EVENT_SLEEP);
	check_windows(&world);
	check_repaid(&world);
}

static void answer(struct input *in)
{
	struct ecs_budget_params params;
	uint64_t origin, used, slept;

	params.sbt_ns = in_log(in, UINT64_MAX - 1) + 1;
	params.usbt_ns = in_log(in, UINT64_MAX - 1) + 1;
	params.borrow_ns = in_log(in, UINT64_MAX);
	origin = read_origin(in);
	used = in_log(in, LONGEST);
	slept = in_log(in, LONGEST);
	check_cooling(&params, origin, used);
	check_filling(&params, origin, used, slept);
}

static void fuzz_one(struct input *in)
{
	switch (in_byte(in) % 3) {
	case 0:
		calls(in);
		break;
	case 1:
		life(in);
		break;
	case 2:
		answer(in);
		break;
	}
}
