/* SPDX-License-Identifier: GPL-2.0-only */
/* page.h: a guest's registered page: pinned, checked once, read with care. */
#ifndef ECSH_PAGE_H
#define ECSH_PAGE_H

#include <linux/kvm_host.h>
#include <linux/workqueue.h>

#include "ecs_abi.h"
#include "policy.h"

/**
 * struct ecsh_page - a registration
 * @map: the page, through the kernel's direct map
 * @pc: the preempt count, likewise; NULL if none is published
 * @pc_width: 4 or 8
 * @pc_mask: bits that mean critical; a copy, the guest's is never read again
 * @pc_idle_mask: the same while the guest says it idles
 * @cookie: what the host wrote to know the page again
 * @generation: of this registration, never 0
 * @gfn: guest frame of the page
 * @pc_gfn: guest frame of the preempt count
 * @overwritten: the cookie was found gone; nothing is read or written any more
 * @pinned: the pages, @pinned[1] is NULL if there is no preempt count
 * @free: ends the pins after a grace period
 *
 * Immutable but for @overwritten once it is published by RCU; readers have
 * preemption off.
 */
struct ecsh_page {
	struct ecs_abi_page *map;
	const void *pc;
	u32 pc_width;
	u64 pc_mask;
	u64 pc_idle_mask;
	u64 cookie;
	u64 generation;
	gfn_t gfn;
	gfn_t pc_gfn;
	bool overwritten;
	struct page *pinned[2];
	struct rcu_work free;
};

/* What one look at the page found wrong. */
struct ecsh_page_offences {
	unsigned int bad_count;
	unsigned int bad_cookie;
};

struct ecsh_page *ecsh_page_create(struct kvm_vcpu *vcpu, gpa_t gpa);
void ecsh_page_discard(struct ecsh_page *page);
void ecsh_page_destroy(struct ecsh_page *page, struct workqueue_struct *wq);
enum ecs_policy_hint ecsh_page_hint(struct ecsh_page *page,
				    struct ecsh_page_offences *found);
void ecsh_page_set_granted(struct ecsh_page *page, bool granted);
void ecsh_page_set_hints(struct ecsh_page *page, bool preempted,
			 bool overcommitted);
void ecsh_page_set_kept(struct ecsh_page *page, u32 kept);
void ecsh_page_sign_on(struct ecsh_page *page, u32 kept);
void ecsh_page_sign_off(struct ecsh_page *page);

#endif /* ECSH_PAGE_H */
