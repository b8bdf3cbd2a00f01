// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c: how the arguments are read.
 *
 * The global options may stand before and after the command. Long options are
 * written in full, though getopt_long() would guess them from their start.
 */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "out.h"

#define MOST_OPTIONS  16
#define SHORT_OPTIONS "jpqhV"

static const struct option global_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* True if it was one. -h and -V are left to the caller. */
static bool take_global(int option)
{
	switch (option) {
	case 'p':
		out_options.pretty = true;
		/* fall through */
	case 'j':
		out_options.json = true;
		return true;
	case 'q':
		out_options.quiet = true;
		return true;
	default:
		return false;
	}
}

/* @stop: at the first argument that is no option. */
static int check_long(int argc, char **argv, const struct option *known,
		      bool stop)
{
	const struct option *o;
	size_t len;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (stop && argv[i][0] != '-')
			break;
		if (strncmp(argv[i], "--", 2))
			continue;
		len = strcspn(argv[i] + 2, "=");
		for (o = known; o->name; o++) {
			if (strlen(o->name) == len &&
			    !strncmp(o->name, argv[i] + 2, len))
				break;
		}
		if (!o->name)
			return fail(OUT_USAGE, "unknown option \"%s\"",
				    argv[i]);
	}
	return OUT_OK;
}

/* getopt_long() returned ':' or '?'. */
static int bad_option(int c, char **argv)
{
	if (c == ':')
		return fail(OUT_USAGE, "option \"%s\" needs a value",
			    argv[optind - 1]);
	if (optopt > 0 && optopt < OPTIONS_OWN &&
	    !strchr(SHORT_OPTIONS, optopt))
		return fail(OUT_USAGE, "unknown option \"-%c\"", optopt);
	return fail(OUT_USAGE, "option \"%s\" takes no value",
		    argv[optind - 1]);
}

/**
 * options_parse() - read the options of a command
 * @cmd: the command
 * @argc: of the command
 * @argv: of the command; afterwards the operands begin at argv[optind]
 * @own: its options, vals from OPTIONS_OWN on, or NULL
 * @fn: called for each of them; returns an exit code
 * @data: for @fn
 *
 * Return: OUT_OK, OPTIONS_DONE, or an exit code, with a message.
 */
int options_parse(const struct command *cmd, int argc, char **argv,
		  const struct option *own, options_fn fn, void *data)
{
	struct option all[MOST_OPTIONS];
	unsigned int n = 0;
	int c, error;

	for (; own && own->name && n < MOST_OPTIONS - 6; own++)
		all[n++] = *own;
	memcpy(all + n, global_options, sizeof(global_options));

	error = check_long(argc, argv, all, false);
	optind = 0; /* glibc: begin anew */
	while (!error) {
		c = getopt_long(argc, argv, ":" SHORT_OPTIONS, all, NULL);
		if (c == -1)
			break;
		if (c == ':' || c == '?') {
			error = bad_option(c, argv);
		} else if (c == 'h') {
			printf("Usage: ecsctl %s %s\n%s", cmd->name, cmd->usage,
			       cmd->help);
			out_options.json = false;
			return OPTIONS_DONE;
		} else if (c == 'V') {
			error = fail(OUT_USAGE,
				     "-V stands before a command, or alone");
		} else if (!take_global(c)) {
			error = fn(c, optarg, data);
		}
	}
	return error;
}

/**
 * options_none() - options_parse() for a command without options or operands
 * @cmd: the command
 * @argc: of the command
 * @argv: of the command
 *
 * Return: as options_parse().
 */
int options_none(const struct command *cmd, int argc, char **argv)
{
	int error = options_parse(cmd, argc, argv, NULL, NULL, NULL);

	if (!error && optind < argc)
		return fail(OUT_USAGE, "%s takes no argument \"%s\"", cmd->name,
			    argv[optind]);
	return error;
}

/**
 * options_global() - read the options before the command
 * @argc: of main()
 * @argv: of main(); afterwards the command is argv[optind]
 *
 * Return: 0, 'h', 'V', or an exit code, with a message.
 */
int options_global(int argc, char **argv)
{
	int c, error = check_long(argc, argv, global_options, true);

	opterr = 0;
	while (!error) {
		c = getopt_long(argc, argv, "+:" SHORT_OPTIONS, global_options,
				NULL);
		if (c == -1)
			break;
		if (c == 'h' || c == 'V')
			return c;
		if (!take_global(c))
			error = bad_option(c, argv);
	}
	return error;
}

/**
 * options_guess_json() - is JSON wanted, even if the options are bad?
 * @argc: of main()
 * @argv: of main()
 *
 * An error on the way to -j must be told in JSON as well.
 */
void options_guess_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--pretty"))
			take_global('p');
		else if (!strcmp(argv[i], "--json"))
			take_global('j');
		else if (argv[i][0] == '-' && argv[i][1] != '-' &&
			 strpbrk(argv[i], "jp"))
			take_global(strchr(argv[i], 'p') ? 'p' : 'j');
	}
}
