/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbol.h: the text range of a kernel function, by name.
 *
 * Only to compare return addresses with; such an address is never called, for
 * a function nobody takes the address of may be sealed against indirect calls.
 */
#ifndef ECS_COMPAT_SYMBOL_H
#define ECS_COMPAT_SYMBOL_H

#include <linux/types.h>

struct ecs_symbol {
	unsigned long start;
	unsigned long end;
};

int ecs_symbol_find(const char *name, struct ecs_symbol *symbol);
void ecs_symbol_settle(void);

static inline bool ecs_symbol_has(const struct ecs_symbol *symbol,
				  unsigned long address)
{
	return address - symbol->start < symbol->end - symbol->start;
}

#endif /* ECS_COMPAT_SYMBOL_H */
