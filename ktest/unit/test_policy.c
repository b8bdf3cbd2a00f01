// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy.c: each rule of policy.h as a short history with known answers.
 *
 * Times are relative: every case runs from several origins of the clock, two
 * of them just before it wraps, and must give the same answers from each.
 */
#include "policy.h"
#include "origin.h"
#include "test.h"

#define US 1000ull
#define MS 1000000ull

enum op {
	OP_END_OF_CASE,
	OP_REQUEST,
	OP_RECHECK,
	OP_END,
	OP_OFF_CPU,
	OP_EMPTY,
	OP_PARAMS, /* the administrator changes them */
	OP_TOKENS, /* a look at the account */
	OP_BOUND,
	OP_SOFT_BOUND,
	OP_USED,
	OP_LENGTH,
	OP_PHASE,
};

struct step {
	enum op op;
	uint64_t at;
	enum ecs_policy_hint hint;
	enum ecs_policy_verdict verdict;
	uint64_t next_ns;
	int64_t value;
	struct ecs_policy_params params;
};

/* clang-format off */
#define REQUEST(time, in, want) \
	{ .op = OP_REQUEST, .at = (time), .hint = ECS_POLICY_##in, \
	  .verdict = ECS_POLICY_##want }
#define RECHECK(time, in, want, next) \
	{ .op = OP_RECHECK, .at = (time), .hint = ECS_POLICY_##in, \
	  .verdict = ECS_POLICY_##want, .next_ns = (next) }
#define END(time, want) \
	{ .op = OP_END, .at = (time), .verdict = ECS_POLICY_##want }
#define OFF_CPU(time, want) \
	{ .op = OP_OFF_CPU, .at = (time), .verdict = ECS_POLICY_##want }
#define EMPTY(time) { .op = OP_EMPTY, .at = (time) }
#define PARAMS(...) { .op = OP_PARAMS, .params = { __VA_ARGS__ } }
#define TOKENS(ns) { .op = OP_TOKENS, .value = (int64_t)(ns) }
#define BOUND(ns) { .op = OP_BOUND, .value = (int64_t)(ns) }
#define SOFT_BOUND(ns) { .op = OP_SOFT_BOUND, .value = (int64_t)(ns) }
/* Of the grace, by a vCPU that is soft spent. */
#define USED(ns) { .op = OP_USED, .value = (int64_t)(ns) }
#define LENGTH(ns) { .op = OP_LENGTH, .value = (int64_t)(ns) }
#define PHASE(want) { .op = OP_PHASE, .value = ECS_POLICY_##want }

/*
 * 100 us at most, 50 in a soft section, a look each 20 us, 10 % of the time, 300 us
 * saved up.
 */
#define USUAL \
	.grace_ns = 100 * US, .grace_sleep_ns = 50 * US, .recheck_ns = 20 * US, \
	.burst_ns = 300 * US, .budget_ppm = 100000, .extend = true

struct history {
	const char *name;
	struct ecs_policy_params params;
	struct step steps[24];
};

static const struct history histories[] = {
	{
		"account opens full and ready", { USUAL }, {
			TOKENS(300 * US), PHASE(READY), BOUND(0), LENGTH(0),
		}
	}, {
		"request outside a section passes", { USUAL }, {
			REQUEST(0, OUTSIDE, PASS), PHASE(READY),
			REQUEST(5 * US, OUTSIDE, PASS), TOKENS(300 * US),
		}
	}, {
		"request inside a section is granted", { USUAL }, {
			REQUEST(7 * US, LOCK, GRANT), PHASE(EXTENDED),
			BOUND(100 * US), TOKENS(300 * US),
		}
	}, {
		"second request joins and prolongs nothing", { USUAL }, {
			REQUEST(0, LOCK, GRANT), REQUEST(30 * US, LOCK, JOIN),
			REQUEST(99 * US, LOCK, JOIN), BOUND(100 * US),
			RECHECK(100 * US, LOCK, CAP, 0),
		}
	}, {
		"recheck finds the section over", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(20 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(40 * US, OUTSIDE, RELEASE, 0), PHASE(READY),
			LENGTH(40 * US), TOKENS(260 * US),
		}
	}, {
		"request finds the section over", { USUAL }, {
			REQUEST(0, LOCK, GRANT), REQUEST(10 * US, OUTSIDE, RELEASE),
			PHASE(READY), LENGTH(10 * US), TOKENS(290 * US),
		}
	}, {
		"next may follow a release at once", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(20 * US, OUTSIDE, RELEASE, 0),
			REQUEST(20 * US, LOCK, GRANT), BOUND(100 * US),
		}
	}, {
		"recheck caps at the bound, not before", { USUAL }, {
			REQUEST(0, LOCK, GRANT),
			RECHECK(100 * US - 1, LOCK, CONTINUE, 1),
			RECHECK(100 * US, LOCK, CAP, 0), PHASE(SPENT),
			LENGTH(100 * US), TOKENS(200 * US),
		}
	}, {
		"request caps at the bound, not before", { USUAL }, {
			REQUEST(0, LOCK, GRANT), REQUEST(100 * US - 1, LOCK, JOIN),
			REQUEST(100 * US, LOCK, CAP), PHASE(SPENT),
			LENGTH(100 * US),
		}
	}, {
		"section over after the bound counts as cap", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(101 * US, OUTSIDE, CAP, 0),
			PHASE(SPENT), OFF_CPU(102 * US, NONE),
			REQUEST(200 * US, LOCK, GRANT), REQUEST(300 * US, OUTSIDE, CAP),
		}
	}, {
		"recheck comes no later than the bound", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(20 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(80 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(81 * US, LOCK, CONTINUE, 19 * US),
			RECHECK(95 * US, LOCK, CONTINUE, 5 * US),
		}
	}, {
		"rechecks come at growing distances", {
			.grace_ns = 1000 * US, .recheck_ns = 20 * US,
			.burst_ns = 2000 * US, .budget_ppm = 0, .extend = true,
		}, {
			REQUEST(0, LOCK, GRANT), RECHECK(1 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(20 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(40 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(80 * US, LOCK, CONTINUE, 40 * US),
			RECHECK(300 * US, LOCK, CONTINUE, 150 * US),
			RECHECK(600 * US, LOCK, CONTINUE, 300 * US),
			RECHECK(900 * US, LOCK, CONTINUE, 100 * US),
			RECHECK(1000 * US, LOCK, CAP, 0),
		}
	}, {
		"recheck without an extension", { USUAL }, {
			RECHECK(5 * US, LOCK, NONE, 0), REQUEST(10 * US, LOCK, GRANT),
			RECHECK(10 * US, LOCK, CONTINUE, 20 * US),
			RECHECK(110 * US, LOCK, CAP, 0), RECHECK(120 * US, LOCK, NONE, 0),
			PHASE(SPENT), OFF_CPU(130 * US, NONE),
			RECHECK(140 * US, OUTSIDE, NONE, 0),
		}
	}, {
		"spent until off the CPU", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(100 * US, LOCK, CAP, 0),
			REQUEST(101 * US, LOCK, NO_SECOND), REQUEST(102 * US, OUTSIDE, PASS),
			REQUEST(500 * MS, LOCK, NO_SECOND), PHASE(SPENT),
			OFF_CPU(501 * MS, NONE), PHASE(READY),
			REQUEST(502 * MS, LOCK, GRANT),
		}
	}, {
		"end does not free a spent vCPU", { USUAL }, {
			REQUEST(0, LOCK, GRANT), REQUEST(100 * US, LOCK, CAP),
			END(101 * US, NONE), PHASE(SPENT),
			REQUEST(102 * US, LOCK, NO_SECOND),
		}
	}, {
		"end", { USUAL }, {
			END(0, NONE), REQUEST(0, LOCK, GRANT), END(50 * US, ENDED),
			PHASE(READY), LENGTH(50 * US), TOKENS(250 * US),
			END(51 * US, NONE), RECHECK(60 * US, LOCK, NONE, 0),
			REQUEST(70 * US, LOCK, GRANT),
		}
	}, {
		"off CPU ends an extension", { USUAL }, {
			OFF_CPU(0, NONE), REQUEST(0, LOCK, GRANT),
			OFF_CPU(60 * US, ENDED), PHASE(READY), LENGTH(60 * US),
			TOKENS(240 * US), OFF_CPU(61 * US, NONE),
			RECHECK(70 * US, LOCK, NONE, 0),
		}
	}, {
		"off CPU after the bound leaves no trace of spent", { USUAL }, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(150 * US, ENDED),
			PHASE(READY), LENGTH(150 * US), TOKENS(150 * US),
			REQUEST(151 * US, LOCK, GRANT),
		}
	}, {
		"bound is what the bucket holds", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 30 * US, .budget_ppm = 100000, .extend = true,
		}, {
			REQUEST(0, LOCK, GRANT), BOUND(30 * US),
			RECHECK(20 * US, LOCK, CONTINUE, 10 * US),
			RECHECK(30 * US, LOCK, CAP, 0),
		}
	}, {
		"budget: refused below one recheck, exactly", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 100 * US, .budget_ppm = 100000, .extend = true,
		}, {
			/* At 1000 us the bucket is full: 100. It pays 100. */
			REQUEST(1000 * US, LOCK, GRANT), OFF_CPU(1100 * US, ENDED),
			TOKENS(0), REQUEST(1101 * US, LOCK, NO_BUDGET), PHASE(READY),
			TOKENS(100), REQUEST(1299990, LOCK, NO_BUDGET),
			TOKENS(20 * US - 1), REQUEST(1300 * US, LOCK, GRANT),
			TOKENS(20 * US), BOUND(20 * US),
		}
	}, {
		"budget: outside a section it is not asked", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 10 * US, .budget_ppm = 0, .extend = true,
		}, {
			REQUEST(0, OUTSIDE, PASS), REQUEST(0, LOCK, NO_BUDGET),
		}
	}, {
		"budget: zero rate lends the burst once", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 100 * US, .budget_ppm = 0, .extend = true,
		}, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(90 * US, ENDED),
			TOKENS(10 * US), REQUEST(3600000 * MS, LOCK, NO_BUDGET),
			TOKENS(10 * US),
		}
	}, {
		"budget: whole rate pays while it lends", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 100 * US, .budget_ppm = 1000000, .extend = true,
		}, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(90 * US, ENDED),
			TOKENS(10 * US), REQUEST(100 * US, LOCK, GRANT),
			TOKENS(20 * US), BOUND(20 * US),
		}
	}, {
		"budget: fills at its rate and never above the burst", { USUAL }, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(100 * US, ENDED),
			TOKENS(200 * US), REQUEST(600 * US, OUTSIDE, PASS),
			TOKENS(250 * US), REQUEST(1100 * US, OUTSIDE, PASS),
			TOKENS(300 * US), REQUEST(10000 * MS, OUTSIDE, PASS),
			TOKENS(300 * US),
		}
	}, {
		"debt: a late timer is paid back", { USUAL }, {
			/* At 500 us the bucket is full: it owes 200. */
			REQUEST(0, LOCK, GRANT), RECHECK(500 * US, LOCK, CAP, 0),
			LENGTH(500 * US), TOKENS(-200ll * 1000),
			OFF_CPU(500 * US, NONE), REQUEST(2500 * US, LOCK, NO_BUDGET),
			TOKENS(0), REQUEST(2700 * US - 10, LOCK, NO_BUDGET),
			REQUEST(2700 * US, LOCK, GRANT), BOUND(20 * US),
		}
	}, {
		"debt: not below the burst", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(700 * MS, OUTSIDE, CAP, 0),
			LENGTH(700 * MS), TOKENS(-300ll * 1000),
			OFF_CPU(700 * MS, NONE), REQUEST(703 * MS, OUTSIDE, PASS),
			TOKENS(0), REQUEST(706 * MS, LOCK, GRANT),
			TOKENS(300 * US),
		}
	}, {
		"observe: judges, never extends", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 300 * US, .budget_ppm = 100000,
		}, {
			REQUEST(0, LOCK, OBSERVE), REQUEST(1 * US, OUTSIDE, PASS),
			REQUEST(2 * US, LOCK, OBSERVE), PHASE(READY),
			RECHECK(3 * US, LOCK, NONE, 0), END(4 * US, NONE),
			OFF_CPU(5 * US, NONE), TOKENS(300 * US),
		}
	}, {
		"observe: a spent vCPU is only observed", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(100 * US, LOCK, CAP, 0),
			PARAMS(.grace_ns = 100 * US, .recheck_ns = 20 * US,
			       .burst_ns = 300 * US, .budget_ppm = 100000),
			REQUEST(110 * US, LOCK, OBSERVE), PARAMS(USUAL),
			REQUEST(120 * US, LOCK, NO_SECOND),
		}
	}, {
		"params: a bound once given stands", { USUAL }, {
			REQUEST(0, LOCK, GRANT),
			PARAMS(.grace_ns = 1 * MS, .recheck_ns = 50 * US,
			       .burst_ns = 300 * US, .budget_ppm = 100000,
			       .extend = true),
			RECHECK(20 * US, LOCK, CONTINUE, 50 * US),
			RECHECK(70 * US, LOCK, CONTINUE, 30 * US),
			RECHECK(100 * US, LOCK, CAP, 0),
		}
	}, {
		"empty: what was saved up is gone, and comes with time", { USUAL }, {
			EMPTY(0), TOKENS(0), REQUEST(0, LOCK, NO_BUDGET),
			REQUEST(199 * US, LOCK, NO_BUDGET),
			REQUEST(200 * US, LOCK, GRANT), BOUND(20 * US),
			OFF_CPU(220 * US, ENDED), EMPTY(10 * MS), TOKENS(0),
			REQUEST(20 * MS, LOCK, GRANT), BOUND(100 * US),
		}
	}, {
		"empty: a debt stays", { USUAL }, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(500 * US, ENDED),
			TOKENS(-200ll * 1000), EMPTY(1500 * US), TOKENS(-100ll * 1000),
		}
	}, {
		"params: a smaller burst takes tokens away", { USUAL }, {
			PARAMS(.grace_ns = 100 * US, .recheck_ns = 20 * US,
			       .burst_ns = 50 * US, .budget_ppm = 100000,
			       .extend = true),
			REQUEST(0, LOCK, GRANT), BOUND(50 * US), TOKENS(50 * US),
		}
	}, {
		"params: a smaller burst takes debt away", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 500 * MS, .budget_ppm = 100000, .extend = true,
		}, {
			/* It holds 500 ms and owes 400. */
			REQUEST(0, LOCK, GRANT), OFF_CPU(900 * MS, ENDED),
			TOKENS(-400ll * 1000000), PARAMS(USUAL),
			/* 10 ms are worth 1 ms: full from the deepest debt. */
			REQUEST(910 * MS, LOCK, GRANT), TOKENS(300 * US),
		}
	}, {
		"params: a larger burst is filled by time only", { USUAL }, {
			PARAMS(.grace_ns = 1 * MS, .recheck_ns = 20 * US,
			       .burst_ns = 10 * MS, .budget_ppm = 100000,
			       .extend = true),
			REQUEST(0, LOCK, GRANT), BOUND(300 * US),
			OFF_CPU(100 * US, ENDED), TOKENS(210 * US),
		}
	}, {
		"a waiter is like any other in a section", { USUAL }, {
			REQUEST(0, WAIT, GRANT), RECHECK(20 * US, WAIT, CONTINUE, 20 * US),
			REQUEST(30 * US, LOCK, JOIN), RECHECK(100 * US, WAIT, CAP, 0),
			REQUEST(101 * US, WAIT, NO_SECOND),
		}
	}, {
		"a refused waiter passes, whatever else would be said", {
			USUAL, .refuse_waiters = true,
		}, {
			REQUEST(0, WAIT, WAITER), PHASE(READY), TOKENS(300 * US),
			REQUEST(1 * US, OUTSIDE, PASS), REQUEST(2 * US, LOCK, GRANT),
			RECHECK(102 * US, LOCK, CAP, 0), REQUEST(103 * US, WAIT, WAITER),
			PARAMS(.refuse_waiters = true), REQUEST(104 * US, WAIT, WAITER),
		}
	}, {
		"one that begins to wait gives the extension back", {
			USUAL, .refuse_waiters = true,
		}, {
			REQUEST(0, LOCK, GRANT), RECHECK(20 * US, WAIT, RELEASE, 0),
			LENGTH(20 * US), REQUEST(30 * US, LOCK, GRANT),
			REQUEST(40 * US, WAIT, RELEASE), LENGTH(10 * US),
		}
	}, {
		"params: refusing waiters ends what one has", { USUAL }, {
			REQUEST(0, WAIT, GRANT),
			PARAMS(USUAL, .refuse_waiters = true),
			RECHECK(20 * US, WAIT, RELEASE, 0), PHASE(READY),
		}
	}, {
		"observe: a refused waiter would not be extended", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 300 * US, .refuse_waiters = true,
		}, {
			REQUEST(0, WAIT, WAITER), REQUEST(1 * US, LOCK, OBSERVE),
		}
	}, {
		"soft: a grace of its own", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), BOUND(100 * US), SOFT_BOUND(50 * US),
			RECHECK(20 * US, SLEEP, CONTINUE, 20 * US),
			REQUEST(30 * US, READER, JOIN),
			RECHECK(40 * US, RCU, CONTINUE, 10 * US),
			RECHECK(50 * US - 1, SOFT_WAIT, CONTINUE, 1),
			RECHECK(50 * US, SLEEP, CAP, 0), PHASE(READY), USED(50 * US),
			REQUEST(60 * US, SLEEP, NO_SECOND), REQUEST(60 * US, READER, NO_SECOND),
			REQUEST(60 * US, RCU, NO_SECOND), REQUEST(60 * US, SOFT_WAIT, NO_SECOND),
			REQUEST(60 * US, OUTSIDE, PASS), OFF_CPU(70 * US, NONE),
			REQUEST(80 * US, SLEEP, GRANT), SOFT_BOUND(50 * US),
		}
	}, {
		"soft: the section ends in time", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(20 * US, OUTSIDE, RELEASE, 0),
			PHASE(READY), REQUEST(30 * US, SLEEP, GRANT), SOFT_BOUND(50 * US),
			REQUEST(60 * US, OUTSIDE, RELEASE),
		}
	}, {
		"soft: a request finds its bound reached", { USUAL }, {
			REQUEST(0, READER, GRANT), REQUEST(50 * US - 1, READER, JOIN),
			REQUEST(50 * US, READER, CAP), PHASE(READY), LENGTH(50 * US),
		}
	}, {
		"soft: a hard section inside goes on, to its end", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(50 * US, LOCK, CONTINUE, 25 * US),
			REQUEST(70 * US, IRQ, JOIN), REQUEST(80 * US, SLEEP, CAP),
			PHASE(READY), USED(80 * US), LENGTH(80 * US), TOKENS(220 * US),
		}
	}, {
		"soft: a hard section inside goes on, to the bound", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(50 * US, LOCK, CONTINUE, 25 * US),
			RECHECK(100 * US, LOCK, CAP, 0), PHASE(SPENT),
			REQUEST(101 * US, LOCK, NO_SECOND),
		}
	}, {
		"soft spent: a hard section gets the rest", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(60 * US, SLEEP, CAP, 0), USED(60 * US),
			REQUEST(70 * US, LOCK, GRANT), BOUND(40 * US), SOFT_BOUND(0),
			RECHECK(90 * US, OUTSIDE, RELEASE, 0), USED(80 * US), PHASE(READY),
			REQUEST(95 * US, SLEEP, NO_SECOND), REQUEST(100 * US, IRQ, GRANT),
			BOUND(20 * US), REQUEST(119 * US, SLEEP, RELEASE), USED(99 * US),
			REQUEST(120 * US, LOCK, NO_SECOND), OFF_CPU(130 * US, NONE),
			REQUEST(140 * US, LOCK, GRANT), BOUND(100 * US), SOFT_BOUND(50 * US),
		}
	}, {
		"soft spent: the rest is all there is", { USUAL }, {
			REQUEST(0, RCU, GRANT), RECHECK(50 * US, RCU, CAP, 0),
			REQUEST(60 * US, USER, GRANT), BOUND(50 * US),
			RECHECK(110 * US, USER, CAP, 0), PHASE(SPENT),
			REQUEST(120 * US, LOCK, NO_SECOND), REQUEST(120 * US, RCU, NO_SECOND),
			OFF_CPU(130 * US, NONE), REQUEST(140 * US, RCU, GRANT),
		}
	}, {
		"soft spent: less than a look is no rest", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(80 * US + 1, SLEEP, CAP, 0),
			REQUEST(90 * US, LOCK, NO_SECOND), PHASE(READY), OFF_CPU(91 * US, NONE),
			REQUEST(92 * US, SLEEP, GRANT), RECHECK(172 * US, SLEEP, CAP, 0),
			REQUEST(180 * US, LOCK, GRANT), BOUND(20 * US),
		}
	}, {
		"soft spent: late beyond the grace leaves no rest", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(130 * US, SLEEP, CAP, 0),
			PHASE(READY), USED(130 * US), REQUEST(140 * US, LOCK, NO_SECOND),
		}
	}, {
		"hard, then soft: over, if it has had that grace", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(20 * US, SLEEP, CONTINUE, 20 * US),
			RECHECK(40 * US, SLEEP, CONTINUE, 10 * US),
			RECHECK(50 * US, SLEEP, RELEASE, 0), PHASE(READY), USED(50 * US),
			REQUEST(55 * US, SLEEP, NO_SECOND), REQUEST(60 * US, LOCK, GRANT),
			BOUND(50 * US),
		}
	}, {
		"hard, then soft after the bound counts as cap", { USUAL }, {
			REQUEST(0, LOCK, GRANT), RECHECK(100 * US, SLEEP, CAP, 0),
			PHASE(READY), REQUEST(110 * US, LOCK, NO_SECOND),
		}
	}, {
		"no grace for soft sections: refused, and a hard one is over", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 300 * US, .budget_ppm = 100000, .extend = true,
		}, {
			REQUEST(0, SLEEP, NO_SOFT), REQUEST(1 * US, READER, NO_SOFT),
			REQUEST(2 * US, RCU, NO_SOFT), REQUEST(3 * US, SOFT_WAIT, NO_SOFT),
			REQUEST(4 * US, LOCK, GRANT), SOFT_BOUND(0),
			RECHECK(24 * US, SLEEP, RELEASE, 0), REQUEST(25 * US, SLEEP, NO_SOFT),
			REQUEST(26 * US, WAIT, GRANT), BOUND(80 * US),
		}
	}, {
		"no grace for soft sections: nor would there be", {
			.grace_ns = 100 * US, .recheck_ns = 20 * US,
			.burst_ns = 300 * US,
		}, {
			REQUEST(0, SLEEP, NO_SOFT), REQUEST(1 * US, LOCK, OBSERVE),
		}
	}, {
		"a soft grace above the grace is the grace", {
			.grace_ns = 100 * US, .grace_sleep_ns = 200 * US,
			.recheck_ns = 20 * US, .burst_ns = 300 * US,
			.budget_ppm = 100000, .extend = true,
		}, {
			REQUEST(0, SLEEP, GRANT), BOUND(100 * US), SOFT_BOUND(100 * US),
			RECHECK(80 * US, SLEEP, CONTINUE, 20 * US),
			RECHECK(100 * US, SLEEP, CAP, 0), REQUEST(101 * US, LOCK, NO_SECOND),
		}
	}, {
		"soft: bound is what the bucket holds, the grace is left", {
			.grace_ns = 100 * US, .grace_sleep_ns = 50 * US,
			.recheck_ns = 20 * US, .burst_ns = 30 * US,
			.budget_ppm = 1000000, .extend = true,
		}, {
			REQUEST(0, SLEEP, GRANT), BOUND(30 * US), SOFT_BOUND(30 * US),
			RECHECK(30 * US, SLEEP, CAP, 0), PHASE(READY), TOKENS(0),
			REQUEST(40 * US, LOCK, NO_BUDGET), REQUEST(60 * US, LOCK, GRANT),
			BOUND(30 * US), END(90 * US, ENDED), PHASE(SPENT), USED(60 * US),
		}
	}, {
		"soft: ended from outside it is not spent", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), END(40 * US, ENDED), PHASE(READY),
			REQUEST(50 * US, SLEEP, GRANT), SOFT_BOUND(50 * US),
		}
	}, {
		"soft: a refused waiter gives the extension back", {
			USUAL, .refuse_waiters = true,
		}, {
			REQUEST(0, SLEEP, GRANT), RECHECK(20 * US, SOFT_WAIT, RELEASE, 0),
			REQUEST(30 * US, SOFT_WAIT, WAITER), REQUEST(40 * US, SLEEP, GRANT),
			RECHECK(95 * US, SOFT_WAIT, RELEASE, 0), PHASE(READY),
			REQUEST(96 * US, SLEEP, GRANT),
		}
	}, {
		"params: a soft bound once given stands", { USUAL }, {
			REQUEST(0, SLEEP, GRANT),
			PARAMS(.grace_ns = 100 * US, .recheck_ns = 20 * US,
			       .burst_ns = 300 * US, .budget_ppm = 100000,
			       .extend = true),
			RECHECK(40 * US, SLEEP, CONTINUE, 10 * US),
			RECHECK(50 * US, SLEEP, CAP, 0), REQUEST(51 * US, SLEEP, NO_SOFT),
		}
	}, {
		"params: a smaller grace leaves no rest", { USUAL }, {
			REQUEST(0, SLEEP, GRANT), RECHECK(50 * US, SLEEP, CAP, 0),
			PARAMS(.grace_ns = 40 * US, .grace_sleep_ns = 40 * US,
			       .recheck_ns = 5 * US, .burst_ns = 300 * US,
			       .budget_ppm = 100000, .extend = true),
			REQUEST(60 * US, LOCK, NO_SECOND),
		}
	}, {
		"clock back before a soft grant leaves no rest", { USUAL }, {
			REQUEST(50 * US, SLEEP, GRANT), RECHECK(49 * US, SLEEP, CAP, 0),
			PHASE(SPENT), REQUEST(49 * US, LOCK, NO_SECOND),
		}
	}, {
		"an end at the bound leaves it spent", { USUAL }, {
			REQUEST(0, LOCK, GRANT), END(100 * US, ENDED),
			PHASE(SPENT), REQUEST(101 * US, LOCK, NO_SECOND),
			OFF_CPU(102 * US, NONE), REQUEST(103 * US, LOCK, GRANT),
		}
	}, {
		"clock back before the grant ends it as capped", { USUAL }, {
			REQUEST(50 * US, LOCK, GRANT), RECHECK(49 * US, LOCK, CAP, 0),
			PHASE(SPENT), LENGTH(0), TOKENS(300 * US),
			OFF_CPU(49 * US, NONE), REQUEST(50 * US, LOCK, GRANT),
			REQUEST(0, OUTSIDE, CAP),
		}
	}, {
		"clock back fills nothing", { USUAL }, {
			REQUEST(1000 * US, LOCK, GRANT), OFF_CPU(1100 * US, ENDED),
			TOKENS(200 * US), REQUEST(500 * US, OUTSIDE, PASS),
			TOKENS(200 * US), REQUEST(600 * US, OUTSIDE, PASS),
			TOKENS(210 * US),
		}
	}, {
		"clock far ahead fills the bucket, no more", { USUAL }, {
			REQUEST(0, LOCK, GRANT), OFF_CPU(100 * US, ENDED),
			REQUEST(1ull << 62, LOCK, GRANT), TOKENS(300 * US),
			RECHECK(1ull << 63, LOCK, CAP, 0), TOKENS(-300ll * 1000),
		}
	},
};

/* clang-format on */

static void run_step(const struct step *step, struct ecs_policy_params *params,
		     struct ecs_policy_state *state, uint64_t origin, int nr)
{
	uint64_t now = origin + step->at, next = 12345;
	enum ecs_policy_verdict got = step->verdict;

	switch (step->op) {
	case OP_REQUEST:
		got = ecs_policy_request(params, state, now, step->hint);
		break;
	case OP_RECHECK:
		got = ecs_policy_recheck(params, state, now, step->hint, &next);
		CHECK(next == step->next_ns, "step %d: %llu, not %llu", nr,
		      (unsigned long long)next,
		      (unsigned long long)step->next_ns);
		break;
	case OP_END:
		got = ecs_policy_end(params, state, now);
		break;
	case OP_OFF_CPU:
		got = ecs_policy_off_cpu(params, state, now);
		break;
	case OP_EMPTY:
		ecs_policy_empty(params, state, now);
		break;
	case OP_PARAMS:
		*params = step->params;
		break;
	case OP_TOKENS:
		CHECK(state->tokens_ns == step->value,
		      "step %d: %lld, not %lld", nr,
		      (long long)state->tokens_ns, (long long)step->value);
		break;
	case OP_BOUND:
		CHECK(state->bound_ns == (uint64_t)step->value,
		      "step %d: %llu, not %lld", nr,
		      (unsigned long long)state->bound_ns,
		      (long long)step->value);
		break;
	case OP_SOFT_BOUND:
		CHECK(state->soft_bound_ns == (uint64_t)step->value,
		      "step %d: %llu, not %lld", nr,
		      (unsigned long long)state->soft_bound_ns,
		      (long long)step->value);
		break;
	case OP_USED:
		CHECK(state->soft_spent &&
			      state->used_ns == (uint64_t)step->value,
		      "step %d: %llu, not %lld", nr,
		      (unsigned long long)state->used_ns,
		      (long long)step->value);
		break;
	case OP_LENGTH:
		CHECK(state->length_ns == (uint64_t)step->value,
		      "step %d: %llu, not %lld", nr,
		      (unsigned long long)state->length_ns,
		      (long long)step->value);
		break;
	case OP_PHASE:
		CHECK(state->phase == (enum ecs_policy_phase)step->value,
		      "step %d: %d, not %lld", nr, state->phase,
		      (long long)step->value);
		break;
	case OP_END_OF_CASE:
		break;
	}
	CHECK(got == step->verdict, "step %d: %d, not %d", nr, got,
	      step->verdict);
}

static void run_history(const void *arg)
{
	const struct history *history = arg;
	struct ecs_policy_params params;
	struct ecs_policy_state state;
	unsigned int before;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(origins); i++) {
		before = test_failures;
		params = history->params;
		ecs_policy_init(&params, &state, origins[i]);
		for (j = 0; history->steps[j].op != OP_END_OF_CASE; j++)
			run_step(&history->steps[j], &params, &state,
				 origins[i], (int)j);
		if (test_failures != before)
			printf("  # with the clock from %#llx\n",
			       (unsigned long long)origins[i]);
	}
}

int main(void)
{
	struct test tests[ARRAY_SIZE(histories)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(histories); i++)
		tests[i] = (struct test){ histories[i].name, run_history,
					  &histories[i] };
	return test_main(tests, ARRAY_SIZE(tests));
}
