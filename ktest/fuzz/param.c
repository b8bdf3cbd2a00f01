// SPDX-License-Identifier: GPL-2.0-only
/*
 * param.c: any "key=value" for a VM, any options of a boost: either refused with a
 * message and nothing changed, or within the bounds of the ioctl.
 */
#include "boost.h"
#include "ecs_ioctl.h"
#include "fuzz.h"
#include "out.h"
#include "param.h"

static void check_message(int code, const char *text)
{
	const char *c = fail_message();

	CHECK(code == OUT_OK || code == OUT_USAGE, "\"%s\": %d", text, code);
	CHECK((code == OUT_OK) == !*c, "\"%s\": %d and \"%s\"", text, code, c);
	for (; *c; c++)
		CHECK((unsigned char)*c >= 0x20 && *c != 0x7f,
		      "byte %d in the message", *c);
	fail_forget();
}

static bool is_within(const struct ecs_ioc_params *p)
{
	return p->mode <= ECS_MODE_ON &&
	       (!p->grace_ns || (p->grace_ns >= ECS_GRACE_NS_MIN &&
				 p->grace_ns <= ECS_GRACE_NS_MAX)) &&
	       (!p->recheck_ns || (p->recheck_ns >= ECS_RECHECK_NS_MIN &&
				   p->recheck_ns <= ECS_RECHECK_NS_MAX)) &&
	       p->budget_ppm <= ECS_BUDGET_PPM_MAX &&
	       (!p->burst_ns || (p->burst_ns >= ECS_BURST_NS_MIN &&
				 p->burst_ns <= ECS_BURST_NS_MAX)) &&
	       !(p->hints & ~ECS_HINT_ALL) &&
	       p->grace_sleep_ns <= ECS_GRACE_SLEEP_NS_MAX &&
	       p->waiters <= ECS_WAITERS_REFUSE && p->yield <= ECS_YIELD_ON;
}

/* No hint is given twice: as many words as bits, but for "all" and "none". */
static bool is_list_of(const char *line, __u32 hints)
{
	unsigned int words = 1;

	if (!strcmp(line, "hints=all") || !strcmp(line, "hints=none"))
		return true;
	while ((line = strchr(line, ','))) {
		words++;
		line++;
	}
	return words == (unsigned int)__builtin_popcount(hints);
}

/* Several assignments, one a line. */
static void check_params(char *text)
{
	struct ecs_ioc_params params = { 0 }, before;
	char hints[PARAM_HINTS], *line, *rest = NULL;
	__u32 added;
	int code;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		before = params;
		code = param_assign(&params, line);
		check_message(code, line);
		added = params.valid ^ before.valid;
		if (code)
			CHECK(!memcmp(&params, &before, sizeof(params)),
			      "\"%s\" is refused and changes", line);
		else
			CHECK(added && !(added & (added - 1)) &&
				      !(added & ~ECS_PARAM_ALL) &&
				      !(before.valid & added),
			      "\"%s\": %x became %x", line, before.valid,
			      params.valid);
		CHECK(is_within(&params), "\"%s\" is beyond the bounds", line);
		if (added & ECS_PARAM_HINTS)
			CHECK(is_list_of(line, params.hints), "\"%s\" is %x",
			      line, params.hints);
	}
	if (!(params.valid & ECS_PARAM_HINTS))
		return;
	before = (struct ecs_ioc_params){ 0 };
	CHECK(!param_set(&before, "hints", param_hints(hints, params.hints)) &&
		      before.hints == params.hints,
	      "hints %x became %s", params.hints, hints);
	fail_forget();
}

static void check_boost(const char *text)
{
	__u32 value = 77;
	int code = boost_parse_sbt("sbt", text, &value);

	check_message(code, text);
	CHECK(code ? value == 77 :
		     value >= ECS_BOOST_SBT_NS_MIN &&
			      value <= ECS_BOOST_SBT_NS_MAX,
	      "SBT %u", value);
	value = 77;
	code = boost_parse_usbt("usbt", text, &value);
	check_message(code, text);
	CHECK(code ? value == 77 :
		     value >= ECS_BOOST_USBT_NS_MIN &&
			      value <= ECS_BOOST_USBT_NS_MAX,
	      "USBT %u", value);
	value = 77;
	code = boost_parse_borrow("borrow", text, &value);
	check_message(code, text);
	CHECK(code ? value == 77 : value <= ECS_BOOST_BORROW_NS_MAX,
	      "borrow %u", value);
	value = 77;
	code = boost_parse_backend(text, &value);
	check_message(code, text);
	CHECK(code ? value == 77 :
		     value <= ECS_BOOST_FIFO &&
			      !strcmp(boost_backend_name(value), text),
	      "backend %u", value);
}

static void fuzz_one(struct input *in)
{
	bool boost = in_byte(in) == 'b';
	char *text = in_text(in, 200);

	if (boost)
		check_boost(text);
	else
		check_params(text);
	free(text);
}
