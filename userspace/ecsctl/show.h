/* SPDX-License-Identifier: GPL-2.0-only */
/* show.h: kinds of sections, histograms and boosts, as text and JSON. */
#ifndef SHOW_H
#define SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "ecs_ioctl.h"
#include "proc.h"
#include "units.h"

struct json_object;

void show_json_hist(struct json_object *to, const char *key,
		    const __u64 *bucket, uint64_t max_ns);
void show_text_hist(const char *name, const __u64 *bucket, uint64_t max_ns);
const char *show_percentile(char buf[UNITS_TEXT], const __u64 *bucket,
			    uint64_t max_ns, unsigned int permille);

void show_json_kinds(struct json_object *to, const struct ecs_ioc_stats *stats);
void show_text_kinds(const struct ecs_ioc_stats *stats);

void show_json_boosts(struct json_object *to,
		      const struct ecs_ioc_boost *boosts, size_t count);
void show_text_boosts(const struct ecs_ioc_boost *boosts, size_t count);
void show_boosted(const struct proc_vm *vm, const struct ecs_ioc_boost *boosts,
		  size_t count);

void show_json_limit(struct json_object *to, const struct ecs_ioc_limit *limit);
const char *show_limit(char buf[3 * UNITS_TEXT],
		       const struct ecs_ioc_limit *limit);

#endif /* SHOW_H */
