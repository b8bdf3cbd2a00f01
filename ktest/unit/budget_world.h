/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * budget_world.h: a vCPU and its host, for the property tests and the fuzz target.
 * It has its own account of when the vCPU was boosted and running; the promises of
 * budget.h are measured on that.
 */
#ifndef ECS_BUDGET_WORLD_H
#define ECS_BUDGET_WORLD_H

#include "budget.h"
#include "budget_model.h"
#include "test.h"

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
	case EVENT_OWED:
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

#endif /* ECS_BUDGET_WORLD_H */
