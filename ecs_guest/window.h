/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.h: for how long an idle CPU polls before it halts.
 *
 * Each CPU has a window, which follows how long it waits to be woken: a wait that
 * a longer window would have caught makes it longer, one that no window may catch
 * makes it shorter. Any unit of time will do, if it is the same for all. Pure, and
 * in a header, because an idle CPU must not call what may be traced.
 */
#ifndef ECSG_WINDOW_H
#define ECSG_WINDOW_H

#include "ecs_types.h"

/* The least window but 0, as a part of the longest. */
#define ECSG_WINDOW_PARTS 16

/**
 * ecsg_window_next() - the next window of a CPU
 * @window: the one that it had, 0 if it halted at once
 * @waited: how long it was idle
 * @woken: it has something to run now; else a mere interrupt has ended the wait
 * @most: the longest window, may have changed
 *
 * Context: any.
 * Return: at most @most; 0 to halt at once.
 */
static __always_inline uint64_t ecsg_window_next(uint64_t window,
						 uint64_t waited, bool woken,
						 uint64_t most)
{
	uint64_t least = most / ECSG_WINDOW_PARTS;

	if (waited > most)
		window /= 2;
	else if (woken && waited > window)
		window = window ? window * 2 : least;
	if (window < least)
		return 0;
	return window < most ? window : most;
}

#endif /* ECSG_WINDOW_H */
