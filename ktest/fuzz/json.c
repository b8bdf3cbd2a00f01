// SPDX-License-Identifier: GPL-2.0-only
/*
 * json.c: any bytes as names and values of the JSON: what comes out is UTF-8
 * without control characters, and another reader of JSON finds the same in it.
 */
#include <json-c/json.h>

#include "clean.h"
#include "fuzz.h"
#include "out.h"

/* Well-formed, and no control character; by the table of RFC 3629. */
static bool is_clean(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		if (*s >= 0x20 && *s < 0x7f) {
			s++;
		} else if (*s == 0xc2 && s[1] >= 0xa0 && s[1] <= 0xbf) {
			s += 2;
		} else if (*s >= 0xc3 && *s <= 0xdf && s[1] >> 6 == 2) {
			s += 2;
		} else if (*s >> 4 == 0xe && s[1] >> 6 == 2 && s[2] >> 6 == 2 &&
			   !(*s == 0xe0 && s[1] < 0xa0) &&
			   !(*s == 0xed && s[1] > 0x9f)) {
			s += 3;
		} else if (*s >= 0xf0 && *s <= 0xf4 && s[1] >> 6 == 2 &&
			   s[2] >> 6 == 2 && s[3] >> 6 == 2 &&
			   !(*s == 0xf0 && s[1] < 0x90) &&
			   !(*s == 0xf4 && s[1] > 0x8f)) {
			s += 4;
		} else {
			return false;
		}
	}
	return true;
}

static void check_clean(const char *text)
{
	char *copy = strdup(text), *again;
	size_t i;

	if (!copy)
		abort();
	clean_text(copy);
	CHECK(is_clean(copy) && strlen(copy) == strlen(text), "\"%s\"", copy);
	if (is_clean(text))
		CHECK(!strcmp(copy, text), "\"%s\" became \"%s\"", text, copy);
	for (i = 0; copy[i]; i++)
		CHECK(copy[i] == text[i] || copy[i] == '?', "byte %zu", i);
	again = strdup(copy);
	if (!again)
		abort();
	clean_text(again);
	CHECK(!strcmp(copy, again), "\"%s\" became \"%s\"", copy, again);
	free(again);
	free(copy);
}

static void fuzz_one(struct input *in)
{
	uint8_t flags = in_byte(in);
	uint64_t number = in_log(in, UINT64_MAX);
	struct json_object *doc = json_object_new_object(), *back, *value;
	char *text = in_text(in, 240);
	enum json_tokener_error error;
	const char *out;

	check_clean(text);
	js_str(doc, "text", text);
	js_str(doc, "none", NULL);
	js_u64(doc, "number", number);
	js_int(doc, "int", (int)number);
	js_bool(doc, "flag", flags & 1);
	out = json_object_to_json_string_ext(doc,
					     JSON_C_TO_STRING_NOSLASHESCAPE |
						     (flags & 2 ?
							      JSON_C_TO_STRING_PRETTY |
								      JSON_C_TO_STRING_SPACED :
							      JSON_C_TO_STRING_PLAIN));
	back = json_tokener_parse_verbose(out, &error);
	if (CHECK(back && error == json_tokener_success, "%s in %s",
		  json_tokener_error_desc(error), out)) {
		clean_text(text);
		CHECK(json_object_equal(doc, back), "%s", out);
		value = json_object_object_get(back, "text");
		CHECK(!strcmp(json_object_get_string(value), text), "%s", out);
		value = json_object_object_get(back, "number");
		CHECK(json_object_get_uint64(value) == number, "%s", out);
	}
	json_object_put(back);
	json_object_put(doc);
	/* The same holds of a message, which is cut where it is too long. */
	fail(OUT_USAGE, "%s %s%s%s", text, text, text, text);
	CHECK(is_clean(fail_message()), "\"%s\"", fail_message());
	fail_forget();
	free(text);
}
