/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h: the commands and how their arguments are read. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

/**
 * struct command - one verb
 * @name: what is typed
 * @changes: it changes something, so it must be typed in full
 * @run: argv[0] is the name; returns an exit code, or OPTIONS_DONE
 * @usage: its arguments
 * @help: more lines, each indented by two and ended
 */
struct command {
	const char *name;
	bool changes;
	int (*run)(const struct command *cmd, int argc, char **argv);
	const char *usage;
	const char *help;
};

#define OPTIONS_DONE -1	 /* help was printed: exit with 0 */
#define OPTIONS_OWN  256 /* the val of the first option of a command */

typedef int (*options_fn)(int option, const char *value, void *data);

int options_parse(const struct command *cmd, int argc, char **argv,
		  const struct option *own, options_fn fn, void *data);
int options_none(const struct command *cmd, int argc, char **argv);
int options_global(int argc, char **argv);
void options_guess_json(int argc, char **argv);

int cmd_status(const struct command *cmd, int argc, char **argv);
int cmd_list(const struct command *cmd, int argc, char **argv);
int cmd_show(const struct command *cmd, int argc, char **argv);
int cmd_enable(const struct command *cmd, int argc, char **argv);
int cmd_disable(const struct command *cmd, int argc, char **argv);
int cmd_set(const struct command *cmd, int argc, char **argv);
int cmd_boost(const struct command *cmd, int argc, char **argv);
int cmd_unboost(const struct command *cmd, int argc, char **argv);
int cmd_limit(const struct command *cmd, int argc, char **argv);
int cmd_doctor(const struct command *cmd, int argc, char **argv);
int cmd_guest(const struct command *cmd, int argc, char **argv);
int cmd_version(const struct command *cmd, int argc, char **argv);

#endif /* OPTIONS_H */
