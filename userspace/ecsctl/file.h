/* SPDX-License-Identifier: GPL-2.0-only */
/* file.h: files of the running system, read below one root. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define FILE_PATH 512 /* room for the paths used here */

int file_path(char path[FILE_PATH], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool file_exists(const char *format, ...) __attribute__((format(printf, 1, 2)));
int file_read(const char *path, char **text, size_t *len);
int file_line(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* FILE_H */
