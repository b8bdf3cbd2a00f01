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
 * Sections are soft or hard: those of sleeping locks and RCU readers are often
 * long and may be preempted by the guest's own kernel, those of spinlocks and
 * interrupts are neither. What is soft has a grace of its own and must not use up
 * that of the hard sections inside of it:
 *
 *  - an extension ends at the first look at or after grace_sleep that finds a soft
 *    section. Who finds a hard one lets it go on, up to the grace;
 *  - that leaves the vCPU "soft spent": no extension for a soft section until it
 *    has been off the CPU, and for hard ones what is left of the grace, less than
 *    recheck of it being nothing.
 *
 * So from the first extension on that leaves it soft spent, all of them until it
 * is off the CPU are no longer than the grace together, plus what the last one was
 * looked at too late.
 *
 * Parameters may change at any time; an extension under way keeps its bounds.
 */
#ifndef ECS_POLICY_H
#define ECS_POLICY_H

#include "ecs_types.h"

/* What the guest says about itself: the kind of section, soft from SOFT_WAIT on. */
enum ecs_policy_hint {
	ECS_POLICY_OUTSIDE,   /* not inside a section */
	ECS_POLICY_WAIT,      /* only waits, inside a hard one */
	ECS_POLICY_IRQ,	      /* serves an interrupt, or softirqs are off */
	ECS_POLICY_LOCK,      /* holds a spinlock, a rwlock */
	ECS_POLICY_USER,      /* marked by user space */
	ECS_POLICY_SOFT_WAIT, /* only waits, inside a soft one */
	ECS_POLICY_SLEEP,     /* holds a sleeping lock, not only for reading */
	ECS_POLICY_READER,    /* holds one for reading */
	ECS_POLICY_RCU,	      /* is an RCU reader */
	ECS_POLICY_HINTS,
};

/**
 * struct ecs_policy_params - what the administrator set
 * @grace_ns: bound of one extension
 * @grace_sleep_ns: bound while the section is soft; 0: soft ones get no extension
 * @recheck_ns: time to the first look at the section, and the least between two
 * @burst_ns: bound of the bucket; below recheck_ns nothing is ever granted
 * @budget_ppm: rate of the bucket, parts per million of time
 * @extend: false: judge and count, but never defer
 * @refuse_waiters: take a vCPU that only waits for one that is in no section
 */
struct ecs_policy_params {
	uint64_t grace_ns;
	uint64_t grace_sleep_ns;
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
 * @soft_bound_ns: EXTENDED: how long in a soft section; not above @bound_ns
 * @length_ns: how long the last one that ended was
 * @used_ns: soft spent: how much of the grace is used
 * @soft_spent: see above
 * @hint: what the last one was granted for
 */
struct ecs_policy_state {
	enum ecs_policy_phase phase;
	int64_t tokens_ns;
	uint64_t filled_at;
	uint64_t since;
	uint64_t bound_ns;
	uint64_t soft_bound_ns;
	uint64_t length_ns;
	uint64_t used_ns;
	bool soft_spent;
	enum ecs_policy_hint hint;
};

enum ecs_policy_verdict {
	ECS_POLICY_PASS,      /* request: not in a section, let it through */
	ECS_POLICY_GRANT,     /* request: defer it; an extension begins */
	ECS_POLICY_JOIN,      /* request: defer it with the one under way */
	ECS_POLICY_OBSERVE,   /* request: let through, would have deferred */
	ECS_POLICY_NO_BUDGET, /* request: let through, bucket is empty */
	ECS_POLICY_NO_SECOND, /* request: let through, vCPU is spent */
	ECS_POLICY_WAITER,    /* request: let through, it only waits */
	ECS_POLICY_NO_SOFT,   /* request: let through, soft ones get nothing */
	ECS_POLICY_CONTINUE,  /* recheck: look again after *next_ns */
	ECS_POLICY_RELEASE,   /* both: the section has ended: preempt now */
	ECS_POLICY_CAP,	      /* both: the bound is reached: preempt now */
	ECS_POLICY_NONE,      /* recheck, end: there is no extension */
	ECS_POLICY_ENDED,     /* end: there was one; see length_ns */
};

void ecs_policy_init(const struct ecs_policy_params *params,
		     struct ecs_policy_state *state, uint64_t now);
void ecs_policy_empty(const struct ecs_policy_params *params,
		      struct ecs_policy_state *state, uint64_t now);
bool ecs_policy_is_inside(const struct ecs_policy_params *params,
			  enum ecs_policy_hint hint);
bool ecs_policy_is_waiting(enum ecs_policy_hint hint);
uint64_t ecs_policy_first_ns(const struct ecs_policy_params *params,
			     const struct ecs_policy_state *state);
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
