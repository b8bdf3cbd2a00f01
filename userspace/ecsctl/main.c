// SPDX-License-Identifier: GPL-2.0-only
/* main.c: the table of commands, and which of them is meant. */
#include <stdio.h>
#include <string.h>

#include "dev.h"
#include "options.h"
#include "out.h"

/* clang-format off */
#define PARAM_HELP \
	"  A duration is a number and ns, us, ms or s; a share a number and %\n" \
	"  or ppm.\n"
#define HINTS_HELP \
	"  LIST is what the guest is told of the load of this host: preempted,\n" \
	"  overcommit or both with a comma between, all, or none.\n"
#define TIME_HELP \
	"  TIME is a number and ns, us, ms or s.\n"
#define VM_HELP \
	"  VM is pid:N, the name QEMU was given, its UUID or at least the first\n" \
	"  8 hex digits of it.\n"

static const struct command commands[] = {
	{ "status", false, cmd_status, "[VM...]",
	  "  A line for each VM that ecs knows, or for those named.\n" VM_HELP },
	{ "list", false, cmd_list, "",
	  "  All KVM VMs of this host, known to ecs or not.\n" },
	{ "show", false, cmd_show, "VM...",
	  "  All that is known of a VM and its vCPUs.\n" VM_HELP },
	{ "enable", true, cmd_enable,
	  "VM... [--observe] [--grace TIME] [--grace-sleep TIME] [--recheck TIME] [--budget SHARE] [--burst TIME] [--hints LIST] [--waiters extend|refuse] [--yield on|off]",
	  "  Serve these VMs; with --observe only count what would be done.\n"
	  PARAM_HELP HINTS_HELP VM_HELP },
	{ "disable", true, cmd_disable, "VM... | --all",
	  "  Leave these VMs alone again; --all: every VM, always safe to run.\n"
	  "  Also ends their boosts.\n" VM_HELP },
	{ "set", true, cmd_set, "VM [KEY=VALUE...] [--hints LIST]",
	  "  Keys: mode=off|observe|on grace= grace-sleep= recheck= budget=\n"
	  "  burst= hints= waiters=extend|refuse yield=on|off\n"
	  PARAM_HELP HINTS_HELP VM_HELP },
	{ "boost", true, cmd_boost,
	  "VM --sbt TIME --usbt TIME [--borrow TIME] [--backend auto|pick|fifo] [--vcpu LIST | --tid TID]",
	  "  Run vCPUs before all other tasks of the fair class: each time they\n"
	  "  wake for at least SBT, and again when USBT has passed. All of the VM,\n"
	  "  or with --vcpu those in a LIST like 0,2-3, or one thread of it. The\n"
	  "  guest needs no module. All are boosted or none.\n"
	  TIME_HELP VM_HELP },
	{ "unboost", true, cmd_unboost, "VM [--vcpu LIST | --tid TID] | --all",
	  "  End the boosts of a VM, of these vCPUs only, or with --all of every\n"
	  "  VM. It is no error if there are none.\n" VM_HELP },
	{ "limit", true, cmd_limit, "VM [--max-sbt TIME --min-usbt TIME | --none]",
	  "  Say what a guest may ask for by itself, or nothing with --none, which\n"
	  "  is the default; without options show what holds.\n"
	  TIME_HELP VM_HELP },
	{ "doctor", false, cmd_doctor, "",
	  "  Look at this host and say what is missing. Exits with 2 if VMs cannot\n"
	  "  be served because of it.\n" },
	{ "guest", false, cmd_guest, "",
	  "  What ecs_guest does in this guest: to be run inside it. The hints of\n"
	  "  the host only root may read.\n" },
	{ "version", false, cmd_version, "",
	  "  The versions of ecsctl and of the loaded module.\n" },
};

/* clang-format on */

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help(void)
{
	unsigned int i;

	printf("Usage: ecsctl [OPTION...] [COMMAND] [ARGUMENT...]\n\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %s%s%s\n", commands[i].name,
		       commands[i].usage[0] ? " " : "", commands[i].usage);
	printf("\nOptions:\n"
	       "  -j, --json     one JSON object on standard output\n"
	       "  -p, --pretty   the same, indented\n"
	       "  -q, --quiet    do not say what went well\n"
	       "  -h, --help     this, or with a command its own help\n"
	       "  -V, --version  the version of ecsctl\n\n"
	       "Exit codes: 0 done, 1 usage, 2 refused, 3 no such VM, 4 no permission,\n"
	       "5 module not loaded or of another interface, 6 done for some VMs only\n");
	out_options.json = false;
	return OUT_OK;
}

/* The command called @name, or else the only one that begins so. */
static int find(const char *name, const struct command **found)
{
	unsigned int i, matches = 0;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (strncmp(commands[i].name, name, strlen(name)) || !*name)
			continue;
		*found = &commands[i];
		if (!strcmp(commands[i].name, name))
			return OUT_OK;
		matches++;
	}
	if (!matches)
		return fail(OUT_USAGE, "unknown command \"%s\"; see ecsctl -h",
			    name);
	if (matches > 1)
		return fail(OUT_USAGE,
			    "\"%s\" is the start of several commands; see ecsctl -h",
			    name);
	if ((*found)->changes)
		return fail(OUT_USAGE, "write out \"%s\": it changes something",
			    (*found)->name);
	return OUT_OK;
}

static int dispatch(int argc, char **argv)
{
	char *fallback[] = { (char *)"status", NULL };
	const struct command *cmd = NULL;
	int ret;

	options_guess_json(argc, argv);
	ret = options_global(argc, argv);
	if (ret == 'h')
		return help();
	if (ret == 'V') {
		printf("ecsctl %s\n", ECSCTL_VERSION);
		out_options.json = false;
		return OUT_OK;
	}
	if (ret)
		return ret;
	argc -= optind;
	argv += optind;
	if (!argc)
		return cmd_status(&commands[0], 1, fallback);
	if (!strcmp(argv[0], "help")) {
		if (argc == 1)
			return help();
		ret = find(argv[1], &cmd);
		if (!ret) {
			char *ask[] = { argv[1], (char *)"-h", NULL };

			ret = cmd->run(cmd, 2, ask);
		}
		return ret;
	}
	ret = find(argv[0], &cmd);
	return ret ? ret : cmd->run(cmd, argc, argv);
}

int main(int argc, char **argv)
{
	int code = dispatch(argc, argv);

	dev_close();
	return out_finish(code == OPTIONS_DONE ? OUT_OK : code);
}
