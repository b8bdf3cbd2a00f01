// SPDX-License-Identifier: GPL-2.0-only
/* param.c: the parameters of a VM, as text. Touches no device. */
#include "param.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "units.h"

#define WORDS_MOST 3

/* clang-format off */
static const struct words {
	const char *name;
	__u32 bit;
	size_t offset;
	const char *word[WORDS_MOST]; /* by value */
	const char *choice;
} words_known[] = {
	{ "mode", ECS_PARAM_MODE, offsetof(struct ecs_ioc_params, mode),
	  { [ECS_MODE_OFF] = "off", [ECS_MODE_OBSERVE] = "observe",
	    [ECS_MODE_ON] = "on" }, "off, observe or on" },
	{ "waiters", ECS_PARAM_WAITERS,
	  offsetof(struct ecs_ioc_params, waiters),
	  { [ECS_WAITERS_EXTEND] = "extend", [ECS_WAITERS_REFUSE] = "refuse" },
	  "extend or refuse" },
	{ "yield", ECS_PARAM_YIELD, offsetof(struct ecs_ioc_params, yield),
	  { [ECS_YIELD_OFF] = "off", [ECS_YIELD_ON] = "on" }, "on or off" },
};

/* clang-format on */

#define NR_WORDS (sizeof(words_known) / sizeof(words_known[0]))

/* By the number of the bit. */
static const char *const hints_known[] = { "preempted", "overcommit" };

#define NR_HINTS (sizeof(hints_known) / sizeof(hints_known[0]))

/* clang-format off */
static const struct param {
	const char *name;
	__u32 bit;
	size_t offset;
	__u32 least;
	__u32 most;
} params_known[] = {
	{ "grace", ECS_PARAM_GRACE, offsetof(struct ecs_ioc_params, grace_ns),
	  ECS_GRACE_NS_MIN, ECS_GRACE_NS_MAX },
	{ "grace-sleep", ECS_PARAM_GRACE_SLEEP,
	  offsetof(struct ecs_ioc_params, grace_sleep_ns),
	  ECS_GRACE_SLEEP_NS_MIN, ECS_GRACE_SLEEP_NS_MAX },
	{ "recheck", ECS_PARAM_RECHECK,
	  offsetof(struct ecs_ioc_params, recheck_ns),
	  ECS_RECHECK_NS_MIN, ECS_RECHECK_NS_MAX },
	{ "budget", ECS_PARAM_BUDGET,
	  offsetof(struct ecs_ioc_params, budget_ppm),
	  ECS_BUDGET_PPM_MIN, ECS_BUDGET_PPM_MAX },
	{ "burst", ECS_PARAM_BURST, offsetof(struct ecs_ioc_params, burst_ns),
	  ECS_BURST_NS_MIN, ECS_BURST_NS_MAX },
};

/* clang-format on */

#define NR_PARAMS (sizeof(params_known) / sizeof(params_known[0]))

static int set_word(struct ecs_ioc_params *params, const struct words *w,
		    const char *value)
{
	unsigned int i;

	for (i = 0; i < WORDS_MOST && w->word[i]; i++) {
		if (strcmp(value, w->word[i]))
			continue;
		*(__u32 *)((char *)params + w->offset) = i;
		params->valid |= w->bit;
		return OUT_OK;
	}
	return fail(OUT_USAGE, "%s: \"%s\" is not %s", w->name, value,
		    w->choice);
}

/* The bit of the hint called @name, @len long; 0 if there is none. */
static __u32 hint_bit(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < NR_HINTS; i++) {
		if (strlen(hints_known[i]) == len &&
		    !strncmp(hints_known[i], name, len))
			return 1u << i;
	}
	return 0;
}

static int set_hints(struct ecs_ioc_params *params, const char *value)
{
	__u32 bit, hints = 0;
	const char *p = value;
	size_t len;

	if (!strcmp(value, "all")) {
		hints = ECS_HINT_ALL;
	} else if (strcmp(value, "none")) {
		do {
			p += p > value;
			len = strcspn(p, ",");
			bit = hint_bit(p, len);
			if (!bit)
				return fail(OUT_USAGE,
					    "hints: \"%.*s\" is not preempted or overcommit; write a list of them, all or none",
					    (int)len, p);
			if (hints & bit)
				return fail(OUT_USAGE,
					    "hints: %.*s is given twice",
					    (int)len, p);
			hints |= bit;
			p += len;
		} while (*p);
	}
	params->hints = hints;
	params->valid |= ECS_PARAM_HINTS;
	return OUT_OK;
}

/**
 * param_duration() - read a duration within bounds
 * @name: what it is called, for the message
 * @value: with its unit
 * @least: the shortest allowed
 * @most: the longest allowed
 * @ns: out: changed only if all is well
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int param_duration(const char *name, const char *value, __u32 least, __u32 most,
		   __u32 *ns)
{
	char least_text[UNITS_TEXT], most_text[UNITS_TEXT];
	uint64_t number;
	int error = units_parse_ns(value, &number);

	if (error == -EINVAL)
		return fail(OUT_USAGE,
			    "%s: \"%s\" is no duration; write it like 300us (ns, us, ms, s)",
			    name, value);
	if (error || number < least || number > most)
		return fail(OUT_USAGE, "%s: %s is not between %s and %s", name,
			    value, units_ns(least_text, least),
			    units_ns(most_text, most));
	*ns = (__u32)number;
	return OUT_OK;
}

static int set_share(const struct param *p, const char *value, __u32 *ppm)
{
	char least[UNITS_TEXT], most[UNITS_TEXT];
	uint64_t number;
	int error = units_parse_ppm(value, &number);

	if (error == -EINVAL)
		return fail(OUT_USAGE,
			    "%s: \"%s\" is no share; write it like 20%% or 200000ppm",
			    p->name, value);
	if (error || number < p->least || number > p->most)
		return fail(OUT_USAGE, "%s: %s is not between %s and %s",
			    p->name, value, units_ppm(least, p->least),
			    units_ppm(most, p->most));
	*ppm = (__u32)number;
	return OUT_OK;
}

static int set_number(struct ecs_ioc_params *params, const struct param *p,
		      const char *value)
{
	__u32 *to = (__u32 *)((char *)params + p->offset);
	int error = p->bit == ECS_PARAM_BUDGET ?
			    set_share(p, value, to) :
			    param_duration(p->name, value, p->least, p->most,
					   to);

	if (!error)
		params->valid |= p->bit;
	return error;
}

/**
 * param_set() - set one parameter and its valid bit
 * @params: changed only if all is well
 * @key: mode, grace, grace-sleep, recheck, budget, burst, hints, waiters or yield
 * @value: a word, a list of words, or a number with its unit
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int param_set(struct ecs_ioc_params *params, const char *key, const char *value)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++) {
		if (strcmp(key, words_known[i].name))
			continue;
		if (params->valid & words_known[i].bit)
			return fail(OUT_USAGE, "%s is given twice", key);
		return set_word(params, &words_known[i], value);
	}
	if (!strcmp(key, "hints")) {
		if (params->valid & ECS_PARAM_HINTS)
			return fail(OUT_USAGE, "hints is given twice");
		return set_hints(params, value);
	}
	for (i = 0; i < NR_PARAMS; i++) {
		if (strcmp(key, params_known[i].name))
			continue;
		if (params->valid & params_known[i].bit)
			return fail(OUT_USAGE, "%s is given twice", key);
		return set_number(params, &params_known[i], value);
	}
	return fail(OUT_USAGE,
		    "unknown key \"%s\"; there are mode, grace, grace-sleep, recheck, budget, burst, hints, waiters, yield",
		    key);
}

/**
 * param_assign() - param_set() of a "key=value"
 * @params: changed only if all is well
 * @text: the assignment
 *
 * Return: OUT_OK or OUT_USAGE, with a message.
 */
int param_assign(struct ecs_ioc_params *params, const char *text)
{
	const char *equals = strchr(text, '=');
	char key[32];
	size_t len;

	if (!equals || equals == text)
		return fail(OUT_USAGE, "\"%s\" is not key=value", text);
	len = (size_t)(equals - text);
	if (len >= sizeof(key))
		len = sizeof(key) - 1;
	memcpy(key, text, len);
	key[len] = '\0';
	return param_set(params, key, equals + 1);
}

static const char *word(const char *name, unsigned int value)
{
	const char *text = NULL;
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		if (!strcmp(name, words_known[i].name) && value < WORDS_MOST)
			text = words_known[i].word[value];
	return text ? text : "?";
}

/**
 * param_mode_name() - the word for a mode
 * @mode: ECS_MODE_*
 *
 * Return: a constant text; "?" for a mode of a newer module.
 */
const char *param_mode_name(unsigned int mode)
{
	return word("mode", mode);
}

/**
 * param_waiters_name() - the word for what waiters get
 * @waiters: ECS_WAITERS_*
 *
 * Return: a constant text; "?" for one of a newer module.
 */
const char *param_waiters_name(unsigned int waiters)
{
	return word("waiters", waiters);
}

/**
 * param_yield_name() - the word for where yields go
 * @yield: ECS_YIELD_*
 *
 * Return: a constant text; "?" for one of a newer module.
 */
const char *param_yield_name(unsigned int yield)
{
	return word("yield", yield);
}

/**
 * param_hint_name() - the hints one by one
 * @i: number of its bit
 *
 * Return: a constant text, NULL behind the last one.
 */
const char *param_hint_name(unsigned int i)
{
	return i < NR_HINTS ? hints_known[i] : NULL;
}

/**
 * param_hints() - the names of some hints
 * @buf: where
 * @hints: ECS_HINT_*
 *
 * Return: @buf: as it may be given to ecsctl; a bit of a newer module is "?".
 */
const char *param_hints(char buf[PARAM_HINTS], __u32 hints)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < NR_HINTS; i++) {
		if (hints & 1u << i)
			len += (size_t)snprintf(buf + len, PARAM_HINTS - len,
						"%s%s", len ? "," : "",
						hints_known[i]);
	}
	if (hints & ~ECS_HINT_ALL)
		len += (size_t)snprintf(buf + len, PARAM_HINTS - len, "%s?",
					len ? "," : "");
	if (!len)
		snprintf(buf, PARAM_HINTS, "none");
	return buf;
}
