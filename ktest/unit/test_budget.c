// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_budget.c: each rule of budget.h as a short history with known answers.
 *
 * Times are relative: every case runs from several origins of the clock, some
 * of them just before it wraps, and must give the same answers from each.
 */
#include "budget.h"
#include "origin.h"
#include "test.h"

#define US  1000ull
#define MS  1000000ull
#define DAY (86400000 * MS)

#define LONGEST ((1ull << 63) - 1)

enum op {
	OP_END_OF_CASE,
	OP_WAKE,
	OP_RUN,
	OP_LOOK, /* ecs_budget_check() */
	OP_STOP,
	OP_SLEEP,
	OP_CLOSE,
	OP_LEFT, /* ecs_budget_cooling_left() */
	OP_OWED,
	OP_PARAMS, /* the administrator changes them */
	OP_USED,
	OP_RAN,
	OP_COOLING,
	OP_PHASE,
	OP_RUNNING,
};

struct step {
	enum op op;
	uint64_t at;
	enum ecs_budget_verdict verdict;
	uint64_t value;
	struct ecs_budget_params params;
};

/* clang-format off */
#define WAKE(time, want) \
	{ .op = OP_WAKE, .at = (time), .verdict = ECS_BUDGET_##want }
#define RUN(time, next) { .op = OP_RUN, .at = (time), .value = (next) }
#define LOOK(time, want, next) \
	{ .op = OP_LOOK, .at = (time), .verdict = ECS_BUDGET_##want, \
	  .value = (next) }
#define STOP(time, want) \
	{ .op = OP_STOP, .at = (time), .verdict = ECS_BUDGET_##want }
#define SLEEP(time, want) \
	{ .op = OP_SLEEP, .at = (time), .verdict = ECS_BUDGET_##want }
#define CLOSE(time, want) \
	{ .op = OP_CLOSE, .at = (time), .verdict = ECS_BUDGET_##want }
#define LEFT(time, ns) { .op = OP_LEFT, .at = (time), .value = (ns) }
#define OWED(time, ns) { .op = OP_OWED, .at = (time), .value = (ns) }
#define PARAMS(...) { .op = OP_PARAMS, .params = { __VA_ARGS__ } }
#define USED(ns) { .op = OP_USED, .value = (ns) }
#define RAN(ns) { .op = OP_RAN, .value = (ns) }
#define COOLING(ns) { .op = OP_COOLING, .value = (ns) }
#define PHASE(want) { .op = OP_PHASE, .value = ECS_BUDGET_##want }
#define RUNNING(yes) { .op = OP_RUNNING, .value = (yes) }

/*
 * The video player of the study: 60 us each 2.3 ms. It fills up by 3 ns in
 * 115 ns, by nothing in 38 ns.
 */
#define USUAL .sbt_ns = 60 * US, .usbt_ns = 2300 * US
#define BORROWING USUAL, .borrow_ns = 30 * US

struct history {
	const char *name;
	struct ecs_budget_params params;
	struct step steps[24];
};

static const struct history histories[] = {
	{
		"account opens ready", { USUAL }, {
			PHASE(READY), RUNNING(false), USED(0), LEFT(0, 0),
			PHASE(READY),
		}
	}, {
		"nothing happens before a wakeup", { USUAL }, {
			RUN(0, 0), RUNNING(false), LOOK(1 * US, NONE, 0),
			STOP(2 * US, NONE), SLEEP(3 * US, NONE), PHASE(READY),
			USED(0),
		}
	}, {
		"wakeup begins a boost, once", { USUAL }, {
			WAKE(5 * US, BEGIN), PHASE(BOOSTED), RUNNING(false),
			USED(0), LEFT(5 * US, 0), WAKE(6 * US, ALREADY),
			RUN(7 * US, 60 * US), WAKE(8 * US, ALREADY),
			RUNNING(true), LEFT(8 * US, 0), PHASE(BOOSTED),
		}
	}, {
		"ends when SBT is used up, not before", { USUAL }, {
			WAKE(0, BEGIN), RUN(10 * US, 60 * US),
			LOOK(70 * US - 1, NONE, 1), USED(60 * US - 1),
			LOOK(70 * US, END, 0), PHASE(COOLING), RUNNING(false),
			USED(60 * US), COOLING(2300 * US), LOOK(71 * US, NONE, 0),
		}
	}, {
		"waiting uses nothing, and fills up", { USUAL }, {
			WAKE(0, BEGIN), LOOK(900 * MS, NONE, 0), USED(0),
			RUN(1000 * MS, 60 * US), STOP(1000 * MS + 20 * US, NONE),
			PHASE(BOOSTED), RUNNING(false), USED(20 * US),
			LOOK(1000 * MS + 80 * US, NONE, 0), USED(20 * US),
			RUN(1000 * MS + 135 * US, 43 * US), USED(17 * US),
			RAN(20 * US), LOOK(1000 * MS + 178 * US, END, 0),
			USED(60 * US), RAN(63 * US), COOLING(2300 * US),
		}
	}, {
		"stop ends it when SBT is used up, not before", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(60 * US - 1, NONE),
			RUN(60 * US + 37, 1), STOP(60 * US + 38, END),
			PHASE(COOLING), USED(60 * US), RAN(60 * US),
			STOP(101 * US, NONE), PHASE(COOLING),
		}
	}, {
		"sleep ends it, running", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(10 * US, END),
			PHASE(READY), RUNNING(false), USED(10 * US),
			RAN(10 * US), LEFT(10 * US, 0), SLEEP(11 * US, NONE),
			STOP(11 * US, NONE), RUN(11 * US, 0),
			LOOK(12 * US, NONE, 0), PHASE(READY), USED(10 * US),
			RAN(10 * US),
		}
	}, {
		"sleep ends it, waiting", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(10 * US, NONE),
			SLEEP(125 * US, END), PHASE(READY), USED(7 * US),
			RAN(10 * US), LEFT(125 * US, 0),
		}
	}, {
		"a boost that never ran costs nothing", { USUAL }, {
			WAKE(0, BEGIN), SLEEP(10 * US, END), PHASE(READY),
			USED(0), RAN(0), WAKE(10 * US, BEGIN),
		}
	}, {
		"too early until USBT has passed since the end", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			WAKE(60 * US, TOO_EARLY), WAKE(2360 * US - 1, TOO_EARLY),
			PHASE(COOLING), LEFT(2360 * US - 1, 1),
			WAKE(2360 * US, BEGIN), PHASE(BOOSTED), USED(0),
			RUN(2360 * US, 60 * US),
		}
	}, {
		"an ordinary vCPU is let alone", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			RUN(100 * US, 0), LOOK(200 * US, NONE, 0),
			STOP(300 * US, NONE), SLEEP(400 * US, NONE),
			PHASE(COOLING), USED(60 * US), COOLING(2300 * US),
			LEFT(1000 * US, 1360 * US),
		}
	}, {
		"ready when the cooling is found over", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			LEFT(1060 * US, 1300 * US), PHASE(COOLING),
			LEFT(2360 * US, 0), PHASE(READY), USED(0), RAN(60 * US),
			/* Also if the clock is set back afterwards. */
			WAKE(100 * US, BEGIN), USED(0), RAN(0),
		}
	}, {
		"borrowing lets it run on, by so much", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), LOOK(60 * US, NONE, 30 * US),
			STOP(89 * US, NONE), RUN(89 * US + 38, 1 * US),
			LOOK(90 * US + 38, END, 0), USED(90 * US),
			COOLING(3450 * US),
		}
	}, {
		"what was borrowed is repaid, no more", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), SLEEP(66 * US, END),
			USED(66 * US), COOLING(2530 * US),
			WAKE(66 * US + 2530 * US - 1, TOO_EARLY),
			WAKE(66 * US + 2530 * US, BEGIN),
		}
	}, {
		"nothing borrowed, nothing repaid", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), SLEEP(60 * US, END),
			COOLING(2300 * US),
		}
	}, {
		"a late timer is repaid", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(600 * US, END, 0),
			USED(600 * US), COOLING(23000 * US),
			LEFT(601 * US, 22999 * US),
		}
	}, {
		"what sleep left of SBT is used by the next wakeup", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(20 * US, END),
			WAKE(20 * US, RESUME), PHASE(BOOSTED), RUNNING(false),
			USED(20 * US), RAN(0), WAKE(20 * US, ALREADY),
			RUN(20 * US, 40 * US), LOOK(60 * US - 1, NONE, 1),
			LOOK(60 * US, END, 0), PHASE(COOLING), USED(60 * US),
			RAN(40 * US), COOLING(2300 * US),
			WAKE(2360 * US - 1, TOO_EARLY), WAKE(2360 * US, BEGIN),
			USED(0), RUN(2360 * US, 60 * US),
		}
	}, {
		"in pieces, down to the last nanosecond", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(10 * US, END),
			WAKE(10 * US, RESUME), RUN(10 * US, 50 * US),
			SLEEP(30 * US, END), RAN(20 * US), USED(30 * US),
			WAKE(30 * US, RESUME), RUN(30 * US, 30 * US),
			SLEEP(60 * US - 1, END), PHASE(READY),
			WAKE(60 * US - 1, RESUME), RUN(60 * US - 1, 1),
			SLEEP(60 * US, END), PHASE(COOLING), RAN(1),
			COOLING(2300 * US), LEFT(60 * US, 2300 * US),
			WAKE(61 * US, TOO_EARLY),
		}
	}, {
		"asleep it fills up at SBT in USBT, rounded down", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(30 * US, END),
			WAKE(30 * US + 115, RESUME), USED(30 * US - 3),
			SLEEP(30 * US + 115, END), WAKE(30 * US + 153, RESUME),
			USED(30 * US - 3), SLEEP(30 * US + 153, END),
			WAKE(30 * US + 192, RESUME), USED(30 * US - 4),
			/* Also between the wakeup and the CPU. */
			RUN(145 * US + 192, 33 * US + 4),
		}
	}, {
		"all is full when what was used is repaid", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(30 * US, END),
			WAKE(1180 * US - 1, RESUME), USED(1),
			SLEEP(1180 * US - 1, END), PHASE(READY),
			WAKE(1180 * US + 37, RESUME), SLEEP(1180 * US + 37, END),
			WAKE(1180 * US + 76, BEGIN), USED(0),
			RUN(1180 * US + 76, 60 * US),
			SLEEP(1210 * US + 76, END), WAKE(2360 * US + 76, BEGIN),
		}
	}, {
		"it fills up to SBT and no more", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(59 * US, END),
			WAKE(59 * US + 2300 * US, BEGIN), USED(0),
			RUN(1000 * MS, 60 * US), SLEEP(1000 * MS + 1 * US, END),
			WAKE(2000 * MS, BEGIN), USED(0), RUN(3000 * MS, 60 * US),
		}
	}, {
		"filling up while it waits lengthens a boost", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(50 * US, NONE),
			RUN(1200 * US, 40 * US), USED(20 * US),
			STOP(1230 * US, NONE), STOP(2380 * US, NONE), USED(20 * US),
			RUN(10 * MS, 60 * US), USED(0), RAN(80 * US),
			LOOK(10 * MS + 60 * US, END, 0), RAN(140 * US),
			COOLING(2300 * US),
		}
	}, {
		"only borrowed time left: it cools", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), SLEEP(60 * US, END),
			PHASE(COOLING), WAKE(61 * US, TOO_EARLY),
			WAKE(60 * US + 2299 * US, TOO_EARLY),
			WAKE(60 * US + 2300 * US, BEGIN),
		}
	}, {
		"waiting repays what was borrowed, as cooling does", {
			.sbt_ns = 10 * US, .usbt_ns = 100 * US,
			.borrow_ns = 100 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 100 * MS + 10 * US),
			STOP(99 * MS, NONE), PHASE(BOOSTED), USED(99 * MS),
			RUN(1089 * MS - 10, 100 * MS + 10 * US - 1), USED(1),
			STOP(1089 * MS + 99 * MS - 11, NONE), USED(99 * MS),
			SLEEP(1188 * MS - 11, END), COOLING(990 * MS),
		}
	}, {
		"what waiting has not repaid is cooled for", {
			.sbt_ns = 10 * US, .usbt_ns = 100 * US,
			.borrow_ns = 100 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 100 * MS + 10 * US),
			STOP(99 * MS, NONE), SLEEP(1088900 * US, END),
			PHASE(COOLING), USED(10 * US), COOLING(100 * US),
			WAKE(1089 * MS - 1, TOO_EARLY), WAKE(1089 * MS, BEGIN),
			SLEEP(1089 * MS, END), PHASE(READY),
		}
	}, {
		"waited long enough, it has all that it may borrow", {
			.sbt_ns = 10 * US, .usbt_ns = 100 * US,
			.borrow_ns = 100 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 100 * MS + 10 * US),
			STOP(99 * MS, NONE), STOP(DAY, NONE), USED(0),
			RUN(DAY, 100 * MS + 10 * US), SLEEP(DAY, END),
			PHASE(READY),
		}
	}, {
		"some of SBT left: it may borrow, too", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), SLEEP(60 * US - 1, END),
			PHASE(READY), WAKE(60 * US, RESUME),
			RUN(60 * US, 30 * US + 1), LOOK(90 * US + 1, END, 0),
			USED(90 * US), RAN(30 * US + 1), COOLING(3450 * US),
		}
	}, {
		"a late timer in a later piece is repaid", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(59 * US, END),
			WAKE(59 * US, RESUME), RUN(59 * US, 1 * US),
			SLEEP(119 * US, END), PHASE(COOLING), USED(119 * US),
			RAN(60 * US), COOLING(4561666 + 1),
		}
	}, {
		"cooling is rounded up", { .sbt_ns = 7, .usbt_ns = 10 }, {
			WAKE(0, BEGIN), RUN(0, 7), STOP(8, END), COOLING(12),
			WAKE(19, TOO_EARLY), WAKE(20, BEGIN), RUN(20, 7),
			LOOK(34, END, 0), COOLING(20), LEFT(34, 20),
		}
	}, {
		"a stop that was missed: all the time counts", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), RUN(20 * US, 40 * US),
			RUN(80 * US, 1), LOOK(80 * US + 1, END, 0),
			USED(80 * US + 1),
		}
	}, {
		"close: nothing used, nothing cooled for", { USUAL }, {
			CLOSE(0, NONE), PHASE(READY), WAKE(5 * US, BEGIN),
			CLOSE(6 * US, END), PHASE(READY), RUNNING(false), USED(0),
			RAN(0), CLOSE(7 * US, NONE), PHASE(READY),
			WAKE(7 * US, BEGIN),
		}
	}, {
		"close, running: whatever was used cools for USBT", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), CLOSE(1, END),
			PHASE(COOLING), RUNNING(false), USED(1), RAN(1),
			COOLING(2300 * US), LEFT(1, 2300 * US),
			WAKE(2300 * US, TOO_EARLY), WAKE(2300 * US + 1, BEGIN),
			USED(0), RUN(2301 * US, 60 * US),
		}
	}, {
		"close, waiting: it has filled up", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(10 * US, NONE),
			CLOSE(125 * US, END), PHASE(COOLING), USED(7 * US),
			RAN(10 * US), COOLING(2300 * US), RUN(126 * US, 0),
			SLEEP(126 * US, NONE), LEFT(126 * US, 2299 * US),
		}
	}, {
		"close, asleep: it cools as well", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(10 * US, END),
			CLOSE(125 * US, NONE), PHASE(COOLING), USED(7 * US),
			RAN(10 * US), COOLING(2300 * US),
			WAKE(2425 * US - 1, TOO_EARLY), WAKE(2425 * US, BEGIN),
		}
	}, {
		"close, asleep: ready when all has filled up", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(1 * US, END),
			CLOSE(1 * US + 38334, NONE), PHASE(READY), USED(0),
			WAKE(40 * US, BEGIN), RUN(40 * US, 60 * US),
			SLEEP(41 * US, END), CLOSE(41 * US + 38333, NONE),
			PHASE(COOLING), USED(1), COOLING(2300 * US),
		}
	}, {
		"close: what was borrowed is repaid", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), CLOSE(66 * US, END),
			PHASE(COOLING), USED(66 * US), COOLING(2530 * US),
		}
	}, {
		"close: a cooling under way stays", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(66 * US, END),
			PARAMS(.sbt_ns = 20 * US, .usbt_ns = 100 * US),
			CLOSE(66 * US, NONE), CLOSE(1066 * US, NONE),
			PHASE(COOLING), COOLING(2530 * US), USED(66 * US),
			LEFT(1066 * US, 1530 * US), CLOSE(2596 * US - 1, NONE),
			PHASE(COOLING), CLOSE(2596 * US, NONE), PHASE(READY),
			USED(0), WAKE(2596 * US, BEGIN),
		}
	}, {
		"close: once", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), CLOSE(10 * US, END),
			CLOSE(20 * US, NONE), LEFT(20 * US, 2290 * US),
			LOOK(30 * US, NONE, 0), STOP(30 * US, NONE),
			CLOSE(5 * US, NONE), LEFT(5 * US, 2300 * US),
		}
	}, {
		"close: SBT made smaller than what was used", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 20 * US, .usbt_ns = 1000 * US),
			CLOSE(50 * US, NONE), USED(50 * US), COOLING(2500 * US),
		}
	}, {
		"params: a boost under way ends by the new ones", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US),
			PARAMS(.sbt_ns = 100 * US, .usbt_ns = 1000 * US),
			LOOK(60 * US, NONE, 40 * US), LOOK(100 * US, END, 0),
			COOLING(1000 * US),
		}
	}, {
		"params: a smaller SBT ends it at the next look", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(50 * US, NONE),
			PARAMS(.sbt_ns = 20 * US, .usbt_ns = 1000 * US),
			WAKE(51 * US, ALREADY), RUN(60 * US, 1),
			LOOK(60 * US, END, 0), USED(49800), COOLING(2490 * US),
		}
	}, {
		"params: a smaller SBT ends it waiting", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), STOP(50 * US, NONE),
			PARAMS(.sbt_ns = 20 * US, .usbt_ns = 1000 * US),
			STOP(60 * US, END), USED(49800), COOLING(2490 * US),
		}
	}, {
		"params: a larger SBT leaves more", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 100 * US, .usbt_ns = 1000 * US),
			WAKE(50 * US, RESUME), RUN(50 * US, 50 * US),
			LOOK(100 * US, END, 0), COOLING(1000 * US),
		}
	}, {
		"params: a smaller SBT leaves less", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 51 * US, .usbt_ns = 2300 * US),
			WAKE(50 * US, RESUME), RUN(50 * US, 1 * US),
			LOOK(51 * US, END, 0), COOLING(2300 * US),
		}
	}, {
		"params: SBT made as small as what was used: it cools", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 50 * US, .usbt_ns = 1000 * US),
			LEFT(50 * US, 0), PHASE(READY), WAKE(50 * US, TOO_EARLY),
			PHASE(COOLING), RUNNING(false), COOLING(1000 * US),
			RAN(50 * US), WAKE(1050 * US - 1, TOO_EARLY),
			WAKE(1050 * US, BEGIN), USED(0),
		}
	}, {
		"params: more used than the new SBT is repaid", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 20 * US, .usbt_ns = 1000 * US),
			WAKE(50 * US, TOO_EARLY), USED(50 * US),
			COOLING(2500 * US), WAKE(2550 * US - 1, TOO_EARLY),
			WAKE(2550 * US, BEGIN),
		}
	}, {
		"params: unless it has filled up meanwhile", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 40 * US, .usbt_ns = 1000 * US),
			WAKE(325 * US, RESUME), USED(39 * US),
			RUN(325 * US, 1 * US),
		}
	}, {
		"params: it fills up by the new ones", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(50 * US, END),
			PARAMS(.sbt_ns = 60 * US, .usbt_ns = 120 * US),
			WAKE(60 * US, RESUME), USED(45 * US),
			SLEEP(60 * US, END), WAKE(150 * US, BEGIN),
		}
	}, {
		"params: far more used than the new SBT fills up in time", {
			.sbt_ns = 100 * MS, .usbt_ns = 1000 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 100 * MS), SLEEP(99 * MS, END),
			PARAMS(.sbt_ns = 10 * US, .usbt_ns = 1000 * MS),
			WAKE(99 * MS + DAY, BEGIN), USED(0),
			RUN(99 * MS + DAY, 10 * US),
		}
	}, {
		"params: or is repaid, less what has filled up", {
			.sbt_ns = 100 * MS, .usbt_ns = 1000 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 100 * MS), SLEEP(99 * MS, END),
			PARAMS(.sbt_ns = 10 * US, .usbt_ns = 1000 * MS),
			WAKE(2599 * MS, TOO_EARLY), USED(99 * MS - 25 * US),
			COOLING(9897500 * MS),
		}
	}, {
		"params: without borrowing only SBT is left", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), SLEEP(50 * US, END),
			PARAMS(USUAL), WAKE(50 * US, RESUME),
			RUN(50 * US, 10 * US),
		}
	}, {
		"params: a cooling under way keeps its length", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			PARAMS(.sbt_ns = 60 * US, .usbt_ns = 100 * US),
			WAKE(2359 * US, TOO_EARLY), WAKE(2360 * US, BEGIN),
			RUN(2360 * US, 60 * US), LOOK(2420 * US, END, 0),
			COOLING(100 * US),
		}
	}, {
		"params: also with an SBT that is not used up", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			PARAMS(.sbt_ns = 6000 * US, .usbt_ns = 2300 * US),
			WAKE(2360 * US - 1, TOO_EARLY), WAKE(2360 * US, BEGIN),
			USED(0),
		}
	}, {
		"clock back while running: no time, a new origin", { USUAL }, {
			WAKE(500 * US, BEGIN), RUN(500 * US, 60 * US),
			LOOK(520 * US, NONE, 40 * US), LOOK(100 * US, NONE, 40 * US),
			USED(20 * US), LOOK(139 * US, NONE, 1 * US),
			LOOK(140 * US, END, 0), USED(60 * US),
		}
	}, {
		"clock back while waiting changes nothing", { USUAL }, {
			WAKE(500 * US, BEGIN), RUN(500 * US, 60 * US),
			STOP(520 * US, NONE), RUN(0, 40 * US),
			SLEEP(30 * US, END), USED(50 * US), RAN(50 * US),
		}
	}, {
		"clock back while asleep: nothing fills up", { USUAL }, {
			WAKE(500 * US, BEGIN), RUN(500 * US, 60 * US),
			SLEEP(520 * US, END), WAKE(100 * US, RESUME),
			USED(20 * US), RUN(100 * US, 40 * US),
			SLEEP(110 * US, END), USED(30 * US),
			WAKE(225 * US, RESUME), USED(27 * US),
			RUN(0, 33 * US), LOOK(33 * US, END, 0), USED(60 * US),
		}
	}, {
		"clock back, not to before it slept", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(20 * US, END),
			LEFT(1000 * US, 0), WAKE(135 * US, RESUME),
			USED(17 * US),
		}
	}, {
		"clock back while cooling: it begins again", { USUAL }, {
			WAKE(9 * MS, BEGIN), RUN(10 * MS - 60 * US, 60 * US),
			LOOK(10 * MS, END, 0),
			LEFT(12 * MS, 300 * US), LEFT(10 * MS - 1, 2300 * US),
			LEFT(11 * MS, 1300 * US - 1), WAKE(1 * MS, TOO_EARLY),
			LEFT(2 * MS, 1300 * US), WAKE(3300 * US - 1, TOO_EARLY),
			WAKE(3300 * US, BEGIN), USED(0),
		}
	}, {
		"clock back, but not to before the cooling", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), LOOK(60 * US, END, 0),
			LEFT(2060 * US, 300 * US), LEFT(1060 * US, 1300 * US),
			LEFT(60 * US, 2300 * US), WAKE(2360 * US, BEGIN),
		}
	}, {
		"clock far ahead while running: as long as time can be", {
			.sbt_ns = 10 * US, .usbt_ns = 1000 * MS,
		}, {
			WAKE(0, BEGIN), RUN(0, 10 * US), STOP(LONGEST, END),
			USED(LONGEST), COOLING(LONGEST),
			WAKE(LONGEST + LONGEST - 1, TOO_EARLY),
			WAKE(LONGEST + LONGEST, BEGIN),
		}
	}, {
		"used time does not wrap", {
			.sbt_ns = LONGEST, .usbt_ns = 5,
			.borrow_ns = UINT64_MAX,
		}, {
			WAKE(0, BEGIN), RUN(0, LONGEST),
			LOOK(LONGEST - 1, NONE, 1),
			STOP(LONGEST - 1, NONE), RUN(0, 1),
			SLEEP(2, END), USED(LONGEST), RAN(LONGEST), COOLING(5),
		}
	}, {
		"a product that does not fit cools too long", {
			.sbt_ns = 1ull << 40, .usbt_ns = 1ull << 30,
			.borrow_ns = 1ull << 41,
		}, {
			WAKE(0, BEGIN), RUN(0, 3ull << 40),
			SLEEP(5ull << 38, END), COOLING(2ull << 30),
		}
	}, {
		"a product that does not fit fills all up", {
			.sbt_ns = 1ull << 40, .usbt_ns = 1ull << 30,
		}, {
			WAKE(0, BEGIN), RUN(0, 1ull << 40),
			SLEEP(1ull << 39, END),
			WAKE((1ull << 39) + (1ull << 24) - 1, RESUME),
			USED((1ull << 39) - (1ull << 34) + 1024),
			RUN((1ull << 39) + (1ull << 25) - 1, 1ull << 40),
		}
	}, {
		"nor does one of whole USBTs", {
			.sbt_ns = 1ull << 62, .usbt_ns = 1,
		}, {
			WAKE(0, BEGIN), RUN(0, 1ull << 62), SLEEP(7, END),
			WAKE(7 + 4, BEGIN), USED(0),
		}
	}, {
		"nor a sum", { .sbt_ns = UINT64_MAX, .usbt_ns = 3 }, {
			WAKE(0, BEGIN), RUN(0, LONGEST), SLEEP(LONGEST, END),
			WAKE(LONGEST + 4, BEGIN), USED(0),
		}
	}, {
		"what is owed is cooled for by the parameters that it was used by",
		{ USUAL }, {
			OWED(0, 0), WAKE(0, BEGIN), OWED(0, 2300 * US),
			RUN(0, 60 * US), OWED(30 * US, 2300 * US),
			SLEEP(30 * US, END), OWED(30 * US, 2300 * US),
			WAKE(30 * US, RESUME), RUN(30 * US, 30 * US),
			LOOK(60 * US, END, 0), OWED(60 * US, 2300 * US),
			OWED(1060 * US, 1300 * US), OWED(2360 * US, 0),
		}
	}, {
		"borrowed time is owed, too", { BORROWING }, {
			WAKE(0, BEGIN), RUN(0, 90 * US), OWED(0, 3450 * US),
			LOOK(90 * US, END, 0), OWED(90 * US, 3450 * US),
			PARAMS(USUAL), OWED(90 * US, 3450 * US),
		}
	}, {
		"what has filled up since is not owed, and asking changes nothing",
		{ USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US), SLEEP(30 * US, END),
			OWED(1179 * US, 2300 * US), OWED(1180 * US, 0),
			PARAMS(.sbt_ns = 60 * US, .usbt_ns = 4600 * US),
			WAKE(1180 * US, RESUME), USED(15 * US),
		}
	}, {
		"more was used than the parameters allow: all of it is owed", { USUAL }, {
			WAKE(0, BEGIN), RUN(0, 60 * US),
			PARAMS(.sbt_ns = 10 * US, .usbt_ns = 100 * US),
			OWED(50 * US, 500 * US), STOP(50 * US, END),
			LEFT(50 * US, 500 * US),
		}
	},
};

/* clang-format on */

static void check_value(const char *what, int nr, uint64_t got, uint64_t want)
{
	CHECK(got == want, "step %d: %s %llu, not %llu", nr, what,
	      (unsigned long long)got, (unsigned long long)want);
}

static void run_step(const struct step *step, struct ecs_budget_params *params,
		     struct ecs_budget_state *state, uint64_t origin, int nr)
{
	uint64_t now = origin + step->at, next = 12345;
	enum ecs_budget_verdict got = step->verdict;

	switch (step->op) {
	case OP_WAKE:
		got = ecs_budget_wake(params, state, now);
		break;
	case OP_RUN:
		next = ecs_budget_run(params, state, now);
		check_value("time", nr, next, step->value);
		break;
	case OP_LOOK:
		got = ecs_budget_check(params, state, now, &next);
		check_value("next", nr, next, step->value);
		break;
	case OP_STOP:
		got = ecs_budget_stop(params, state, now);
		break;
	case OP_SLEEP:
		got = ecs_budget_sleep(params, state, now);
		break;
	case OP_CLOSE:
		got = ecs_budget_close(params, state, now);
		break;
	case OP_LEFT:
		check_value("left", nr, ecs_budget_cooling_left(state, now),
			    step->value);
		break;
	case OP_OWED:
		check_value("owed", nr, ecs_budget_owed(params, state, now),
			    step->value);
		break;
	case OP_PARAMS:
		*params = step->params;
		break;
	case OP_USED:
		check_value("used", nr, state->used_ns, step->value);
		break;
	case OP_RAN:
		check_value("ran", nr, state->ran_ns, step->value);
		break;
	case OP_COOLING:
		check_value("cooling", nr, state->cooling_ns, step->value);
		break;
	case OP_PHASE:
		check_value("phase", nr, state->phase, step->value);
		break;
	case OP_RUNNING:
		check_value("running", nr, state->running, step->value);
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
	struct ecs_budget_params params;
	struct ecs_budget_state state;
	unsigned int before;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(origins); i++) {
		before = test_failures;
		params = history->params;
		ecs_budget_init(&state);
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
