// SPDX-License-Identifier: GPL-2.0-only
/* guest_poll.c: what ecs_guest writes into its file "polls". Pure. */
#include "guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/**
 * guest_poll_parse() - read the file "polls"
 * @poll: out; @wanted and @most_ns are left alone
 * @text: the file; cut into lines
 * @what: out: on error, the line that is malformed, or the name that lacks one
 *
 * Lines of a newer module are left out.
 *
 * Return: 0, -EINVAL if a line is malformed, -ENOENT if one is missing.
 */
int guest_poll_parse(struct guest_poll *poll, char *text, const char **what)
{
	const struct {
		const char *name;
		uint64_t *to; /* NULL: the state of the driver */
	} lines[] = {
		{ "driver", NULL },
		{ "polls", &poll->polls },
		{ "caught", &poll->caught },
		{ "left", &poll->left },
		{ "polled_ns", &poll->polled_ns },
		{ "halts", &poll->halts },
	};
	const unsigned int nr = sizeof(lines) / sizeof(lines[0]);
	char *line, *rest = NULL;
	unsigned int seen = 0, i;
	const char *value;
	size_t len;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		*what = line;
		for (i = 0; i < nr; i++) {
			len = strlen(lines[i].name);
			if (strncmp(line, lines[i].name, len) ||
			    line[len] != ' ')
				continue;
			value = line + len + 1;
			if (lines[i].to ? !guest_count(value, lines[i].to) :
					  !guest_state(value, &poll->on,
						       &poll->error))
				return -EINVAL;
			seen |= 1u << i;
		}
	}
	for (i = 0; i < nr; i++) {
		*what = lines[i].name;
		if (!(seen & 1u << i))
			return -ENOENT;
	}
	return 0;
}

/**
 * guest_poll_reason() - why idle CPUs do not poll
 * @poll: what the module says
 * @offered: the host offers the hint that it takes
 *
 * Return: a text, NULL if they do.
 */
const char *guest_poll_reason(const struct guest_poll *poll, bool offered)
{
	if (poll->on)
		return offered ? NULL :
				 "the host does not offer the hint overcommit";
	switch (poll->error) {
	case 0:
		return "poll is N";
	case -EBUSY:
		return "this guest has a cpuidle driver already";
	case -EOPNOTSUPP:
		return "this guest was told how to idle, can use MWAIT, or has no TSC";
	case -ENODEV:
		return "cpuidle is switched off";
	default:
		return strerror(-poll->error);
	}
}
