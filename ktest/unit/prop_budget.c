// SPDX-License-Identifier: GPL-2.0-only
/*
 * prop_budget.c: what holds of the budget in every history.
 *
 * Two kinds of history. In one, calls come in any order and the budget must
 * equal the model of budget_model.h. In the other a vCPU sleeps, waits and runs,
 * and the promises of budget.h are measured on it, see budget_world.h.
 */
#include "budget.h"
#include "budget_model.h"
#include "budget_world.h"
#include "ecs_ioctl.h"
#include "origin.h"
#include "test.h"

#define US 1000ull
#define MS 1000000ull

/*
 * No history waits for what is further off: it would come to where the clock can
 * no longer tell what has passed from what is to come.
 */
#define FAR_OFF (1ull << 58)

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

static bool cooling_is_exact(struct rng *rng)
{
	uint64_t used = rng_log(rng, LONGEST), origin = random_origin(rng);
	struct ecs_budget_params params;

	random_numbers(rng, &params);
	return check_cooling(&params, origin, used);
}

static bool filling_is_exact(struct rng *rng)
{
	uint64_t used = rng_log(rng, LONGEST), slept = rng_log(rng, LONGEST);
	uint64_t origin = random_origin(rng);
	struct ecs_budget_params params;

	random_numbers(rng, &params);
	if (rng_percent(rng, 70))
		used %= params.sbt_ns;
	return check_filling(&params, origin, used, slept);
}

/* --- a vCPU and its host --- */

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
