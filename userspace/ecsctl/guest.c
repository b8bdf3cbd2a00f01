// SPDX-License-Identifier: GPL-2.0-only
/* guest.c: see guest.h. The module is read by its files in sysfs alone. */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "file.h"
#include "out.h"

#define MODULE "/sys/module/ecs_guest"
#define ONLINE "/sys/devices/system/cpu/online"

static int not_loaded(void)
{
	return fail(OUT_NO_MODULE,
		    "ecs_guest is not loaded (modprobe ecs_guest, in a guest; it refuses on a host without ecs)");
}

static int unknown(const char *what)
{
	/* It may have been unloaded meanwhile. */
	if (!file_exists(MODULE))
		return not_loaded();
	return fail(OUT_NO_MODULE,
		    "this ecs_guest does not say \"%s\"; install ecsctl and ecs_guest of one version",
		    what);
}

static int unreadable(const char *path, int error)
{
	if (error == -EACCES || error == -EPERM)
		return fail(OUT_PERMISSION, "may not read %s: %s", path,
			    strerror(-error));
	return fail(OUT_REFUSED, "cannot read %s: %s", path, strerror(-error));
}

static int malformed(const char *path, const char *text)
{
	return fail(OUT_REFUSED, "%s: not understood: \"%s\"", path, text);
}

static int malformed_param(const char *name, const char *text)
{
	char path[FILE_PATH];

	snprintf(path, sizeof(path), MODULE "/parameters/%s", name);
	return malformed(path, text);
}

/*
 * @text: out: malloc()ed, without the last line end
 * Return: 0 or a negative errno.
 */
static int read_text(const char *path, char **text)
{
	char real[FILE_PATH];
	int error = file_path(real, "%s", path);
	size_t len;

	if (!error)
		error = file_read(real, text, &len);
	if (error)
		return error;
	len = strlen(*text); /* there may be a NUL in it */
	if (len && (*text)[len - 1] == '\n')
		(*text)[len - 1] = '\0';
	return 0;
}

/* The following return an exit code, with a message. */
static int read_param(const char *name, char **text)
{
	char path[FILE_PATH];
	int error;

	snprintf(path, sizeof(path), MODULE "/parameters/%s", name);
	error = read_text(path, text);
	if (error == -ENOENT)
		return unknown(name);
	return error ? unreadable(path, error) : OUT_OK;
}

static int read_number(const char *name, uint64_t *number)
{
	char *text;
	int error = read_param(name, &text);

	if (error)
		return error;
	if (!guest_number(text, number))
		error = malformed_param(name, text);
	free(text);
	return error;
}

static int read_flag(const char *name, bool *flag)
{
	char *text;
	int error = read_param(name, &text);

	if (error)
		return error;
	*flag = !strcmp(text, "Y");
	if (!*flag && strcmp(text, "N"))
		error = malformed_param(name, text);
	free(text);
	return error;
}

/* Modules that do not say so ran on no other kernels. */
static int read_preempt_count(struct guest *guest)
{
	guest->preempt_count = true;
	if (!file_exists(MODULE "/parameters/preempt_count"))
		return OUT_OK;
	return read_flag("preempt_count", &guest->preempt_count);
}

static int read_online(struct guest *guest)
{
	char *text;
	int error = read_text(ONLINE, &text);

	if (error)
		return unreadable(ONLINE, error);
	if (!vcpuset_parse(&guest->online, text))
		error = malformed(ONLINE, text);
	free(text);
	return error;
}

static int read_boosts(struct guest *guest)
{
	const struct {
		const char *name;
		uint64_t *to;
	} numbers[] = {
		{ "boosted", &guest->boosted },
		{ "boost_requests", &guest->requests },
		{ "boost_refusals", &guest->refusals },
		{ "boost_sbt_us", &guest->sbt_us },
		{ "boost_usbt_us", &guest->usbt_us },
		{ "release_ms", &guest->release_ms },
	};
	int error = read_flag("boost", &guest->boost);
	unsigned int i;
	char *text;

	if (!error)
		error = read_flag("boost_kthreads", &guest->boost_kthreads);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !error; i++)
		error = read_number(numbers[i].name, numbers[i].to);
	if (!error)
		error = read_param("boost_cpus", &text);
	if (error)
		return error;
	if (*text && !vcpuset_parse(&guest->boost_cpus, text))
		error = malformed_param("boost_cpus", text);
	free(text);
	return error;
}

static int read_marks(struct guest *guest)
{
	const char *what;
	char name[32];
	size_t i;
	int error = read_param("marks", &guest->marks_text);

	if (error)
		return error;
	error = guest_marks_parse(&guest->marks, guest->marks_text, &what);
	if (error == -ENOENT)
		return unknown(what);
	if (error)
		return malformed_param("marks", what);
	for (i = 0; i < guest->marks.nr_other; i++)
		clean_text(guest->marks.other[i]);
	for (i = 0; i < GUEST_MARKS && !error; i++) {
		snprintf(name, sizeof(name), "mark_%s",
			 guest_mark_name((unsigned int)i));
		error = read_flag(name, &guest->marks.mark[i].wanted);
	}
	return error;
}

/* What they say is for root alone. */
static int read_hints(struct guest *guest)
{
	const char *line;
	char *text;
	int error = read_param("hints_offered", &guest->offered);

	if (error)
		return error;
	if (!*guest->offered)
		return malformed_param("hints_offered", guest->offered);
	clean_text(guest->offered);
	error = read_param("hints", &text);
	if (error == OUT_PERMISSION) {
		fail_forget();
		return OUT_OK;
	}
	if (error)
		return error;
	guest->hints_readable = true;
	if (guest_hints_parse(guest, text, &line))
		error = malformed_param("hints", line);
	free(text);
	return error;
}

static int read_poll(struct guest *guest)
{
	const char *what;
	char *text;
	int error = read_flag("poll", &guest->poll.wanted);

	if (!error)
		error = read_number("poll_ns", &guest->poll.most_ns);
	if (!error)
		error = read_param("polls", &text);
	if (error)
		return error;
	error = guest_poll_parse(&guest->poll, text, &what);
	if (error == -ENOENT)
		error = unknown(what);
	else if (error)
		error = malformed_param("polls", what);
	free(text);
	return error;
}

/**
 * guest_read() - read all that the module says
 * @guest: out; guest_free() it also on error
 *
 * Hints that may not be read are no failure.
 *
 * Return: OUT_OK, or an exit code, with a message.
 */
int guest_read(struct guest *guest)
{
	int error;

	memset(guest, 0, sizeof(*guest));
	if (!file_exists(MODULE))
		return not_loaded();
	error = file_line(guest->version, sizeof(guest->version), "%s",
			  MODULE "/version");
	if (error)
		return error == -ENOENT ? unknown("version") :
					  unreadable(MODULE "/version", error);
	clean_text(guest->version);
	error = read_online(guest);
	if (!error)
		error = read_number("registered", &guest->registered);
	if (!error)
		error = read_preempt_count(guest);
	if (!error)
		error = read_number("watch_s", &guest->watch_s);
	if (!error)
		error = read_marks(guest);
	if (!error)
		error = read_hints(guest);
	if (!error)
		error = read_poll(guest);
	if (!error)
		error = read_boosts(guest);
	return error;
}

/**
 * guest_free() - free what guest_read() allocated
 * @guest: not to be used any more
 */
void guest_free(struct guest *guest)
{
	free(guest->marks.other);
	free(guest->marks_text);
	free(guest->offered);
	free(guest->hints);
}
