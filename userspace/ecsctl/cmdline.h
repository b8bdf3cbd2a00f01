/* SPDX-License-Identifier: GPL-2.0-only */
/* cmdline.h: what a QEMU command line says of its VM. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#define CMDLINE_UUID 37 /* with the NUL */

char *cmdline_name(const char *args, size_t len);
bool cmdline_uuid(const char *args, size_t len, char uuid[CMDLINE_UUID]);
bool cmdline_uuid_matches(const char *uuid, const char *prefix);

#endif /* CMDLINE_H */
