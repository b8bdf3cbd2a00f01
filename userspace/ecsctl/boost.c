// SPDX-License-Identifier: GPL-2.0-only
/* boost.c: boosts and the limit of a guest, as text and numbers. Pure. */
#include "boost.h"

#include <string.h>

#include "out.h"
#include "param.h"

static const char *const backends[] = {
	[ECS_BOOST_AUTO] = "auto",
	[ECS_BOOST_PICK] = "pick",
	[ECS_BOOST_FIFO] = "fifo",
};

static const char *const sources[] = {
	[ECS_BOOST_BY_ADMIN] = "admin",
	[ECS_BOOST_BY_GUEST] = "guest",
};

static const char *const states[] = {
	[ECS_BOOST_READY] = "ready",
	[ECS_BOOST_BOOSTED] = "boosted",
	[ECS_BOOST_COOLING] = "cooling",
};

static const struct {
	const char *name;
	const char *text;
} counters[] = {
#define COUNTER(index, name, text) { #name, text },
	ECS_BOOST_STATS(COUNTER)
#undef COUNTER
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/**
 * boost_parse_sbt() - read the run time guaranteed per boost
 * @name: of the option
 * @value: with its unit
 * @ns: out
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int boost_parse_sbt(const char *name, const char *value, __u32 *ns)
{
	return param_duration(name, value, ECS_BOOST_SBT_NS_MIN,
			      ECS_BOOST_SBT_NS_MAX, ns);
}

/**
 * boost_parse_usbt() - read the time between two boosts
 * @name: of the option
 * @value: with its unit
 * @ns: out
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int boost_parse_usbt(const char *name, const char *value, __u32 *ns)
{
	return param_duration(name, value, ECS_BOOST_USBT_NS_MIN,
			      ECS_BOOST_USBT_NS_MAX, ns);
}

/**
 * boost_parse_borrow() - read what a boost may draw on later ones
 * @name: of the option
 * @value: with its unit
 * @ns: out
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int boost_parse_borrow(const char *name, const char *value, __u32 *ns)
{
	return param_duration(name, value, 0, ECS_BOOST_BORROW_NS_MAX, ns);
}

/**
 * boost_parse_backend() - read how boosts are to be dispatched
 * @value: auto, pick or fifo
 * @backend: out
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int boost_parse_backend(const char *value, __u32 *backend)
{
	unsigned int i;

	for (i = 0; i < NR(backends); i++) {
		if (strcmp(value, backends[i]))
			continue;
		*backend = i;
		return OUT_OK;
	}
	return fail(OUT_USAGE, "backend: \"%s\" is not auto, pick or fifo",
		    value);
}

/**
 * boost_backend_name() - the word for a backend
 * @backend: ECS_BOOST_*
 *
 * Return: a constant text; "?" for one of a newer module.
 */
const char *boost_backend_name(unsigned int backend)
{
	return backend < NR(backends) ? backends[backend] : "?";
}

/**
 * boost_source_name() - the word for who asked
 * @source: ECS_BOOST_BY_*
 *
 * Return: a constant text; "?" for one of a newer module.
 */
const char *boost_source_name(unsigned int source)
{
	return source < NR(sources) ? sources[source] : "?";
}

/**
 * boost_state_name() - the word for a state
 * @state: ECS_BOOST_READY, _BOOSTED or _COOLING
 *
 * Return: a constant text; "?" for one of a newer module.
 */
const char *boost_state_name(unsigned int state)
{
	return state < NR(states) ? states[state] : "?";
}

/**
 * boost_counter_name() - the name of a counter, as in the JSON
 * @index: enum ecs_boost_stat
 *
 * Return: its name, or NULL if it has none.
 */
const char *boost_counter_name(unsigned int index)
{
	return index < ECS_BOOST_STAT_NR ? counters[index].name : NULL;
}

/**
 * boost_counter_text() - what a counter counts
 * @index: enum ecs_boost_stat
 *
 * Return: a line of text, or NULL.
 */
const char *boost_counter_text(unsigned int index)
{
	return index < ECS_BOOST_STAT_NR ? counters[index].text : NULL;
}

/**
 * boost_share_ppm() - the share of a CPU that a boost takes
 * @sbt_ns: run time per boost
 * @usbt_ns: time between two
 *
 * Return: parts per million, rounded up.
 */
uint32_t boost_share_ppm(uint32_t sbt_ns, uint32_t usbt_ns)
{
	uint64_t period = (uint64_t)sbt_ns + usbt_ns;

	return period ?
		       (uint32_t)((sbt_ns * 1000000ull + period - 1) / period) :
		       0;
}

/**
 * boost_sum() - the counters of several threads together
 * @sum: out: the sum, of *_MAX_NS the maximum; the histograms stay empty
 * @boosts: the threads
 * @count: how many
 */
void boost_sum(struct ecs_ioc_boost_stats *sum,
	       const struct ecs_ioc_boost *boosts, size_t count)
{
	const __u64 *c;
	unsigned int i;
	size_t n;

	memset(sum, 0, sizeof(*sum));
	for (n = 0; n < count; n++) {
		c = boosts[n].stats.counter;
		for (i = 0; i < ECS_BOOST_STAT_NR; i++) {
			if (i != ECS_BOOST_STAT_OVER_MAX_NS &&
			    i != ECS_BOOST_STAT_WAIT_MAX_NS)
				sum->counter[i] += c[i];
			else if (c[i] > sum->counter[i])
				sum->counter[i] = c[i];
		}
	}
}
