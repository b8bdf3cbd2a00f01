/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h: when a preemption is deferred, for how long, and what it costs.
 *
 * Pure C: no clock, lock, allocation or kernel header. Time and the guest's
 * hint come in by value, the verdict goes out. The caller serialises all calls
 * on one state. The same object is linked into the module and into the tests.
 *
 * An extension is a loan. Its length is bounded by the grace and by the tokens
 * of the vCPU's bucket, which fills at budget_ppm of real time up to burst_ns
 * and is charged what the extension really took (it may run into debt when a
 * timer is late, and then waits). An extension that reached its bound leaves
 * the vCPU "spent": nothing more until it has been off the CPU.
 *
 * Parameters may change at any time; an extension under way keeps its bound.
 */
#ifndef ECS_POLICY_H
#define ECS_POLICY_H

#include "ecs_types.h"

/* What the guest says about itself. */
enum ecs_policy_hint {
	ECS_POLICY_OUTSIDE, /* not inside a section */
	ECS_POLICY_INSIDE,  /* inside one */
	ECS_POLICY_WAITING, /* inside one, where all it does is to wait */
};

/**
 * struct ecs_policy_params - what the administrator set
 * @grace_ns: bound of one extension
 * @recheck_ns: time to the first look at the section, and the least between two
 * @burst_ns: bound of the bucket; below recheck_ns nothing is ever granted
 * @budget_ppm: rate of the bucket, parts per million of time
 * @extend: false: judge and count, but never defer
 * @refuse_waiters: take a vCPU that only waits for one that is in no section
 */
struct ecs_policy_params {
	uint64_t grace_ns;
	uint64_t recheck_ns;
	uint64_t burst_ns;
	uint32_t budget_ppm;
	bool extend;
	bool refuse_waiters;
};

enum ecs_policy_phase {
	ECS_POLICY_READY,    /* no extension; one may be granted */
	ECS_POLICY_EXTENDED, /* a preemption is being deferred */
	ECS_POLICY_SPENT,    /* the last one reached its bound */
};

/**
 * struct ecs_policy_state - one vCPU's account
 * @phase: see enum ecs_policy_phase
 * @tokens_ns: what the bucket holds; negative is debt, not below -burst
 * @filled_at: when it was last filled
 * @since: EXTENDED: when this extension began
 * @bound_ns: EXTENDED: how long it may be
 * @length_ns: how long the last one that ended was
 */
struct ecs_policy_state {
	enum ecs_policy_phase phase;
	int64_t tokens_ns;
	uint64_t filled_at;
	uint64_t since;
	uint64_t bound_ns;
	uint64_t length_ns;
};

enum ecs_policy_verdict {
	ECS_POLICY_PASS,      /* request: not in a section, let it through */
	ECS_POLICY_GRANT,     /* request: defer it; an extension begins */
	ECS_POLICY_JOIN,      /* request: defer it with the one under way */
	ECS_POLICY_OBSERVE,   /* request: let through, would have deferred */
	ECS_POLICY_NO_BUDGET, /* request: let through, bucket is empty */
	ECS_POLICY_NO_SECOND, /* request: let through, vCPU is spent */
	ECS_POLICY_WAITER,    /* request: let through, it only waits */
	ECS_POLICY_CONTINUE,  /* recheck: look again after *next_ns */
	ECS_POLICY_RELEASE,   /* both: the section has ended: preempt now */
	ECS_POLICY_CAP,	      /* both: the bound is reached: preempt now */
	ECS_POLICY_NONE,      /* recheck, end: there is no extension */
	ECS_POLICY_ENDED,     /* end: there was one; see length_ns */
};

void ecs_policy_init(const struct ecs_policy_params *params,
		     struct ecs_policy_state *state, uint64_t now);
bool ecs_policy_is_inside(const struct ecs_policy_params *params,
			  enum ecs_policy_hint hint);
enum ecs_policy_verdict
ecs_policy_request(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now,
		   enum ecs_policy_hint hint);
enum ecs_policy_verdict
ecs_policy_recheck(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now,
		   enum ecs_policy_hint hint, uint64_t *next_ns);
enum ecs_policy_verdict ecs_policy_end(const struct ecs_policy_params *params,
				       struct ecs_policy_state *state,
				       uint64_t now);
enum ecs_policy_verdict
ecs_policy_off_cpu(const struct ecs_policy_params *params,
		   struct ecs_policy_state *state, uint64_t now);

#endif /* ECS_POLICY_H */
