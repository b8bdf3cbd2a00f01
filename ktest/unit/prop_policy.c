// SPDX-License-Identifier: GPL-2.0-only
/*
 * prop_policy.c: what holds of the policy in every history. Random ones run
 * against the model of policy_model.h.
 *
 * Not promised, and so not tested: that more budget never means fewer grants
 * in the same history. It does not hold. A grant that only the larger budget
 * pays for may end late, and while that debt is worked off the smaller budget
 * pays for two shorter ones. What does hold is more_budget_wins_first().
 */
#include "policy.h"
#include "ecs_ioctl.h"
#include "origin.h"
#include "policy_model.h"
#include "test.h"

#define US 1000ull
#define MS 1000000ull

/* --- random parameters and histories --- */

static void random_params(struct rng *rng, struct ecs_policy_params *params)
{
	params->grace_ns = rng_range(rng, ECS_GRACE_NS_MIN,
				     rng_percent(rng, 80) ? 1000 * US :
							    ECS_GRACE_NS_MAX);
	params->grace_sleep_ns = 0;
	if (rng_percent(rng, 90))
		params->grace_sleep_ns =
			rng_log(rng, rng_percent(rng, 80) ?
					     params->grace_ns :
					     ECS_GRACE_SLEEP_NS_MAX);
	params->recheck_ns =
		rng_range(rng, ECS_RECHECK_NS_MIN,
			  rng_percent(rng, 80) ? 100 * US : ECS_RECHECK_NS_MAX);
	params->burst_ns = rng_range(rng, ECS_BURST_NS_MIN,
				     rng_percent(rng, 80) ? 4000 * US :
							    ECS_BURST_NS_MAX);
	params->budget_ppm = (uint32_t)rng_log(rng, ECS_BUDGET_PPM_MAX);
	if (rng_percent(rng, 10))
		params->budget_ppm = ECS_BUDGET_PPM_MAX;
	params->extend = rng_percent(rng, 90);
	params->refuse_waiters = rng_percent(rng, 50);
}

/* Hard or soft alike, mostly without a wait. */
static enum ecs_policy_hint random_section(struct rng *rng)
{
	static const enum ecs_policy_hint hints[] = {
		ECS_POLICY_LOCK, ECS_POLICY_LOCK,   ECS_POLICY_IRQ,
		ECS_POLICY_USER, ECS_POLICY_WAIT,   ECS_POLICY_SLEEP,
		ECS_POLICY_RCU,	 ECS_POLICY_READER, ECS_POLICY_SOFT_WAIT,
	};

	return hints[rng_below(rng, ARRAY_SIZE(hints))];
}

static void run_init(struct run *run, struct rng *rng)
{
	run->rng = rng;
	random_params(rng, &run->params);
	run->origin = random_origin(rng);
	run->now = 0;
	run->due = 0;
	run->hint = rng_percent(rng, 50) ? random_section(rng) :
					   ECS_POLICY_OUTSIDE;
	run->spent = false;
	run->stay = 0;
	run->nr = 0;
	ecs_policy_init(&run->params, &run->state, run->origin);
}

/*
 * Chooses what comes next and moves time there: mostly the timer while there
 * is an extension, up to @late ns late.
 */
static enum event run_advance(struct run *run, uint64_t late)
{
	bool extended = run->state.phase == ECS_POLICY_EXTENDED;
	struct rng *rng = run->rng;
	uint64_t pick = rng_below(rng, 100);
	wide then = run->now +
		    rng_log(rng, rng_percent(rng, 90) ? 200 * US : 100 * MS);

	if (rng_percent(rng, 30))
		run->hint = run->hint != ECS_POLICY_OUTSIDE ?
				    ECS_POLICY_OUTSIDE :
				    random_section(rng);
	/* One that is inside takes or releases a lock, or begins to wait. */
	if (rng_percent(rng, 20) && run->hint != ECS_POLICY_OUTSIDE)
		run->hint = random_section(rng);
	if (extended && (pick < 60 || then >= run->due)) {
		if (run->due > run->now)
			run->now = run->due;
		if (late && rng_percent(rng, 30))
			run->now += rng_log(rng, late);
		return EVENT_RECHECK;
	}
	run->now = then;
	if (pick < 75)
		return EVENT_REQUEST;
	if (pick < 80)
		return EVENT_RECHECK;
	return pick < 85 ? EVENT_END : EVENT_OFF_CPU;
}

/* --- the properties --- */

/* Anything goes: jumping clocks, changing parameters, very late timers. */
static bool equals_model(struct rng *rng)
{
	bool jumps = rng_percent(rng, 40), changes = rng_percent(rng, 40);
	uint64_t late = rng_percent(rng, 50) ? 0 : rng_log(rng, 100 * MS);
	enum ecs_policy_verdict verdict;
	struct ecs_policy_state before;
	unsigned int i, jumped = 0;
	static struct model model;
	static struct run run;
	enum event event;
	uint64_t next;
	wide jump;

	run_init(&run, rng);
	model_init(&model, &run.params, 0);
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		event = run_advance(&run, late);
		if (changes && rng_percent(rng, 5))
			random_params(rng, &run.params);
		/* Few enough for no difference of times to reach 2^63. */
		if (jumps && jumped < 8 && rng_percent(rng, 5)) {
			jump = (wide)rng_log(rng, 1ull << 58);
			run.now += rng_percent(rng, 50) ? jump : -jump;
			jumped++;
		}
		before = run.state;
		verdict = run_event(&run, event, &next);
		watch(&run, &before, event, verdict, next);
		compare(&run, &model, event, verdict);
		if (test_failures)
			printf("  # at step %u, time %lld\n", i,
			       (long long)run.now);
	}
	return !test_failures;
}

static bool no_window_overdraws(struct rng *rng)
{
	enum ecs_policy_verdict verdict;
	struct ecs_policy_state before;
	static struct run run;
	uint64_t late, next;
	enum event event;
	unsigned int i;
	bool whole;

	run_init(&run, rng);
	whole = rng_percent(rng, 70);
	late = whole ? rng_log(rng, run.params.burst_ns) : 100 * MS;
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		event = run_advance(&run, late);
		before = run.state;
		verdict = run_event(&run, event, &next);
		watch(&run, &before, event, verdict, next);
	}
	if (run.state.phase == ECS_POLICY_EXTENDED)
		run.nr--;
	check_windows(&run, whole);
	return !test_failures;
}

static bool stays_keep_to_the_grace(struct rng *rng)
{
	bool always_inside = rng_percent(rng, 50);
	enum ecs_policy_verdict verdict;
	struct ecs_policy_state before;
	static struct run run;
	enum event event;
	unsigned int i;
	uint64_t next;

	run_init(&run, rng);
	run.params.refuse_waiters &= !always_inside;
	for (i = 0; i < STEPS_MAX && !test_failures; i++) {
		event = run_advance(&run, 100 * US);
		/* Others end extensions in between, and for any reason. */
		if (always_inside && event == EVENT_END)
			event = EVENT_REQUEST;
		if (always_inside && run.hint == ECS_POLICY_OUTSIDE)
			run.hint = random_section(rng);
		if (run.state.phase != ECS_POLICY_EXTENDED)
			check_stay(&run, always_inside);
		before = run.state;
		verdict = run_event(&run, event, &next);
		watch(&run, &before, event, verdict, next);
	}
	return !test_failures;
}

/* A guest that is always in a section, as busy a host as can be. */
static bool greedy_gets_its_share(struct rng *rng)
{
	struct ecs_policy_state before;
	static struct run run;
	enum ecs_policy_verdict verdict;
	uint64_t next;
	unsigned int i;

	run_init(&run, rng);
	run.params.extend = true;
	run.hint = ECS_POLICY_LOCK;
	for (i = 0; i < 5000 && run.nr < STEPS_MAX && !test_failures; i++) {
		before = run.state;
		if (before.phase == ECS_POLICY_EXTENDED) {
			run.now = run.due;
			verdict = run_event(&run, EVENT_RECHECK, &next);
			watch(&run, &before, EVENT_RECHECK, verdict, next);
		} else if (before.phase == ECS_POLICY_SPENT) {
			/* It asks again before it is off the CPU, in vain. */
			verdict = run_event(&run, EVENT_REQUEST, &next);
			watch(&run, &before, EVENT_REQUEST, verdict, next);
			CHECK(verdict == ECS_POLICY_NO_SECOND, "%d", verdict);
			run.now += rng_log(rng, 100 * US);
			before = run.state;
			verdict = run_event(&run, EVENT_OFF_CPU, &next);
			watch(&run, &before, EVENT_OFF_CPU, verdict, next);
		} else {
			run.now += rng_log(rng, 4 * MS);
			verdict = run_event(&run, EVENT_REQUEST, &next);
			watch(&run, &before, EVENT_REQUEST, verdict, next);
		}
	}
	if (run.state.phase == ECS_POLICY_EXTENDED)
		run.nr--;
	check_windows(&run, true);
	return !test_failures;
}

/* And one that never leaves the CPU: a single extension, for ever. */
static bool never_off_cpu_gets_one(struct rng *rng)
{
	enum ecs_policy_verdict verdict;
	unsigned int i, grants = 0;
	static struct run run;
	uint64_t next;

	run_init(&run, rng);
	run.hint = rng_percent(rng, 50) ? ECS_POLICY_LOCK : ECS_POLICY_SLEEP;
	for (i = 0; i < 1000; i++) {
		run.now += rng_log(rng, 10 * MS);
		verdict = run_event(&run,
				    rng_percent(rng, 50) ? EVENT_REQUEST :
							   EVENT_RECHECK,
				    &next);
		grants += verdict == ECS_POLICY_GRANT;
	}
	return CHECK(grants <= 1, "%u grants", grants);
}

static bool prefers(enum ecs_policy_verdict more, enum ecs_policy_verdict less)
{
	/* Ended from outside, the same length may be past the smaller bound. */
	if (less == ECS_POLICY_NO_SECOND)
		return more == ECS_POLICY_GRANT || more == ECS_POLICY_NO_BUDGET;
	if (less == ECS_POLICY_NO_BUDGET)
		return more == ECS_POLICY_GRANT;
	return less == ECS_POLICY_CAP &&
	       (more == ECS_POLICY_JOIN || more == ECS_POLICY_CONTINUE ||
		more == ECS_POLICY_RELEASE);
}

/*
 * Two vCPUs see the same, and one has a larger budget: up to and with the
 * first step in which they fare differently it is never worse off.
 */
static bool more_budget_wins_first(struct rng *rng)
{
	enum ecs_policy_verdict verdict, other;
	uint64_t next, other_next;
	static struct run run, less;
	enum event event;
	unsigned int i;

	run_init(&run, rng);
	less = run;
	less.params.budget_ppm = (uint32_t)rng_range(rng, 0,
						     run.params.budget_ppm);
	for (i = 0; i < STEPS_MAX; i++) {
		event = run_advance(&run, 100 * US);
		less.now = run.now;
		less.hint = run.hint;
		verdict = run_event(&run, event, &next);
		other = run_event(&less, event, &other_next);
		if (verdict != other)
			return CHECK(prefers(verdict, other),
				     "step %u: %d with more budget, %d with less",
				     i, verdict, other);
		if (!CHECK(run.state.tokens_ns >= less.state.tokens_ns &&
				   run.state.bound_ns >= less.state.bound_ns &&
				   next >= other_next,
			   "step %u: tokens %lld < %lld or bound or next", i,
			   (long long)run.state.tokens_ns,
			   (long long)less.state.tokens_ns))
			return false;
		if (verdict == ECS_POLICY_GRANT)
			next = ecs_policy_first_ns(&run.params, &run.state);
		run.due = run.now + (wide)next;
	}
	return true;
}

/* Histories are worth nothing if they do not reach what they should. */
static unsigned long reached[ECS_POLICY_ENDED + 1];
static unsigned long rests, prolonged, hard_over;

static bool reach_some(struct rng *rng)
{
	static struct run run;
	enum event event;
	uint64_t next;
	unsigned int i;
	struct ecs_policy_state before;
	enum ecs_policy_verdict verdict;

	run_init(&run, rng);
	for (i = 0; i < STEPS_MAX; i++) {
		event = run_advance(&run, 10 * US);
		before = run.state;
		verdict = run_event(&run, event, &next);
		watch(&run, &before, event, verdict, next);
		reached[verdict]++;
		rests += verdict == ECS_POLICY_GRANT && before.soft_spent;
		prolonged += verdict == ECS_POLICY_CONTINUE &&
			     model_is_soft(before.hint) &&
			     run_clock(&run) - before.since >=
				     before.soft_bound_ns;
		hard_over += verdict == ECS_POLICY_RELEASE &&
			     run.state.soft_spent && !before.soft_spent;
	}
	return !test_failures;
}

static void test_equals_model(const void *arg)
{
	(void)arg;
	test_rounds(1500, equals_model);
}

static void test_windows(const void *arg)
{
	(void)arg;
	test_rounds(3000, no_window_overdraws);
}

static void test_stays(const void *arg)
{
	(void)arg;
	test_rounds(3000, stays_keep_to_the_grace);
}

static void test_greedy(const void *arg)
{
	(void)arg;
	test_rounds(300, greedy_gets_its_share);
}

static void test_never_off_cpu(const void *arg)
{
	(void)arg;
	test_rounds(300, never_off_cpu_gets_one);
}

static void test_more_budget(const void *arg)
{
	(void)arg;
	test_rounds(5000, more_budget_wins_first);
}

/* With its own seed: it judges the histories above, not the policy. */
static void test_reach(const void *arg)
{
	struct rng rng = { 1 };
	unsigned int i;

	(void)arg;
	for (i = 0; i < 300; i++)
		reach_some(&rng);
	for (i = 0; i < ARRAY_SIZE(reached); i++)
		CHECK(reached[i] >= 100, "verdict %u: %lu times", i,
		      reached[i]);
	CHECK(rests >= 100, "the rest of a grace: %lu times", rests);
	CHECK(prolonged >= 100, "soft, then hard: %lu times", prolonged);
	CHECK(hard_over >= 100, "hard, then soft: %lu times", hard_over);
}

int main(void)
{
	static const struct test tests[] = {
		{ "policy equals the model", test_equals_model, NULL },
		{ "no window overdraws the budget", test_windows, NULL },
		{ "until off the CPU it is one grace at most", test_stays,
		  NULL },
		{ "always in a section gets its share at most", test_greedy,
		  NULL },
		{ "never off the CPU gets one extension", test_never_off_cpu,
		  NULL },
		{ "more budget wins the first difference", test_more_budget,
		  NULL },
		{ "histories reach every verdict", test_reach, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}
