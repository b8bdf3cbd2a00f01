/* SPDX-License-Identifier: GPL-2.0-only */
/* table.h: columns as wide as they must be. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS 12

/**
 * struct table - rows of text; begin with { 0 } and the number of columns
 * @columns: how many, up to TABLE_COLUMNS
 * @right: bit n: column n is set flush right
 * @cell: malloc()ed texts, row after row
 * @cells: how many
 */
struct table {
	unsigned int columns;
	unsigned int right;
	char **cell;
	size_t cells;
};

void table_cell(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_drop(struct table *t, unsigned int column);
void table_free(struct table *t);
void table_print(struct table *t, const char *indent);

#endif /* TABLE_H */
