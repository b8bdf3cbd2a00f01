// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c: any history of calls: the policy equals its model, and overdraws in no
 * window.
 *
 * Parameters, then a byte a step: what happens (3 bits), when (2), what the guest
 * says (2 bits, or a byte of its own). The fuzzer sees where the policy decides and
 * steers there; the random histories of prop_policy.c have to hope.
 */
#include "ecs_ioctl.h"
#include "fuzz.h"
#include "policy_model.h"

#define JUMPS_MAX 8 /* so that no difference of times reaches 2^63 */

static void read_params(struct input *in, struct ecs_policy_params *params)
{
	uint8_t flags = in_byte(in);

	params->grace_ns = in_range(in, ECS_GRACE_NS_MIN, ECS_GRACE_NS_MAX);
	params->grace_sleep_ns = in_log(in, ECS_GRACE_SLEEP_NS_MAX);
	params->recheck_ns = in_range(in, ECS_RECHECK_NS_MIN,
				      ECS_RECHECK_NS_MAX);
	params->burst_ns = in_range(in, ECS_BURST_NS_MIN, ECS_BURST_NS_MAX);
	params->budget_ppm = (uint32_t)in_range(in, ECS_BUDGET_PPM_MIN,
						ECS_BUDGET_PPM_MAX);
	/* Without it nothing happens: it is the rare case. */
	params->extend = !(flags & 1);
	params->refuse_waiters = flags & 2;
}

static wide read_time(struct input *in, const struct run *run, unsigned int how)
{
	switch (how) {
	case 0:
		return run->now;
	case 1: /* just in time, or as late as a byte says */
		return (run->due > run->now ? run->due : run->now) +
		       (wide)in_byte(in);
	case 2: /* 1 ns before it is time */
		return run->due - 1 > run->now ? run->due - 1 : run->now;
	}
	return run->now + (wide)in_log(in, 1ull << 40);
}

static void read_hint(struct input *in, struct run *run, unsigned int how)
{
	static const enum ecs_policy_hint usual[] = { ECS_POLICY_OUTSIDE,
						      ECS_POLICY_LOCK };

	if (how == 3)
		run->hint = (enum ecs_policy_hint)(in_byte(in) %
						   ECS_POLICY_HINTS);
	else if (how)
		run->hint = usual[how - 1];
}

static void step(struct run *run, struct model *model, enum event event)
{
	struct ecs_policy_state before = run->state;
	enum ecs_policy_verdict verdict;
	uint64_t next;

	verdict = run_event(run, event, &next);
	watch(run, &before, event, verdict, next);
	compare(run, model, event, verdict);
}

/* Without a late timer also the whole lengths, see check_windows(). */
static void check_all(struct run *run)
{
	wide late, latest = 0;
	unsigned int i;

	if (run->state.phase == ECS_POLICY_EXTENDED)
		run->nr--;
	for (i = 0; i < run->nr; i++) {
		late = run->extensions[i].end - run->extensions[i].start -
		       run->extensions[i].bound;
		if (late > latest)
			latest = late;
	}
	check_windows(run, latest <= (wide)run->params.burst_ns);
}

static void fuzz_one(struct input *in)
{
	static const enum event events[] = { EVENT_REQUEST, EVENT_REQUEST,
					     EVENT_RECHECK, EVENT_RECHECK,
					     EVENT_END,	    EVENT_OFF_CPU };
	bool same = true; /* parameters and the pace of the clock */
	static struct model model;
	static struct run run;
	unsigned int i, jumps = 0;
	uint8_t op;
	wide jump;

	run = (struct run){ .hint = ECS_POLICY_LOCK };
	read_params(in, &run.params);
	run.origin = in_log(in, UINT64_MAX);
	if (run.origin & 1)
		run.origin = 0 - run.origin;
	ecs_policy_init(&run.params, &run.state, run.origin);
	model_init(&model, &run.params, 0);

	for (i = 0; i < STEPS_MAX && in->left && !test_failures; i++) {
		op = in_byte(in);
		read_hint(in, &run, op >> 5 & 3);
		if ((op & 7) == 6) {
			read_params(in, &run.params);
			same = false;
			continue;
		}
		if ((op & 7) == 7) {
			jump = (wide)in_log(in, 1ull << 58);
			if (jumps++ >= JUMPS_MAX)
				continue;
			run.now += op & 0x80 ? jump : -jump;
			same = false;
			continue;
		}
		run.now = read_time(in, &run, op >> 3 & 3);
		step(&run, &model, events[op & 7]);
		if (same && run.state.phase != ECS_POLICY_EXTENDED)
			check_stay(&run, false);
	}
	if (same && !test_failures)
		check_all(&run);
}
