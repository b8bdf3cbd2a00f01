/* SPDX-License-Identifier: GPL-2.0-only */
/* units.h: durations and shares, as text and as numbers. */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define UNITS_TEXT 32 /* room for any text made here */

int units_parse_ns(const char *text, uint64_t *ns);
int units_parse_ppm(const char *text, uint64_t *ppm);
const char *units_ns(char buf[UNITS_TEXT], uint64_t ns);
const char *units_ns_short(char buf[UNITS_TEXT], uint64_t ns);
const char *units_ppm(char buf[UNITS_TEXT], uint32_t ppm);
const char *units_percent(char buf[UNITS_TEXT], uint32_t ppm, bool up);

#endif /* UNITS_H */
