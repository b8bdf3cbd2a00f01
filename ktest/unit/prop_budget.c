// SPDX-License-Identifier: GPL-2.0-only
/*
 * prop_budget.c: what holds of the budget in every history.
 *
 * Two kinds of history. In one, calls come in any order and the budget must
 * equal a model that is slow and obvious: it keeps all times at which the
 * budget looked at the clock, and sums them up whenever it is asked. In the
 * other a vCPU sleeps, waits and runs, with its own account of when it was
 * boosted and running, and the promises of budget.h are measured on that.
 */
#include "budget.h"
#include "ecs_ioctl.h"
#include "origin.h"
#include "test.h"

typedef __int128 wide;
typedef unsigned __int128 wide_unsigned;

#define STEPS_MAX 240

#define US 1000ull
#define MS 1000000ull

#define LONGEST ((1ull << 63) - 1)

/*
 * No history waits for what is further off: it would come to where the clock can
 * no longer tell what has passed from what is to come.
 */
#define FAR_OFF (1ull << 58)

static wide max_wide(wide a, wide b)
{
	return a > b ? a : b;
}

/* How long it takes to fill up @used ns, or to cool for them. */
static wide refill_ns(const struct ecs_budget_params *params, wide used)
{
	return (used * (wide)params->usbt_ns + (wide)params->sbt_ns - 1) /
	       (wide)params->sbt_ns;
}

static wide random_wide(struct rng *rng, uint64_t max)
{
	return (wide)rng_log(rng, max);
}

static void random_params(struct rng *rng, struct ecs_budget_params *params)
{
	bool usual = rng_percent(rng, 80);

	params->sbt_ns = rng_range(rng, ECS_BOOST_SBT_NS_MIN,
				   usual ? 2 * MS : ECS_BOOST_SBT_NS_MAX);
	params->usbt_ns = rng_range(rng, ECS_BOOST_USBT_NS_MIN,
				    usual ? 20 * MS : ECS_BOOST_USBT_NS_MAX);
	params->borrow_ns = 0;
	if (rng_percent(rng, 60))
		params->borrow_ns =
			rng_log(rng, usual ? 2 * MS : ECS_BOOST_BORROW_NS_MAX);
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

enum event {
	EVENT_WAKE,
	EVENT_RUN,
	EVENT_CHECK,
	EVENT_STOP,
	EVENT_SLEEP,
	EVENT_CLOSE,
	EVENT_LEFT,
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

/*
 * Now and then as far as the last answer said or as it takes to fill up, give or
 * take 1 ns. Few enough jumps for no difference of times to reach 2^63, and for
 * the longest cooling after them to stay below.
 */
static bool equals_model(struct rng *rng)
{
	bool jumps = rng_percent(rng, 40), changes = rng_percent(rng, 40);
	uint64_t origin = random_origin(rng), number = 0;
	struct ecs_budget_params params;
	struct ecs_budget_state state;
	unsigned int i, jumped = 0;
	static struct model model;
	enum event event;
	wide now = 0, jump;

	random_params(rng, &params);
	ecs_budget_init(&state);
	model = (struct model){ .phase = ECS_BUDGET_READY };
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		if (number && number < FAR_OFF && rng_percent(rng, 60))
			now += (wide)number - (wide)rng_below(rng, 2);
		else if (model.phase == ECS_BUDGET_READY &&
			 rng_percent(rng, 20))
			now += max_wide(refill_ns(&params, model_used(&model)) -
						(wide)rng_below(rng, 2),
					0);
		else
			now += random_wide(rng, rng_percent(rng, 90) ?
							200 * US :
							100 * MS);
		if (changes && rng_percent(rng, 5))
			random_params(rng, &params);
		if (jumps && jumped < 8 && rng_percent(rng, 5)) {
			jump = random_wide(rng, 1ull << 43);
			now += rng_percent(rng, 40) ? jump : -jump;
			jumped++;
		}
		event = (enum event)rng_below(rng, EVENT_NR);
		/* The others come to nothing when it is not boosted. */
		if (model.phase != ECS_BUDGET_BOOSTED && rng_percent(rng, 50))
			event = rng_percent(rng, 50) ? EVENT_WAKE : EVENT_LEFT;
		/* Otherwise it would seldom get far. */
		if (event == EVENT_CLOSE && rng_percent(rng, 60))
			event = EVENT_CHECK;
		compare(event, &params, &state, origin + (uint64_t)now, &model,
			now, &number);
		if (test_failures)
			printf("  # at step %u, time %lld\n", i,
			       (long long)now);
	}
	return !test_failures;
}

static void random_numbers(struct rng *rng, struct ecs_budget_params *params)
{
	params->sbt_ns = rng_log(rng, UINT64_MAX - 1) + 1;
	params->usbt_ns = rng_log(rng, UINT64_MAX - 1) + 1;
	params->borrow_ns = rng_log(rng, UINT64_MAX);
	if (rng_percent(rng, 30))
		random_params(rng, params);
}

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
static bool cooling_is_exact(struct rng *rng)
{
	uint64_t used = rng_log(rng, LONGEST), origin = random_origin(rng);
	struct ecs_budget_params params;
	wide_unsigned want, slack = 0;
	struct ecs_budget_state state;

	random_numbers(rng, &params);
	want = ((wide_unsigned)used * params.usbt_ns + params.sbt_ns - 1) /
	       params.sbt_ns;
	if ((wide_unsigned)(used % params.sbt_ns) * params.usbt_ns > UINT64_MAX)
		slack = params.usbt_ns;
	if (want > LONGEST)
		want = LONGEST;

	open_used(&params, &state, origin, used);
	if (used < params.sbt_ns) {
		CHECK(state.phase == ECS_BUDGET_READY, "%llu of %llu",
		      (unsigned long long)used,
		      (unsigned long long)params.sbt_ns);
		ecs_budget_close(&params, &state, origin + used);
		if (!used)
			return CHECK(state.phase == ECS_BUDGET_READY,
				     "nothing used, %d", state.phase);
		want = params.usbt_ns < LONGEST ? params.usbt_ns : LONGEST;
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
static bool filling_is_exact(struct rng *rng)
{
	uint64_t used = rng_log(rng, LONGEST), slept = rng_log(rng, LONGEST);
	uint64_t origin = random_origin(rng), filled;
	struct ecs_budget_params params, before;
	enum ecs_budget_phase phase;
	struct ecs_budget_state state;
	wide_unsigned product;

	random_numbers(rng, &params);
	if (rng_percent(rng, 70))
		used %= params.sbt_ns;
	product = (wide_unsigned)slept * params.sbt_ns / params.usbt_ns;
	filled = product < used ? (uint64_t)product : used;
	product = (wide_unsigned)(slept % params.usbt_ns) * params.sbt_ns;
	if (product > UINT64_MAX)
		filled = used;
	phase = used - filled < params.sbt_ns ? ECS_BUDGET_BOOSTED :
						ECS_BUDGET_COOLING;

	before = params;
	if (used >= params.sbt_ns)
		before.sbt_ns = used + 1;
	open_used(&before, &state, origin, used);
	ecs_budget_wake(&params, &state, origin + used + slept);
	return CHECK(state.phase == phase && state.used_ns == used - filled,
		     "phase %d: %llu, not %llu", state.phase,
		     (unsigned long long)state.used_ns,
		     (unsigned long long)(used - filled));
}

/* --- a vCPU and its host --- */

enum vcpu {
	VCPU_SLEEPS,
	VCPU_WAITS,
	VCPU_RUNS,
};

struct segment {
	wide from;
	wide to;
	unsigned int boost;
};

/**
 * struct boost - one boost as the world saw it
 * @begin: when it was begun
 * @before: how much of SBT was used then
 * @used: how long it really ran
 * @lost: of this, what a clock that jumped may not show
 * @late: how much too late the timer was
 */
struct boost {
	wide begin;
	wide before;
	wide used;
	wide lost;
	wide late;
};

/**
 * struct world - one vCPU, its host, and what was seen of it
 * @changes: parameters change
 * @now: real time, ns
 * @offset: of the clock
 * @jumped: when the clock last jumped, -1 never
 * @unseen: no wakeup or closing has seen that jump
 * @calm: when the cooling began, or a later wakeup or closing saw a jump
 * @ahead: how much the clock jumped ahead since @looked
 * @due: when the timer should fire
 * @late: how late it may be
 * @looked: when the budget last accounted
 * @level: of SBT and borrow so much is used at least
 * @cooling: all of SBT was used up, and no boost has begun since
 * @least: how long none must begin then
 * @boosted: BEGIN or RESUME was said, END not since
 * @closed: its owner has let go, and no boost has begun since
 */
struct world {
	struct rng *rng;
	struct ecs_budget_params params;
	struct ecs_budget_state state;
	bool changes;
	wide now;
	uint64_t offset;
	wide jumped;
	bool unseen;
	wide calm;
	wide ahead;
	wide due;
	uint64_t late;
	wide looked;
	wide level;
	bool cooling;
	wide least;
	bool boosted;
	bool closed;
	enum vcpu vcpu;
	struct segment segments[STEPS_MAX];
	unsigned int nr_segments;
	struct boost boosts[STEPS_MAX];
	unsigned int nr;
};

static unsigned long reached[EVENT_NR][ECS_BUDGET_END + 1];

static void world_init(struct world *world, struct rng *rng)
{
	*world = (struct world){
		.rng = rng,
		.offset = random_origin(rng),
		.jumped = -1,
		.vcpu = VCPU_SLEEPS,
	};
	random_params(rng, &world->params);
	if (rng_percent(rng, 60))
		world->late = rng_log(rng, 10 * MS);
	ecs_budget_init(&world->state);
}

static uint64_t world_clock(const struct world *world)
{
	return world->offset + (uint64_t)world->now;
}

/* Without touching the state. */
static wide world_cooling_left(const struct world *world)
{
	struct ecs_budget_state copy = world->state;

	return (wide)ecs_budget_cooling_left(&copy, world_clock(world));
}

static struct boost *world_boost(struct world *world)
{
	return &world->boosts[world->nr - 1];
}

static bool is_boost_running(const struct world *world)
{
	return world->boosted && world->vcpu == VCPU_RUNS;
}

static void open_segment(struct world *world)
{
	world->segments[world->nr_segments++] =
		(struct segment){ world->now, world->now, world->nr - 1 };
	world->due = world->now + (wide)ecs_budget_run(&world->params,
						       &world->state,
						       world_clock(world));
}

/* The budget has accounted, and must not have forgotten anything. */
static void see_account(struct world *world, bool ran)
{
	wide time = world->now - world->looked;
	struct boost *boost;

	if (ran) {
		boost = world_boost(world);
		boost->used += time;
		if (world->jumped >= world->looked)
			boost->lost += time;
		else
			world->level += time;
		world->segments[world->nr_segments - 1].to = world->now;
	} else {
		time = (time + world->ahead) * (wide)world->params.sbt_ns;
		time = (time + (wide)world->params.usbt_ns - 1) /
		       (wide)world->params.usbt_ns;
		world->level = max_wide(world->level - time, 0);
	}
	world->looked = world->now;
	world->ahead = 0;
	CHECK((wide)world->state.used_ns >= world->level, "used %llu, not %lld",
	      (unsigned long long)world->state.used_ns,
	      (long long)world->level);
}

static void see_cooling(struct world *world)
{
	world->cooling = true;
	world->calm = world->now;
	world->unseen = false;
	world->least = refill_ns(&world->params,
				 max_wide(world->level,
					  (wide)world->params.sbt_ns));
	CHECK(world->least >= (wide)world->params.usbt_ns, "less than USBT");
}

static void see_begin(struct world *world, enum ecs_budget_verdict verdict)
{
	wide before = (wide)world->state.used_ns;

	CHECK(!world->boosted, "begun twice");
	if (world->cooling) {
		CHECK(world->now - world->looked + world->ahead >= world->least,
		      "begun %lld after the last, not %lld",
		      (long long)(world->now - world->looked),
		      (long long)world->least);
		CHECK(verdict == ECS_BUDGET_BEGIN, "nothing to go on with");
		world->level = 0;
		world->cooling = false;
	}
	see_account(world, false);
	CHECK((verdict == ECS_BUDGET_BEGIN) == !before &&
		      before < (wide)world->params.sbt_ns,
	      "verdict %d with %lld used", verdict, (long long)before);
	world->boosts[world->nr++] = (struct boost){ .begin = world->now,
						     .before = before };
	world->boosted = true;
	world->closed = false;
}

static void see_end(struct world *world, bool ran)
{
	struct boost *boost = world_boost(world);
	bool cooling = world->state.phase == ECS_BUDGET_COOLING;

	CHECK(world->boosted, "ended twice");
	world->boosted = false;
	if (ran)
		boost->late = max_wide(world->now - world->due, 0);
	CHECK((wide)world->state.ran_ns >= boost->used - boost->lost &&
		      (world->jumped >= 0 ||
		       (wide)world->state.ran_ns == boost->used),
	      "ran %lld, not %llu", (long long)boost->used,
	      (unsigned long long)world->state.ran_ns);
	CHECK(cooling || world->level < (wide)world->params.sbt_ns,
	      "ready with %lld used", (long long)world->level);
	if (cooling)
		see_cooling(world);
}

/* @left: how long it had to cool. */
static void see_too_early(struct world *world, wide left)
{
	if (!world->cooling) {
		CHECK(world->changes && !left &&
			      world->state.used_ns >= world->params.sbt_ns,
		      "too early with %llu used",
		      (unsigned long long)world->state.used_ns);
		see_account(world, false);
		see_cooling(world);
	}
	CHECK(world->now - world->calm < (wide)world->state.cooling_ns,
	      "too early after %lld", (long long)(world->now - world->calm));
}

/* It was not boosted. */
static void see_close(struct world *world)
{
	bool cooling = world->state.phase == ECS_BUDGET_COOLING;

	if (!world->cooling) {
		see_account(world, false);
		if (cooling)
			see_cooling(world);
	}
	CHECK(cooling || !world->state.used_ns, "ready with %llu used",
	      (unsigned long long)world->state.used_ns);
}

static void world_event(struct world *world, enum event event)
{
	enum ecs_budget_verdict verdict = ECS_BUDGET_NONE;
	uint64_t clock = world_clock(world), next = 0;
	bool was_running = is_boost_running(world);
	wide left = world_cooling_left(world);
	bool was_boosted = world->boosted;

	switch (event) {
	case EVENT_WAKE:
		verdict = ecs_budget_wake(&world->params, &world->state, clock);
		if (world->vcpu == VCPU_SLEEPS)
			world->vcpu = VCPU_WAITS;
		break;
	case EVENT_RUN:
		world->vcpu = VCPU_RUNS;
		break;
	case EVENT_CHECK:
		verdict = ecs_budget_check(&world->params, &world->state, clock,
					   &next);
		break;
	case EVENT_STOP:
		verdict = ecs_budget_stop(&world->params, &world->state, clock);
		world->vcpu = VCPU_WAITS;
		break;
	case EVENT_SLEEP:
		verdict = ecs_budget_sleep(&world->params, &world->state,
					   clock);
		world->vcpu = VCPU_SLEEPS;
		break;
	case EVENT_CLOSE:
		verdict = ecs_budget_close(&world->params, &world->state,
					   clock);
		world->closed = true;
		break;
	case EVENT_LEFT:
	case EVENT_NR:
		break;
	}
	reached[event][verdict]++;
	if ((event == EVENT_WAKE || event == EVENT_CLOSE) && world->unseen) {
		world->calm = world->now;
		world->unseen = false;
	}
	if (event == EVENT_WAKE && left)
		CHECK(verdict == ECS_BUDGET_TOO_EARLY, "%d with %lld left",
		      verdict, (long long)left);
	if (verdict == ECS_BUDGET_TOO_EARLY)
		see_too_early(world, left);
	if (verdict == ECS_BUDGET_BEGIN || verdict == ECS_BUDGET_RESUME)
		see_begin(world, verdict);
	if (!was_running && is_boost_running(world))
		open_segment(world);
	else if (next)
		world->due = world->now + (wide)next;
	if (was_boosted && event != EVENT_WAKE)
		see_account(world, was_running);
	if (verdict == ECS_BUDGET_END)
		see_end(world, was_running);
	if (event == EVENT_CLOSE && !was_boosted)
		see_close(world);
	CHECK(world->boosted == (world->state.phase == ECS_BUDGET_BOOSTED),
	      "phase %d", world->state.phase);
}

/* @by: ns, ahead if above 0 */
static void world_jump(struct world *world, wide by)
{
	world->jumped = world->now;
	world->unseen = true;
	world->offset += (uint64_t)by;
	world->ahead += max_wide(by, 0);
}

/* Chooses what comes next and moves time there. */
static void world_step(struct world *world)
{
	struct rng *rng = world->rng;
	uint64_t pick = rng_below(rng, 100);
	wide then = world->now +
		    random_wide(rng, rng_percent(rng, 90) ? 400 * US : 40 * MS);
	wide left = world_cooling_left(world);

	if (is_boost_running(world) && (pick < 50 || then >= world->due)) {
		world->now = max_wide(world->now, world->due);
		if (world->late && rng_percent(rng, 30))
			world->now += random_wide(rng, world->late);
		world_event(world,
			    rng_percent(rng, 90) ? EVENT_CHECK : EVENT_STOP);
		return;
	}
	/* Asked for anew as soon as that is possible. */
	if (world->closed && !left && rng_percent(rng, 50))
		ecs_budget_init(&world->state);
	/* To just when it may be boosted again, or 1 ns before. */
	if (left && left < (wide)FAR_OFF && pick < 40) {
		world->now += left - (wide)rng_below(rng, 2);
		world_event(world, EVENT_WAKE);
		return;
	}
	/* The same with when it is full. */
	if (world->vcpu == VCPU_SLEEPS && !left && pick < 10)
		then = max_wide(world->now,
				world->looked +
					refill_ns(&world->params,
						  (wide)world->state.used_ns) -
					(wide)rng_below(rng, 2));
	world->now = then;
	if (rng_percent(rng, 5)) {
		world_event(world, EVENT_CLOSE);
		return;
	}
	switch (world->vcpu) {
	case VCPU_SLEEPS:
		world_event(world, EVENT_WAKE);
		break;
	case VCPU_WAITS:
		world_event(world, pick < 80 ? EVENT_RUN :
				   pick < 95 ? EVENT_WAKE :
					       EVENT_SLEEP);
		break;
	case VCPU_RUNS:
		world_event(world, pick < 70 ? EVENT_STOP :
				   pick < 80 ? EVENT_WAKE :
				   pick < 85 ? EVENT_CHECK :
					       EVENT_SLEEP);
		break;
	}
}

/* --- the properties --- */

/*
 * Over any window: of SBT, borrowing and the last boost's lateness together one
 * part, USBT / (SBT + USBT), less than budget.h says, and the window's share. The
 * longest boosted time in the shortest window: from where one segment begins to
 * where another ends.
 */
static void check_windows(const struct world *world)
{
	wide sbt = (wide)world->params.sbt_ns;
	wide usbt = (wide)world->params.usbt_ns;
	const struct segment *first, *last;
	wide sum, most, window;
	unsigned int i, j;

	for (i = 0; i < world->nr_segments; i++) {
		first = &world->segments[i];
		sum = 0;
		for (j = i; j < world->nr_segments; j++) {
			last = &world->segments[j];
			sum += last->to - last->from;
			window = last->to - first->from;
			most = most_ns(&world->params) +
			       world->boosts[last->boost].late;
			if (!CHECK(sum * (sbt + usbt) <=
					   most * usbt + window * sbt,
				   "segments %u to %u: %lld in %lld", i, j,
				   (long long)sum, (long long)window))
				return;
		}
	}
}

/*
 * From any beginning to any later one: all but what is still used then is repaid.
 * So after a boost that ran for SBT none begins with all of SBT before USBT.
 */
static void check_repaid(const struct world *world)
{
	wide sbt = (wide)world->params.sbt_ns;
	wide usbt = (wide)world->params.usbt_ns;
	const struct boost *boost;
	wide sum, window;
	unsigned int i, j;

	for (i = 0; i < world->nr; i++) {
		sum = 0;
		for (j = i + 1; j < world->nr; j++) {
			boost = &world->boosts[j];
			sum += world->boosts[j - 1].used;
			window = boost->begin - world->boosts[i].begin;
			if (!CHECK((sum - boost->before) * usbt <=
					   (window - sum) * sbt,
				   "boosts %u to %u: %lld in %lld", i, j - 1,
				   (long long)sum, (long long)window))
				return;
		}
	}
}

static bool no_window_overdraws(struct rng *rng)
{
	static struct world world;
	unsigned int i;

	world_init(&world, rng);
	for (i = 0; i < STEPS_MAX - 1 && !test_failures; i++)
		world_step(&world);
	if (world.boosted)
		world_event(&world, EVENT_SLEEP);
	check_windows(&world);
	check_repaid(&world);
	return !test_failures;
}

/* What the see_...() check, with parameters that change. */
static bool changes_overdraw_nothing(struct rng *rng)
{
	static struct world world;
	unsigned int i;

	world_init(&world, rng);
	world.changes = true;
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		if (rng_percent(rng, 10))
			random_params(rng, &world.params);
		world_step(&world);
	}
	return !test_failures;
}

/*
 * And with a clock that jumps: back, it loses only the run time since the last
 * look and no cooling; ahead, the cooling is shorter by no more than the jump.
 */
static bool jumps_overdraw_nothing(struct rng *rng)
{
	bool back_only = rng_percent(rng, 70);
	unsigned int i, jumped = 0;
	static struct world world;
	wide jump;

	world_init(&world, rng);
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		if (jumped < 8 && rng_percent(rng, 10)) {
			jump = random_wide(rng, 1ull << 50);
			if (back_only || rng_percent(rng, 50))
				jump = -jump;
			world_jump(&world, jump);
			jumped++;
		}
		world_step(&world);
	}
	return !test_failures;
}

/*
 * What jumps seldom bring about: the clock jumps ahead by days while a boost runs,
 * with an SBT that is tiny beside USBT. That cools for as long as the clock can
 * tell, and no history lives to see the end of it.
 */
static bool longest_cooling_is_for_ever(struct rng *rng)
{
	static struct world world;
	unsigned int i;

	world_init(&world, rng);
	world.params.sbt_ns = ECS_BOOST_SBT_NS_MIN;
	world.params.usbt_ns = ECS_BOOST_USBT_NS_MAX;
	world_event(&world, EVENT_WAKE);
	world_event(&world, EVENT_RUN);
	world_jump(&world, 1ll << 50);
	world_event(&world, EVENT_CHECK);
	CHECK(world.state.phase == ECS_BUDGET_COOLING &&
		      world.state.cooling_ns == LONGEST,
	      "phase %d, cooling %llu", world.state.phase,
	      (unsigned long long)world.state.cooling_ns);
	for (i = 0; i < STEPS_MAX && !test_failures; i++)
		world_step(&world);
	CHECK(world.now < (wide)LONGEST && world.nr == 1, "%u boosts",
	      world.nr);
	return !test_failures;
}

/*
 * A vCPU that keeps within SBT and its share is boosted at each wakeup for as long
 * as it runs, however small the pieces are. Each time the budget looks it may lose
 * a part of a ns.
 */
static bool modest_is_always_boosted(struct rng *rng)
{
	wide sbt, usbt, level = 0, time, most;
	static struct world world;
	unsigned int i, j;

	world_init(&world, rng);
	sbt = (wide)world.params.sbt_ns;
	usbt = (wide)world.params.usbt_ns;
	for (i = 0; i < STEPS_MAX / 4 && !test_failures; i++) {
		/* Asleep, and waiting for a CPU. */
		for (j = 0; j < 2; j++) {
			time = random_wide(rng, 2 * (uint64_t)usbt);
			world.now += time;
			level = max_wide(level - time * sbt, 0);
			world_event(&world, j ? EVENT_RUN : EVENT_WAKE);
			CHECK(world.boosted, "wakeup %u is not boosted", i);
			if (test_failures)
				return false;
			level += usbt;
		}
		most = (sbt * usbt - level) / usbt - 2;
		time = most > 0 ? random_wide(rng, (uint64_t)most) : 0;
		if (most > 0 && rng_percent(rng, 30))
			time = most;
		/* Nothing left but what it may have lost: let it fill up. */
		if (most <= 0) {
			world_event(&world, EVENT_SLEEP);
			world.now += 2 * usbt;
			level = 0;
			continue;
		}
		CHECK(world.now + time < world.due, "wakeup %u: %lld left", i,
		      (long long)(world.due - world.now));
		world.now += time;
		level += time * usbt;
		world_event(&world, EVENT_SLEEP);
	}
	return !test_failures;
}

/*
 * A vCPU that never sleeps and waits for nobody, with timers that are never
 * late: boosted for SBT and what it may borrow, each time to the nanosecond,
 * and again as soon as that is repaid. So it gets its share, and no more.
 */
static bool greedy_gets_its_share(struct rng *rng)
{
	wide sbt, usbt, cycle, used;
	static struct world world;
	const struct boost *boost;
	unsigned int i;

	world_init(&world, rng);
	sbt = (wide)world.params.sbt_ns;
	usbt = (wide)world.params.usbt_ns;
	used = most_ns(&world.params);
	world_event(&world, EVENT_WAKE);
	world_event(&world, EVENT_RUN);
	for (i = 0; i < STEPS_MAX - 1 && !test_failures; i++) {
		world.now = world.due;
		world_event(&world, EVENT_CHECK);
		CHECK(!world.boosted, "boost %u goes on", i);
		world.now += world_cooling_left(&world);
		world_event(&world, EVENT_WAKE);
		CHECK(world.boosted, "boost %u came too early", i + 1);
		if (test_failures)
			break;
		boost = &world.boosts[i];
		cycle = world.now - boost->begin;
		CHECK(boost->used == used, "boost %u: %lld, not %lld", i,
		      (long long)boost->used, (long long)used);
		CHECK(used * (sbt + usbt) <= cycle * sbt &&
			      used * (sbt + usbt) > (cycle - 1) * sbt,
		      "boost %u: %lld in %lld", i, (long long)used,
		      (long long)cycle);
	}
	return !test_failures;
}

/* A timer that is never late: one look ends a boost, also one that has waited. */
static bool looks_are_few(struct rng *rng)
{
	static struct world world;
	unsigned int i, looks = 0;

	world_init(&world, rng);
	world_event(&world, EVENT_WAKE);
	for (i = 0; i < 20; i++) {
		world.now += random_wide(rng, 10 * MS);
		world_event(&world, EVENT_RUN);
		if (!is_boost_running(&world))
			break;
		if (rng_percent(rng, 70)) {
			world.now = world.due;
			world_event(&world, EVENT_CHECK);
			looks++;
		} else {
			world.now += (world.due - world.now) / 2;
			world_event(&world, EVENT_STOP);
		}
	}
	return CHECK(looks <= 1, "%u looks for one boost", looks);
}

static void test_equals_model(const void *arg)
{
	(void)arg;
	test_rounds(3000, equals_model);
}

static void test_cooling(const void *arg)
{
	(void)arg;
	test_rounds(30000, cooling_is_exact);
}

static void test_filling(const void *arg)
{
	(void)arg;
	test_rounds(30000, filling_is_exact);
}

static void test_windows(const void *arg)
{
	(void)arg;
	test_rounds(3000, no_window_overdraws);
}

static void test_changes(const void *arg)
{
	(void)arg;
	test_rounds(2000, changes_overdraw_nothing);
}

static void test_jumps(const void *arg)
{
	(void)arg;
	test_rounds(3000, jumps_overdraw_nothing);
}

static void test_longest(const void *arg)
{
	(void)arg;
	test_rounds(500, longest_cooling_is_for_ever);
}

static void test_modest(const void *arg)
{
	(void)arg;
	test_rounds(1000, modest_is_always_boosted);
}

static void test_greedy(const void *arg)
{
	(void)arg;
	test_rounds(500, greedy_gets_its_share);
}

static void test_looks(const void *arg)
{
	(void)arg;
	test_rounds(2000, looks_are_few);
}

/* With its own seed: it judges the histories above, not the budget. */
static void test_reach(const void *arg)
{
	static const struct {
		enum event event;
		enum ecs_budget_verdict verdict;
	} want[] = {
		{ EVENT_WAKE, ECS_BUDGET_BEGIN },
		{ EVENT_WAKE, ECS_BUDGET_RESUME },
		{ EVENT_WAKE, ECS_BUDGET_ALREADY },
		{ EVENT_WAKE, ECS_BUDGET_TOO_EARLY },
		{ EVENT_CHECK, ECS_BUDGET_NONE },
		{ EVENT_CHECK, ECS_BUDGET_END },
		{ EVENT_STOP, ECS_BUDGET_NONE },
		{ EVENT_STOP, ECS_BUDGET_END },
		{ EVENT_SLEEP, ECS_BUDGET_NONE },
		{ EVENT_SLEEP, ECS_BUDGET_END },
		{ EVENT_CLOSE, ECS_BUDGET_NONE },
		{ EVENT_CLOSE, ECS_BUDGET_END },
	};
	struct rng rng = { 1 };
	unsigned long times;
	size_t i, j;

	(void)arg;
	for (i = 0; i < EVENT_NR; i++)
		for (j = 0; j < ARRAY_SIZE(reached[i]); j++)
			reached[i][j] = 0;
	for (i = 0; i < 200; i++)
		jumps_overdraw_nothing(&rng);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		times = reached[want[i].event][want[i].verdict];
		CHECK(times >= 100, "event %d, verdict %d: %lu times",
		      want[i].event, want[i].verdict, times);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{ "budget equals the model", test_equals_model, NULL },
		{ "cooling is exact or too long", test_cooling, NULL },
		{ "filling up is exact or all", test_filling, NULL },
		{ "no window overdraws, and all is repaid", test_windows,
		  NULL },
		{ "changing parameters overdraw nothing", test_changes, NULL },
		{ "a jumping clock overdraws nothing", test_jumps, NULL },
		{ "the longest cooling is for ever", test_longest, NULL },
		{ "modest is always boosted", test_modest, NULL },
		{ "never asleep gets its share exactly", test_greedy, NULL },
		{ "one look ends one boost", test_looks, NULL },
		{ "histories reach every verdict", test_reach, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
