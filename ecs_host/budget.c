// SPDX-License-Identifier: GPL-2.0-only
/* budget.c: the rules of boosting; see budget.h. Pure C. */
#include "budget.h"

#include "clock.h"

/* The longest time that ecs_clock_elapsed() can see pass. */
#define NS_MAX ((uint64_t)-1 >> 1)

static uint64_t add_ns(uint64_t a, uint64_t b)
{
	return a > NS_MAX || b > NS_MAX - a ? NS_MAX : a + b;
}

static bool is_running(const struct ecs_budget_state *state)
{
	return state->phase == ECS_BUDGET_BOOSTED && state->running;
}

/* What this boost may still run. */
static uint64_t left_ns(const struct ecs_budget_params *params,
			const struct ecs_budget_state *state)
{
	uint64_t most = add_ns(params->sbt_ns, params->borrow_ns);

	return state->used_ns < most ? most - state->used_ns : 0;
}

/* What fills up in @time, rounded down; all if that is out of all bounds. */
static uint64_t filled_ns(const struct ecs_budget_params *params, uint64_t time)
{
	uint64_t sbt = params->sbt_ns, usbt = params->usbt_ns;
	uint64_t whole, part;

	if (__builtin_mul_overflow(time / usbt, sbt, &whole) ||
	    __builtin_mul_overflow(time % usbt, sbt, &part) ||
	    __builtin_add_overflow(whole, part / usbt, &whole))
		return NS_MAX;
	return whole;
}

/* Up to now: run time is used, all other time fills up. */
static void account(const struct ecs_budget_params *params,
		    struct ecs_budget_state *state, uint64_t now)
{
	uint64_t time = ecs_clock_elapsed(state->since, now), gain;

	state->since = now;
	if (is_running(state)) {
		state->used_ns = add_ns(state->used_ns, time);
		state->ran_ns = add_ns(state->ran_ns, time);
		return;
	}
	gain = filled_ns(params, time);
	state->used_ns -= gain < state->used_ns ? gain : state->used_ns;
}

/* USBT for each SBT that was used, for one at least, rounded up. */
static uint64_t cooling_ns(const struct ecs_budget_params *params,
			   uint64_t used)
{
	uint64_t sbt = params->sbt_ns, usbt = params->usbt_ns;
	uint64_t whole, part;

	if (used < sbt)
		used = sbt;
	if (__builtin_mul_overflow(used / sbt, usbt, &whole))
		return NS_MAX;
	/* Only parameters that are out of all bounds: too long, by < USBT. */
	if (__builtin_mul_overflow(used % sbt, usbt, &part))
		return add_ns(whole, usbt);
	return add_ns(whole, part / sbt + (part % sbt != 0));
}

static void cool(const struct ecs_budget_params *params,
		 struct ecs_budget_state *state, uint64_t now)
{
	state->phase = ECS_BUDGET_COOLING;
	state->cooling_from = now;
	state->cooling_ns = cooling_ns(params, state->used_ns);
}

static enum ecs_budget_verdict end_boost(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now)
{
	state->running = false;
	if (state->used_ns < params->sbt_ns)
		state->phase = ECS_BUDGET_READY;
	else
		cool(params, state, now);
	return ECS_BUDGET_END;
}

/**
 * ecs_budget_init() - open an account: the first wakeup is boosted
 * @state: to be filled in
 */
void ecs_budget_init(struct ecs_budget_state *state)
{
	state->phase = ECS_BUDGET_READY;
	state->running = false;
	state->since = 0;
	state->used_ns = 0;
	state->ran_ns = 0;
	state->cooling_from = 0;
	state->cooling_ns = 0;
}

/**
 * ecs_budget_wake() - the vCPU wakes, or is found waiting or running
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * One that is found running needs ecs_budget_run() as well.
 *
 * Return: BEGIN, RESUME, ALREADY or TOO_EARLY.
 */
enum ecs_budget_verdict ecs_budget_wake(const struct ecs_budget_params *params,
					struct ecs_budget_state *state,
					uint64_t now)
{
	if (state->phase == ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_ALREADY;
	if (ecs_budget_cooling_left(state, now))
		return ECS_BUDGET_TOO_EARLY;
	account(params, state, now);
	/* SBT was made smaller than what is used of it. */
	if (state->used_ns >= params->sbt_ns) {
		cool(params, state, now);
		return ECS_BUDGET_TOO_EARLY;
	}
	state->phase = ECS_BUDGET_BOOSTED;
	state->running = false;
	state->ran_ns = 0;
	return state->used_ns ? ECS_BUDGET_RESUME : ECS_BUDGET_BEGIN;
}

/**
 * ecs_budget_run() - the vCPU is put on a CPU
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * Return: ns until ecs_budget_check() must be called, at least 1; 0 if the vCPU
 * is not boosted.
 */
uint64_t ecs_budget_run(const struct ecs_budget_params *params,
			struct ecs_budget_state *state, uint64_t now)
{
	uint64_t left;

	if (state->phase != ECS_BUDGET_BOOSTED)
		return 0;
	/* Running already: a stop was missed, and all the time counts. */
	account(params, state, now);
	state->running = true;
	left = left_ns(params, state);
	return left ? left : 1;
}

/**
 * ecs_budget_check() - the time that ecs_budget_run() gave is over
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 * @next_ns: when to check again, ns from now; 0: not at all
 *
 * Return: END, or NONE if the boost goes on, does not run or has ended.
 */
enum ecs_budget_verdict ecs_budget_check(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now, uint64_t *next_ns)
{
	*next_ns = 0;
	if (!is_running(state))
		return ECS_BUDGET_NONE;
	account(params, state, now);
	*next_ns = left_ns(params, state);
	return *next_ns ? ECS_BUDGET_NONE : end_boost(params, state, now);
}

/**
 * ecs_budget_stop() - the vCPU was taken off its CPU and wants to run on
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * Return: END if the boost is used up, else NONE.
 */
enum ecs_budget_verdict ecs_budget_stop(const struct ecs_budget_params *params,
					struct ecs_budget_state *state,
					uint64_t now)
{
	if (state->phase != ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_NONE;
	account(params, state, now);
	state->running = false;
	return left_ns(params, state) ? ECS_BUDGET_NONE :
					end_boost(params, state, now);
}

/**
 * ecs_budget_sleep() - the vCPU has nothing to do
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * What is left of SBT stays and fills up; if nothing is left it cools.
 *
 * Return: END if it was boosted, else NONE.
 */
enum ecs_budget_verdict ecs_budget_sleep(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now)
{
	if (state->phase != ECS_BUDGET_BOOSTED)
		return ECS_BUDGET_NONE;
	account(params, state, now);
	return end_boost(params, state, now);
}

/**
 * ecs_budget_close() - the account's owner lets go of it
 * @params: what was asked for
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * Whatever is used of SBT is cooled for, for USBT at least; a cooling under way
 * stays. So whoever drops the account only when it is READY and then opens
 * another gains nothing.
 *
 * Return: END if it was boosted, else NONE.
 */
enum ecs_budget_verdict ecs_budget_close(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now)
{
	bool boosted = state->phase == ECS_BUDGET_BOOSTED;

	if (ecs_budget_cooling_left(state, now))
		return ECS_BUDGET_NONE;
	account(params, state, now);
	state->running = false;
	state->phase = ECS_BUDGET_READY;
	if (state->used_ns)
		cool(params, state, now);
	return boosted ? ECS_BUDGET_END : ECS_BUDGET_NONE;
}

/**
 * ecs_budget_cooling_left() - when the vCPU may be boosted again
 * @state: the vCPU's account; becomes READY when the cooling has passed
 * @now: current time, ns
 *
 * A clock that was set back to before the cooling began cannot say how much of
 * it has passed: it begins again.
 *
 * Return: ns from now; 0 if it may be boosted or is.
 */
uint64_t ecs_budget_cooling_left(struct ecs_budget_state *state, uint64_t now)
{
	uint64_t age;

	if (state->phase != ECS_BUDGET_COOLING)
		return 0;
	if (ecs_clock_is_before(now, state->cooling_from))
		state->cooling_from = now;
	age = now - state->cooling_from;
	if (age < state->cooling_ns)
		return state->cooling_ns - age;
	state->phase = ECS_BUDGET_READY;
	state->used_ns = 0;
	state->since = now;
	return 0;
}

/**
 * ecs_budget_owed() - until when a vCPU's share is that of these parameters
 * @params: those which are about to be changed
 * @state: the vCPU's account; as with ecs_budget_cooling_left()
 * @now: current time, ns
 *
 * A boost under way counts as if it were used up, and what has filled up since
 * the last one as not used.
 *
 * Return: ns from now in which what was used is cooled for; 0 nothing was.
 */
uint64_t ecs_budget_owed(const struct ecs_budget_params *params,
			 struct ecs_budget_state *state, uint64_t now)
{
	uint64_t left = ecs_budget_cooling_left(state, now);
	struct ecs_budget_state seen = *state;
	uint64_t used, most = 0;

	if (left)
		return left;
	/* What fills up goes by the new parameters, so only to see what is used now. */
	account(params, &seen, now);
	if (state->phase == ECS_BUDGET_BOOSTED)
		most = add_ns(params->sbt_ns, params->borrow_ns);
	used = seen.used_ns > most ? seen.used_ns : most;
	return used ? cooling_ns(params, used) : 0;
}
