// SPDX-License-Identifier: GPL-2.0-only
/* guest_text.c: what ecs_guest writes into its files. Pure. */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERRNO_MOST 4095 /* as in the kernel */

static const char *const names[GUEST_MARKS] = {
	[GUEST_MUTEX] = "mutex",
	[GUEST_RWSEM] = "rwsem",
	[GUEST_PERCPU_RWSEM] = "percpu_rwsem",
	[GUEST_RCU] = "rcu",
	[GUEST_WAIT] = "wait",
};

static const char *const counters[] = { "held", "clipped", "lost" };

#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

/**
 * guest_mark_name() - how the module calls what is marked
 * @id: enum guest_mark_id
 *
 * Return: the name; the parameter is called mark_ and this.
 */
const char *guest_mark_name(unsigned int id)
{
	return names[id];
}

/**
 * guest_mark_reason() - why something cannot be marked
 * @mark: it
 *
 * Return: a text, NULL if the module gives no error.
 */
const char *guest_mark_reason(const struct guest_mark *mark)
{
	switch (mark->error) {
	case 0:
		return NULL;
	case -ENOENT:
		return "this kernel has no function or tracepoint for it, or cannot trace it";
	case -EBUSY:
		return "something else has hooked it, or kernel.ftrace_enabled is 0";
	case -EOPNOTSUPP:
		return "this kernel is a real-time one, or has no direct calls (mark_by)";
	default:
		return strerror(-mark->error);
	}
}

/**
 * guest_number() - read a number as the module writes it
 * @text: nothing but its digits
 * @number: out
 *
 * Return: false if it is none, or has more than 32 bits.
 */
bool guest_number(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && !*end && *number <= UINT32_MAX;
}

/* More than guest_number() takes: it is counted for as long as a guest is up. */
static bool parse_count(uint64_t *count, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*count = strtoull(text, &end, 10);
	return !errno && !*end;
}

/* "on 0", "off -2" */
static bool parse_mark(struct guest_mark *mark, const char *text)
{
	char word[4], rest;
	int error;

	if (sscanf(text, "%3s %5d%c", word, &error, &rest) != 2 || error > 0 ||
	    error < -ERRNO_MOST)
		return false;
	mark->on = !strcmp(word, "on");
	mark->error = error;
	return mark->on || !strcmp(word, "off");
}

static uint64_t *counter(struct guest_marks *marks, unsigned int i)
{
	return i == 0 ? &marks->held : i == 1 ? &marks->clipped : &marks->lost;
}

/* Is this the first word of @line? */
static bool begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (!line[len] || line[len] == ' ');
}

/* Return: 0, -ENOENT if the line is not known, -EINVAL if it is malformed. */
static int parse_line(struct guest_marks *marks, const char *line,
		      unsigned int *seen)
{
	const char *rest = line + strcspn(line, " ");
	char name[32];
	unsigned int i;

	rest += *rest == ' ';
	for (i = 0; i < GUEST_MARKS; i++) {
		if (!begins(line, names[i]))
			continue;
		*seen |= 1u << i;
		return parse_mark(&marks->mark[i], rest) ? 0 : -EINVAL;
	}
	for (i = 0; i < GUEST_WAIT; i++) {
		snprintf(name, sizeof(name), "%s_taken", names[i]);
		if (!begins(line, name))
			continue;
		*seen |= 1u << (GUEST_MARKS + NR_COUNTERS + i);
		return parse_count(&marks->mark[i].taken, rest) ? 0 : -EINVAL;
	}
	for (i = 0; i < NR_COUNTERS; i++) {
		if (!begins(line, counters[i]))
			continue;
		*seen |= 1u << (GUEST_MARKS + i);
		return guest_number(rest, counter(marks, i)) ? 0 : -EINVAL;
	}
	return -ENOENT;
}

/**
 * guest_marks_parse() - read the file "marks"
 * @marks: out; @wanted is left alone, @other is the caller's to free
 * @text: the file; cut into lines, to which @other points
 * @what: out: on error, the line that is malformed, or the name that lacks one
 *
 * Return: 0, -EINVAL if a line is malformed, -ENOENT if one is missing.
 */
int guest_marks_parse(struct guest_marks *marks, char *text, const char **what)
{
	/* Empty lines are left out: each takes two bytes, but the last one. */
	char **other = calloc(strlen(text) / 2 + 1, sizeof(*other));
	unsigned int seen = 0, i;
	char *line, *rest = NULL;
	int error;

	if (!other)
		abort();
	marks->other = other;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		error = parse_line(marks, line, &seen);
		*what = line;
		if (error == -EINVAL)
			return error;
		if (error == -ENOENT)
			other[marks->nr_other++] = line;
	}
	for (i = 0; i < GUEST_MARKS + NR_COUNTERS + GUEST_WAIT; i++) {
		*what = i < GUEST_MARKS ? names[i] :
			i < GUEST_MARKS + NR_COUNTERS ?
					  counters[i - GUEST_MARKS] :
					  "taken";
		if (!(seen & 1u << i))
			return -ENOENT;
	}
	return 0;
}

/* "3 0 1": the CPU, is it preempted, is the host's CPU wanted */
static bool parse_hint(struct guest_hint *hint, const char *line)
{
	unsigned int preempted, overcommit;
	char rest;

	if (sscanf(line, "%5u %1u %1u%c", &hint->cpu, &preempted, &overcommit,
		   &rest) != 3)
		return false;
	hint->preempted = preempted;
	hint->overcommit = overcommit;
	return hint->cpu < VCPUSET_MOST && preempted < 2 && overcommit < 2;
}

/**
 * guest_hints_parse() - read the file "hints"
 * @guest: out: @hints, the caller's to free, and @nr_hints
 * @text: the file, without its last line end; cut into lines
 * @what: out: on error, the line that is malformed
 *
 * The kernel ends the file after a page, amid a line if need be, so that of very
 * many CPUs the last ones are missing.
 *
 * Return: 0 or -EINVAL.
 */
int guest_hints_parse(struct guest *guest, char *text, const char **what)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = strlen(text);
	struct guest_hint *hints = calloc(len / 2 + 1, sizeof(*hints));
	char *line, *rest = NULL;

	if (!hints)
		abort();
	guest->hints = hints;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		*what = line;
		if (parse_hint(&hints[guest->nr_hints], line))
			guest->nr_hints++;
		else if (len + 1 < page || line + strlen(line) < text + len)
			return -EINVAL;
	}
	return 0;
}
