/* SPDX-License-Identifier: GPL-2.0-only */
/* view.h: what is known of one VM, and its common JSON. */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "ecs_ioctl.h"
#include "vm.h"

/**
 * struct view - what is known of one VM
 * @id: which one; not owned
 * @known: to the module
 * @ioc: from the module
 * @boosts: its boosted threads, malloc()ed
 * @nr_boosts: how many
 */
struct view {
	const struct proc_vm *id;
	bool known;
	struct ecs_ioc_vm ioc;
	struct ecs_ioc_boost *boosts;
	size_t nr_boosts;
};

/**
 * struct outcome - of a command on several VMs; begin with { .total = n }
 * @total: how many VMs
 * @failed: for how many it failed
 * @code: the first failure's exit code
 * @first: the first failure's message
 */
struct outcome {
	size_t total;
	size_t failed;
	int code;
	char first[256];
};

struct command;

typedef int (*outcome_fn)(const struct proc_vm *vm, void *data);

int view_get(struct view *view, const struct proc_vm *id);
int view_boosts(struct view *view);
void view_free(struct view *view);
struct json_object *view_json(const struct view *view);
void view_json_params(struct json_object *to,
		      const struct ecs_ioc_params *params);
void view_json_figures(struct json_object *to,
		       const struct ecs_ioc_stats *stats);
void outcome_failed(struct outcome *o, const struct proc_vm *id, int code);
int outcome_code(const struct outcome *o);
int outcome_of_one(const struct command *cmd, int argc, char **argv,
		   outcome_fn fn, void *data);

#endif /* VIEW_H */
