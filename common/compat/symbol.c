// SPDX-License-Identifier: GPL-2.0-only
/* symbol.c: see symbol.h. kallsyms_lookup_name() is not exported since v5.7. */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/symbol.h"

/**
 * ecs_symbol_find() - look up the text range of a function
 * @name: of the function
 * @symbol: filled in on success, else emptied
 *
 * A disabled kprobe gives an address inside the function (behind its ENDBR,
 * if it has one) and patches nothing; sprint_symbol() gives the rest.
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOENT if there is no such function, -ENOMEM.
 */
int ecs_symbol_find(const char *name, struct ecs_symbol *symbol)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long offset, size;
	char *text, *plus;
	int err = -ENOENT;

	memset(symbol, 0, sizeof(*symbol));
	text = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (register_kprobe(&probe))
		goto free_text;
	sprint_symbol(text, (unsigned long)probe.addr);
	plus = strrchr(text, '+');
	if (plus && sscanf(plus, "+0x%lx/0x%lx", &offset, &size) == 2) {
		symbol->start = (unsigned long)probe.addr - offset;
		symbol->end = symbol->start + size;
		err = 0;
	}
	unregister_kprobe(&probe);
free_text:
	kfree(text);
	return err;
}
