/* SPDX-License-Identifier: GPL-2.0-only */
/* feature.h: the features of the module, by name. */
#ifndef FEATURE_H
#define FEATURE_H

#include "ecs_ioctl.h"

struct json_object;

/**
 * struct feature - one ECS_HOST_F_* bit
 * @bit: the bit
 * @name: as in the JSON
 * @with: what it does
 * @without: what is lost when it is missing
 */
struct feature {
	__u64 bit;
	const char *name;
	const char *with;
	const char *without;
};

const struct feature *feature_at(unsigned int i);
#define FEATURE_NAMES 256 /* room for all of them */

const char *feature_names(char buf[FEATURE_NAMES], __u64 bits);
struct json_object *feature_json(__u64 features);

#endif /* FEATURE_H */
