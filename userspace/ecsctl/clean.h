/* SPDX-License-Identifier: GPL-2.0-only */
/* clean.h: text from a process that may be hostile, made fit to print. */
#ifndef CLEAN_H
#define CLEAN_H

void clean_text(char *s);

#endif /* CLEAN_H */
