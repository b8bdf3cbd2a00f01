/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file_fake.h: files that cannot be opened, not even by root.
 *
 * The linker sends ecsctl's open() and opendir() to the __wrap_ ones (--wrap).
 */
#ifndef FILE_FAKE_H
#define FILE_FAKE_H

#include <dirent.h>

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

#endif /* FILE_FAKE_H */
