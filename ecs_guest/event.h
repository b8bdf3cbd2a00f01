/* SPDX-License-Identifier: GPL-2.0-only */
/* event.h: all that makes a CPU or the whole guest come and go. */
#ifndef ECSG_EVENT_H
#define ECSG_EVENT_H

int ecsg_event_init(void);
void ecsg_event_exit(void);

#endif /* ECSG_EVENT_H */
