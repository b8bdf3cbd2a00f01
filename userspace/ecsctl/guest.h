/* SPDX-License-Identifier: GPL-2.0-only */
/* guest.h: what ecs_guest.ko says of itself, inside a guest. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vcpuset.h"

/* What is marked; the last one is not a kind of locks, but who waits for any. */
enum guest_mark_id {
	GUEST_MUTEX,
	GUEST_RWSEM,
	GUEST_PERCPU_RWSEM,
	GUEST_RCU,
	GUEST_WAIT,
	GUEST_MARKS,
};

/**
 * struct guest_mark - is one thing marked?
 * @wanted: what the parameter mark_... says
 * @on: it is
 * @error: a negative errno if it cannot be, else 0
 * @taken: how often it was marked; not of GUEST_WAIT
 */
struct guest_mark {
	bool wanted;
	bool on;
	int error;
	uint64_t taken;
};

/**
 * struct guest_marks - the file "marks"
 * @mark: by enum guest_mark_id
 * @held: how much all tasks hold or wait for now
 * @clipped: releases of what was not counted
 * @lost: tasks and waits that were not followed
 * @other: lines of a newer module, malloc()ed; the lines are not
 * @nr_other: how many
 */
struct guest_marks {
	struct guest_mark mark[GUEST_MARKS];
	uint64_t held;
	uint64_t clipped;
	uint64_t lost;
	char **other;
	size_t nr_other;
};

/**
 * struct guest_hint - what the host says of one CPU
 * @cpu: its number
 * @preempted: it waits for a CPU of the host
 * @overcommit: others want the CPU of the host that it runs on
 */
struct guest_hint {
	unsigned int cpu;
	bool preempted;
	bool overcommit;
};

/**
 * struct guest_poll - idle CPUs that poll
 * @wanted: what the parameter poll says
 * @most_ns: the longest time to poll
 * @on: the module's cpuidle driver is in use
 * @error: a negative errno if it could not be, else 0
 * @polls: how often a CPU polled
 * @caught: of these, how often something to run came
 * @left: of these, how often others wanted its CPU of the host
 * @polled_ns: for how long, in all
 * @halts: how often a CPU halted while the driver was in use
 */
struct guest_poll {
	bool wanted;
	uint64_t most_ns;
	bool on;
	int error;
	uint64_t polls;
	uint64_t caught;
	uint64_t left;
	uint64_t polled_ns;
	uint64_t halts;
};

/**
 * struct guest - all that the module says
 * @version: of the module
 * @online: CPUs
 * @registered: on how many of them the host knows us
 * @preempt_count: its kernel counts spinlocks and rwlocks
 * @watch_s: seconds between looks at that, 0 never
 * @marks: what is marked
 * @marks_text: what the lines in @marks are in, malloc()ed
 * @offered: names of hints with blanks between, or "none"; malloc()ed
 * @hints_readable: false if only somebody else may read them
 * @hints: a CPU each, malloc()ed
 * @nr_hints: how many
 * @poll: what idle CPUs do
 * @boost: the module asks for boosts
 * @boost_kthreads: for real-time kernel threads, too
 * @boost_cpus: CPUs that are to have one at all times
 * @boosted: how many CPUs hold one
 * @requests: how often one was asked for
 * @refusals: how often the host said no
 * @sbt_us: least run time asked for, microseconds
 * @usbt_us: time until the next one, microseconds
 * @release_ms: when one that is not needed is given back, milliseconds
 */
struct guest {
	char version[64];
	struct vcpuset online;
	uint64_t registered;
	bool preempt_count;
	uint64_t watch_s;
	struct guest_marks marks;
	char *marks_text;
	char *offered;
	bool hints_readable;
	struct guest_hint *hints;
	size_t nr_hints;
	struct guest_poll poll;
	bool boost;
	bool boost_kthreads;
	struct vcpuset boost_cpus;
	uint64_t boosted;
	uint64_t requests;
	uint64_t refusals;
	uint64_t sbt_us;
	uint64_t usbt_us;
	uint64_t release_ms;
};

int guest_read(struct guest *guest);
void guest_free(struct guest *guest);

const char *guest_mark_name(unsigned int id);
const char *guest_mark_reason(const struct guest_mark *mark);
bool guest_count(const char *text, uint64_t *count);
bool guest_number(const char *text, uint64_t *number);
bool guest_state(const char *text, bool *on, int *error);
int guest_marks_parse(struct guest_marks *marks, char *text, const char **what);
int guest_hints_parse(struct guest *guest, char *text, const char **what);
int guest_poll_parse(struct guest_poll *poll, char *text, const char **what);
const char *guest_poll_reason(const struct guest_poll *poll, bool offered);

struct json_object;

void guest_json_poll(struct json_object *to, const struct guest *guest);
void guest_text_poll(const struct guest *guest);

#endif /* GUEST_H */
