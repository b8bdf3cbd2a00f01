/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpuset.h: a set of vCPUs, "0,2-3" as text. */
#ifndef VCPUSET_H
#define VCPUSET_H

#include <stdbool.h>
#include <stdint.h>

#define VCPUSET_MOST 16384 /* no kernel has that many for a VM */
#define VCPUSET_TEXT 64	   /* room for vcpuset_text() */

/**
 * struct vcpuset - a set of vCPUs; begin with { 0 }
 * @bits: bit n % 64 of word n / 64 is vCPU n
 */
struct vcpuset {
	uint64_t bits[VCPUSET_MOST / 64];
};

bool vcpuset_parse(struct vcpuset *set, const char *text);
void vcpuset_add(struct vcpuset *set, int vcpu);
bool vcpuset_has(const struct vcpuset *set, int vcpu);
int vcpuset_next(const struct vcpuset *set, int vcpu);
const char *vcpuset_text(char buf[VCPUSET_TEXT], const struct vcpuset *set);

#endif /* VCPUSET_H */
