/* SPDX-License-Identifier: GPL-2.0-only */
/* page.h: what kind of memory a page is. */
#ifndef ECS_COMPAT_PAGE_H
#define ECS_COMPAT_PAGE_H

#include <linux/mm.h>
#include <linux/page-flags.h>

/* Has it swap behind it, if anything: anonymous and shared memory? */
static inline bool ecs_page_is_swap_backed(struct page *page)
{
#ifdef ECS_HAVE_PAGE_SWAP_BACKED
	return PageAnon(page) || PageSwapBacked(page);
#else
	return PageAnon(page) || folio_test_swapbacked(page_folio(page));
#endif
}

#endif /* ECS_COMPAT_PAGE_H */
