/* SPDX-License-Identifier: GPL-2.0-only */
/* boost.h: the boosts that this guest's CPUs hold, asked for and given back. */
#ifndef ECSG_BOOST_H
#define ECSG_BOOST_H

#include <linux/types.h>

bool ecsg_boost_is_held(int cpu);
bool ecsg_boost_may_ask(void);
bool ecsg_boost_settle(bool wanted, bool anew);

#endif /* ECSG_BOOST_H */
