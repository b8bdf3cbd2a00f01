// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.c: files of the running system, read below one root.
 *
 * The root is "/". Only the test build takes another one, so that nobody can
 * make the real ecsctl believe in a made-up system.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST (8u << 20) /* a longer file is cut off */

static const char *root(void)
{
#ifdef ECSCTL_TEST
	const char *dir = getenv("ECSCTL_TEST_ROOT");

	return dir ? dir : "";
#else
	return "";
#endif
}

static int __attribute__((format(printf, 2, 0)))
make_path(char path[FILE_PATH], const char *format, va_list args)
{
	size_t len = strlen(root());

	if (len >= FILE_PATH)
		return -ENAMETOOLONG;
	memcpy(path, root(), len);
	if (vsnprintf(path + len, FILE_PATH - len, format, args) >=
	    (int)(FILE_PATH - len))
		return -ENAMETOOLONG;
	return 0;
}

/**
 * file_path() - where a file is
 * @path: out
 * @format: its absolute path, printf() style
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int file_path(char path[FILE_PATH], const char *format, ...)
{
	va_list args;
	int error;

	va_start(args, format);
	error = make_path(path, format, args);
	va_end(args);
	return error;
}

/**
 * file_exists() - is there such a file?
 * @format: its absolute path, printf() style
 *
 * Return: false also if it cannot be seen. A symbolic link to nothing is none.
 */
bool file_exists(const char *format, ...)
{
	char path[FILE_PATH];
	va_list args;
	int error;

	va_start(args, format);
	error = make_path(path, format, args);
	va_end(args);
	return !error && !access(path, F_OK);
}

/**
 * file_read() - read a whole file, of proc too
 * @path: from file_path()
 * @text: out: malloc()ed, with a NUL after its end
 * @len: out: its length
 *
 * Return: 0 or a negative errno.
 */
int file_read(const char *path, char **text, size_t *len)
{
	size_t size = 4096, have = 0;
	char *buf = NULL, *bigger;
	ssize_t got = 1;
	int fd, error = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (got > 0 && have < FILE_MOST) {
		if (!buf || have + 1 >= size) {
			size *= 2;
			bigger = realloc(buf, size);
			if (!bigger)
				abort();
			buf = bigger;
		}
		got = read(fd, buf + have, size - have - 1);
		if (got > 0)
			have += (size_t)got;
		else if (got < 0)
			error = -errno;
	}
	close(fd);
	if (error) {
		free(buf);
		return error;
	}
	buf[have] = '\0';
	*text = buf;
	*len = have;
	return 0;
}

/**
 * file_line() - the first line of a small file
 * @line: out: without the line end; empty on error
 * @size: room there
 * @format: the file's absolute path, printf() style
 *
 * Return: 0 or a negative errno.
 */
int file_line(char *line, size_t size, const char *format, ...)
{
	char path[FILE_PATH], *text;
	va_list args;
	size_t len;
	int error;

	line[0] = '\0';
	va_start(args, format);
	error = make_path(path, format, args);
	va_end(args);
	if (!error)
		error = file_read(path, &text, &len);
	if (error)
		return error;
	text[strcspn(text, "\n")] = '\0';
	snprintf(line, size, "%s", text);
	free(text);
	return 0;
}
