// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest.c: any text as the files "marks" and "hints" of ecs_guest: either refused,
 * and what is wrong is named, or what the lines say.
 */
#include <errno.h>
#include <unistd.h>

#include "fuzz.h"
#include "guest.h"
#include "vcpuset.h"

/* What the module would write of this; must be among the lines. */
static bool has_line(const char *text, const char *line)
{
	const char *at;
	size_t len = strlen(line);

	for (at = strstr(text, line); at; at = strstr(at + 1, line))
		if ((at == text || at[-1] == '\n') &&
		    (!at[len] || at[len] == '\n'))
			return true;
	return false;
}

static void check_marks(char *text)
{
	struct guest_marks marks = { 0 }, again = { 0 };
	const char *what = NULL;
	char *copy = strdup(text), line[64], whole[1024] = "", *file;
	unsigned int i;
	int error;

	if (!copy)
		abort();
	error = guest_marks_parse(&marks, text, &what);
	CHECK(!error || ((error == -EINVAL || error == -ENOENT) && what),
	      "%d, %s", error, what ? what : "nothing");
	for (i = 0; i < marks.nr_other; i++)
		CHECK(has_line(copy, marks.other[i]), "line \"%s\"",
		      marks.other[i]);
	/* What was understood and is written again reads the same. */
	for (i = 0; i < GUEST_MARKS && !error; i++) {
		snprintf(line, sizeof(line), "%s %s %d\n", guest_mark_name(i),
			 marks.mark[i].on ? "on" : "off", marks.mark[i].error);
		strcat(whole, line);
	}
	if (!error) {
		file = whole + strlen(whole);
		sprintf(file, "held %llu\nclipped %llu\nlost %llu",
			(unsigned long long)marks.held,
			(unsigned long long)marks.clipped,
			(unsigned long long)marks.lost);
		for (i = 0; i < GUEST_WAIT; i++) {
			snprintf(line, sizeof(line), "\n%s_taken %llu",
				 guest_mark_name(i),
				 (unsigned long long)marks.mark[i].taken);
			strcat(whole, line);
		}
		CHECK(!guest_marks_parse(&again, whole, &what) &&
			      !memcmp(marks.mark, again.mark,
				      sizeof(marks.mark)) &&
			      marks.held == again.held &&
			      marks.clipped == again.clipped &&
			      marks.lost == again.lost && !again.nr_other,
		      "\"%s\" reads differently", whole);
		for (i = 0; i < GUEST_MARKS; i++)
			CHECK(marks.mark[i].error <= 0 &&
				      marks.mark[i].error >= -4095 &&
				      (!marks.mark[i].error ||
				       guest_mark_reason(&marks.mark[i])),
			      "error %d", marks.mark[i].error);
	}
	free(marks.other);
	free(again.other);
	free(copy);
}

static void check_hints(char *text)
{
	size_t len = strlen(text), i, lines = 0;
	struct guest guest = { 0 };
	const char *what = NULL, *at = text;
	char *copy = strdup(text);
	int error;

	if (!copy)
		abort();
	error = guest_hints_parse(&guest, text, &what);
	CHECK(!error || (error == -EINVAL && what), "%d", error);
	for (at = copy; at; at = strchr(at, '\n')) {
		at += strspn(at, "\n");
		lines += *at != '\0';
	}
	/* Shorter than a page nothing may be left out. */
	if (!error && len + 1 < (size_t)sysconf(_SC_PAGESIZE))
		CHECK(guest.nr_hints == lines, "%zu of %zu lines",
		      guest.nr_hints, lines);
	for (i = 0; i < guest.nr_hints; i++)
		CHECK(guest.hints[i].cpu < VCPUSET_MOST, "CPU %u",
		      guest.hints[i].cpu);
	free(guest.hints);
	free(copy);
}

static void check_number(const char *text)
{
	uint64_t number = 0;
	char back[32];

	if (!guest_number(text, &number))
		return;
	text += strspn(text, "0");
	snprintf(back, sizeof(back), "%llu", (unsigned long long)number);
	CHECK(number <= UINT32_MAX && !strcmp(*text ? text : "0", back),
	      "\"%s\" became %s", text, back);
}

static void fuzz_one(struct input *in)
{
	uint8_t what = in_byte(in);
	char *text = in_text(in, 240);

	switch (what) {
	case 'h':
		check_hints(text);
		break;
	case 'n':
		check_number(text);
		break;
	default:
		check_marks(text);
		break;
	}
	free(text);
}
