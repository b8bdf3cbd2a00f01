// SPDX-License-Identifier: GPL-2.0-only
/* table.c: columns as wide as they must be. */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean.h"

/**
 * table_cell() - add the next cell
 * @t: the table
 * @format: its text, made fit to print
 */
void table_cell(struct table *t, const char *format, ...)
{
	char **bigger, *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	bigger = reallocarray(t->cell, t->cells + 1, sizeof(*bigger));
	if (len < 0 || !bigger)
		abort();
	clean_text(text);
	t->cell = bigger;
	t->cell[t->cells++] = text;
}

/* Characters, not bytes: the start bytes of well-formed UTF-8. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/**
 * table_free() - free the cells
 * @t: empty afterwards
 */
void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	t->cell = NULL;
	t->cells = 0;
}

/**
 * table_drop() - leave out a column
 * @t: the table, of whole rows
 * @column: from 0
 */
void table_drop(struct table *t, unsigned int column)
{
	unsigned int below = (1u << column) - 1;
	size_t i, n = 0;

	for (i = 0; i < t->cells; i++) {
		if (i % t->columns == column)
			free(t->cell[i]);
		else
			t->cell[n++] = t->cell[i];
	}
	t->cells = n;
	t->columns--;
	t->right = (t->right & below) | (t->right >> 1 & ~below);
}

/**
 * table_print() - print the table and free it
 * @t: empty afterwards
 * @indent: before each row
 */
void table_print(struct table *t, const char *indent)
{
	int widths[TABLE_COLUMNS] = { 0 }, pad;
	unsigned int column;
	size_t i;

	for (i = 0; i < t->cells; i++) {
		column = i % t->columns;
		if (width(t->cell[i]) > widths[column])
			widths[column] = width(t->cell[i]);
	}
	for (i = 0; i < t->cells; i++) {
		column = i % t->columns;
		pad = widths[column] - width(t->cell[i]);
		printf("%s", column ? "  " : indent);
		if (t->right & (1u << column))
			printf("%*s%s", pad, "", t->cell[i]);
		else if (column == t->columns - 1)
			printf("%s", t->cell[i]);
		else
			printf("%s%*s", t->cell[i], pad, "");
		if (column == t->columns - 1)
			putchar('\n');
	}
	table_free(t);
}
