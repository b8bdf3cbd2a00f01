/* SPDX-License-Identifier: GPL-2.0-only */
/* panic.h: the chain of those that are told of a panic. */
#ifndef ECS_COMPAT_PANIC_H
#define ECS_COMPAT_PANIC_H

#ifdef ECS_HAVE_PANIC_NOTIFIER
#include <linux/panic_notifier.h>
#else
#include <linux/kernel.h>
#include <linux/notifier.h>
#endif

#endif /* ECS_COMPAT_PANIC_H */
