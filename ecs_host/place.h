/* SPDX-License-Identifier: GPL-2.0-only */
/* place.h: boosts keep out of each other's way. */
#ifndef ECSH_PLACE_H
#define ECSH_PLACE_H

struct ecsh_boost;

void ecsh_place_move(struct ecsh_boost *b);
int ecsh_place_engage(bool again);
void ecsh_place_init(void);
void ecsh_place_exit(void);

#endif /* ECSH_PLACE_H */
