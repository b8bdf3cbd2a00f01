// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmdline.c: what a QEMU command line says of its VM. Pure.
 *
 * "-name NAME,opt=..", "-name guest=NAME,opt=..", "-uuid U" and, as Proxmox
 * does, "-smbios type=1,uuid=U". In an option list ",," stands for a comma.
 */
#include "cmdline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The argument after @arg, NULL if it is the last one. */
static const char *next_arg(const char *args, size_t len, const char *arg)
{
	const char *next = arg + strlen(arg) + 1;

	return next < args + len ? next : NULL;
}

/* The value of the last "-@option value" or "--@option value" that @holds. */
static const char *find_option(const char *args, size_t len, const char *option,
			       bool (*holds)(const char *value))
{
	const char *arg, *value, *found = NULL;

	for (arg = args; arg && len; arg = next_arg(args, len, arg)) {
		if (arg[0] != '-' || strcmp(arg + 1 + (arg[1] == '-'), option))
			continue;
		value = next_arg(args, len, arg);
		if (!value)
			break;
		if (!holds || holds(value))
			found = value;
		arg = value;
	}
	return found;
}

/*
 * One key of an option list. @implied: a first item without "=" is the value.
 * Return: malloc()ed, NULL if it is not there.
 */
static char *list_value(const char *list, const char *key, bool implied)
{
	size_t key_len = strlen(key), n;
	const char *p = list;
	char *found = NULL, *item;
	bool first = true, has_key;

	item = malloc(strlen(list) + 1);
	if (!item)
		abort();
	while (*p) {
		for (n = 0; *p && (*p != ',' || p[1] == ','); p++) {
			p += *p == ',';
			item[n++] = *p;
		}
		item[n] = '\0';
		p += *p == ',';
		has_key = !strncmp(item, key, key_len) && item[key_len] == '=';
		if (has_key || (first && implied && !strchr(item, '='))) {
			free(found);
			found = strdup(item + (has_key ? key_len + 1 : 0));
			if (!found)
				abort();
		}
		first = false;
	}
	free(item);
	return found;
}

static bool name_has_guest(const char *value)
{
	char *guest = list_value(value, "guest", true);
	bool has = !!guest;

	free(guest);
	return has;
}

/**
 * cmdline_name() - the name of the VM
 * @args: the arguments, each with a NUL at its end
 * @len: their length, all NULs included
 *
 * Return: malloc()ed, or NULL if it has none.
 */
char *cmdline_name(const char *args, size_t len)
{
	/* QEMU merges several of them. */
	const char *value = find_option(args, len, "name", name_has_guest);
	char *name = value ? list_value(value, "guest", true) : NULL;

	if (name && !name[0]) {
		free(name);
		name = NULL;
	}
	return name;
}

/* 36 characters, 8-4-4-4-12 */
static bool is_uuid(const char *s)
{
	unsigned int i;

	for (i = 0; i < CMDLINE_UUID - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (!isxdigit((unsigned char)s[i])) {
			return false;
		}
	}
	return s[i] == '\0';
}

static bool copy_uuid(char uuid[CMDLINE_UUID], const char *from)
{
	unsigned int i;

	if (!from || !is_uuid(from))
		return false;
	for (i = 0; i < CMDLINE_UUID; i++)
		uuid[i] = (char)tolower((unsigned char)from[i]);
	return true;
}

static bool smbios_has_uuid(const char *value)
{
	char *type = list_value(value, "type", false);
	char *uuid = list_value(value, "uuid", false);
	bool has = type && !strcmp(type, "1") && uuid;

	free(type);
	free(uuid);
	return has;
}

/**
 * cmdline_uuid() - the UUID of the VM
 * @args: the arguments, each with a NUL at its end
 * @len: their length, all NULs included
 * @uuid: out: in lower case
 *
 * Return: false if it has none.
 */
bool cmdline_uuid(const char *args, size_t len, char uuid[CMDLINE_UUID])
{
	const char *smbios;
	char *value;
	bool has;

	if (copy_uuid(uuid, find_option(args, len, "uuid", NULL)))
		return true;
	smbios = find_option(args, len, "smbios", smbios_has_uuid);
	if (!smbios)
		return false;
	value = list_value(smbios, "uuid", false);
	has = copy_uuid(uuid, value);
	free(value);
	return has;
}

/**
 * cmdline_uuid_matches() - is this the UUID, or the start of it?
 * @uuid: in lower case
 * @prefix: at least 8 hex digits; dashes where the UUID has them, or none
 *
 * Return: false also if @prefix cannot be the start of any UUID.
 */
bool cmdline_uuid_matches(const char *uuid, const char *prefix)
{
	unsigned int digits = 0;

	for (; *prefix; prefix++) {
		if (*uuid == '-' && *prefix != '-')
			uuid++;
		if (!*uuid || *uuid != tolower((unsigned char)*prefix))
			return false;
		digits += *uuid++ != '-';
	}
	return digits >= 8;
}
