// SPDX-License-Identifier: GPL-2.0-only
/*
 * units.c: durations and shares, as text and as numbers. Pure.
 *
 * A number without a unit is refused: "set grace=300" must not mean 300 ns to
 * one and 300 us to another reader.
 */
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ns", 1 },	     { "us", 1000 }, { "ms", 1000000 },
	{ "s", 1000000000 }, { NULL, 0 },
};

static const struct unit shares[] = {
	{ "ppm", 1 },
	{ "%", 10000 },
	{ NULL, 0 },
};

/* "12", "1.5": the value in @unit; what is left over must come out even. */
static int parse(const char *text, const struct unit *units, uint64_t *value)
{
	uint64_t whole = 0, part = 0, scale = 1;
	const char *p = text;
	const struct unit *u;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *p - '0', &whole))
			return -ERANGE;
	}
	if (*p == '.') {
		p++;
		if (*p < '0' || *p > '9')
			return -EINVAL;
		for (; *p >= '0' && *p <= '9'; p++) {
			if (scale >= 1000000000)
				return -EINVAL;
			part = part * 10 + (uint64_t)(*p - '0');
			scale *= 10;
		}
	}
	for (u = units; u->name; u++) {
		if (!strcmp(p, u->name))
			break;
	}
	if (!u->name)
		return -EINVAL;
	/* part < scale <= 10^9 and factor <= 10^9: no overflow */
	part *= u->factor;
	if (part % scale)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, u->factor, &whole) ||
	    __builtin_add_overflow(whole, part / scale, value))
		return -ERANGE;
	return 0;
}

/**
 * units_parse_ns() - read a duration: "300us", "1.5ms"
 * @text: a decimal number and ns, us, ms or s
 * @ns: out: nanoseconds
 *
 * Return: 0, -EINVAL if it is no duration, -ERANGE if it does not fit.
 */
int units_parse_ns(const char *text, uint64_t *ns)
{
	return parse(text, durations, ns);
}

/**
 * units_parse_ppm() - read a share: "20%", "0.5%", "5000ppm"
 * @text: a decimal number and % or ppm
 * @ppm: out: parts per million
 *
 * Return: 0, -EINVAL if it is no share, -ERANGE if it does not fit.
 */
int units_parse_ppm(const char *text, uint64_t *ppm)
{
	return parse(text, shares, ppm);
}

/* @value in @unit, with the digits after the point that it needs. */
static const char *format(char buf[UNITS_TEXT], uint64_t value,
			  const struct unit *unit)
{
	/* factor is a power of ten, at most 10^9: nine digits are enough */
	int len = snprintf(buf, UNITS_TEXT, "%" PRIu64 ".%09u",
			   value / unit->factor,
			   (unsigned int)(value % unit->factor *
					  (1000000000 / unit->factor)));

	while (buf[len - 1] == '0')
		len--;
	if (buf[len - 1] == '.')
		len--;
	snprintf(buf + len, (size_t)(UNITS_TEXT - len), "%s", unit->name);
	return buf;
}

/**
 * units_ns() - write a duration so that units_parse_ns() reads the same
 * @buf: where
 * @ns: nanoseconds
 *
 * Return: @buf.
 */
const char *units_ns(char buf[UNITS_TEXT], uint64_t ns)
{
	unsigned int i = 0;

	while (durations[i + 1].name && ns >= durations[i + 1].factor)
		i++;
	return format(buf, ns, &durations[i]);
}

/**
 * units_ns_short() - write a duration for the eye: at least three digits
 * @buf: where
 * @ns: nanoseconds; rounded up, for it is most often an upper bound
 *
 * Return: @buf.
 */
const char *units_ns_short(char buf[UNITS_TEXT], uint64_t ns)
{
	uint64_t step = 1;

	while (ns / step >= 1000)
		step *= 10;
	if (ns % step && ns <= UINT64_MAX - step)
		ns += step - ns % step;
	return units_ns(buf, ns);
}

/**
 * units_ppm() - write a share so that units_parse_ppm() reads the same
 * @buf: where
 * @ppm: parts per million
 *
 * Return: @buf.
 */
const char *units_ppm(char buf[UNITS_TEXT], uint32_t ppm)
{
	return format(buf, ppm, &shares[1]);
}

/**
 * units_percent() - write a share for the eye, in percent, without the sign
 * @buf: where
 * @ppm: parts per million
 * @up: round up to a tenth, not down
 *
 * Return: @buf: "11.5".
 */
const char *units_percent(char buf[UNITS_TEXT], uint32_t ppm, bool up)
{
	uint32_t tenths = ppm / 1000 + (up && ppm % 1000);

	if (tenths % 10)
		snprintf(buf, UNITS_TEXT, "%u.%u", tenths / 10, tenths % 10);
	else
		snprintf(buf, UNITS_TEXT, "%u", tenths / 10);
	return buf;
}
