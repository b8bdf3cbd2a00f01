/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.h: findings about this host. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

void doctor_finding(enum doctor_level level, const char *check,
		    const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void doctor_host(void);
void doctor_signing(bool loaded);
void doctor_config(void);
void doctor_module(void);

#endif /* DOCTOR_H */
