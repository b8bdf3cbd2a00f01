/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ww_mutex.h: what lets go of a mutex. Not for user space.
 *
 * Before v5.16, 12235da8c80a, ww_mutex_trylock() is inline and calls mutex_trylock(), but
 * ww_mutex_unlock() has a copy of mutex_unlock(): what the one counts, it takes off.
 */
#ifndef ECS_COMPAT_WW_MUTEX_H
#define ECS_COMPAT_WW_MUTEX_H

#ifdef ECS_HAVE_WW_TRYLOCK
#define ECS_MUTEX_UNLOCKS "mutex_unlock"
#else
#define ECS_MUTEX_UNLOCKS "mutex_unlock", "ww_mutex_unlock"
#endif

#endif /* ECS_COMPAT_WW_MUTEX_H */
