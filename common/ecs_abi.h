/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * ecs_abi.h: the contract between a guest and its host.
 *
 * A guest tells the host, by plain stores to memory it owns, when one of its
 * virtual CPUs is inside a critical section; the host defers a preemption of
 * that vCPU for a bounded grace and tells the guest a little in return. This
 * header is the whole contract: a guest of any operating system may implement
 * it, under either licence above.
 *
 * GRAMMAR
 *
 *   session      := identify features? register { mark | boost | yield } withdraw
 *   identify     := RDMSR ECS_ABI_MSR_ID       magic << 32 | major << 16 | minor
 *   features     := RDMSR ECS_ABI_MSR_FEATURES ECS_ABI_F_* offered to this VM
 *   register     := WRMSR ECS_ABI_MSR_PAGE     page GPA | ECS_ABI_PAGE_ENABLE
 *   withdraw     := WRMSR ECS_ABI_MSR_PAGE     0
 *   mark         := stores to the "guest" line of the page
 *   boost        := stores to the "boost" line of the page,
 *                   WRMSR ECS_ABI_MSR_BOOST    ECS_ABI_BOOST_*
 *   yield        := WRMSR ECS_ABI_MSR_YIELD    any value
 *
 * RULES
 *
 *  1. A host without ecs answers RDMSR with #GP or (a KVM told to ignore
 *     unknown MSRs) with 0. A guest reads with a fault-safe accessor and goes
 *     on only if the magic matches and the major number is the one it knows.
 *     A minor number adds meanings and never changes one.
 *  2. MSRs are per vCPU: each vCPU registers its own page, from itself. The
 *     page is ECS_ABI_PAGE_SIZE aligned RAM that the guest keeps until it has
 *     withdrawn. The header line is complete before the page is registered
 *     and constant until it is withdrawn: the host reads it once.
 *  3. A bad MSR value gets #GP and changes nothing: unaligned, not RAM, not
 *     writable, wrong magic, size or version, unknown flag, padding not zero,
 *     a preempt count that straddles pages or has a width other than 4 or 8.
 *  4. The vCPU is "inside a critical section" if
 *         (preempt count & mask) != 0, where mask is pc_idle_mask while the
 *         word "idle" is not zero, and pc_mask otherwise;
 *     or  non_preemptable != 0, or user != 0,
 *     or  preemptable != 0, or readers != 0, or rcu != 0.
 *     A non_preemptable or user above ECS_ABI_COUNT_MAX is malformed: it is
 *     counted as an offence and read as zero. The other three share a word of
 *     32 bits, which the host reads at once; one above its *_MAX is read as
 *     zero and is no offence, for a guest may correct a release too many one
 *     instruction later. pc_width 0 means "no preempt count published".
 *     A guest that is a hypervisor itself runs its own guests with preemption
 *     off, and is "inside" all that time: the budget bounds what that gains.
 *     The KIND of the section is the first of these that holds:
 *         wait    "waiting" is not zero (rule 15)
 *         irq     bits of pc_idle_mask in the masked preempt count: an
 *                 interrupt of any sort is served or softirqs are off
 *         lock    other bits of it, or non_preemptable: a spinlock, a rwlock
 *         user    user
 *         sleep   preemptable: a mutex, or a sleeping lock held for writing
 *         reader  readers
 *         rcu     rcu
 *     The host may grant less for the last three, and for a wait inside of
 *     nothing else, than for the others.
 *  5. All of it is a hint. The host owes nothing for it, bounds what it does
 *     with it, and charges the guest for the time. A guest that lies gains
 *     nothing over its fair share.
 *  6. While "granted" is not zero the host has deferred a preemption of this
 *     vCPU. A guest that leaves its last section and sees it should write
 *     ECS_ABI_MSR_YIELD and so give the CPU back at once.
 *  7. The host writes its line only while the cookie it put there at
 *     registration is still in place. "generation" is the same value that
 *     RDMSR ECS_ABI_MSR_STATUS gives; 0 there means "this vCPU is not
 *     registered", which after migration, restore or a host module reload
 *     asks the guest to register again.
 *  8. The guest withdraws before the page or the preempt count is used for
 *     anything else: CPU offline, suspend, hibernation, reboot, kexec, crash,
 *     unload. The host drops a registration by itself on reset of the vCPU,
 *     on restore of its state, when its memory slot goes, when its thread or
 *     its VM dies, and when the host module is unloaded.
 *  9. Registering is legal when the VM is not (yet) served; the registration
 *     then lies dormant until an administrator switches the VM on.
 * 10. Bytes named "zero" are written as 0; but for the header's (rule 3) they
 *     are not interpreted.
 * 11. Soft real time. While the host offers ECS_ABI_F_BOOST, which is the
 *     administrator's to change at any time, a registered vCPU may ask for
 *     boosts: parameters into the "boost" line, then ECS_ABI_BOOST_REQUEST. The
 *     host reads the line then and only then. From then on each wakeup of the
 *     vCPU is boosted, within these parameters: a guest asks once, not once a
 *     period.
 * 12. A request gets #GP and changes nothing if there is no page, if it is not
 *     allowed or beyond the limits, if flags is not 0, or if the host cannot
 *     promise it now. While a boost is held a request asks for what is in the
 *     line now; it gives back no budget that was used.
 * 13. A boost ends with ECS_ABI_BOOST_RELEASE, which always succeeds; with the
 *     registration, be it withdrawn, replaced or dropped; and when the
 *     administrator takes it away, of which nobody tells the guest: one that
 *     wants to know asks again now and then.
 * 14. Hints of the host's load. vcpu_preempted and pcpu_overcommitted are kept
 *     only while the host offers them, which is the administrator's to change at
 *     any time, and read 0 else. They are true of the moment; of a vCPU that
 *     waits for a CPU both are not 0, of one that sleeps both are 0. Of one that
 *     is not registered they say nothing: memory that was migrated may hold the
 *     words of another host. "kept" tells the 0 of a hint that is kept from the 0
 *     of one that is not.
 * 15. Waiting. Where rule 4 says "inside" and "waiting" is not zero, the host may
 *     decline to defer, as if the vCPU were in no section. An interrupt that
 *     comes while the vCPU waits is none: if the preempt count has bits of
 *     pc_idle_mask and "waiting" lacks ECS_ABI_WAITING_IRQ, then "waiting" is
 *     read as zero.
 */
#ifndef ECS_ABI_H
#define ECS_ABI_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <stdint.h>
#include <stddef.h>
#ifndef __cplusplus
#include <assert.h>
#endif
#endif

#define ECS_ABI_MAGIC 0x45435331u /* "ECS1" */
#define ECS_ABI_MAJOR 1
#define ECS_ABI_MINOR 0

/*
 * The MSRs. The range lies outside all that VMX and SVM can pass through to a
 * guest, and outside KVM's, Hyper-V's and Xen's synthetic ranges.
 */
#define ECS_ABI_MSR_BASE     0x45435300u
#define ECS_ABI_MSR_ID	     (ECS_ABI_MSR_BASE + 0) /* read */
#define ECS_ABI_MSR_FEATURES (ECS_ABI_MSR_BASE + 1) /* read */
#define ECS_ABI_MSR_PAGE     (ECS_ABI_MSR_BASE + 2) /* read, write */
#define ECS_ABI_MSR_STATUS   (ECS_ABI_MSR_BASE + 3) /* read: generation or 0 */
#define ECS_ABI_MSR_BOOST    (ECS_ABI_MSR_BASE + 4) /* write: ECS_ABI_BOOST_* */
#define ECS_ABI_MSR_YIELD    (ECS_ABI_MSR_BASE + 5) /* write: any value */
#define ECS_ABI_MSR_END	     (ECS_ABI_MSR_BASE + 16) /* first one outside */

#define ECS_ABI_PAGE_SIZE   4096u
#define ECS_ABI_PAGE_ENABLE 1ull

/* What the host offers to this VM (ECS_ABI_MSR_FEATURES). */
#define ECS_ABI_F_DEFER		  (1ull << 0) /* preemptions are deferred */
#define ECS_ABI_F_YIELD		  (1ull << 1) /* ECS_ABI_MSR_YIELD is there */
#define ECS_ABI_F_HINT_PREEMPTED  (1ull << 2) /* vcpu_preempted is kept */
#define ECS_ABI_F_HINT_OVERCOMMIT (1ull << 3) /* pcpu_overcommitted is kept */
#define ECS_ABI_F_BOOST		  (1ull << 4) /* ECS_ABI_MSR_BOOST is there */

/* ECS_ABI_MSR_BOOST: the parameters are in the page's boost line. */
#define ECS_ABI_BOOST_RELEASE 0ull
#define ECS_ABI_BOOST_REQUEST 1ull

/* A nesting deeper than this is not believed. */
#define ECS_ABI_COUNT_MAX	0xffffu
#define ECS_ABI_PREEMPTABLE_MAX 0x7fffu
#define ECS_ABI_READERS_MAX	0x7fu
#define ECS_ABI_RCU_MAX		0x7fu

/* Bits of "waiting". */
#define ECS_ABI_WAITING (1u << 0) /* all this CPU does is wait */
#define ECS_ABI_WAITING_IRQ \
	(1u << 1) /* so does an interrupt, or softirqs are off */

/* Bits of "interest", what the guest would use if it were offered; and of "kept". */
#define ECS_ABI_INTEREST_PREEMPTED  (1u << 0)
#define ECS_ABI_INTEREST_OVERCOMMIT (1u << 1)
#define ECS_ABI_INTEREST_ALL	    3u

/**
 * struct ecs_abi_header - line 0: written by the guest before it registers.
 * @magic: ECS_ABI_MAGIC
 * @major: ECS_ABI_MAJOR
 * @minor: the highest minor number the guest knows
 * @size: sizeof(struct ecs_abi_page)
 * @flags: 0; reserved for later minors
 * @pc_gpa: guest-physical address of this CPU's preempt count, 0 if none
 * @pc_width: its width in bytes: 4, 8, or 0 if none; naturally aligned
 * @zero0: 0
 * @pc_mask: bits of the count that mean "critical"
 * @pc_idle_mask: the same while the idle task runs (its own count is not 0):
 *	those of interrupts
 * @zero1: 0
 */
struct ecs_abi_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t size;
	uint32_t flags;
	uint64_t pc_gpa;
	uint32_t pc_width;
	uint32_t zero0;
	uint64_t pc_mask;
	uint64_t pc_idle_mask;
	uint64_t zero1[2];
};

/**
 * struct ecs_abi_guest - line 1: written by the guest at any time.
 * @non_preemptable: nesting of explicitly marked non-preemptable sections
 * @preemptable: sleeping locks that the task that runs now holds, but for
 *	those of @readers
 * @readers: sleeping locks that it holds for reading
 * @rcu: its nesting of RCU read-side sections
 * @user: nesting of sections marked by user space
 * @idle: not 0 while this CPU runs its idle task
 * @waiting: ECS_ABI_WAITING*; not 0 while all this CPU does is wait for a lock
 * @interest: ECS_ABI_INTEREST_*
 * @zero: 0
 */
struct ecs_abi_guest {
	uint32_t non_preemptable;
	uint16_t preemptable;
	uint8_t readers;
	uint8_t rcu;
	uint32_t user;
	uint32_t idle;
	uint32_t waiting;
	uint32_t interest;
	uint32_t zero[10];
};

/**
 * struct ecs_abi_host - line 2: written by the host, read by the guest.
 * @cookie: chosen by the host at registration; not to be written
 * @generation: as in ECS_ABI_MSR_STATUS
 * @vcpu_preempted: not 0 while this vCPU is preempted (if offered)
 * @pcpu_overcommitted: not 0 while others want its physical CPU (if offered)
 * @granted: not 0 while a preemption is deferred for this vCPU
 * @kept: ECS_ABI_INTEREST_* of the hints that are kept now
 * @zero: 0
 */
struct ecs_abi_host {
	uint64_t cookie;
	uint64_t generation;
	uint32_t vcpu_preempted;
	uint32_t pcpu_overcommitted;
	uint32_t granted;
	uint32_t kept;
	uint32_t zero[8];
};

/**
 * struct ecs_abi_boost - line 3: parameters of a boost request.
 * @sbt_ns: least run time wanted per boost, nanoseconds
 * @usbt_ns: time after a boost before the next may begin, nanoseconds
 * @flags: 0
 * @zero: 0
 */
struct ecs_abi_boost {
	uint64_t sbt_ns;
	uint64_t usbt_ns;
	uint64_t flags;
	uint64_t zero[5];
};

/**
 * struct ecs_abi_page - the start of the shared page; the rest of it is zero.
 * @header: line 0, constant while registered
 * @guest: line 1, the guest's
 * @host: line 2, the host's
 * @boost: line 3, the guest's
 */
struct ecs_abi_page {
	struct ecs_abi_header header;
	struct ecs_abi_guest guest;
	struct ecs_abi_host host;
	struct ecs_abi_boost boost;
};

#define ECS_ABI_AT(type, field, offset)                         \
	static_assert(offsetof(struct type, field) == (offset), \
		      #type "." #field)

ECS_ABI_AT(ecs_abi_header, magic, 0);
ECS_ABI_AT(ecs_abi_header, major, 4);
ECS_ABI_AT(ecs_abi_header, minor, 6);
ECS_ABI_AT(ecs_abi_header, size, 8);
ECS_ABI_AT(ecs_abi_header, flags, 12);
ECS_ABI_AT(ecs_abi_header, pc_gpa, 16);
ECS_ABI_AT(ecs_abi_header, pc_width, 24);
ECS_ABI_AT(ecs_abi_header, zero0, 28);
ECS_ABI_AT(ecs_abi_header, pc_mask, 32);
ECS_ABI_AT(ecs_abi_header, pc_idle_mask, 40);
ECS_ABI_AT(ecs_abi_header, zero1, 48);
ECS_ABI_AT(ecs_abi_guest, non_preemptable, 0);
ECS_ABI_AT(ecs_abi_guest, preemptable, 4);
ECS_ABI_AT(ecs_abi_guest, readers, 6);
ECS_ABI_AT(ecs_abi_guest, rcu, 7);
ECS_ABI_AT(ecs_abi_guest, user, 8);
ECS_ABI_AT(ecs_abi_guest, idle, 12);
ECS_ABI_AT(ecs_abi_guest, waiting, 16);
ECS_ABI_AT(ecs_abi_guest, interest, 20);
ECS_ABI_AT(ecs_abi_guest, zero, 24);
ECS_ABI_AT(ecs_abi_host, cookie, 0);
ECS_ABI_AT(ecs_abi_host, generation, 8);
ECS_ABI_AT(ecs_abi_host, vcpu_preempted, 16);
ECS_ABI_AT(ecs_abi_host, pcpu_overcommitted, 20);
ECS_ABI_AT(ecs_abi_host, granted, 24);
ECS_ABI_AT(ecs_abi_host, kept, 28);
ECS_ABI_AT(ecs_abi_host, zero, 32);
ECS_ABI_AT(ecs_abi_boost, sbt_ns, 0);
ECS_ABI_AT(ecs_abi_boost, usbt_ns, 8);
ECS_ABI_AT(ecs_abi_boost, flags, 16);
ECS_ABI_AT(ecs_abi_boost, zero, 24);
ECS_ABI_AT(ecs_abi_page, header, 0);
ECS_ABI_AT(ecs_abi_page, guest, 64);
ECS_ABI_AT(ecs_abi_page, host, 128);
ECS_ABI_AT(ecs_abi_page, boost, 192);
static_assert(sizeof(struct ecs_abi_page) == 256, "four cache lines");

#undef ECS_ABI_AT

/*
 * The four calls and two queries of the paper ("Scaling Guest OS Critical
 * Sections with eCS", USENIX ATC 2018, table 1). The counts belong to one CPU
 * and are changed only there, by code that does not migrate in between; an
 * interrupt may nest as long as it leaves the count as it found it. Never a
 * function of their own: idle loops use them where none may be traced.
 */
#ifndef __always_inline
#define __always_inline inline
#endif

static __always_inline void ecs_abi_bump(uint32_t *count, uint32_t by)
{
	*(volatile uint32_t *)count = *(volatile uint32_t *)count + by;
}

static __always_inline void
ecs_abi_activate_non_preemptable_ecs(struct ecs_abi_page *page)
{
	ecs_abi_bump(&page->guest.non_preemptable, 1u);
}

static __always_inline void
ecs_abi_deactivate_non_preemptable_ecs(struct ecs_abi_page *page)
{
	ecs_abi_bump(&page->guest.non_preemptable, ~0u);
}

static __always_inline void ecs_abi_bump16(uint16_t *count, uint16_t by)
{
	*(volatile uint16_t *)count = (uint16_t)(*(volatile uint16_t *)count +
						 by);
}

static __always_inline void
ecs_abi_activate_preemptable_ecs(struct ecs_abi_page *page)
{
	ecs_abi_bump16(&page->guest.preemptable, 1u);
}

static __always_inline void
ecs_abi_deactivate_preemptable_ecs(struct ecs_abi_page *page)
{
	ecs_abi_bump16(&page->guest.preemptable, 0xffffu);
}

static __always_inline int
ecs_abi_is_vcpu_preempted(const struct ecs_abi_page *page)
{
	return *(const volatile uint32_t *)&page->host.vcpu_preempted != 0;
}

static __always_inline int
ecs_abi_is_pcpu_overcommitted(const struct ecs_abi_page *page)
{
	return *(const volatile uint32_t *)&page->host.pcpu_overcommitted != 0;
}

/*
 * Rule 14: does this vCPU have its physical CPU to itself? Only if the host says
 * so, now: without a word from it others may wait. In this order, for the host
 * first says that it does not keep the hint, and then makes that 0.
 */
static __always_inline int
ecs_abi_is_pcpu_alone(const struct ecs_abi_page *page)
{
	return !ecs_abi_is_pcpu_overcommitted(page) &&
	       (*(const volatile uint32_t *)&page->host.kept &
		ECS_ABI_INTEREST_OVERCOMMIT);
}

/* Rule 6: is the host waiting for this vCPU's last section to end? */
static __always_inline int ecs_abi_is_granted(const struct ecs_abi_page *page)
{
	return *(const volatile uint32_t *)&page->host.granted != 0;
}

#endif /* ECS_ABI_H */
