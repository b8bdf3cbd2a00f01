// SPDX-License-Identifier: GPL-2.0-only
/* vcpuset.c: a set of vCPUs, "0,2-3" as text. Pure. */
#include "vcpuset.h"

#include <stdio.h>
#include <string.h>

/**
 * vcpuset_add() - add a vCPU
 * @set: the set
 * @vcpu: its number; one that no vCPU can have is left out
 */
void vcpuset_add(struct vcpuset *set, int vcpu)
{
	if (vcpu >= 0 && vcpu < VCPUSET_MOST)
		set->bits[vcpu / 64] |= 1ull << vcpu % 64;
}

/**
 * vcpuset_has() - is a vCPU in the set?
 * @set: the set
 * @vcpu: its number
 *
 * Return: true if so.
 */
bool vcpuset_has(const struct vcpuset *set, int vcpu)
{
	return vcpu >= 0 && vcpu < VCPUSET_MOST &&
	       (set->bits[vcpu / 64] >> vcpu % 64 & 1);
}

/**
 * vcpuset_next() - walk through the set
 * @set: the set
 * @vcpu: the last one, -1 to begin
 *
 * Return: the next one, -1 if there is none.
 */
int vcpuset_next(const struct vcpuset *set, int vcpu)
{
	while (++vcpu < VCPUSET_MOST) {
		if (vcpuset_has(set, vcpu))
			return vcpu;
	}
	return -1;
}

/* The number at @text, -1 if there is none; @text: moved behind it. */
static int number(const char **text)
{
	int n = 0;

	if (**text < '0' || **text > '9')
		return -1;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		n = 10 * n + (**text - '0');
		if (n >= VCPUSET_MOST)
			return -1;
	}
	return n;
}

/**
 * vcpuset_parse() - read a list of vCPUs: "0,2-3"
 * @set: out
 * @text: numbers and ranges, in any order
 *
 * Return: false if it is no such list.
 */
bool vcpuset_parse(struct vcpuset *set, const char *text)
{
	int first, last;

	memset(set, 0, sizeof(*set));
	for (;; text++) {
		first = number(&text);
		last = first;
		if (*text == '-') {
			text++;
			last = number(&text);
		}
		if (first < 0 || last < first || (*text && *text != ','))
			return false;
		for (; first <= last; first++)
			vcpuset_add(set, first);
		if (!*text)
			return true;
	}
}

/**
 * vcpuset_text() - write a set so that vcpuset_parse() reads the same
 * @buf: where
 * @set: the set
 *
 * Return: @buf; what does not fit is "...".
 */
const char *vcpuset_text(char buf[VCPUSET_TEXT], const struct vcpuset *set)
{
	int first = vcpuset_next(set, -1), last;
	size_t len = 0;

	buf[0] = '\0';
	while (first >= 0) {
		for (last = first; vcpuset_has(set, last + 1);)
			last++;
		if (len + sizeof(",12345-12345,...") > VCPUSET_TEXT) {
			snprintf(buf + len, VCPUSET_TEXT - len, ",...");
			break;
		}
		len += (size_t)snprintf(buf + len, VCPUSET_TEXT - len, "%s%d",
					len ? "," : "", first);
		if (last > first)
			len += (size_t)snprintf(buf + len, VCPUSET_TEXT - len,
						"-%d", last);
		first = vcpuset_next(set, last);
	}
	return buf;
}
