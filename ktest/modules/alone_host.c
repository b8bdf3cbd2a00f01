// SPDX-License-Identifier: GPL-2.0
/*
 * alone_host.c: stands in for ecs_guest/host.c where there is no host with ecs.
 *
 * It knows the ABI, offers what it was told to, takes every page and does nothing
 * with it. So a kernel can run ecs_guest without the host, as ecs_guest_alone.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/module.h>

#include "ecs_abi.h"
#include "../../ecs_guest/host.h"

/* Of every registration; not 0, which asks the guest to register again. */
#define GENERATION 1

static ulong features = ECS_ABI_F_DEFER;
module_param(features, ulong, 0444);
MODULE_PARM_DESC(features, "what the host pretends to offer, ECS_ABI_F_*");

int ecsg_host_find(void)
{
	return 0;
}

bool ecsg_host_speaks(void)
{
	return true;
}

int ecsg_host_read(u32 msr, u64 *value)
{
	switch (msr) {
	case ECS_ABI_MSR_ID:
		*value = (u64)ECS_ABI_MAGIC << 32 | ECS_ABI_MAJOR << 16 |
			 ECS_ABI_MINOR;
		return 0;
	case ECS_ABI_MSR_FEATURES:
		*value = features;
		return 0;
	case ECS_ABI_MSR_STATUS:
		*value = GENERATION;
		return 0;
	}
	return -EIO;
}

int ecsg_host_write(u32 msr, u64 value)
{
	struct ecs_abi_page *page;

	if (msr == ECS_ABI_MSR_PAGE && value & ECS_ABI_PAGE_ENABLE) {
		page = phys_to_virt(value & ~(u64)(ECS_ABI_PAGE_SIZE - 1));
		WRITE_ONCE(page->host.generation, GENERATION);
	}
	return 0;
}
