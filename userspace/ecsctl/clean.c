// SPDX-License-Identifier: GPL-2.0-only
/*
 * clean.c: text from a process that may be hostile, made fit to print.
 *
 * Anyone can start a process whose command line holds terminal escapes, line
 * ends or bytes that are not UTF-8 (which would also make bad JSON).
 */
#include "clean.h"

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed UTF-8 sequence at @s, 0 if it is not one. */
static size_t sequence(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	code = s[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (code < 0xa0)
		return 0; /* C1 control characters */
	return len;
}

/**
 * clean_text() - replace by '?' what must not reach a terminal or a JSON text
 * @s: changed in place; its length stays the same
 */
void clean_text(char *s)
{
	unsigned char *p = (unsigned char *)s;
	size_t len;

	while (*p) {
		len = sequence(p);
		if (!len || *p < 0x20 || *p == 0x7f) {
			*p++ = '?';
			continue;
		}
		p += len;
	}
}
