/* SPDX-License-Identifier: GPL-2.0-only */
/* page.h: the pages shared with the host, one a CPU. */
#ifndef ECSG_PAGE_H
#define ECSG_PAGE_H

#include <linux/percpu.h>

#include "ecs_abi.h"

/* This CPU's page; NULL while none of its words may be written. */
DECLARE_PER_CPU(struct ecs_abi_page *, ecsg_page);
/* All pages, in per-CPU memory: what is at the same place for each CPU. */
extern struct ecs_abi_page __percpu *ecsg_page_area;
/* Which registration of this CPU is in force, by number; 0 if none. */
DECLARE_PER_CPU(unsigned long, ecsg_page_session);

/* Bits of the word of marks that say which of its counts is negative. */
#define ECSG_PAGE_NEGATIVE 0x80808000u

/**
 * ecsg_page_marks() - preemptable, readers and rcu as one word, in this order
 * @page: a page
 */
static inline u32 *ecsg_page_marks(struct ecs_abi_page *page)
{
	return (u32 *)&page->guest.preemptable;
}

int ecsg_page_init(void);
void ecsg_page_exit(void);
void ecsg_page_publish(void *unused);
void ecsg_page_withdraw(void *unused);
void ecsg_page_leave(void);
void ecsg_page_refresh(void *unused);
unsigned int ecsg_page_count(void);

#endif /* ECSG_PAGE_H */
