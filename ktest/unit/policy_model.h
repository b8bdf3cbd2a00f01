/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy_model.h: what the policy must equal and promise, for the property tests
 * and the fuzz target.
 *
 * The model is slow and obvious: it keeps a log of all that ever touched the
 * bucket and replays it, exactly, whenever it wants to know what is in there. The
 * policy rounds each filling down to whole nanoseconds; so it may hold less than
 * the model, by at most 1 ns per filling, and never more. Where this decides a
 * verdict, either one is right.
 */
#ifndef ECS_POLICY_MODEL_H
#define ECS_POLICY_MODEL_H

#include "policy.h"
#include "test.h"

typedef __int128 wide;

#define MILLION	  1000000
#define STEPS_MAX 240

static long long ns(wide millionths)
{
	return (long long)(millionths / MILLION);
}

static wide min_wide(wide a, wide b)
{
	return a < b ? a : b;
}

static wide clamp_wide(wide value, wide bound)
{
	return value > bound ? bound : value < -bound ? -bound : value;
}

/* --- the model: time never wraps, amounts are millionths of a ns --- */

struct entry {
	wide at;
	wide charge;
	wide burst;
	wide ppm;
};

struct model {
	struct entry log[2 * STEPS_MAX];
	unsigned int entries;
	wide start;
	wide first_burst;
	wide since;
	wide bound_ns;
	wide soft_bound_ns;
	bool granted_soft;
	enum ecs_policy_phase phase;
	/* Lengths of the extensions since it was off the CPU. */
	wide stay[STEPS_MAX];
	unsigned int stay_nr;
	int soft_from; /* the first of them that left it soft spent, or -1 */
};

static void model_log(struct model *model,
		      const struct ecs_policy_params *params, wide at,
		      wide charge_ns)
{
	model->log[model->entries++] = (struct entry){
		.at = at,
		.charge = charge_ns * MILLION,
		.burst = (wide)params->burst_ns * MILLION,
		.ppm = params->budget_ppm,
	};
}

/* What the bucket holds after all that is in the log. */
static wide model_tokens(const struct model *model)
{
	wide tokens = model->first_burst, filled_at = model->start;
	const struct entry *entry = model->log;
	const struct entry *end = entry + model->entries;

	for (; entry < end; entry++) {
		/* A new burst counts at once, then the time since. */
		tokens = clamp_wide(tokens, entry->burst);
		if (entry->at > filled_at)
			tokens += (entry->at - filled_at) * entry->ppm;
		filled_at = entry->at;
		tokens = clamp_wide(tokens, entry->burst);
		tokens = clamp_wide(tokens - entry->charge, entry->burst);
	}
	return tokens;
}

/* What the policy may have lost by rounding. */
static wide model_slack(const struct model *model)
{
	return (wide)model->entries * MILLION;
}

static void model_init(struct model *model,
		       const struct ecs_policy_params *params, wide now)
{
	model->entries = 0;
	model->start = now;
	model->first_burst = (wide)params->burst_ns * MILLION;
	model->since = now;
	model->bound_ns = 0;
	model->soft_bound_ns = 0;
	model->granted_soft = false;
	model->phase = ECS_POLICY_READY;
	model->stay_nr = 0;
	model->soft_from = -1;
}

static void model_finish(struct model *model,
			 const struct ecs_policy_params *params, wide now,
			 enum ecs_policy_phase phase)
{
	wide length = now - model->since;

	model_log(model, params, now, length > 0 ? length : 0);
	model->stay[model->stay_nr++] = length > 0 ? length : 0;
	model->phase = phase;
}

static bool model_is_bound_reached(const struct model *model, wide now)
{
	return now < model->since || now - model->since >= model->bound_ns;
}

static bool model_is_waiting(enum ecs_policy_hint hint)
{
	return hint == ECS_POLICY_WAIT || hint == ECS_POLICY_SOFT_WAIT;
}

static bool model_is_soft(enum ecs_policy_hint hint)
{
	return hint == ECS_POLICY_SOFT_WAIT || hint == ECS_POLICY_SLEEP ||
	       hint == ECS_POLICY_READER || hint == ECS_POLICY_RCU;
}

static bool model_is_inside(const struct ecs_policy_params *params,
			    enum ecs_policy_hint hint)
{
	return hint != ECS_POLICY_OUTSIDE &&
	       !(model_is_waiting(hint) && params->refuse_waiters);
}

/* For a request and a recheck alike, while there is an extension. */
static enum ecs_policy_verdict
model_look(struct model *model, const struct ecs_policy_params *params,
	   wide now, enum ecs_policy_hint hint)
{
	bool reached = model_is_bound_reached(model, now);
	bool inside = model_is_inside(params, hint);

	if (inside && model_is_soft(hint) && now >= model->since &&
	    now >= model->since + model->soft_bound_ns) {
		if (model->soft_from < 0)
			model->soft_from = (int)model->stay_nr;
		model_finish(model, params, now, ECS_POLICY_READY);
		return model->granted_soft || reached ? ECS_POLICY_CAP :
							ECS_POLICY_RELEASE;
	}
	if (reached) {
		model_finish(model, params, now, ECS_POLICY_SPENT);
		return ECS_POLICY_CAP;
	}
	if (!inside) {
		model_finish(model, params, now, ECS_POLICY_READY);
		return ECS_POLICY_RELEASE;
	}
	model_log(model, params, now, 0);
	return ECS_POLICY_CONTINUE;
}

/* What is left of the grace for a section: all of it, a rest, or nothing. */
static wide model_grace(const struct model *model,
			const struct ecs_policy_params *params,
			enum ecs_policy_hint hint)
{
	wide left = params->grace_ns;
	unsigned int i;

	if (model->phase == ECS_POLICY_SPENT)
		return 0;
	if (model->soft_from < 0)
		return left;
	for (i = (unsigned int)model->soft_from; i < model->stay_nr; i++)
		left -= model->stay[i];
	return model_is_soft(hint) || left < (wide)params->recheck_ns ? 0 :
									left;
}

/*
 * @got is what the policy said and @bound_ns what it granted; they count only
 * where the model cannot know for rounding.
 */
static enum ecs_policy_verdict
model_request(struct model *model, const struct ecs_policy_params *params,
	      wide now, enum ecs_policy_hint hint, enum ecs_policy_verdict got,
	      uint64_t bound_ns)
{
	bool in_section = model_is_inside(params, hint);
	wide most, least, want = (wide)params->recheck_ns * MILLION;
	wide grace = model_grace(model, params, hint) * MILLION;
	wide bound = (wide)bound_ns * MILLION;

	if (model->phase == ECS_POLICY_EXTENDED) {
		got = model_look(model, params, now, hint);
		return got == ECS_POLICY_CONTINUE ? ECS_POLICY_JOIN : got;
	}
	model_log(model, params, now, 0);
	if (model_is_waiting(hint) && !in_section)
		return ECS_POLICY_WAITER;
	if (!in_section)
		return ECS_POLICY_PASS;
	if (model_is_soft(hint) && !params->grace_sleep_ns)
		return ECS_POLICY_NO_SOFT;
	if (!params->extend)
		return ECS_POLICY_OBSERVE;
	if (!grace)
		return ECS_POLICY_NO_SECOND;
	most = model_tokens(model);
	least = most - model_slack(model);
	if (most < want || (least < want && got == ECS_POLICY_NO_BUDGET))
		return ECS_POLICY_NO_BUDGET;
	if (got == ECS_POLICY_GRANT)
		CHECK(bound <= min_wide(grace, most) &&
			      bound >= min_wide(grace, least),
		      "bound %llu, grace %lld, tokens %lld",
		      (unsigned long long)bound_ns, ns(grace), ns(most));
	model->phase = ECS_POLICY_EXTENDED;
	model->since = now;
	model->bound_ns = (wide)bound_ns;
	model->granted_soft = model_is_soft(hint);
	model->soft_bound_ns = model->soft_from >= 0 ?
				       0 :
				       min_wide((wide)params->grace_sleep_ns,
						model->bound_ns);
	return ECS_POLICY_GRANT;
}

static enum ecs_policy_verdict
model_recheck(struct model *model, const struct ecs_policy_params *params,
	      wide now, enum ecs_policy_hint hint)
{
	if (model->phase != ECS_POLICY_EXTENDED)
		return ECS_POLICY_NONE;
	return model_look(model, params, now, hint);
}

static enum ecs_policy_verdict
model_end(struct model *model, const struct ecs_policy_params *params, wide now)
{
	if (model->phase != ECS_POLICY_EXTENDED)
		return ECS_POLICY_NONE;
	model_finish(model, params, now,
		     model_is_bound_reached(model, now) ? ECS_POLICY_SPENT :
							  ECS_POLICY_READY);
	return ECS_POLICY_ENDED;
}

static enum ecs_policy_verdict
model_off_cpu(struct model *model, const struct ecs_policy_params *params,
	      wide now)
{
	enum ecs_policy_verdict verdict = model_end(model, params, now);

	model->phase = ECS_POLICY_READY;
	model->stay_nr = 0;
	model->soft_from = -1;
	return verdict;
}

/* After CONTINUE: half as long again as it has lasted, at last at the bound. */
static wide model_next(const struct model *model,
		       const struct ecs_policy_params *params, wide now,
		       enum ecs_policy_hint hint)
{
	wide at_least = now + (wide)params->recheck_ns;
	wide longer = now + (now - model->since) / 2;
	wide bound = model_is_soft(hint) ? model->soft_bound_ns :
					   model->bound_ns;

	return min_wide(longer > at_least ? longer : at_least,
			model->since + bound);
}

/* --- histories --- */

enum event {
	EVENT_REQUEST,
	EVENT_RECHECK,
	EVENT_END,
	EVENT_OFF_CPU,
};

struct extension {
	wide start;
	wide end;
	wide bound;
	bool soft; /* its end left the vCPU soft spent, or it was before */
};

/* One history: the policy, the world around it, and what was seen of it. */
struct run {
	struct rng *rng;
	struct ecs_policy_params params;
	struct ecs_policy_state state;
	uint64_t origin; /* the clock's value at time 0 */
	wide now;
	wide due; /* when the timer should fire */
	enum ecs_policy_hint hint;
	bool spent;	   /* the bound was reached, not off the CPU since */
	unsigned int stay; /* the first extension since it was off the CPU */
	struct extension extensions[STEPS_MAX];
	unsigned int nr;
};

static uint64_t run_clock(const struct run *run)
{
	return run->origin + (uint64_t)run->now;
}

static bool belongs(enum event event, enum ecs_policy_verdict verdict)
{
	switch (verdict) {
	case ECS_POLICY_PASS:
	case ECS_POLICY_GRANT:
	case ECS_POLICY_JOIN:
	case ECS_POLICY_OBSERVE:
	case ECS_POLICY_NO_BUDGET:
	case ECS_POLICY_NO_SECOND:
	case ECS_POLICY_WAITER:
	case ECS_POLICY_NO_SOFT:
		return event == EVENT_REQUEST;
	case ECS_POLICY_CONTINUE:
		return event == EVENT_RECHECK;
	case ECS_POLICY_RELEASE:
	case ECS_POLICY_CAP:
		return event == EVENT_REQUEST || event == EVENT_RECHECK;
	case ECS_POLICY_NONE:
		return event != EVENT_REQUEST;
	case ECS_POLICY_ENDED:
		return event == EVENT_END || event == EVENT_OFF_CPU;
	}
	return false;
}

/* What needs no model: promises of policy.h about each single step. */
static void watch(struct run *run, const struct ecs_policy_state *before,
		  enum event event, enum ecs_policy_verdict verdict,
		  uint64_t next_ns)
{
	const struct ecs_policy_params *params = &run->params;
	const struct ecs_policy_state *state = &run->state;
	int64_t burst = (int64_t)params->burst_ns;
	struct extension *last;

	CHECK(belongs(event, verdict), "event %d: %d", event, verdict);
	CHECK(state->phase == ECS_POLICY_READY ||
		      state->phase == ECS_POLICY_EXTENDED ||
		      state->phase == ECS_POLICY_SPENT,
	      "%d", state->phase);
	if (event == EVENT_REQUEST || verdict != ECS_POLICY_NONE)
		CHECK(state->tokens_ns >= -burst && state->tokens_ns <= burst,
		      "%lld of %lld", (long long)state->tokens_ns,
		      (long long)burst);
	if (event == EVENT_OFF_CPU) {
		CHECK(state->phase == ECS_POLICY_READY && !state->soft_spent,
		      "%d", state->phase);
		run->spent = false;
		run->stay = run->nr;
	}
	if (verdict == ECS_POLICY_CAP) {
		CHECK(state->phase == ECS_POLICY_SPENT ||
			      (state->phase == ECS_POLICY_READY &&
			       state->soft_spent),
		      "%d", state->phase);
		run->spent = state->phase == ECS_POLICY_SPENT;
	}
	if (verdict == ECS_POLICY_CONTINUE || verdict == ECS_POLICY_JOIN)
		CHECK(!model_is_soft(run->hint) ||
			      run_clock(run) - state->since <
				      state->soft_bound_ns,
		      "a soft section goes on after its bound");
	if (verdict == ECS_POLICY_CONTINUE) {
		CHECK(next_ns > 0, "next look at once");
		CHECK(run_clock(run) + next_ns - state->since <=
			      state->bound_ns,
		      "next look after the bound, in %llu",
		      (unsigned long long)next_ns);
		CHECK(!model_is_soft(run->hint) ||
			      run_clock(run) + next_ns - state->since <=
				      state->soft_bound_ns,
		      "next look after the soft bound, in %llu",
		      (unsigned long long)next_ns);
		run->due = run->now + next_ns;
	} else {
		CHECK(next_ns == 0, "%llu", (unsigned long long)next_ns);
	}
	if (verdict == ECS_POLICY_GRANT) {
		CHECK(run->hint != ECS_POLICY_OUTSIDE,
		      "granted outside a section");
		CHECK(!model_is_waiting(run->hint) || !params->refuse_waiters,
		      "granted to a waiter");
		CHECK(!model_is_soft(run->hint) ||
			      (params->grace_sleep_ns && !before->soft_spent),
		      "granted to a soft section");
		CHECK(params->extend, "granted though only observing");
		CHECK(before->phase == ECS_POLICY_READY, "granted in phase %d",
		      before->phase);
		CHECK(!run->spent, "granted again before off CPU");
		CHECK(state->bound_ns <= params->grace_ns &&
			      (int64_t)state->bound_ns <= state->tokens_ns,
		      "bound %llu, grace %llu, tokens %lld",
		      (unsigned long long)state->bound_ns,
		      (unsigned long long)params->grace_ns,
		      (long long)state->tokens_ns);
		CHECK(state->soft_bound_ns <= state->bound_ns &&
			      state->soft_bound_ns <= params->grace_sleep_ns,
		      "soft bound %llu",
		      (unsigned long long)state->soft_bound_ns);
		run->due = run->now +
			   min_wide((wide)params->recheck_ns,
				    model_is_soft(run->hint) ?
					    (wide)state->soft_bound_ns :
					    (wide)state->bound_ns);
		CHECK(run->now + (wide)ecs_policy_first_ns(params, state) ==
			      run->due,
		      "first look");
		run->extensions[run->nr++] = (struct extension){
			run->now, run->now, (wide)state->bound_ns, false
		};
	}
	if (before->phase == ECS_POLICY_EXTENDED &&
	    state->phase != ECS_POLICY_EXTENDED) {
		last = &run->extensions[run->nr - 1];
		last->end = run->now;
		last->soft = state->soft_spent;
		CHECK(state->length_ns ==
			      (run->now > last->start ?
				       (uint64_t)(run->now - last->start) :
				       0),
		      "length %llu", (unsigned long long)state->length_ns);
	}
}

static enum ecs_policy_verdict run_event(struct run *run, enum event event,
					 uint64_t *next_ns)
{
	uint64_t clock = run_clock(run);

	*next_ns = 0;
	switch (event) {
	case EVENT_REQUEST:
		return ecs_policy_request(&run->params, &run->state, clock,
					  run->hint);
	case EVENT_RECHECK:
		return ecs_policy_recheck(&run->params, &run->state, clock,
					  run->hint, next_ns);
	case EVENT_END:
		return ecs_policy_end(&run->params, &run->state, clock);
	case EVENT_OFF_CPU:
		return ecs_policy_off_cpu(&run->params, &run->state, clock);
	}
	return ECS_POLICY_NONE;
}

static void compare(const struct run *run, struct model *model,
		    enum event event, enum ecs_policy_verdict got)
{
	enum ecs_policy_verdict want = got;
	wide tokens, next;

	switch (event) {
	case EVENT_REQUEST:
		want = model_request(model, &run->params, run->now, run->hint,
				     got, run->state.bound_ns);
		break;
	case EVENT_RECHECK:
		want = model_recheck(model, &run->params, run->now, run->hint);
		break;
	case EVENT_END:
		want = model_end(model, &run->params, run->now);
		break;
	case EVENT_OFF_CPU:
		want = model_off_cpu(model, &run->params, run->now);
		break;
	}
	CHECK(got == want, "event %d: %d, not %d", event, got, want);
	if (got == ECS_POLICY_CONTINUE) {
		next = model_next(model, &run->params, run->now, run->hint);
		CHECK(run->due == next, "next look in %lld, not %lld",
		      (long long)(run->due - run->now),
		      (long long)(next - run->now));
	}
	CHECK(run->state.phase == model->phase, "event %d: phase %d, not %d",
	      event, run->state.phase, model->phase);
	CHECK(run->state.soft_spent == (model->soft_from >= 0),
	      "event %d: soft spent %d", event, run->state.soft_spent);
	tokens = model_tokens(model);
	CHECK((wide)run->state.tokens_ns * MILLION <= tokens &&
		      (wide)run->state.tokens_ns * MILLION >=
			      tokens - model_slack(model),
	      "event %d: tokens %lld, not %lld", event,
	      (long long)run->state.tokens_ns, ns(tokens));
}

/*
 * In every window that begins with one extension and ends with a later one,
 * the lengths up to their bounds are paid for by the burst and the window's
 * share, and so are the whole lengths but for the lateness of the last one.
 * The latter only if no timer is later than the burst: debt has a bound.
 */
static void check_windows(const struct run *run, bool whole)
{
	wide paid, sum, full, length, late;
	const struct extension *end;
	unsigned int i, j;

	for (i = 0; i < run->nr; i++) {
		sum = 0;
		full = 0;
		for (j = i; j < run->nr; j++) {
			end = &run->extensions[j];
			length = end->end - end->start;
			late = length > end->bound ? length - end->bound : 0;
			sum += length - late;
			full += length;
			paid = (wide)run->params.burst_ns * MILLION +
			       (end->end - run->extensions[i].start) *
				       run->params.budget_ppm;
			CHECK(sum * MILLION <= paid,
			      "extensions %u to %u: %lld in bounds, %lld paid",
			      i, j, (long long)sum, ns(paid));
			if (whole)
				CHECK((full - late) * MILLION <= paid,
				      "extensions %u to %u: %lld, %lld paid", i,
				      j, (long long)full, ns(paid));
			if (test_failures)
				return;
		}
	}
}

/*
 * What one task may have to wait longer because of this vCPU: the extensions that
 * follow one another without a release, until the vCPU is off the CPU, are together
 * no longer than the grace and what the last one was looked at too late.
 */
static void check_stay(const struct run *run, bool always_inside)
{
	const struct extension *end;
	wide sum = 0, length;
	unsigned int i;

	for (i = run->stay; i < run->nr; i++) {
		end = &run->extensions[i];
		length = end->end - end->start;
		if (!end->soft && !always_inside) {
			CHECK(!sum, "extension %u: no longer soft spent", i);
			continue;
		}
		CHECK(sum + min_wide(length, end->bound) <=
			      (wide)run->params.grace_ns,
		      "extensions %u to %u: %lld", run->stay, i,
		      (long long)(sum + length));
		sum += length;
	}
}

#endif /* ECS_POLICY_MODEL_H */
