/* SPDX-License-Identifier: GPL-2.0-only */
/* boost.h: boosts and the limit of a guest, as text and numbers. */
#ifndef BOOST_H
#define BOOST_H

#include <stddef.h>
#include <stdint.h>

#include "ecs_ioctl.h"

int boost_parse_sbt(const char *name, const char *value, __u32 *ns);
int boost_parse_usbt(const char *name, const char *value, __u32 *ns);
int boost_parse_borrow(const char *name, const char *value, __u32 *ns);
int boost_parse_backend(const char *value, __u32 *backend);

const char *boost_backend_name(unsigned int backend);
const char *boost_source_name(unsigned int source);
const char *boost_state_name(unsigned int state);
const char *boost_counter_name(unsigned int index);
const char *boost_counter_text(unsigned int index);

uint32_t boost_share_ppm(uint32_t sbt_ns, uint32_t usbt_ns);
void boost_sum(struct ecs_ioc_boost_stats *sum,
	       const struct ecs_ioc_boost *boosts, size_t count);

#endif /* BOOST_H */
