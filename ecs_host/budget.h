/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * budget.h: when a soft-real-time vCPU is boosted, and what that costs it.
 *
 * Pure C, like policy.h: no clock, lock, allocation or kernel header. The caller
 * serialises all calls on one state.
 *
 * A boost begins when the vCPU wakes (or is found waiting) and ends when it has
 * nothing to do or its SBT is used up. Used up, the next may begin when USBT has
 * passed: SBT is a guaranteed minimum, and what the vCPU gets as an ordinary task
 * is not counted here. One that slept before that keeps what is left of its SBT,
 * and it fills up again while the vCPU is not running boosted, by SBT in USBT:
 * guests wake for many small things, which must not cost the wakeup that matters
 * its boost.
 *
 * With borrowing a boost may run on, by borrow_ns at most; what it ran beyond SBT,
 * borrowed or because a timer was late, is repaid: the time to the next boost is
 * USBT * used / SBT instead of USBT. So over any window W a vCPU is boosted for no
 * more than
 *	((SBT + borrow + lateness) * USBT + W * SBT) / (SBT + USBT),
 * where the lateness is that of the window's last boost only.
 *
 * Parameters may change at any time: a boost under way ends by the new ones, what
 * is used fills up by the new ones, a cooling under way keeps its length. A clock
 * that is set back adds nothing to what is used, fills nothing up and shortens no
 * cooling; set back to before it began, the cooling takes its whole length from
 * then.
 *
 * From the second source of the design: "SBT" and "USBT" of a Xen study of audio
 * and video VMs; its "over" state is the borrowing.
 */
#ifndef ECS_BUDGET_H
#define ECS_BUDGET_H

#include "ecs_types.h"

/**
 * struct ecs_budget_params - what was asked for
 * @sbt_ns: run time guaranteed to a boost that begins with nothing used, not 0
 * @usbt_ns: time in which as much as SBT fills up, and the least that a cooling
 *	takes, not 0
 * @borrow_ns: most that may be used beyond SBT
 */
struct ecs_budget_params {
	uint64_t sbt_ns;
	uint64_t usbt_ns;
	uint64_t borrow_ns;
};

enum ecs_budget_phase {
	ECS_BUDGET_READY,   /* the next wakeup is boosted */
	ECS_BUDGET_BOOSTED, /* a boost is under way, running or not */
	ECS_BUDGET_COOLING, /* ordinary until the cooling time has passed */
};

/**
 * struct ecs_budget_state - one vCPU's account
 * @phase: see enum ecs_budget_phase; READY: @used_ns is below what SBT was then
 * @running: BOOSTED: it is on a CPU
 * @since: up to when @used_ns is accounted, or filled up while not running
 * @used_ns: how much of SBT (and borrow) is used; falls as it fills up
 * @ran_ns: run time of this boost, or of the last one
 * @cooling_from: COOLING: when it began, or the clock was set back
 * @cooling_ns: COOLING: how long it takes; 2^63 - 1 at most, which is for ever
 */
struct ecs_budget_state {
	enum ecs_budget_phase phase;
	bool running;
	uint64_t since;
	uint64_t used_ns;
	uint64_t ran_ns;
	uint64_t cooling_from;
	uint64_t cooling_ns;
};

enum ecs_budget_verdict {
	ECS_BUDGET_NONE,      /* nothing changes */
	ECS_BUDGET_BEGIN,     /* wake: a boost begins */
	ECS_BUDGET_RESUME,    /* wake: one begins with less than all of SBT */
	ECS_BUDGET_ALREADY,   /* wake: it is boosted */
	ECS_BUDGET_TOO_EARLY, /* wake: it is cooling */
	ECS_BUDGET_END,	      /* a boost has ended; see ran_ns, used_ns */
};

void ecs_budget_init(struct ecs_budget_state *state);
enum ecs_budget_verdict ecs_budget_wake(const struct ecs_budget_params *params,
					struct ecs_budget_state *state,
					uint64_t now);
uint64_t ecs_budget_run(const struct ecs_budget_params *params,
			struct ecs_budget_state *state, uint64_t now);
enum ecs_budget_verdict ecs_budget_check(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now, uint64_t *next_ns);
enum ecs_budget_verdict ecs_budget_stop(const struct ecs_budget_params *params,
					struct ecs_budget_state *state,
					uint64_t now);
enum ecs_budget_verdict ecs_budget_sleep(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now);
enum ecs_budget_verdict ecs_budget_close(const struct ecs_budget_params *params,
					 struct ecs_budget_state *state,
					 uint64_t now);
uint64_t ecs_budget_cooling_left(struct ecs_budget_state *state, uint64_t now);
uint64_t ecs_budget_owed(const struct ecs_budget_params *params,
			 struct ecs_budget_state *state, uint64_t now);

#endif /* ECS_BUDGET_H */
