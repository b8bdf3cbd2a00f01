// SPDX-License-Identifier: GPL-2.0-only
/* guest_text.c: what ecs_guest writes into its files. Pure. */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERRNO_MOST 4095 /* as in the kernel */

/* The lines of the file "marks": what is marked, numbers, how often each was taken. */
enum {
	LINE_HELD = GUEST_MARKS,
	LINE_CLIPPED,
	LINE_LOST,
	LINE_TAKEN,
	LINES = LINE_TAKEN + GUEST_WAIT,
};

static const char *const lines[LINES] = {
	[GUEST_MUTEX] = "mutex",
	[GUEST_RWSEM] = "rwsem",
	[GUEST_PERCPU_RWSEM] = "percpu_rwsem",
	[GUEST_RCU] = "rcu",
	[GUEST_WAIT] = "wait",
	[LINE_HELD] = "held",
	[LINE_CLIPPED] = "clipped",
	[LINE_LOST] = "lost",
	[LINE_TAKEN + GUEST_MUTEX] = "mutex_taken",
	[LINE_TAKEN + GUEST_RWSEM] = "rwsem_taken",
	[LINE_TAKEN + GUEST_PERCPU_RWSEM] = "percpu_rwsem_taken",
	[LINE_TAKEN + GUEST_RCU] = "rcu_taken",
};

/**
 * guest_mark_name() - how the module calls what is marked
 * @id: enum guest_mark_id
 *
 * Return: the name; the parameter is called mark_ and this.
 */
const char *guest_mark_name(unsigned int id)
{
	return lines[id];
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
 * guest_count() - read a number as the module writes it
 * @text: nothing but its digits
 * @count: out
 *
 * Return: false if it is none, or has more than 64 bits.
 */
bool guest_count(const char *text, uint64_t *count)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*count = strtoull(text, &end, 10);
	return !errno && !*end;
}

/**
 * guest_number() - the same, of 32 bits
 * @text: nothing but its digits
 * @number: out
 *
 * Return: false if it is none, or has more.
 */
bool guest_number(const char *text, uint64_t *number)
{
	return guest_count(text, number) && *number <= UINT32_MAX;
}

/**
 * guest_state() - read what the module says of something that it may switch on
 * @text: "on 0", "off -2"
 * @on: out
 * @error: out: a negative errno or 0
 *
 * Return: false if it is no such thing.
 */
bool guest_state(const char *text, bool *on, int *error)
{
	char word[4], rest;

	if (sscanf(text, "%3s %5d%c", word, error, &rest) != 2 || *error > 0 ||
	    *error < -ERRNO_MOST)
		return false;
	*on = !strcmp(word, "on");
	return *on || !strcmp(word, "off");
}

/* Is this the first word of @line? */
static bool begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (!line[len] || line[len] == ' ');
}

static bool parse_value(struct guest_marks *marks, unsigned int id,
			const char *text)
{
	switch (id) {
	case LINE_HELD:
		return guest_number(text, &marks->held);
	case LINE_CLIPPED:
		return guest_number(text, &marks->clipped);
	case LINE_LOST:
		return guest_number(text, &marks->lost);
	default:
		if (id < GUEST_MARKS)
			return guest_state(text, &marks->mark[id].on,
					   &marks->mark[id].error);
		return guest_count(text, &marks->mark[id - LINE_TAKEN].taken);
	}
}

/* Return: 0, -ENOENT if the line is not known, -EINVAL if it is malformed. */
static int parse_line(struct guest_marks *marks, const char *line,
		      unsigned int *seen)
{
	const char *rest = line + strcspn(line, " ");
	unsigned int id;

	for (id = 0; id < LINES; id++) {
		if (!begins(line, lines[id]))
			continue;
		*seen |= 1u << id;
		rest += *rest == ' ';
		return parse_value(marks, id, rest) ? 0 : -EINVAL;
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
	for (i = 0; i < LINES; i++) {
		*what = lines[i];
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
