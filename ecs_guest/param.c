// SPDX-License-Identifier: GPL-2.0-only
/* param.c: see param.h. */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "param.h"

/**
 * ecsg_param_chosen() - the way that is taken
 * @choice: among what
 *
 * Always the same while the module is loaded. A way that was asked for by name may be one
 * that this kernel lacks: who takes it finds out.
 *
 * Context: process context, may sleep.
 * Return: an index of its names, not that of "auto".
 */
unsigned int ecsg_param_chosen(const struct ecsg_param_choice *choice)
{
	return choice->wanted ?: choice->best();
}

/* Context: before init; the file cannot be written. */
static int set_choice(const char *text, const struct kernel_param *param)
{
	struct ecsg_param_choice *choice = param->arg;
	int index = __sysfs_match_string(choice->names, choice->nr, text);

	if (index < 0)
		return index;
	choice->wanted = index;
	return 0;
}

static int get_choice(char *buf, const struct kernel_param *param)
{
	const struct ecsg_param_choice *choice = param->arg;

	return sysfs_emit(buf, "%s\n",
			  choice->names[ecsg_param_chosen(choice)]);
}

const struct kernel_param_ops ecsg_param_choice_ops = {
	.set = set_choice,
	.get = get_choice,
};
