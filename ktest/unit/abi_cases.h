/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi_cases.h: the body of test_abi.c and test_abi_cxx.cc; C11 and C++17.
 *
 * Sizes and offsets are written out: a change of the layout has to be made
 * here too, on purpose. The same file is compiled for 32 bits.
 */
#ifndef ECS_ABI_CASES_H
#define ECS_ABI_CASES_H

#include <assert.h>
#include <string.h>

#include "ecs_abi.h"
#include "ecs_hist.h"
#include "ecs_ioctl.h"
#include "test.h"

#define SIZE_OF(type, field) sizeof(((struct type *)NULL)->field)
#define END_OF(type, field) \
	(offsetof(struct type, field) + SIZE_OF(type, field))

/* Members follow one another without a gap, from the first to the last. */
#define FIRST(type, field) \
	static_assert(offsetof(struct type, field) == 0, #type "." #field)
#define NEXT(type, before, field)                                           \
	static_assert(offsetof(struct type, field) == END_OF(type, before), \
		      #type "." #field)
#define LAST(type, field, size)                                     \
	static_assert(END_OF(type, field) == sizeof(struct type) && \
			      sizeof(struct type) == (size),        \
		      #type)

/* --- ecs_abi.h --- */

FIRST(ecs_abi_header, magic);
NEXT(ecs_abi_header, magic, major);
NEXT(ecs_abi_header, major, minor);
NEXT(ecs_abi_header, minor, size);
NEXT(ecs_abi_header, size, flags);
NEXT(ecs_abi_header, flags, pc_gpa);
NEXT(ecs_abi_header, pc_gpa, pc_width);
NEXT(ecs_abi_header, pc_width, zero0);
NEXT(ecs_abi_header, zero0, pc_mask);
NEXT(ecs_abi_header, pc_mask, pc_idle_mask);
NEXT(ecs_abi_header, pc_idle_mask, zero1);
LAST(ecs_abi_header, zero1, 64);

FIRST(ecs_abi_guest, non_preemptable);
NEXT(ecs_abi_guest, non_preemptable, preemptable);
NEXT(ecs_abi_guest, preemptable, readers);
NEXT(ecs_abi_guest, readers, rcu);
NEXT(ecs_abi_guest, rcu, user);
/* The host reads the three of them as one word. */
static_assert(offsetof(struct ecs_abi_guest, preemptable) == 4 &&
		      offsetof(struct ecs_abi_guest, readers) == 6 &&
		      offsetof(struct ecs_abi_guest, rcu) == 7 &&
		      offsetof(struct ecs_abi_guest, user) == 8,
	      "marks");
NEXT(ecs_abi_guest, user, idle);
NEXT(ecs_abi_guest, idle, waiting);
NEXT(ecs_abi_guest, waiting, interest);
NEXT(ecs_abi_guest, interest, zero);
LAST(ecs_abi_guest, zero, 64);

FIRST(ecs_abi_host, cookie);
NEXT(ecs_abi_host, cookie, generation);
NEXT(ecs_abi_host, generation, vcpu_preempted);
NEXT(ecs_abi_host, vcpu_preempted, pcpu_overcommitted);
NEXT(ecs_abi_host, pcpu_overcommitted, granted);
NEXT(ecs_abi_host, granted, kept);
NEXT(ecs_abi_host, kept, zero);
LAST(ecs_abi_host, zero, 64);

FIRST(ecs_abi_boost, sbt_ns);
NEXT(ecs_abi_boost, sbt_ns, usbt_ns);
NEXT(ecs_abi_boost, usbt_ns, flags);
NEXT(ecs_abi_boost, flags, zero);
LAST(ecs_abi_boost, zero, 64);

FIRST(ecs_abi_page, header);
NEXT(ecs_abi_page, header, guest);
NEXT(ecs_abi_page, guest, host);
NEXT(ecs_abi_page, host, boost);
LAST(ecs_abi_page, boost, 256);
static_assert(sizeof(struct ecs_abi_page) <= ECS_ABI_PAGE_SIZE, "one page");

/* The last index is ECS_ABI_MSR_END - 1. */
#define MSR_OUTSIDE(first, last)                                               \
	static_assert(ECS_ABI_MSR_END <= (first) || ECS_ABI_MSR_BASE > (last), \
		      #first)

static_assert(ECS_ABI_MSR_BASE < ECS_ABI_MSR_END, "not empty");
static_assert(ECS_ABI_MSR_YIELD < ECS_ABI_MSR_END, "the last one is inside");
MSR_OUTSIDE(0x00000000u, 0x00001fffu); /* VMX and SVM bitmaps */
MSR_OUTSIDE(0xc0000000u, 0xc0001fffu); /* VMX and SVM bitmaps */
MSR_OUTSIDE(0xc0010000u, 0xc0011fffu); /* SVM bitmap */
MSR_OUTSIDE(0x40000000u, 0x400001ffu); /* Hyper-V, Xen */
MSR_OUTSIDE(0x4b564d00u, 0x4b564dffu); /* KVM */

static_assert(ECS_ABI_MSR_FEATURES == ECS_ABI_MSR_BASE + 1, "fixed");
static_assert(ECS_ABI_MSR_PAGE == ECS_ABI_MSR_BASE + 2, "fixed");
static_assert(ECS_ABI_MSR_STATUS == ECS_ABI_MSR_BASE + 3, "fixed");
static_assert(ECS_ABI_MSR_BOOST == ECS_ABI_MSR_BASE + 4, "fixed");
static_assert(ECS_ABI_MSR_YIELD == ECS_ABI_MSR_BASE + 5, "fixed");

/* --- ecs_ioctl.h --- */

FIRST(ecs_ioc_params, valid);
NEXT(ecs_ioc_params, valid, mode);
NEXT(ecs_ioc_params, mode, grace_ns);
NEXT(ecs_ioc_params, grace_ns, recheck_ns);
NEXT(ecs_ioc_params, recheck_ns, budget_ppm);
NEXT(ecs_ioc_params, budget_ppm, burst_ns);
NEXT(ecs_ioc_params, burst_ns, hints);
NEXT(ecs_ioc_params, hints, waiters);
NEXT(ecs_ioc_params, waiters, yield);
NEXT(ecs_ioc_params, yield, grace_sleep_ns);
LAST(ecs_ioc_params, grace_sleep_ns, 40);

FIRST(ecs_ioc_kind, captured);
NEXT(ecs_ioc_kind, captured, deferred);
NEXT(ecs_ioc_kind, deferred, avoided);
NEXT(ecs_ioc_kind, avoided, preempted);
LAST(ecs_ioc_kind, preempted, 32);

FIRST(ecs_ioc_stats, counter);
NEXT(ecs_ioc_stats, counter, kind);
NEXT(ecs_ioc_stats, kind, ext);
NEXT(ecs_ioc_stats, ext, late);
LAST(ecs_ioc_stats, late, 1664);

FIRST(ecs_ioc_version, size);
NEXT(ecs_ioc_version, size, interface);
NEXT(ecs_ioc_version, interface, abi_major);
NEXT(ecs_ioc_version, abi_major, abi_minor);
NEXT(ecs_ioc_version, abi_minor, enable_all);
NEXT(ecs_ioc_version, enable_all, features);
NEXT(ecs_ioc_version, features, defaults);
NEXT(ecs_ioc_version, defaults, version);
LAST(ecs_ioc_version, version, 104);

FIRST(ecs_ioc_vm, size);
NEXT(ecs_ioc_vm, size, flags);
NEXT(ecs_ioc_vm, flags, pid);
NEXT(ecs_ioc_vm, pid, vcpus);
NEXT(ecs_ioc_vm, vcpus, registered);
NEXT(ecs_ioc_vm, registered, zero);
NEXT(ecs_ioc_vm, zero, params);
NEXT(ecs_ioc_vm, params, stats);
LAST(ecs_ioc_vm, stats, 1728);

FIRST(ecs_ioc_vcpu, size);
NEXT(ecs_ioc_vcpu, size, flags);
NEXT(ecs_ioc_vcpu, flags, pid);
NEXT(ecs_ioc_vcpu, pid, vcpu);
NEXT(ecs_ioc_vcpu, vcpu, tid);
NEXT(ecs_ioc_vcpu, tid, registered);
NEXT(ecs_ioc_vcpu, registered, pc_width);
NEXT(ecs_ioc_vcpu, pc_width, zero);
NEXT(ecs_ioc_vcpu, zero, generation);
NEXT(ecs_ioc_vcpu, generation, run_ns);
NEXT(ecs_ioc_vcpu, run_ns, stats);
LAST(ecs_ioc_vcpu, stats, 1712);

FIRST(ecs_ioc_hook, size);
NEXT(ecs_ioc_hook, size, index);
NEXT(ecs_ioc_hook, index, error);
NEXT(ecs_ioc_hook, error, optional);
NEXT(ecs_ioc_hook, optional, feature);
NEXT(ecs_ioc_hook, feature, name);
LAST(ecs_ioc_hook, name, 72);

FIRST(ecs_ioc_boost_stats, counter);
NEXT(ecs_ioc_boost_stats, counter, wait_boosted);
NEXT(ecs_ioc_boost_stats, wait_boosted, wait_other);
LAST(ecs_ioc_boost_stats, wait_other, 1280);

FIRST(ecs_ioc_boost, size);
NEXT(ecs_ioc_boost, size, flags);
NEXT(ecs_ioc_boost, flags, pid);
NEXT(ecs_ioc_boost, pid, tid);
NEXT(ecs_ioc_boost, tid, vcpu);
NEXT(ecs_ioc_boost, vcpu, backend);
NEXT(ecs_ioc_boost, backend, source);
NEXT(ecs_ioc_boost, source, state);
NEXT(ecs_ioc_boost, state, sbt_ns);
NEXT(ecs_ioc_boost, sbt_ns, usbt_ns);
NEXT(ecs_ioc_boost, usbt_ns, borrow_ns);
NEXT(ecs_ioc_boost, borrow_ns, wanted_ppm);
NEXT(ecs_ioc_boost, wanted_ppm, free_ppm);
NEXT(ecs_ioc_boost, free_ppm, capacity_ppm);
NEXT(ecs_ioc_boost, capacity_ppm, zero);
NEXT(ecs_ioc_boost, zero, run_ns);
NEXT(ecs_ioc_boost, run_ns, stats);
LAST(ecs_ioc_boost, stats, 1352);

FIRST(ecs_ioc_limit, size);
NEXT(ecs_ioc_limit, size, flags);
NEXT(ecs_ioc_limit, flags, pid);
NEXT(ecs_ioc_limit, pid, zero);
NEXT(ecs_ioc_limit, zero, sbt_max_ns);
NEXT(ecs_ioc_limit, sbt_max_ns, usbt_min_ns);
LAST(ecs_ioc_limit, usbt_min_ns, 24);

/* 64-bit members must lie the same where their alignment is only 4. */
#define ALIGNED8(type, field)                                \
	static_assert(offsetof(struct type, field) % 8 == 0, \
		      #type "." #field);                     \
	static_assert(sizeof(struct type) % 8 == 0, #type)

ALIGNED8(ecs_ioc_version, features);
ALIGNED8(ecs_ioc_vm, stats);
ALIGNED8(ecs_ioc_vcpu, generation);
ALIGNED8(ecs_ioc_vcpu, run_ns);
ALIGNED8(ecs_ioc_vcpu, stats);
ALIGNED8(ecs_ioc_hook, feature);
ALIGNED8(ecs_ioc_boost, zero);
ALIGNED8(ecs_ioc_boost, run_ns);
ALIGNED8(ecs_ioc_boost, stats);

static_assert((unsigned int)ECS_STAT_NR <= ECS_STATS_ROOM, "room");
static_assert((unsigned int)ECS_KIND_NR <= ECS_KINDS_ROOM, "room");
static_assert((unsigned int)ECS_BOOST_STAT_NR <= ECS_BOOST_STATS_ROOM, "room");

/* --- behaviour --- */

static void test_calls(const void *arg)
{
	struct ecs_abi_page page, want;

	(void)arg;
	memset(&page, 0, sizeof(page));
	memset(&want, 0, sizeof(want));

	ecs_abi_activate_non_preemptable_ecs(&page);
	ecs_abi_activate_non_preemptable_ecs(&page);
	want.guest.non_preemptable = 2;
	CHECK(!memcmp(&page, &want, sizeof(page)), "nested twice");
	ecs_abi_deactivate_non_preemptable_ecs(&page);
	want.guest.non_preemptable = 1;
	CHECK(!memcmp(&page, &want, sizeof(page)), "left once");
	ecs_abi_activate_preemptable_ecs(&page);
	want.guest.preemptable = 1;
	CHECK(!memcmp(&page, &want, sizeof(page)), "the other kind");
	ecs_abi_deactivate_preemptable_ecs(&page);
	ecs_abi_deactivate_non_preemptable_ecs(&page);
	memset(&want, 0, sizeof(want));
	CHECK(!memcmp(&page, &want, sizeof(page)), "left both");
}

static void test_wrap(const void *arg)
{
	struct ecs_abi_page page;

	(void)arg;
	memset(&page, 0, sizeof(page));
	ecs_abi_deactivate_preemptable_ecs(&page);
	CHECK(page.guest.preemptable == UINT16_MAX, "%#x",
	      page.guest.preemptable);
	CHECK(page.guest.preemptable > ECS_ABI_PREEMPTABLE_MAX, "not negative");
	CHECK(page.guest.non_preemptable == 0 && page.guest.readers == 0 &&
		      page.guest.rcu == 0 && page.guest.user == 0,
	      "neighbours");
	ecs_abi_activate_preemptable_ecs(&page);
	CHECK(page.guest.preemptable == 0, "%#x", page.guest.preemptable);

	page.guest.non_preemptable = UINT32_MAX;
	ecs_abi_activate_non_preemptable_ecs(&page);
	CHECK(page.guest.non_preemptable == 0, "%#x",
	      page.guest.non_preemptable);
	CHECK(page.guest.preemptable == 0, "%#x", page.guest.preemptable);
	ecs_abi_deactivate_non_preemptable_ecs(&page);
	CHECK(page.guest.non_preemptable == UINT32_MAX, "%#x",
	      page.guest.non_preemptable);
	CHECK(page.guest.non_preemptable > ECS_ABI_COUNT_MAX, "not malformed");
	CHECK(ECS_ABI_PREEMPTABLE_MAX == INT16_MAX &&
		      ECS_ABI_READERS_MAX == INT8_MAX &&
		      ECS_ABI_RCU_MAX == INT8_MAX,
	      "the top bit is the sign");
}

static void test_queries(const void *arg)
{
	struct ecs_abi_page page;

	(void)arg;
	memset(&page, 0, sizeof(page));
	CHECK(!ecs_abi_is_vcpu_preempted(&page) &&
		      !ecs_abi_is_pcpu_overcommitted(&page) &&
		      !ecs_abi_is_granted(&page),
	      "an empty page");
	page.host.vcpu_preempted = 1;
	CHECK(ecs_abi_is_vcpu_preempted(&page) == 1 &&
		      !ecs_abi_is_pcpu_overcommitted(&page) &&
		      !ecs_abi_is_granted(&page),
	      "vcpu_preempted");
	page.host.vcpu_preempted = 0;
	page.host.pcpu_overcommitted = 0x80000000u;
	CHECK(!ecs_abi_is_vcpu_preempted(&page) &&
		      ecs_abi_is_pcpu_overcommitted(&page) == 1 &&
		      !ecs_abi_is_granted(&page),
	      "pcpu_overcommitted");
	page.host.pcpu_overcommitted = 0;
	page.host.granted = UINT32_MAX;
	CHECK(!ecs_abi_is_vcpu_preempted(&page) &&
		      !ecs_abi_is_pcpu_overcommitted(&page) &&
		      ecs_abi_is_granted(&page) == 1,
	      "granted");
}

/* Nothing but the host's word for it makes a vCPU the only one on its CPU. */
static void test_alone(const void *arg)
{
	struct ecs_abi_page page;

	(void)arg;
	memset(&page, 0, sizeof(page));
	CHECK(!ecs_abi_is_pcpu_alone(&page), "an empty page");
	page.host.kept = ~ECS_ABI_INTEREST_OVERCOMMIT;
	CHECK(!ecs_abi_is_pcpu_alone(&page), "other hints");
	page.host.kept = ECS_ABI_INTEREST_OVERCOMMIT;
	CHECK(ecs_abi_is_pcpu_alone(&page) == 1, "kept and 0");
	page.host.vcpu_preempted = 1;
	CHECK(ecs_abi_is_pcpu_alone(&page) == 1, "another hint");
	page.host.pcpu_overcommitted = 0x80000000u;
	CHECK(!ecs_abi_is_pcpu_alone(&page), "kept and not 0");
	page.host.kept = 0;
	CHECK(!ecs_abi_is_pcpu_alone(&page), "not kept and not 0");
}

static void test_magic(const void *arg)
{
	static const char text[] = { 'E', 'C', 'S', '1' };
	uint32_t magic = 0;
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(text); i++)
		magic = magic << 8 | (unsigned char)text[i];
	CHECK(magic == ECS_ABI_MAGIC, "%#x", ECS_ABI_MAGIC);
	CHECK(ECS_ABI_MSR_BASE >> 8 == ECS_ABI_MAGIC >> 8, "%#x",
	      ECS_ABI_MSR_BASE);
}

static void test_bits(const void *arg)
{
	static const uint64_t offers[] = {
		ECS_ABI_F_DEFER,	  ECS_ABI_F_YIELD,
		ECS_ABI_F_HINT_PREEMPTED, ECS_ABI_F_HINT_OVERCOMMIT,
		ECS_ABI_F_BOOST,
	};
	static const uint64_t hooks[] = {
		ECS_HOST_F_MSR,		 ECS_HOST_F_DEFER_TICK,
		ECS_HOST_F_DEFER_WAKEUP, ECS_HOST_F_EXIT_CHECK,
		ECS_HOST_F_RESET,	 ECS_HOST_F_MEMSLOT,
		ECS_HOST_F_DESTROY,	 ECS_HOST_F_BOOST,
		ECS_HOST_F_BOOST_PICK,	 ECS_HOST_F_BOOST_PLACE,
		ECS_HOST_F_OVERCOMMIT,	 ECS_HOST_F_YIELD_SPIN,
		ECS_HOST_F_YIELD_CALL,
	};
	static const uint64_t params[] = {
		ECS_PARAM_MODE,	   ECS_PARAM_GRACE, ECS_PARAM_RECHECK,
		ECS_PARAM_BUDGET,  ECS_PARAM_BURST, ECS_PARAM_HINTS,
		ECS_PARAM_WAITERS, ECS_PARAM_YIELD, ECS_PARAM_GRACE_SLEEP,
	};
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(offers); i++)
		CHECK(offers[i] == 1ull << i, "ECS_ABI_F_* %zu", i);
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		CHECK(hooks[i] == 1ull << i, "ECS_HOST_F_* %zu", i);
	for (i = 0; i < ARRAY_SIZE(params); i++)
		CHECK(params[i] == 1ull << i, "ECS_PARAM_* %zu", i);
	CHECK(ECS_PARAM_ALL == (1u << ARRAY_SIZE(params)) - 1, "all");
	CHECK(ECS_HINT_PREEMPTED == 1 && ECS_HINT_OVERCOMMIT == 2 &&
		      ECS_HINT_ALL == 3,
	      "hints");
	CHECK(ECS_ABI_INTEREST_ALL == (ECS_ABI_INTEREST_PREEMPTED |
				       ECS_ABI_INTEREST_OVERCOMMIT),
	      "all");
}

static void test_ioctls(const void *arg)
{
	static const struct {
		unsigned long request;
		size_t size;
	} ioctls[] = {
		{ ECS_IOC_VERSION, 104 },      { ECS_IOC_VM_SET, 1728 },
		{ ECS_IOC_VM_GET, 1728 },      { ECS_IOC_VM_NEXT, 1728 },
		{ ECS_IOC_VCPU_NEXT, 1712 },   { ECS_IOC_HOOK, 72 },
		{ ECS_IOC_DISABLE_ALL, 0 },    { ECS_IOC_BOOST_SET, 1352 },
		{ ECS_IOC_BOOST_CLEAR, 1352 }, { ECS_IOC_BOOST_NEXT, 1352 },
		{ ECS_IOC_LIMIT_SET, 24 },     { ECS_IOC_LIMIT_GET, 24 },
	};
	unsigned long request;
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		request = ioctls[i].request;
		CHECK(_IOC_TYPE(request) == ECS_IOC_MAGIC &&
			      _IOC_NR(request) == i &&
			      _IOC_SIZE(request) == ioctls[i].size &&
			      _IOC_DIR(request) ==
				      (ioctls[i].size ?
					       (_IOC_READ | _IOC_WRITE) :
					       _IOC_NONE),
		      "ioctl %zu: %#lx", i, request);
	}
}

static void check_names(const char *const *names, size_t nr, size_t want)
{
	size_t i, j;

	CHECK(nr == want, "%zu names, not %zu", nr, want);
	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			CHECK(strcmp(names[i], names[j]), "%s twice", names[i]);
}

/* The names of the counters are an interface too: ecsctl prints them. */
static void test_stat_names(const void *arg)
{
#define STAT_NAME(index, name, text) #name,
	static const char *const names[] = { ECS_STATS(STAT_NAME) };
	static const char *const boost[] = { ECS_BOOST_STATS(STAT_NAME) };
	static const char *const kinds[] = { ECS_KINDS(STAT_NAME) };

	(void)arg;
	check_names(names, ARRAY_SIZE(names), ECS_STAT_NR);
	check_names(boost, ARRAY_SIZE(boost), ECS_BOOST_STAT_NR);
	check_names(kinds, ARRAY_SIZE(kinds), ECS_KIND_NR);
}

int main(void)
{
	static const struct test tests[] = {
		{ "calls count up and down", test_calls, NULL },
		{ "counts wrap and are malformed then", test_wrap, NULL },
		{ "queries read their own word", test_queries, NULL },
		{ "alone is what the host says is", test_alone, NULL },
		{ "magic spells ECS1", test_magic, NULL },
		{ "bits are distinct", test_bits, NULL },
		{ "ioctl numbers", test_ioctls, NULL },
		{ "counter names are unique", test_stat_names, NULL },
	};

	return test_main(tests, ARRAY_SIZE(tests));
}

#endif /* ECS_ABI_CASES_H */
