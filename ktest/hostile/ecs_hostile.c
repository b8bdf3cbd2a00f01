// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_hostile - a guest that does everything wrong.
 *
 * Loaded instead of ecs_guest. A kernel thread on each CPU attacks the host's ecs
 * until the module is removed, with MSR accesses and with stores to what it has
 * registered. @attack chooses how, also while it runs:
 *
 *   calm      nothing: computes, as busy as the others
 *   msr       every index, read and written, with every kind of wrong value
 *   header    registers pages with one wrong field each
 *   register  registers and withdraws good pages as fast as it can
 *   same      all CPUs register one page, and withdraw it, and write to it
 *   pc        a preempt count anywhere: RAM, holes, ROM, devices, the page itself
 *   flap      counts and all else of the guest's line change at MHz
 *   stuck     counts that never return
 *   host      writes to the host's words, the cookie and its own header
 *   boost     asks for boosts beyond all limits, lets go, asks again
 *   offers    writes to the words that offer or ask for what its CPU has not
 *   all       all of these by turns, but for calm
 *
 * What the host must answer is known of most accesses: @wrong counts the answers
 * that were others. @msr_ops and @mem_ops count what was done. @seed makes it the
 * same again, but for what depends on who comes first.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/msr.h>

#include "ecs_abi.h"

#define PAGES 4	   /* of each CPU */
#define BURST 2000 /* stores between two looks at the time */

static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of all random choices");

static char attack[16] = "all";

static bool limited;
module_param(limited, bool, 0444);
MODULE_PARM_DESC(limited, "the host grants boosts within limits (default no: none)");

enum answer { DONE, FAULT, EITHER };

/**
 * struct attacker - one CPU
 * @task: its thread
 * @rng: state of its random numbers
 * @page: pages that it may register
 * @msr_ops: MSR accesses
 * @mem_ops: stores
 * @faults: of @msr_ops, those that were answered with #GP
 * @registered: of @msr_ops, pages that the host took
 * @wrong: of @msr_ops, answers that broke the contract
 */
struct attacker {
	struct task_struct *task;
	u64 rng;
	struct ecs_abi_page *page[PAGES];
	unsigned long msr_ops, mem_ops, faults, registered, wrong;
};

static struct attacker *attackers;
static struct ecs_abi_page *common;

static u64 next(struct attacker *a)
{
	a->rng ^= a->rng >> 12;
	a->rng ^= a->rng << 25;
	a->rng ^= a->rng >> 27;
	return a->rng * 0x2545f4914f6cdd1dULL;
}

static u64 below(struct attacker *a, u64 n)
{
	return (next(a) >> 16) % n;
}

static void judge(struct attacker *a, enum answer wanted, int err, bool set,
		  u32 index, u64 value)
{
	a->msr_ops++;
	if (err)
		a->faults++;
	if (wanted == EITHER || wanted == (err ? FAULT : DONE))
		return;
	if (!a->wrong++)
		pr_info("ecs_hostile: %s of MSR +%u, %llx: %s\n",
			set ? "write" : "read", index - ECS_ABI_MSR_BASE, value,
			err ? "#GP" : "no #GP");
}

static int set(struct attacker *a, u32 index, u64 value, enum answer wanted)
{
	int err = wrmsr_safe(index, (u32)value, (u32)(value >> 32));

	judge(a, wanted, err, true, index, value);
	return err;
}

static u64 get(struct attacker *a, u32 index, enum answer wanted)
{
	u32 low = 0, high = 0;
	int err = rdmsr_safe(index, &low, &high);
	u64 value = (u64)high << 32 | low;

	judge(a, wanted, err, false, index, value);
	return value;
}

static void write_word(struct attacker *a, u32 *word, u32 value)
{
	WRITE_ONCE(*word, value);
	a->mem_ops++;
}

static void set_header(struct ecs_abi_page *page)
{
	page->header = (struct ecs_abi_header){
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.minor = ECS_ABI_MINOR,
		.size = sizeof(struct ecs_abi_page),
	};
}

static struct ecs_abi_page *some_page(struct attacker *a)
{
	return a->page[below(a, PAGES)];
}

static void enter(struct attacker *a, struct ecs_abi_page *page,
		  enum answer wanted)
{
	if (!set(a, ECS_ABI_MSR_PAGE, virt_to_phys(page) | ECS_ABI_PAGE_ENABLE,
		 wanted))
		a->registered++;
}

/* A number that somebody might have forgotten to think of. */
static u64 silly(struct attacker *a)
{
	switch (below(a, 5)) {
	case 0:
		return below(a, 4);
	case 1:
		return ~0ULL - below(a, 4);
	case 2:
		return 1ULL << below(a, 64);
	case 3:
		return (1ULL << below(a, 64)) - 1;
	default:
		return next(a);
	}
}

/* Where the firmware is. On a microvm of QEMU it can be written to, like RAM. */
#define FIRMWARE 0x00000000fffff000ULL

/*
 * Where there is no memory that can be registered: beyond RAM, in the local and
 * the I/O APIC, in the firmware, beyond every physical address.
 */
static u64 nowhere(struct attacker *a)
{
	static const u64 places[] = {
		0x00000000c0000000, 0x00000000fec00000, 0x00000000fee00000,
		FIRMWARE,	    0x000000e000000000, 0x000ffffffffff000,
		0x0010000000000000, 0x7ffffffffffff000, 0x8000000000000000,
		0xfffffffffffff000,
	};

	return places[below(a, ARRAY_SIZE(places))];
}

/* A value of the page's MSR that the host must refuse. */
static u64 bad_place(struct attacker *a)
{
	u64 page = virt_to_phys(some_page(a));

	switch (below(a, 4)) {
	case 0: /* not enabled, and yet not 0 */
		return page;
	case 1: /* not aligned: it would straddle pages, or has unknown flags */
		return page | ECS_ABI_PAGE_ENABLE |
		       (2 + 2 * below(a, ECS_ABI_PAGE_SIZE / 2 - 1));
	case 2: /* above what the CPU can address, though low bits are good */
		return page | ECS_ABI_PAGE_ENABLE | 1ULL << (52 + below(a, 12));
	default:
		return nowhere(a) | ECS_ABI_PAGE_ENABLE;
	}
}

static void attack_msr(struct attacker *a)
{
	u32 index = ECS_ABI_MSR_BASE + below(a, 16);

	if (below(a, 2)) {
		get(a, index, index <= ECS_ABI_MSR_STATUS ? DONE : FAULT);
		return;
	}
	switch (index) {
	case ECS_ABI_MSR_PAGE:
		set(a, index, bad_place(a), FAULT);
		break;
	case ECS_ABI_MSR_BOOST:
		/* 0 lets go and 1 asks: the rest is nothing. */
		set(a, index, silly(a) | 2, FAULT);
		break;
	case ECS_ABI_MSR_YIELD:
		set(a, index, silly(a), DONE);
		break;
	default:
		set(a, index, silly(a), FAULT);
	}
}

static void attack_header(struct attacker *a)
{
	struct ecs_abi_page *page = some_page(a);
	struct ecs_abi_header *h = &page->header;

	set_header(page);
	switch (below(a, 9)) {
	case 0:
		h->magic ^= 1 + (u32)below(a, ~0U);
		break;
	case 1:
		h->major ^= 1 + (u16)below(a, 0xffff);
		break;
	case 2:
		h->size ^= 1 + (u32)below(a, ~0U);
		break;
	case 3:
		h->flags = 1U << below(a, 32);
		break;
	case 4:
		h->zero0 = 1U << below(a, 32);
		break;
	case 5:
		h->zero1[below(a, 2)] = silly(a) | 1;
		break;
	case 6: /* none published, and yet something */
		h->pc_mask = silly(a) | 1;
		break;
	case 7: /* no such width */
		h->pc_width = 9 + below(a, ~0U - 9);
		break;
	default: /* over the end of a page */
		h->pc_width = below(a, 2) ? 4 : 8;
		h->pc_gpa = virt_to_phys(page) + PAGE_SIZE - 1 -
			    below(a, h->pc_width - 1);
	}
	enter(a, page, FAULT);
	a->mem_ops++;
}

static void attack_register(struct attacker *a)
{
	struct ecs_abi_page *page = some_page(a);

	if (!below(a, 3)) {
		set(a, ECS_ABI_MSR_PAGE, 0, DONE);
		return;
	}
	set_header(page);
	enter(a, page, DONE);
	write_word(a, &page->guest.non_preemptable, below(a, 2));
}

static void attack_same(struct attacker *a)
{
	/* Another CPU may be putting the header there just now. */
	if (below(a, 4))
		enter(a, common, DONE);
	else
		set(a, ECS_ABI_MSR_PAGE, 0, DONE);
	write_word(a, &common->guest.user, silly(a));
	get(a, ECS_ABI_MSR_STATUS, DONE);
}

static void attack_pc(struct attacker *a)
{
	struct ecs_abi_page *page = some_page(a);
	struct ecs_abi_header *h = &page->header;
	enum answer wanted = DONE;

	set_header(page);
	h->pc_width = below(a, 2) ? 4 : 8;
	h->pc_mask = silly(a);
	h->pc_idle_mask = silly(a);
	switch (below(a, 4)) {
	case 0: /* in a page of its own: the header, the host's words, the rest */
		h->pc_gpa = virt_to_phys(some_page(a)) + below(a, 512) * 8;
		break;
	case 1: /* the cookie of this very page, or what follows it */
		h->pc_gpa = virt_to_phys(&page->host) + below(a, 4) * 8;
		break;
	case 2: /* any RAM, and what else lies there */
		h->pc_gpa = below(a, PFN_PHYS(totalram_pages()) / 8) * 8;
		wanted = EITHER;
		break;
	default:
		h->pc_gpa = nowhere(a) + below(a, 512) * 8;
		wanted = (h->pc_gpa & PAGE_MASK) == FIRMWARE ? EITHER : FAULT;
	}
	enter(a, page, wanted);
	write_word(a, &page->guest.idle, silly(a));
}

/* The page that the host believes to be this CPU's, or a new one. */
static struct ecs_abi_page *mine(struct attacker *a)
{
	u64 at = get(a, ECS_ABI_MSR_PAGE, DONE);
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (virt_to_phys(a->page[i]) == (at & PAGE_MASK))
			return a->page[i];
	set_header(a->page[0]);
	enter(a, a->page[0], DONE);
	return a->page[0];
}

/* Stores to words of the page, as fast as the CPU can. */
static void scribble(struct attacker *a, u32 *words, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		write_word(a, &words[below(a, nr)], silly(a));
}

static void attack_flap(struct attacker *a)
{
	struct ecs_abi_page *page = mine(a);

	scribble(a, (u32 *)&page->guest, sizeof(page->guest) / 4);
}

static void attack_stuck(struct attacker *a)
{
	struct ecs_abi_page *page = mine(a);
	static const u32 counts[] = { 1, ECS_ABI_COUNT_MAX,
				      ECS_ABI_COUNT_MAX + 1, ~0U };
	u32 count = counts[below(a, ARRAY_SIZE(counts))];
	unsigned int i;

	write_word(a, &page->guest.waiting, 0);
	WRITE_ONCE(page->guest.preemptable, 0);
	write_word(a, &page->guest.user, 0);
	for (i = 0; i < BURST; i++)
		write_word(a, &page->guest.non_preemptable, count);
}

static void attack_host(struct attacker *a)
{
	struct ecs_abi_page *page = mine(a);

	/* The cookie now and then only, for without it the host looks away. */
	scribble(a, (u32 *)&page->host.generation,
		 (sizeof(page->host) - 8) / 4);
	scribble(a, (u32 *)&page->header, sizeof(page->header) / 4);
	write_word(a, &page->guest.non_preemptable, 1);
	if (!below(a, 8)) {
		page->host.cookie = silly(a);
		a->mem_ops++;
		scribble(a, (u32 *)&page->guest, sizeof(page->guest) / 4);
	}
}

static void attack_boost(struct attacker *a)
{
	struct ecs_abi_page *page = mine(a);
	enum answer wanted = limited ? EITHER : FAULT;

	page->boost.sbt_ns = below(a, 2) ? silly(a) : 10000 + below(a, 2000000);
	page->boost.usbt_ns = below(a, 2) ? silly(a) :
					    100000 + below(a, 1 << 24);
	page->boost.flags = below(a, 4) ? 0 : silly(a) | 1;
	if (page->boost.flags)
		wanted = FAULT;
	a->mem_ops += 3;
	set(a, ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_REQUEST, wanted);
	if (below(a, 2))
		set(a, ECS_ABI_MSR_BOOST, ECS_ABI_BOOST_RELEASE, DONE);
	/* Sleep and wake, as what is boosted does. */
	usleep_range(100, 1000);
}

/* Also while there is no host, or one that comes or goes. */
static void attack_offers(struct attacker *a)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		get(a, ECS_ABI_MSR_FEATURES, EITHER);
}

static void calm(struct attacker *a)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		silly(a);
}

static const struct {
	const char *name;
	void (*go)(struct attacker *a);
} attacks[] = {
	{ "msr", attack_msr },
	{ "header", attack_header },
	{ "register", attack_register },
	{ "same", attack_same },
	{ "pc", attack_pc },
	{ "flap", attack_flap },
	{ "stuck", attack_stuck },
	{ "host", attack_host },
	{ "boost", attack_boost },
	{ "offers", attack_offers },
	{ "calm", calm },
};

static int attack_set(const char *value, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attacks); i++)
		if (sysfs_streq(value, attacks[i].name))
			break;
	if (i == ARRAY_SIZE(attacks) && !sysfs_streq(value, "all"))
		return -EINVAL;
	return param_set_copystring(value, kp);
}

static const struct kernel_param_ops attack_ops = {
	.set = attack_set,
	.get = param_get_string,
};

static struct kparam_string attack_string = { sizeof(attack), attack };

module_param_cb(attack, &attack_ops, &attack_string, 0644);
MODULE_PARM_DESC(attack, "what to do, see the top of the source");

static void step(struct attacker *a)
{
	unsigned int i, turns;

	if (sysfs_streq(attack, "all")) {
		/* Not the calm one; for some time each. */
		i = below(a, ARRAY_SIZE(attacks) - 1);
		for (turns = 1 + below(a, 50); turns; turns--)
			attacks[i].go(a);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(attacks); i++)
		if (sysfs_streq(attack, attacks[i].name))
			attacks[i].go(a);
}

static int assail(void *data)
{
	struct attacker *a = data;

	while (!kthread_should_stop()) {
		step(a);
		cond_resched();
	}
	return 0;
}

static int count_get(char *buffer, const struct kernel_param *kp)
{
	size_t offset = (size_t)kp->arg;
	unsigned long sum = 0;
	unsigned int cpu;

	for (cpu = 0; attackers && cpu < nr_cpu_ids; cpu++)
		sum += READ_ONCE(*(unsigned long *)((char *)&attackers[cpu] +
						    offset));
	return sysfs_emit(buffer, "%lu\n", sum);
}

static const struct kernel_param_ops count_ops = { .get = count_get };

#define COUNT(name, text)                                               \
	module_param_cb(name, &count_ops,                               \
			(void *)offsetof(struct attacker, name), 0444); \
	MODULE_PARM_DESC(name, text)

COUNT(msr_ops, "MSR accesses");
COUNT(mem_ops, "stores to shared memory");
COUNT(faults, "MSR accesses that got #GP");
COUNT(registered, "pages that the host took");
COUNT(wrong, "answers that broke the contract");

static void withdraw(void *unused)
{
	wrmsr_safe(ECS_ABI_MSR_PAGE, 0, 0);
}

/* Only then: what is registered must not be freed. */
static void free_all(void)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < PAGES; i++)
			free_page((unsigned long)attackers[cpu].page[i]);
	kfree(attackers);
	free_page((unsigned long)common);
}

static void stop_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (attackers[cpu].task)
			kthread_stop(attackers[cpu].task);
	on_each_cpu(withdraw, NULL, 1);
}

static int prepare(struct attacker *a, unsigned int cpu)
{
	struct task_struct *task;
	unsigned int i;

	a->rng = (seed + 1) * 0x9e3779b97f4a7c15ULL + cpu * 2 + 1;
	for (i = 0; i < PAGES; i++) {
		a->page[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!a->page[i])
			return -ENOMEM;
	}
	task = kthread_create_on_node(assail, a, cpu_to_node(cpu),
				      "ecs_hostile/%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	a->task = task;
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static int __init ecs_hostile_init(void)
{
	unsigned int cpu;
	int err;

	attackers = kcalloc(nr_cpu_ids, sizeof(*attackers), GFP_KERNEL);
	common = (void *)get_zeroed_page(GFP_KERNEL);
	if (!attackers || !common) {
		kfree(attackers);
		free_page((unsigned long)common);
		return -ENOMEM;
	}
	set_header(common);
	for_each_online_cpu(cpu) {
		err = prepare(&attackers[cpu], cpu);
		if (err) {
			stop_all();
			free_all();
			return err;
		}
	}
	return 0;
}

static void __exit ecs_hostile_exit(void)
{
	stop_all();
	free_all();
}

module_init(ecs_hostile_init);
module_exit(ecs_hostile_exit);

MODULE_DESCRIPTION("A guest that does everything wrong, for the ecs tests");
MODULE_LICENSE("GPL");
