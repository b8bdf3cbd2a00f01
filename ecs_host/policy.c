// SPDX-License-Identifier: GPL-2.0-only
/* policy.c: the rules of deferral; see policy.h. Pure C. */
#include "policy.h"

#include "clock.h"

#define PPM 1000000u

static int64_t clamp_tokens(const struct ecs_policy_params *params, int64_t t)
{
	int64_t burst = (int64_t)params->burst_ns;

	if (t > burst)
		return burst;
	return t < -burst ? -burst : t;
}

/*
 * A clock that went backwards fills nothing and is taken as the new origin, so
 * that no sequence of jumps yields more than the bucket holds.
 */
static void fill(const struct ecs_policy_params *params,
		 struct ecs_policy_state *state, uint64_t now)
{
	uint64_t dt = ecs_clock_elapsed(state->filled_at, now);
	uint64_t gain = dt / PPM * params->budget_ppm +
			dt % PPM * params->budget_ppm / PPM;

	state->filled_at = now;
	/* As much as fills the bucket from the deepest debt. */
	if (gain > 2 * params->burst_ns)
		gain = 2 * params->burst_ns;
	/* A smaller burst takes excess and debt away at once, then time adds. */
	state->tokens_ns = clamp_tokens(params, state->tokens_ns);
	state->tokens_ns = clamp_tokens(params,
					state->tokens_ns + (int64_t)gain);
}

static void charge(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now,
		   enum ecs_policy_phase phase)
{
	uint64_t length = ecs_clock_elapsed(state->since, now);

	state->length_ns = length;
	if (state->soft_spent)
		state->used_ns += length;
	if (length > 2 * params->burst_ns)
		length = 2 * params->burst_ns;
	state->tokens_ns = clamp_tokens(params,
					state->tokens_ns - (int64_t)length);
	state->phase = phase;
}

/**
 * ecs_policy_init() - open an account with a full bucket
 * @params: what the administrator set
 * @state: to be filled in
 * @now: current time, ns
 */
void ecs_policy_init(const struct ecs_policy_params *params,
		     struct ecs_policy_state *state, uint64_t now)
{
	state->phase = ECS_POLICY_READY;
	state->tokens_ns = (int64_t)params->burst_ns;
	state->filled_at = now;
	state->since = now;
	state->bound_ns = 0;
	state->soft_bound_ns = 0;
	state->length_ns = 0;
	state->used_ns = 0;
	state->soft_spent = false;
	state->hint = ECS_POLICY_OUTSIDE;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_soft(enum ecs_policy_hint hint)
{
	return hint >= ECS_POLICY_SOFT_WAIT;
}

/**
 * ecs_policy_empty() - take away what was saved up
 * @params: what the administrator set
 * @state: the vCPU's account; a debt stays
 * @now: current time, ns
 *
 * For a vCPU that comes to another thread. Who can make vCPUs as he likes would
 * have a full bucket with each.
 */
void ecs_policy_empty(const struct ecs_policy_params *params,
		      struct ecs_policy_state *state, uint64_t now)
{
	fill(params, state, now);
	if (state->tokens_ns > 0)
		state->tokens_ns = 0;
}

/* Set back, the clock cannot say how long the extension lasted: too long. */
static bool is_bound_reached(const struct ecs_policy_state *state, uint64_t now)
{
	return ecs_clock_is_before(now, state->since) ||
	       now - state->since >= state->bound_ns;
}

/**
 * ecs_policy_is_inside() - does a hint count as "inside a section"?
 * @params: what the administrator set
 * @hint: what the guest says
 */
bool ecs_policy_is_inside(const struct ecs_policy_params *params,
			  enum ecs_policy_hint hint)
{
	if (ecs_policy_is_waiting(hint))
		return !params->refuse_waiters;
	return hint != ECS_POLICY_OUTSIDE;
}

/**
 * ecs_policy_is_waiting() - does the vCPU do nothing but wait for a lock?
 * @hint: what the guest says
 */
bool ecs_policy_is_waiting(enum ecs_policy_hint hint)
{
	return hint == ECS_POLICY_WAIT || hint == ECS_POLICY_SOFT_WAIT;
}

/**
 * ecs_policy_first_ns() - after GRANT: when to look first, from now
 * @params: what the administrator set
 * @state: the vCPU's account
 */
uint64_t ecs_policy_first_ns(const struct ecs_policy_params *params,
			     const struct ecs_policy_state *state)
{
	return least(params->recheck_ns, is_soft(state->hint) ?
						 state->soft_bound_ns :
						 state->bound_ns);
}

/*
 * Ends an extension in a soft section. The hard one that it may have been granted
 * for is over; in time, if the bound is not reached.
 */
static enum ecs_policy_verdict end_soft(const struct ecs_policy_params *params,
					struct ecs_policy_state *state,
					uint64_t now)
{
	bool late = is_bound_reached(state, now);

	if (!state->soft_spent)
		state->used_ns = 0;
	state->soft_spent = true;
	charge(params, state, now, ECS_POLICY_READY);
	return late || is_soft(state->hint) ? ECS_POLICY_CAP :
					      ECS_POLICY_RELEASE;
}

/* Ends an extension whose section is over or whose bound is reached. */
static enum ecs_policy_verdict judge(const struct ecs_policy_params *params,
				     struct ecs_policy_state *state,
				     uint64_t now, enum ecs_policy_hint hint)
{
	bool inside = ecs_policy_is_inside(params, hint);

	if (inside && is_soft(hint) &&
	    !ecs_clock_is_before(now, state->since) &&
	    now - state->since >= state->soft_bound_ns)
		return end_soft(params, state, now);
	if (is_bound_reached(state, now)) {
		charge(params, state, now, ECS_POLICY_SPENT);
		return ECS_POLICY_CAP;
	}
	if (!inside) {
		charge(params, state, now, ECS_POLICY_READY);
		return ECS_POLICY_RELEASE;
	}
	return ECS_POLICY_CONTINUE;
}

/* How much of the grace a section may have now; 0: nothing. */
static uint64_t grace_left(const struct ecs_policy_params *params,
			   const struct ecs_policy_state *state,
			   enum ecs_policy_hint hint)
{
	if (state->phase == ECS_POLICY_SPENT)
		return 0;
	if (!state->soft_spent)
		return params->grace_ns;
	/* Less than the time to the first look is not worth a timer. */
	if (is_soft(hint) || params->grace_ns < state->used_ns ||
	    params->grace_ns - state->used_ns < params->recheck_ns)
		return 0;
	return params->grace_ns - state->used_ns;
}

/**
 * ecs_policy_request() - the fair class wants the CPU of this vCPU
 * @params: what the administrator set
 * @state: the vCPU's account
 * @now: current time, ns
 * @hint: the guest's, read once
 *
 * The vCPU is running. A section that ended, or a bound that was reached, while
 * an extension was under way ends it here.
 *
 * Return: GRANT and JOIN defer the request; all other verdicts let it through:
 * PASS, OBSERVE, NO_BUDGET, NO_SECOND, NO_SOFT, WAITER, RELEASE, CAP.
 */
enum ecs_policy_verdict
ecs_policy_request(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now,
		   enum ecs_policy_hint hint)
{
	enum ecs_policy_verdict verdict;
	uint64_t grace;

	fill(params, state, now);
	if (state->phase == ECS_POLICY_EXTENDED) {
		verdict = judge(params, state, now, hint);
		return verdict == ECS_POLICY_CONTINUE ? ECS_POLICY_JOIN :
							verdict;
	}
	if (!ecs_policy_is_inside(params, hint))
		return ecs_policy_is_waiting(hint) ? ECS_POLICY_WAITER :
						     ECS_POLICY_PASS;
	if (is_soft(hint) && !params->grace_sleep_ns)
		return ECS_POLICY_NO_SOFT;
	if (!params->extend)
		return ECS_POLICY_OBSERVE;
	grace = grace_left(params, state, hint);
	if (!grace)
		return ECS_POLICY_NO_SECOND;
	/* As above: not worth a timer. */
	if (state->tokens_ns < (int64_t)params->recheck_ns)
		return ECS_POLICY_NO_BUDGET;

	state->bound_ns = least(grace, (uint64_t)state->tokens_ns);
	state->soft_bound_ns = state->soft_spent ? 0 :
						   least(params->grace_sleep_ns,
							 state->bound_ns);
	state->hint = hint;
	state->since = now;
	state->phase = ECS_POLICY_EXTENDED;
	return ECS_POLICY_GRANT;
}

/**
 * ecs_policy_recheck() - look at the section again
 * @params: what the administrator set
 * @state: the vCPU's account
 * @now: current time, ns
 * @hint: the guest's, read once
 * @next_ns: CONTINUE: when to look next, from now; never past the bound
 *
 * Each look is after half as long again as the extension has lasted: a section is
 * noticed to be over after at most 1.5 times its length, and a long one is hardly
 * slowed down by being watched, for each look costs the guest a VM exit. With
 * longer distances a vCPU that is in one short section after the other is found
 * inside at all of the few looks, and uses up the grace.
 *
 * A section found over after the bound counts as CAP: nobody knows when it
 * ended. At the soft bound it is CAP if the extension was granted for a soft
 * section, and RELEASE if it was for a hard one, which is over.
 *
 * Return: NONE, CONTINUE, RELEASE or CAP; after the last two the caller has the
 * vCPU preempted.
 */
enum ecs_policy_verdict
ecs_policy_recheck(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now,
		   enum ecs_policy_hint hint, uint64_t *next_ns)
{
	enum ecs_policy_verdict verdict;
	uint64_t age, bound;

	*next_ns = 0;
	if (state->phase != ECS_POLICY_EXTENDED)
		return ECS_POLICY_NONE;
	fill(params, state, now);
	verdict = judge(params, state, now, hint);
	if (verdict == ECS_POLICY_CONTINUE) {
		age = ecs_clock_elapsed(state->since, now);
		bound = is_soft(hint) ? state->soft_bound_ns : state->bound_ns;
		*next_ns = age / 2 < params->recheck_ns ? params->recheck_ns :
							  age / 2;
		*next_ns = least(*next_ns, bound - age);
	}
	return verdict;
}

/**
 * ecs_policy_end() - end an extension for a reason of the caller's
 * @params: what the administrator set
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * Return: ENDED, or NONE if there was no extension.
 */
enum ecs_policy_verdict ecs_policy_end(const struct ecs_policy_params *params,
				       struct ecs_policy_state *state,
				       uint64_t now)
{
	if (state->phase != ECS_POLICY_EXTENDED)
		return ECS_POLICY_NONE;
	fill(params, state, now);
	charge(params, state, now,
	       is_bound_reached(state, now) ? ECS_POLICY_SPENT :
					      ECS_POLICY_READY);
	return ECS_POLICY_ENDED;
}

/**
 * ecs_policy_off_cpu() - the vCPU has left its CPU
 * @params: what the administrator set
 * @state: the vCPU's account
 * @now: current time, ns
 *
 * Ends an extension under way and makes a spent vCPU ready again, soft spent or
 * all spent.
 *
 * Return: ENDED, or NONE if there was no extension.
 */
enum ecs_policy_verdict
ecs_policy_off_cpu(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now)
{
	enum ecs_policy_verdict verdict = ecs_policy_end(params, state, now);

	state->phase = ECS_POLICY_READY;
	state->soft_spent = false;
	return verdict;
}
