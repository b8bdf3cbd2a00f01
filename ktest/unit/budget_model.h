/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * budget_model.h: what the budget must equal, for the property tests and the fuzz
 * target. The model is slow and obvious: it keeps all times at which the budget
 * looked at the clock, and sums them up whenever it is asked.
 */
#ifndef ECS_BUDGET_MODEL_H
#define ECS_BUDGET_MODEL_H

#include "budget.h"
#include "test.h"

typedef __int128 wide;
typedef unsigned __int128 wide_unsigned;

#define STEPS_MAX 240

#define LONGEST ((1ull << 63) - 1)

static wide max_wide(wide a, wide b)
{
	return a > b ? a : b;
}

/* How long it takes to fill up @used ns, or to cool for them; at most for ever. */
static wide refill_ns(const struct ecs_budget_params *params, wide used)
{
	wide time = (used * (wide)params->usbt_ns + (wide)params->sbt_ns - 1) /
		    (wide)params->sbt_ns;

	return time < (wide)LONGEST ? time : (wide)LONGEST;
}

static wide most_ns(const struct ecs_budget_params *params)
{
	return (wide)params->sbt_ns + (wide)params->borrow_ns;
}

/* --- the model: time never wraps --- */

/**
 * struct model - what should be
 * @seen: when the budget looked at the clock, since its account was last known
 *	to be full, or since this cooling began
 * @ran: whether the vCPU ran boosted from the look before to this one
 * @by: the parameters at this look
 * @begun: how many looks there were before this boost
 * @ran_ns: how long the last boost ran
 */
struct model {
	enum ecs_budget_phase phase;
	bool running;
	wide seen[2 * STEPS_MAX];
	bool ran[2 * STEPS_MAX];
	struct ecs_budget_params by[2 * STEPS_MAX];
	unsigned int nr;
	unsigned int begun;
	wide cooling;
	wide ran_ns;
};

static void model_see(struct model *model,
		      const struct ecs_budget_params *params, wide now)
{
	model->seen[model->nr] = now;
	model->ran[model->nr] = model->running;
	if (params)
		model->by[model->nr] = *params;
	model->nr++;
}

static wide model_elapsed(const struct model *model, unsigned int i)
{
	return max_wide(model->seen[i] - model->seen[i - 1], 0);
}

static wide model_filled(const struct model *model, unsigned int i)
{
	return model_elapsed(model, i) * (wide)model->by[i].sbt_ns /
	       (wide)model->by[i].usbt_ns;
}

static wide model_used(const struct model *model)
{
	wide used = 0;
	unsigned int i;

	for (i = 1; i < model->nr; i++)
		if (model->ran[i])
			used += model_elapsed(model, i);
		else
			used = max_wide(used - model_filled(model, i), 0);
	return used;
}

/* In this boost. */
static wide model_ran(const struct model *model)
{
	unsigned int i;
	wide ran = 0;

	for (i = model->begun; i < model->nr; i++)
		if (model->ran[i])
			ran += model_elapsed(model, i);
	return ran;
}

static wide model_cooling_left(struct model *model, wide now)
{
	wide origin = model->seen[0];
	unsigned int i;

	if (model->phase != ECS_BUDGET_COOLING)
		return 0;
	model_see(model, NULL, now);
	for (i = 0; i < model->nr; i++)
		if (model->seen[i] < origin)
			origin = model->seen[i];
	if (now - origin < model->cooling)
		return model->cooling - (now - origin);
	model->phase = ECS_BUDGET_READY;
	model->nr = 0;
	return 0;
}

static void model_cool(struct model *model,
		       const struct ecs_budget_params *params, wide now)
{
	model->cooling = refill_ns(params, max_wide(model_used(model),
						    (wide)params->sbt_ns));
	model->phase = ECS_BUDGET_COOLING;
	model->nr = 0;
	model_see(model, NULL, now);
}

static enum ecs_budget_verdict
model_end(struct model *model, const struct ecs_budget_params *params, wide now)
{
	model->ran_ns = model_ran(model);
	model->running = false;
	model->phase = ECS_BUDGET_READY;
	if (model_used(model) >= (wide)params->sbt_ns)
		model_cool(model, params, now);
	return ECS_BUDGET_END;
}

static enum ecs_budget_verdict
model_wake(struct model *model, const struct ecs_budget_params *params,
	   wide now)
{
	if (model->phase == ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_ALREADY;
	if (model_cooling_left(model, now))
		return ECS_BUDGET_TOO_EARLY;
	model_see(model, params, now);
	if (model_used(model) >= (wide)params->sbt_ns) {
		model_cool(model, params, now);
		return ECS_BUDGET_TOO_EARLY;
	}
	model->phase = ECS_BUDGET_BOOSTED;
	model->running = false;
	model->begun = model->nr;
	return model_used(model) ? ECS_BUDGET_RESUME : ECS_BUDGET_BEGIN;
}

static wide model_run(struct model *model,
		      const struct ecs_budget_params *params, wide now)
{
	if (model->phase != ECS_BUDGET_BOOSTED)
		return 0;
	model_see(model, params, now);
	model->running = true;
	return max_wide(most_ns(params) - model_used(model), 1);
}

static enum ecs_budget_verdict
model_check(struct model *model, const struct ecs_budget_params *params,
	    wide now, wide *next)
{
	*next = 0;
	if (model->phase != ECS_BUDGET_BOOSTED || !model->running)
		return ECS_BUDGET_NONE;
	model_see(model, params, now);
	if (model_used(model) >= most_ns(params))
		return model_end(model, params, now);
	*next = most_ns(params) - model_used(model);
	return ECS_BUDGET_NONE;
}

static enum ecs_budget_verdict
model_stop(struct model *model, const struct ecs_budget_params *params,
	   wide now)
{
	if (model->phase != ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_NONE;
	model_see(model, params, now);
	model->running = false;
	if (model_used(model) >= most_ns(params))
		return model_end(model, params, now);
	return ECS_BUDGET_NONE;
}

static enum ecs_budget_verdict
model_sleep(struct model *model, const struct ecs_budget_params *params,
	    wide now)
{
	if (model->phase != ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_NONE;
	model_see(model, params, now);
	return model_end(model, params, now);
}

static enum ecs_budget_verdict
model_close(struct model *model, const struct ecs_budget_params *params,
	    wide now)
{
	bool boosted = model->phase == ECS_BUDGET_BOOSTED;

	if (model_cooling_left(model, now))
		return ECS_BUDGET_NONE;
	model_see(model, params, now);
	if (boosted)
		model->ran_ns = model_ran(model);
	model->running = false;
	model->phase = ECS_BUDGET_READY;
	if (model_used(model))
		model_cool(model, params, now);
	return boosted ? ECS_BUDGET_END : ECS_BUDGET_NONE;
}

static wide model_owed(struct model *model,
		       const struct ecs_budget_params *params, wide now)
{
	wide left = model_cooling_left(model, now), used;

	if (left)
		return left;
	/* Looked at, and not remembered. */
	model_see(model, params, now);
	used = model_used(model);
	model->nr--;
	if (model->phase == ECS_BUDGET_BOOSTED)
		used = max_wide(used, most_ns(params));
	return used ? refill_ns(params, max_wide(used, (wide)params->sbt_ns)) :
		      0;
}

enum event {
	EVENT_WAKE,
	EVENT_RUN,
	EVENT_CHECK,
	EVENT_STOP,
	EVENT_SLEEP,
	EVENT_CLOSE,
	EVENT_LEFT,
	EVENT_OWED,
	EVENT_NR,
};

/* Calls both; whatever number comes with the answer goes to @number. */
static enum ecs_budget_verdict compare(enum event event,
				       const struct ecs_budget_params *params,
				       struct ecs_budget_state *state,
				       uint64_t clock, struct model *model,
				       wide now, uint64_t *number)
{
	enum ecs_budget_verdict got = ECS_BUDGET_NONE, want = ECS_BUDGET_NONE;
	wide number_want = 0;

	*number = 0;
	switch (event) {
	case EVENT_WAKE:
		got = ecs_budget_wake(params, state, clock);
		want = model_wake(model, params, now);
		break;
	case EVENT_RUN:
		*number = ecs_budget_run(params, state, clock);
		number_want = model_run(model, params, now);
		break;
	case EVENT_CHECK:
		got = ecs_budget_check(params, state, clock, number);
		want = model_check(model, params, now, &number_want);
		break;
	case EVENT_STOP:
		got = ecs_budget_stop(params, state, clock);
		want = model_stop(model, params, now);
		break;
	case EVENT_SLEEP:
		got = ecs_budget_sleep(params, state, clock);
		want = model_sleep(model, params, now);
		break;
	case EVENT_CLOSE:
		got = ecs_budget_close(params, state, clock);
		want = model_close(model, params, now);
		break;
	case EVENT_LEFT:
		*number = ecs_budget_cooling_left(state, clock);
		number_want = model_cooling_left(model, now);
		break;
	case EVENT_OWED:
		*number = ecs_budget_owed(params, state, clock);
		number_want = model_owed(model, params, now);
		break;
	case EVENT_NR:
		break;
	}
	CHECK(got == want, "event %d: %d, not %d", event, got, want);
	CHECK(*number == (uint64_t)number_want, "event %d: %llu, not %llu",
	      event, (unsigned long long)*number,
	      (unsigned long long)number_want);
	CHECK(state->phase == model->phase, "event %d: phase %d, not %d", event,
	      state->phase, model->phase);
	if (state->phase == ECS_BUDGET_BOOSTED)
		model->ran_ns = model_ran(model);
	CHECK(state->running == model->running, "event %d: running %d", event,
	      state->running);
	CHECK(state->ran_ns == (uint64_t)model->ran_ns,
	      "event %d: ran %llu, not %llu", event,
	      (unsigned long long)state->ran_ns,
	      (unsigned long long)model->ran_ns);
	if (state->phase != ECS_BUDGET_COOLING)
		CHECK(state->used_ns == (uint64_t)model_used(model),
		      "event %d: used %llu, not %llu", event,
		      (unsigned long long)state->used_ns,
		      (unsigned long long)model_used(model));
	if (state->phase == ECS_BUDGET_COOLING)
		CHECK(state->cooling_ns == (uint64_t)model->cooling,
		      "event %d: cooling %llu, not %llu", event,
		      (unsigned long long)state->cooling_ns,
		      (unsigned long long)model->cooling);
	return got;
}

/* --- single answers --- */

/* One that has slept after running boosted for @used ns. */
static void open_used(const struct ecs_budget_params *params,
		      struct ecs_budget_state *state, uint64_t origin,
		      uint64_t used)
{
	ecs_budget_init(state);
	ecs_budget_wake(params, state, origin);
	ecs_budget_run(params, state, origin);
	ecs_budget_sleep(params, state, origin + used);
	CHECK(state->used_ns == used && state->ran_ns == used,
	      "%llu and %llu, not %llu", (unsigned long long)state->used_ns,
	      (unsigned long long)state->ran_ns, (unsigned long long)used);
}

/* Whatever the numbers: exact, or too long by less than USBT, or for ever. */
static bool check_cooling(const struct ecs_budget_params *params,
			  uint64_t origin, uint64_t used)
{
	wide_unsigned want, slack = 0;
	struct ecs_budget_state state;

	want = ((wide_unsigned)used * params->usbt_ns + params->sbt_ns - 1) /
	       params->sbt_ns;
	if ((wide_unsigned)(used % params->sbt_ns) * params->usbt_ns >
	    UINT64_MAX)
		slack = params->usbt_ns;
	if (want > LONGEST)
		want = LONGEST;

	open_used(params, &state, origin, used);
	if (used < params->sbt_ns) {
		CHECK(state.phase == ECS_BUDGET_READY, "%llu of %llu",
		      (unsigned long long)used,
		      (unsigned long long)params->sbt_ns);
		ecs_budget_close(params, &state, origin + used);
		if (!used)
			return CHECK(state.phase == ECS_BUDGET_READY,
				     "nothing used, %d", state.phase);
		want = params->usbt_ns < LONGEST ? params->usbt_ns : LONGEST;
		slack = 0;
	}
	return CHECK(state.phase == ECS_BUDGET_COOLING &&
			     state.cooling_ns >= want &&
			     state.cooling_ns <= want + slack &&
			     state.cooling_ns <= LONGEST,
		     "%llu, not %llu", (unsigned long long)state.cooling_ns,
		     (unsigned long long)want);
}

/* Whatever the numbers, also if SBT was larger when it was used: exact, or all. */
static bool check_filling(const struct ecs_budget_params *params,
			  uint64_t origin, uint64_t used, uint64_t slept)
{
	struct ecs_budget_params before = *params;
	enum ecs_budget_phase phase;
	struct ecs_budget_state state;
	wide_unsigned product;
	uint64_t filled;

	product = (wide_unsigned)slept * params->sbt_ns / params->usbt_ns;
	filled = product < used ? (uint64_t)product : used;
	product = (wide_unsigned)(slept % params->usbt_ns) * params->sbt_ns;
	if (product > UINT64_MAX)
		filled = used;
	phase = used - filled < params->sbt_ns ? ECS_BUDGET_BOOSTED :
						 ECS_BUDGET_COOLING;

	if (used >= params->sbt_ns)
		before.sbt_ns = used + 1;
	open_used(&before, &state, origin, used);
	ecs_budget_wake(params, &state, origin + used + slept);
	return CHECK(state.phase == phase && state.used_ns == used - filled,
		     "phase %d: %llu, not %llu", state.phase,
		     (unsigned long long)state.used_ns,
		     (unsigned long long)(used - filled));
}

#endif /* ECS_BUDGET_MODEL_H */
