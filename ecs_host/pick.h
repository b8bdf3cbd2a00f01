/* SPDX-License-Identifier: GPL-2.0-only */
/* pick.h: boosts by the pick of the fair class. */
#ifndef ECSH_PICK_H
#define ECSH_PICK_H

int ecsh_pick_engage(bool again);
void ecsh_pick_init(void);
void ecsh_pick_exit(void);

#endif /* ECSH_PICK_H */
