/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * carry.h: what a task holds and waits for, carried along with it.
 *
 * The page has three counts and one word for the task that runs now. While it is off
 * its CPU, for it sleeps with a lock held or has been preempted, they are kept here.
 */
#ifndef ECSG_CARRY_H
#define ECSG_CARRY_H

#include <linux/percpu-defs.h>
#include <linux/types.h>

/* What the task that runs here waits for; wait.c knows what is in it. */
DECLARE_PER_CPU(unsigned long, ecsg_carry_wait);

/* Is the page's word "waiting" to be kept? */
extern bool ecsg_carry_shows_wait;

int ecsg_carry_start(void);
void ecsg_carry_stop(void);
void ecsg_carry_forget(void);
unsigned int ecsg_carry_lost(void);
unsigned int ecsg_carry_held(void);

#endif /* ECSG_CARRY_H */
