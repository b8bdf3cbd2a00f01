/* SPDX-License-Identifier: GPL-2.0-only */
/* timer.h: setting up an hrtimer. */
#ifndef ECS_COMPAT_TIMER_H
#define ECS_COMPAT_TIMER_H

#include <linux/hrtimer.h>

#ifndef ECS_HAVE_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#endif /* ECS_COMPAT_TIMER_H */
