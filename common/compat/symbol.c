// SPDX-License-Identifier: GPL-2.0-only
/* symbol.c: see symbol.h. kallsyms_lookup_name() is not exported since v5.7. */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/symbol.h"

/* Probes of functions that were found: taking them away means to wait for RCU. */
static struct kprobe *used[32];
static unsigned int nr_used;

/**
 * ecs_symbol_settle() - after ecs_symbol_find(), once for all of them
 *
 * Context: as ecs_symbol_find().
 */
void ecs_symbol_settle(void)
{
	unregister_kprobes(used, nr_used);
	while (nr_used)
		kfree(used[--nr_used]);
}

/**
 * ecs_symbol_find() - look up the text range of a function
 * @name: of the function
 * @symbol: filled in on success, else emptied
 *
 * A disabled kprobe gives an address inside the function (behind its ENDBR,
 * if it has one) and patches nothing; sprint_symbol() gives the rest.
 *
 * Context: process context, may sleep; one caller at a time, that calls
 * ecs_symbol_settle() in the end.
 * Return: 0, -ENOENT if there is no such function, -ENOMEM.
 */
int ecs_symbol_find(const char *name, struct ecs_symbol *symbol)
{
	unsigned long offset, size;
	struct kprobe *probe;
	char *text, *plus;
	int err = -ENOMEM;

	memset(symbol, 0, sizeof(*symbol));
	if (nr_used == ARRAY_SIZE(used))
		ecs_symbol_settle();
	probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	text = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	if (!probe || !text)
		goto free;
	probe->symbol_name = name;
	probe->flags = KPROBE_FLAG_DISABLED;
	err = register_kprobe(probe);
	if (err) {
		err = err == -ENOMEM ? err : -ENOENT;
		goto free;
	}
	err = -ENOENT;
	sprint_symbol(text, (unsigned long)probe->addr);
	plus = strrchr(text, '+');
	if (plus && sscanf(plus, "+0x%lx/0x%lx", &offset, &size) == 2) {
		symbol->start = (unsigned long)probe->addr - offset;
		symbol->end = symbol->start + size;
		err = 0;
	}
	used[nr_used++] = probe;
	probe = NULL;
free:
	kfree(text);
	kfree(probe);
	return err;
}
