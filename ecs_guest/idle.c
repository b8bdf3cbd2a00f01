// SPDX-License-Identifier: GPL-2.0-only
/*
 * idle.c: see idle.h.
 *
 * The idle task runs with preemption disabled and would read as critical for
 * as long as it polls or while its HLT is being emulated.
 */
#include <linux/errno.h>
#include <trace/events/power.h>

#include "compat/tracepoint.h"
#include "idle.h"
#include "page.h"

static struct tracepoint *idle_tracepoint;

/* Context: the idle task, preemption off. */
static void probe_idle(void *data, unsigned int state, unsigned int cpu)
{
	struct ecs_abi_page *page = this_cpu_read(ecsg_page);

	if (page)
		WRITE_ONCE(page->guest.idle, state != PWR_EVENT_EXIT);
}

/**
 * ecsg_idle_init() - follow the idle task
 *
 * Context: module init, before the first page is published.
 * Return: 0 or a negative errno.
 */
int ecsg_idle_init(void)
{
	idle_tracepoint = ecs_tracepoint_find("cpu_idle");
	if (!idle_tracepoint)
		return -ENOENT;
	return tracepoint_probe_register(idle_tracepoint, probe_idle, NULL);
}

/**
 * ecsg_idle_exit() - no more
 *
 * Context: module exit or failed init.
 */
void ecsg_idle_exit(void)
{
	tracepoint_probe_unregister(idle_tracepoint, probe_idle, NULL);
	tracepoint_synchronize_unregister();
}
