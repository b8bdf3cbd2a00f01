// SPDX-License-Identifier: GPL-2.0-only
/*
 * units.c: any text as a duration, a share, a list of vCPUs, a thread's name; any
 * number as text and back.
 */
#include <errno.h>

#include "comm.h"
#include "fuzz.h"
#include "units.h"
#include "vcpuset.h"

typedef unsigned __int128 wide_unsigned;

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = { { "ns", 1 },
					 { "us", 1000 },
					 { "ms", 1000000 },
					 { "s", 1000000000 } };

static const struct unit shares[] = { { "ppm", 1 }, { "%", 10000 } };

/* The number that @text is, in billionths; false if it is none, or too large. */
static bool read_billionths(const char *text, size_t len, wide_unsigned *value)
{
	const wide_unsigned most = ((wide_unsigned)1 << 127) / 10 - 10;
	size_t point = len, i;

	*value = 0;
	for (i = 0; i < len; i++) {
		if (text[i] == '.' && point == len && i && i + 1 < len) {
			point = i;
			continue;
		}
		if (text[i] < '0' || text[i] > '9' || *value > most)
			return false;
		*value = *value * 10 + (wide_unsigned)(text[i] - '0');
	}
	for (i = len - (point < len ? point + 1 : len); i < 9; i++) {
		if (*value > most)
			return false;
		*value *= 10;
	}
	return len && i == 9;
}

static void check_number(const char *text, const struct unit *units, size_t nr,
			 int error, uint64_t got)
{
	size_t len = strlen(text), unit_len, i;
	wide_unsigned value = 0, exact;
	bool is_number = false;

	for (i = 0; i < nr && !is_number; i++) {
		unit_len = strlen(units[i].name);
		if (len < unit_len ||
		    strcmp(text + len - unit_len, units[i].name))
			continue;
		is_number = read_billionths(text, len - unit_len, &value);
		/* Too large for the model, too, or no whole number. */
		if (!is_number || value > ((wide_unsigned)1 << 100) ||
		    value * units[i].factor % 1000000000)
			is_number = false;
		else
			value *= units[i].factor;
	}
	exact = value / 1000000000;
	if (!error)
		CHECK(is_number && exact == got, "\"%s\" became %llu", text,
		      (unsigned long long)got);
	if (is_number)
		CHECK(error == (exact > UINT64_MAX ? -ERANGE : 0), "\"%s\": %d",
		      text, error);
	CHECK(!error || error == -ERANGE || error == -EINVAL, "%d", error);
}

static void check_text(const char *text)
{
	uint64_t ns = 1, ppm = 1;
	int error = units_parse_ns(text, &ns);

	check_number(text, durations, ARRAY_SIZE(durations), error, ns);
	error = units_parse_ppm(text, &ppm);
	check_number(text, shares, ARRAY_SIZE(shares), error, ppm);
}

static void check_value(uint64_t value)
{
	char text[UNITS_TEXT];
	uint64_t back = 0;

	CHECK(!units_parse_ns(units_ns(text, value), &back) && back == value,
	      "%llu became %s", (unsigned long long)value, text);
	/* At least three digits, rounded up if there is room for that. */
	CHECK(!units_parse_ns(units_ns_short(text, value), &back) &&
		      (back >= value ? back - value <= value / 100 :
				       value - back < 1),
	      "%llu became %s", (unsigned long long)value, text);
	CHECK(!units_parse_ppm(units_ppm(text, (uint32_t)value), &back) &&
		      back == (uint32_t)value,
	      "%u became %s", (uint32_t)value, text);
	units_percent(text, (uint32_t)value, value >> 32 & 1);
	CHECK(strlen(text) <= strlen("429496.8"), "%s", text);
}

/* The slow and obvious way: false if it is no list. */
static bool read_list(char *text, bool vcpus[VCPUSET_MOST])
{
	char *item = text, *end;
	unsigned long n[2];
	unsigned int i;

	memset(vcpus, 0, VCPUSET_MOST * sizeof(*vcpus));
	for (;; item = end + 1) {
		for (i = 0; i < 2; i++) {
			if (*item < '0' || *item > '9')
				return false;
			n[i] = strtoul(item, &end, 10);
			if (n[i] >= VCPUSET_MOST)
				return false;
			if (i || *end != '-')
				break;
			item = end + 1;
		}
		if (!i)
			n[1] = n[0];
		if (n[1] < n[0] || (*end && *end != ','))
			return false;
		for (; n[0] <= n[1]; n[0]++)
			vcpus[n[0]] = true;
		if (!*end)
			return true;
	}
}

static void check_list(char *text)
{
	static bool vcpus[VCPUSET_MOST];
	static struct vcpuset set, back;
	char written[VCPUSET_TEXT];
	bool is_list = vcpuset_parse(&set, text);
	int vcpu, last = -1;

	if (!CHECK(is_list == read_list(text, vcpus), "\"%s\"", text) ||
	    !is_list)
		return;
	for (vcpu = 0; vcpu < VCPUSET_MOST; vcpu++) {
		if (!CHECK(vcpuset_has(&set, vcpu) == vcpus[vcpu], "\"%s\": %d",
			   text, vcpu))
			return;
		if (!vcpus[vcpu])
			continue;
		CHECK(vcpuset_next(&set, last) == vcpu, "after %d", last);
		last = vcpu;
	}
	CHECK(vcpuset_next(&set, last) == -1, "after the last one, %d", last);
	vcpuset_text(written, &set);
	if (!strchr(written, '.'))
		CHECK(vcpuset_parse(&back, written) &&
			      !memcmp(&set, &back, sizeof(set)),
		      "\"%s\" became \"%s\"", text, written);
}

static void check_comm(const char *text)
{
	static const char *const names[] = { "CPU %d/KVM", "vcpu%d",
					     "fc_vcpu %d" };
	int vcpu = comm_vcpu(text), back, behind;
	unsigned int i, hits = 0;
	const char *digits;
	char name[32];

	for (i = 0; i < ARRAY_SIZE(names) && vcpu >= 0; i++) {
		snprintf(name, sizeof(name), names[i], vcpu);
		CHECK(comm_vcpu(name) == vcpu, "%s", name);
		/* What it is, but for zeros that lead. */
		digits = text + strcspn(text, "0123456789");
		behind = (int)strspn(digits, "0123456789");
		back = (int)strtol(digits, NULL, 10);
		hits += back == vcpu &&
			(size_t)(digits - text) == strcspn(names[i], "%") &&
			!strncmp(text, names[i], (size_t)(digits - text)) &&
			!strcmp(digits + behind, strchr(names[i], 'd') + 1);
	}
	CHECK(vcpu < 0 ? vcpu == -1 : hits == 1 && vcpu < VCPUSET_MOST,
	      "\"%s\": %d", text, vcpu);
}

static void fuzz_one(struct input *in)
{
	uint8_t what = in_byte(in);
	char *text;

	if (what == 'n') {
		check_value(in_log(in, UINT64_MAX));
		return;
	}
	text = in_text(in, 200);
	switch (what) {
	case 'l':
		check_list(text);
		break;
	case 't':
		check_comm(text);
		break;
	default:
		check_text(text);
		break;
	}
	free(text);
}
