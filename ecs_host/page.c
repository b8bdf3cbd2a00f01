// SPDX-License-Identifier: GPL-2.0-only
/*
 * page.c: see page.h. The ABI's rules are in common/ecs_abi.h.
 *
 * The page is read under runqueue locks and from other CPUs, where nothing may
 * fault, so it is pinned and reached by the direct map. The pin keeps the
 * memory there whatever the VMM does with its mapping: the worst that a guest
 * or VMM can do is to let us read stale or silly values.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "claim.h"
#include "compat/page.h"
#include "page.h"

/*
 * Anonymous and shared memory and huge pages. A file's page is locked for as long
 * as its file system likes, which may be a process of anybody's, and the work that
 * ends the pin would wait for it; and it must not be written to unasked.
 */
static bool is_ordinary(struct page *page)
{
	return ecs_page_is_swap_backed(page) || PageHuge(page);
}

/*
 * Pins the page of @gfn. The memory slot must be ordinary writable RAM of the
 * current process, which is the VMM: its own page tables decide the rest.
 */
static int pin_gfn(struct kvm *kvm, gfn_t gfn, struct page **pinned)
{
	struct kvm_memory_slot *slot;
	unsigned long hva = 0;
	int idx, n;

	idx = srcu_read_lock(&kvm->srcu);
	slot = __gfn_to_memslot(kvm_memslots(kvm), gfn);
	if (slot && !(slot->flags & (KVM_MEMSLOT_INVALID | KVM_MEM_READONLY)))
		hva = __gfn_to_hva_memslot(slot, gfn);
	srcu_read_unlock(&kvm->srcu, idx);
	if (!hva)
		return -EFAULT;

	n = pin_user_pages_fast(hva, 1, FOLL_WRITE | FOLL_LONGTERM, pinned);
	if (n == 1 && is_ordinary(*pinned))
		return 0;
	if (n == 1)
		unpin_user_page(*pinned);
	*pinned = NULL;
	return n < 0 ? n : -EFAULT;
}

/* One read of each word; what is checked is what is used. */
static void copy_header(struct ecs_abi_header *to,
			const struct ecs_abi_header *from)
{
	const u64 *src = (const u64 *)from;
	u64 *dst = (u64 *)to;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*to) % sizeof(*dst));
	for (i = 0; i < sizeof(*to) / sizeof(*dst); i++)
		dst[i] = READ_ONCE(src[i]);
}

/**
 * ecsh_page_discard() - unpin a registration that was never published
 * @page: the registration
 *
 * Context: may sleep.
 */
void ecsh_page_discard(struct ecsh_page *page)
{
	if (page->pinned[1])
		unpin_user_page(page->pinned[1]);
	if (page->pinned[0])
		unpin_user_pages_dirty_lock(&page->pinned[0], 1, true);
	kfree(page);
}

static void free_page_work(struct work_struct *work)
{
	ecsh_page_discard(container_of(to_rcu_work(work), struct ecsh_page,
				       free));
}

/**
 * ecsh_page_create() - pin and check the page that a guest registers
 * @vcpu: the vCPU, run by the current thread
 * @gpa: guest-physical address, page aligned
 *
 * Context: the vCPU's thread in its own mm, may sleep.
 * Return: the registration; ERR_PTR(-EFAULT) not usable RAM, (-EINVAL) the
 * header breaks a rule, (-EPERM) a foreign mm, (-ENOMEM).
 */
struct ecsh_page *ecsh_page_create(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	struct ecs_abi_header header;
	struct ecsh_page *page;
	int err;

	might_sleep();
	if (current->mm != vcpu->kvm->mm)
		return ERR_PTR(-EPERM);
	page = kzalloc(sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return ERR_PTR(-ENOMEM);
	INIT_RCU_WORK(&page->free, free_page_work);

	page->gfn = gpa >> PAGE_SHIFT;
	err = pin_gfn(vcpu->kvm, page->gfn, &page->pinned[0]);
	if (err)
		goto free;
	page->map = page_address(page->pinned[0]);

	copy_header(&header, &page->map->header);
	if (!ecs_claim_header(&header)) {
		err = -EINVAL;
		goto free;
	}
	if (header.pc_width) {
		page->pc_gfn = header.pc_gpa >> PAGE_SHIFT;
		err = pin_gfn(vcpu->kvm, page->pc_gfn, &page->pinned[1]);
		if (err)
			goto free;
		page->pc = page_address(page->pinned[1]) +
			   offset_in_page(header.pc_gpa);
		page->pc_width = header.pc_width;
		page->pc_mask = header.pc_mask;
		page->pc_idle_mask = header.pc_idle_mask;
	} else {
		page->pc_gfn = page->gfn;
	}

	page->cookie = get_random_u64();
	do {
		page->generation = get_random_u64();
	} while (!page->generation);
	return page;

free:
	ecsh_page_discard(page);
	return ERR_PTR(err);
}

/**
 * ecsh_page_destroy() - unpin after all readers are done
 * @page: no longer published
 * @wq: where the unpinning may sleep
 *
 * Context: any but under a runqueue lock.
 */
void ecsh_page_destroy(struct ecsh_page *page, struct workqueue_struct *wq)
{
	queue_rcu_work(wq, &page->free);
}

static bool is_ours(struct ecsh_page *page)
{
	if (READ_ONCE(page->overwritten))
		return false;
	return READ_ONCE(page->map->host.cookie) == page->cookie;
}

/* The guest's line is one cache line, and of its words each is read once. */
static void read_words(const struct ecsh_page *page,
		       struct ecs_claim_words *words)
{
	const struct ecs_abi_guest *guest = &page->map->guest;

	words->count = 0;
	if (page->pc)
		words->count = page->pc_width == 8 ?
				       READ_ONCE(*(const u64 *)page->pc) :
				       READ_ONCE(*(const u32 *)page->pc);
	words->mask = page->pc_mask;
	words->idle_mask = page->pc_idle_mask;
	words->non_preemptable = READ_ONCE(guest->non_preemptable);
	/* Three counts in a word: the first ones are the lower ones. */
	BUILD_BUG_ON(offsetof(struct ecs_abi_guest, preemptable) % sizeof(u32));
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_X86));
	words->marks = READ_ONCE(*(const u32 *)&guest->preemptable);
	words->user = READ_ONCE(guest->user);
	words->idle = READ_ONCE(guest->idle);
	words->waiting = READ_ONCE(guest->waiting);
}

/**
 * ecsh_page_hint() - what the guest says about its vCPU
 * @page: its registration
 * @found: offences are added here
 *
 * Context: any, preemption off; runs under runqueue locks.
 * Return: the hint, from words that are each read once.
 */
enum ecs_policy_hint ecsh_page_hint(struct ecsh_page *page,
				    struct ecsh_page_offences *found)
{
	struct ecs_claim_words words;

	if (unlikely(!is_ours(page))) {
		/*
		 * The guest was reset without a word and the memory is in
		 * other use: from now on neither trust nor touch it.
		 */
		if (!READ_ONCE(page->overwritten))
			found->bad_cookie++;
		WRITE_ONCE(page->overwritten, true);
		return ECS_POLICY_OUTSIDE;
	}
	read_words(page, &words);
	return ecs_claim_hint(&words, &found->bad_count);
}

/**
 * ecsh_page_set_granted() - tell the guest whether it runs on a loan
 * @page: its registration
 * @granted: it does
 *
 * Context: any, preemption off; runs under runqueue locks.
 */
void ecsh_page_set_granted(struct ecsh_page *page, bool granted)
{
	if (is_ours(page))
		WRITE_ONCE(page->map->host.granted, granted);
}

/**
 * ecsh_page_set_hints() - tell the guest of the host's load
 * @page: its registration
 * @preempted: the vCPU wants to run and does not
 * @overcommitted: others want the CPU that it runs on
 *
 * Context: any, preemption off; runs under runqueue locks.
 */
void ecsh_page_set_hints(struct ecsh_page *page, bool preempted,
			 bool overcommitted)
{
	if (!is_ours(page))
		return;
	WRITE_ONCE(page->map->host.vcpu_preempted, preempted);
	WRITE_ONCE(page->map->host.pcpu_overcommitted, overcommitted);
}

/**
 * ecsh_page_set_kept() - tell the guest which hints it can rely on
 * @page: its registration
 * @kept: ECS_ABI_INTEREST_*
 *
 * Before a hint that is taken away is made 0.
 *
 * Context: any, preemption off; runs under runqueue locks.
 */
void ecsh_page_set_kept(struct ecsh_page *page, u32 kept)
{
	if (is_ours(page))
		WRITE_ONCE(page->map->host.kept, kept);
}

/**
 * ecsh_page_sign_on() - write the host's line for the first time
 * @page: the registration that is being put in force
 * @kept: ECS_ABI_INTEREST_* of the hints that the guest is given
 *
 * Context: any, preemption off; an older registration of the same page has
 * signed off.
 */
void ecsh_page_sign_on(struct ecsh_page *page, u32 kept)
{
	struct ecs_abi_host *host = &page->map->host;

	WRITE_ONCE(host->vcpu_preempted, 0);
	WRITE_ONCE(host->pcpu_overcommitted, 0);
	WRITE_ONCE(host->granted, 0);
	WRITE_ONCE(host->kept, kept);
	WRITE_ONCE(host->generation, page->generation);
	WRITE_ONCE(host->cookie, page->cookie);
}

/**
 * ecsh_page_sign_off() - leave word in the page that it is not registered
 * @page: its registration, about to be destroyed
 *
 * Context: any, preemption off.
 */
void ecsh_page_sign_off(struct ecsh_page *page)
{
	if (!is_ours(page))
		return;
	WRITE_ONCE(page->map->host.kept, 0);
	WRITE_ONCE(page->map->host.vcpu_preempted, 0);
	WRITE_ONCE(page->map->host.pcpu_overcommitted, 0);
	WRITE_ONCE(page->map->host.granted, 0);
	WRITE_ONCE(page->map->host.generation, 0);
	WRITE_ONCE(page->map->host.cookie, 0);
	/* A last look by a reader that still sees the page finds no cookie. */
	WRITE_ONCE(page->overwritten, true);
}
