/* SPDX-License-Identifier: GPL-2.0-only */
/* out.h: what goes to stdout and stderr, and the exit code. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#define OUT_SCHEMA 1 /* of the JSON; a change of meaning raises it */

/* Exit codes; they are part of the interface. */
enum out_code {
	OUT_OK = 0,
	OUT_USAGE = 1,
	OUT_REFUSED = 2, /* by the kernel or the module */
	OUT_NO_VM = 3,
	OUT_PERMISSION = 4,
	OUT_NO_MODULE = 5, /* not loaded, or another interface */
	OUT_PARTIAL = 6,   /* of several VMs, some failed */
};

/**
 * struct out_options - the global options
 * @json: print one JSON object instead of text
 * @pretty: indent it
 * @quiet: do not say what went well
 */
struct out_options {
	bool json;
	bool pretty;
	bool quiet;
};

extern struct out_options out_options;

int fail(enum out_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *fail_message(void);
void fail_forget(void);

struct json_object *out_doc(void);
struct json_object *out_array(const char *key);
int out_finish(int code);

void js_add(struct json_object *to, const char *key, struct json_object *value);
void js_u64(struct json_object *to, const char *key, uint64_t value);
void js_int(struct json_object *to, const char *key, int value);
void js_bool(struct json_object *to, const char *key, bool value);
void js_str(struct json_object *to, const char *key, const char *value);

#endif /* OUT_H */
