// SPDX-License-Identifier: GPL-2.0-only
/*
 * carry.c: see carry.h.
 *
 * A hash table of a fixed size, because nothing can be allocated where tasks are
 * switched. A task is in it only while it is off its CPU with something to carry, so
 * most switches find their bucket empty and take no lock. A task that finds its
 * bucket full loses what it carried: its locks look free from then on. That is
 * counted.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/stop_machine.h>

#include "carry.h"
#include "compat/sched.h"
#include "compat/tracepoint.h"
#include "page.h"

#define BITS  10
#define SLOTS 5

/**
 * struct load - what a task carries
 * @task: whose, NULL: the slot is free
 * @wait: ecsg_carry_wait
 * @marks: ecsg_page_marks()
 */
struct load {
	struct task_struct *task;
	unsigned long wait;
	u32 marks;
};

/* Two cache lines. The lock is a leaf inside the runqueue lock. */
struct bucket {
	raw_spinlock_t lock;
	u32 used;
	struct load slot[SLOTS];
} ____cacheline_aligned;

DEFINE_PER_CPU(unsigned long, ecsg_carry_wait);
bool ecsg_carry_shows_wait;
static DEFINE_PER_CPU(unsigned int, lost);
static struct bucket *table;
static struct tracepoint *switch_tracepoint;

static struct bucket *bucket_of(const struct task_struct *task)
{
	return &table[hash_ptr(task, BITS)];
}

static void put_down(struct task_struct *task, u32 marks, unsigned long wait)
{
	struct bucket *bucket = bucket_of(task);
	unsigned int i;

	raw_spin_lock(&bucket->lock);
	for (i = 0; i < SLOTS; i++) {
		if (bucket->slot[i].task)
			continue;
		bucket->slot[i] = (struct load){ task, wait, marks };
		WRITE_ONCE(bucket->used, bucket->used + 1);
		break;
	}
	raw_spin_unlock(&bucket->lock);
	if (i == SLOTS)
		__this_cpu_inc(lost);
}

static struct load pick_up(struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct load load = {};
	unsigned int i;

	/* What it put down was put down before it could be switched to again. */
	if (likely(!READ_ONCE(bucket->used)))
		return load;
	raw_spin_lock(&bucket->lock);
	for (i = 0; i < SLOTS; i++) {
		if (bucket->slot[i].task != task)
			continue;
		load = bucket->slot[i];
		bucket->slot[i].task = NULL;
		WRITE_ONCE(bucket->used, bucket->used - 1);
		break;
	}
	raw_spin_unlock(&bucket->lock);
	return load;
}

/* A count is negative on its way to 0, or was forgotten on it: see mark_entry.S. */
static u32 without_negative(u32 marks)
{
	if (marks & 0x8000u)
		marks &= ~0xffffu;
	if (marks & 0x800000u)
		marks &= ~0xff0000u;
	if (marks & 0x80000000u)
		marks &= ~0xff000000u;
	return marks;
}

/* How many locks and RCU readers that is, together. */
static unsigned int sum_of(u32 marks)
{
	marks = without_negative(marks);
	return (marks & 0xffff) + (marks >> 16 & 0xff) + (marks >> 24);
}

/* Context: this CPU's runqueue lock held, interrupts off. */
static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);
	unsigned long wait = this_cpu_read(ecsg_carry_wait);
	u32 marks = READ_ONCE(*ecsg_page_marks(page));
	struct load load;
	u32 waiting;

	if (unlikely(marks & ECSG_PAGE_NEGATIVE))
		marks = without_negative(marks);
	/* What a task has left when it dies is nobody's. */
	if (unlikely(marks || wait) && !ecs_sched_is_dead(prev))
		put_down(prev, marks, wait);
	load = pick_up(next);
	if (READ_ONCE(*ecsg_page_marks(page)) != load.marks)
		WRITE_ONCE(*ecsg_page_marks(page), load.marks);
	if (wait != load.wait)
		this_cpu_write(ecsg_carry_wait, load.wait);
	/* Whoever waits for a spinlock is not switched from. */
	waiting = load.wait && READ_ONCE(ecsg_carry_shows_wait) ?
			  ECS_ABI_WAITING :
			  0;
	if (READ_ONCE(page->guest.waiting) != waiting)
		WRITE_ONCE(page->guest.waiting, waiting);
}

/*
 * The stopper has been switched to on each CPU, so all of it is in the table; or in
 * the pages, if switches are not followed any more.
 */
static int forget(void *unused)
{
	struct ecs_abi_page *page;
	unsigned int i, slot;
	int cpu;

	for (i = 0; i < 1u << BITS; i++) {
		for (slot = 0; slot < SLOTS; slot++)
			table[i].slot[slot].task = NULL;
		table[i].used = 0;
	}
	for_each_possible_cpu(cpu) {
		page = per_cpu(ecsg_page, cpu);
		WRITE_ONCE(*ecsg_page_marks(page), 0);
		WRITE_ONCE(page->guest.waiting, 0);
		per_cpu(ecsg_carry_wait, cpu) = 0;
	}
	return 0;
}

/**
 * ecsg_carry_start() - follow the switches
 *
 * Context: process context, before anything is counted; not while started.
 * Return: 0, -ENOENT without the tracepoint, -ENOMEM.
 */
int ecsg_carry_start(void)
{
	unsigned int i;
	int err;

	switch_tracepoint = ecs_tracepoint_find("sched_switch");
	if (!switch_tracepoint)
		return -ENOENT;
	table = kvcalloc(1u << BITS, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < 1u << BITS; i++)
		raw_spin_lock_init(&table[i].lock);
	err = tracepoint_probe_register(switch_tracepoint, probe_switch, NULL);
	if (err) {
		kvfree(table);
		table = NULL;
	}
	return err;
}

/**
 * ecsg_carry_forget() - nobody holds or waits for anything
 *
 * For when the locks of one kind are no longer counted, and some may be held.
 * Locks of other kinds that are held look free until they are released.
 *
 * Context: process context, may sleep; started, or about to be stopped.
 */
void ecsg_carry_forget(void)
{
	stop_machine(forget, NULL, NULL);
}

/**
 * ecsg_carry_stop() - follow no more, and leave nothing marked
 *
 * Context: process context, may sleep; nothing counts any more.
 */
void ecsg_carry_stop(void)
{
	tracepoint_probe_unregister(switch_tracepoint, probe_switch, NULL);
	tracepoint_synchronize_unregister();
	ecsg_carry_forget();
	kvfree(table);
	table = NULL;
}

/**
 * ecsg_carry_lost() - how often a task found no room for what it carried
 */
unsigned int ecsg_carry_lost(void)
{
	unsigned int sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(lost, cpu));
	return sum;
}

/**
 * ecsg_carry_held() - how much all tasks together hold or wait for
 *
 * Out of date when it is there; 0 on a kernel at rest, or something went wrong.
 *
 * Context: process context, while started.
 */
unsigned int ecsg_carry_held(void)
{
	unsigned int i, slot, sum = 0;
	struct load *load;
	int cpu;

	for (i = 0; i < 1u << BITS; i++) {
		for (slot = 0; slot < SLOTS; slot++) {
			load = &table[i].slot[slot];
			if (READ_ONCE(load->task))
				sum += sum_of(READ_ONCE(load->marks));
		}
	}
	for_each_online_cpu(cpu)
		sum += sum_of(READ_ONCE(*ecsg_page_marks(per_cpu(ecsg_page,
								 cpu))));
	return sum;
}
