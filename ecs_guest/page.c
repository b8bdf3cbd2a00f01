// SPDX-License-Identifier: GPL-2.0-only
/*
 * page.c: see page.h.
 *
 * Publishing where the preempt count lives is all that spinlocks, rwlocks and
 * interrupts need: the kernel keeps the count anyway, and not one instruction
 * is added to it.
 */
#include <linux/cpumask.h>
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <asm/pgtable.h>

#include "compat/preempt_count.h"
#include "host.h"
#include "page.h"

DEFINE_PER_CPU(struct ecs_abi_page *, ecsg_page);
struct ecs_abi_page __percpu *ecsg_page_area;
DEFINE_PER_CPU(unsigned long, ecsg_page_session);
/* The last number given to one. */
static DEFINE_PER_CPU(unsigned long, last_session);
/* Is this CPU to be registered? */
static DEFINE_PER_CPU(bool, wanted);
/* This kernel goes: no CPU is. */
static bool leaving;

static void fill_header(struct ecs_abi_header *header)
{
	BUILD_BUG_ON(ECS_PREEMPT_COUNT_WIDTH != 4 &&
		     ECS_PREEMPT_COUNT_WIDTH != 8);
	*header = (struct ecs_abi_header){
		.magic = ECS_ABI_MAGIC,
		.major = ECS_ABI_MAJOR,
		.minor = ECS_ABI_MINOR,
		.size = sizeof(struct ecs_abi_page),
		.pc_gpa = slow_virt_to_phys((void *)ecs_preempt_count_ptr()),
		.pc_width = ECS_PREEMPT_COUNT_WIDTH,
		.pc_mask = ECS_PREEMPT_CRITICAL_MASK,
		/* The idle task itself runs with a count of 1. */
		.pc_idle_mask = ECS_PREEMPT_IRQ_MASK,
	};
}

/* Is this what the host has given the page's registration? */
static bool is_current(const struct ecs_abi_page *page, u64 generation)
{
	return generation && generation == READ_ONCE(page->host.generation);
}

/* Context: on the CPU in question, interrupts off. */
static void publish(void)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);
	u64 generation;

	if (READ_ONCE(leaving))
		return;
	fill_header(&page->header);
	this_cpu_write(wanted, true);
	this_cpu_write(ecsg_page_session, 0);
	/* We may have come to one that answers whatever it is asked, and logs it. */
	if (!ecsg_host_speaks())
		return;
	if (ecsg_host_write(ECS_ABI_MSR_PAGE,
			    slow_virt_to_phys(page) | ECS_ABI_PAGE_ENABLE)) {
		/* Refused, which changes nothing: an earlier one may be in force. */
		ecsg_host_write(ECS_ABI_MSR_PAGE, 0);
		return;
	}
	/* A host without ecs may take any MSR, and then knows nothing of it. */
	if (!ecsg_host_read(ECS_ABI_MSR_STATUS, &generation) &&
	    is_current(page, generation))
		this_cpu_write(ecsg_page_session,
			       this_cpu_inc_return(last_session));
}

/**
 * ecsg_page_publish() - register this CPU's page; again if it is
 * @unused: for smp_call_function
 *
 * Context: does not migrate; on the CPU in question.
 */
void ecsg_page_publish(void *unused)
{
	unsigned long flags;

	/* An IPI that withdraws comes before it or after it. */
	local_irq_save(flags);
	publish();
	local_irq_restore(flags);
}

/**
 * ecsg_page_withdraw() - end this CPU's registration
 * @unused: for smp_call_function
 *
 * Context: does not migrate; on the CPU in question; also from a panic.
 */
void ecsg_page_withdraw(void *unused)
{
	this_cpu_write(wanted, false);
	if (!this_cpu_read(ecsg_page_session))
		return;
	this_cpu_write(ecsg_page_session, 0);
	/* It fails on a host without ecs, to which we were migrated: fine. */
	ecsg_host_write(ECS_ABI_MSR_PAGE, 0);
}

/**
 * ecsg_page_leave() - withdraw on all CPUs, those that come online later included
 *
 * Context: may sleep; this kernel goes, there is no way back.
 */
void ecsg_page_leave(void)
{
	WRITE_ONCE(leaving, true);
	on_each_cpu(ecsg_page_withdraw, NULL, 1);
}

/**
 * ecsg_page_refresh() - register again if the host has lost us
 * @unused: for smp_call_function
 *
 * Context: does not migrate; on the CPU in question.
 */
void ecsg_page_refresh(void *unused)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);
	u64 generation;

	if (!this_cpu_read(wanted))
		return;
	if (ecsg_host_read(ECS_ABI_MSR_STATUS, &generation)) {
		this_cpu_write(ecsg_page_session, 0);
		return;
	}
	if (!is_current(page, generation))
		ecsg_page_publish(NULL);
}

/**
 * ecsg_page_count() - on how many online CPUs a page is registered
 */
unsigned int ecsg_page_count(void)
{
	unsigned int n = 0;
	int cpu;

	for_each_online_cpu(cpu)
		n += READ_ONCE(per_cpu(ecsg_page_session, cpu)) != 0;
	return n;
}

/**
 * ecsg_page_init() - allocate the pages of all CPUs that can ever come
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int ecsg_page_init(void)
{
	int cpu;

	/* Zeroed; each is a whole page, of its own CPU's per-CPU memory. */
	ecsg_page_area = __alloc_percpu(PAGE_SIZE, ECS_ABI_PAGE_SIZE);
	if (!ecsg_page_area)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu(ecsg_page, cpu) = per_cpu_ptr(ecsg_page_area, cpu);
	return 0;
}

/**
 * ecsg_page_exit() - free the pages; none is registered
 *
 * Context: module exit or failed init; no probe runs any more.
 */
void ecsg_page_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(ecsg_page, cpu) = NULL;
	free_percpu(ecsg_page_area);
}
