/* SPDX-License-Identifier: GPL-2.0-only */
/* dev_fake.h: the parts of the module that is a text file. */
#ifndef DEV_FAKE_H
#define DEV_FAKE_H

#include "ecs_ioctl.h"

#define FAKE_MOST 64

void fake_broken(const char *what);
long long fake_number(const char *line, const char *key, long long fallback);
int fake_fault(const char *call, int pid);
void fake_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
__u64 fake_features(void);

int fake_boost_load(const char *line);
int fake_boost_call(unsigned long request, void *arg);

#endif /* DEV_FAKE_H */
