// SPDX-License-Identifier: GPL-2.0-only
/* show_poll.c: what idle CPUs of a guest do, as text and JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "out.h"
#include "units.h"

/* In a list of names with blanks between. */
static bool is_offered(const struct guest *guest)
{
	static const char name[] = "overcommit";
	const size_t len = sizeof(name) - 1;
	const char *at = guest->offered;

	while ((at = strstr(at, name))) {
		if ((at == guest->offered || at[-1] == ' ') &&
		    (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

/**
 * guest_json_poll() - add "polling"
 * @to: to what
 * @guest: what the module says
 */
void guest_json_poll(struct json_object *to, const struct guest *guest)
{
	const struct guest_poll *poll = &guest->poll;
	struct json_object *obj = json_object_new_object();

	js_bool(obj, "wanted", poll->wanted);
	js_bool(obj, "on", poll->on);
	js_int(obj, "error", poll->error);
	js_str(obj, "why_not", guest_poll_reason(poll, is_offered(guest)));
	js_u64(obj, "most_ns", poll->most_ns);
	js_u64(obj, "polls", poll->polls);
	js_u64(obj, "caught", poll->caught);
	js_u64(obj, "left", poll->left);
	js_u64(obj, "polled_ns", poll->polled_ns);
	js_u64(obj, "halts", poll->halts);
	js_add(to, "polling", obj);
}

/**
 * guest_text_poll() - print two lines
 * @guest: what the module says
 */
void guest_text_poll(const struct guest *guest)
{
	const struct guest_poll *poll = &guest->poll;
	const char *why = guest_poll_reason(poll, is_offered(guest));
	char most[UNITS_TEXT], polled[UNITS_TEXT];

	if (!why)
		printf("  polling     on, for %s at most\n",
		       units_ns(most, poll->most_ns));
	else
		printf("  polling     %s: %s\n",
		       poll->on ? "on, but CPUs halt at once" : "off", why);
	printf("  polls       %" PRIu64 ", %" PRIu64
	       " caught a wakeup, %" PRIu64 " left to others, %s; %" PRIu64
	       " halts\n",
	       poll->polls, poll->caught, poll->left,
	       units_ns_short(polled, poll->polled_ns), poll->halts);
}
