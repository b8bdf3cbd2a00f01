/* SPDX-License-Identifier: GPL-2.0-only */
/* hint.h: what the host says of its load. */
#ifndef ECSG_HINT_H
#define ECSG_HINT_H

void ecsg_hint_init(void);
void ecsg_hint_exit(void);

#endif /* ECSG_HINT_H */
