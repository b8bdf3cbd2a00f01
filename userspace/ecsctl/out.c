// SPDX-License-Identifier: GPL-2.0-only
/*
 * out.c: what goes to stdout and stderr, and the exit code.
 *
 * A command fails by "return fail(code, ...)", which prints nothing yet. The
 * JSON is one object, built up while the command runs and printed at its end,
 * so that it is complete or absent, with the error in it if there was one.
 */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"

struct out_options out_options;

static char message[512];
static struct json_object *doc;

/**
 * fail() - note why the command failed
 * @code: the exit code
 * @format: one line, without "ecsctl:" and without a line end
 *
 * The last message counts.
 *
 * Return: @code.
 */
int fail(enum out_code code, const char *format, ...)
{
	char text[sizeof(message)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clean_text(text);
	memcpy(message, text, sizeof(message));
	return code;
}

/**
 * fail_message() - what fail() noted
 *
 * Return: the text, empty if there is none; the next fail() overwrites it.
 */
const char *fail_message(void)
{
	return message;
}

/**
 * fail_forget() - the failure noted last was none after all
 */
void fail_forget(void)
{
	message[0] = '\0';
}

/**
 * out_doc() - the top-level JSON object
 *
 * Return: it; owned by out.c.
 */
struct json_object *out_doc(void)
{
	if (!doc) {
		doc = json_object_new_object();
		js_int(doc, "schema", OUT_SCHEMA);
	}
	return doc;
}

/**
 * out_array() - an array of the top-level object, made at the first call
 * @key: its name
 *
 * Return: it; owned by the object.
 */
struct json_object *out_array(const char *key)
{
	struct json_object *array;

	if (!json_object_object_get_ex(out_doc(), key, &array)) {
		array = json_object_new_array();
		js_add(out_doc(), key, array);
	}
	return array;
}

/**
 * out_finish() - print the error, if there is one, and the JSON
 * @code: what the command returned
 *
 * Return: the exit code: @code, or 2 if stdout could not be written.
 */
int out_finish(int code)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *error;

	if (out_options.json) {
		flags |= out_options.pretty ? JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_SPACED :
					      JSON_C_TO_STRING_PLAIN;
		if (message[0]) {
			error = json_object_new_object();
			js_int(error, "code", code);
			js_str(error, "message", message);
			js_add(out_doc(), "error", error);
		}
		puts(json_object_to_json_string_ext(out_doc(), flags));
	}
	json_object_put(doc);
	doc = NULL;
	if (fflush(stdout) || ferror(stdout)) {
		if (!message[0])
			code = fail(OUT_REFUSED, "cannot write the output: %s",
				    strerror(errno));
	}
	if (message[0])
		fprintf(stderr, "ecsctl: %s\n", message);
	return code;
}

/**
 * js_add() - put a value into an object
 * @to: the object
 * @key: the name
 * @value: given away; NULL is null
 */
void js_add(struct json_object *to, const char *key, struct json_object *value)
{
	if (json_object_object_add(to, key, value))
		abort(); /* out of memory */
}

void js_u64(struct json_object *to, const char *key, uint64_t value)
{
	js_add(to, key, json_object_new_uint64(value));
}

void js_int(struct json_object *to, const char *key, int value)
{
	js_add(to, key, json_object_new_int(value));
}

void js_bool(struct json_object *to, const char *key, bool value)
{
	js_add(to, key, json_object_new_boolean(value));
}

/**
 * js_str() - put a text into an object, made valid UTF-8
 * @to: the object
 * @key: the name
 * @value: copied; NULL is null
 */
void js_str(struct json_object *to, const char *key, const char *value)
{
	struct json_object *string = NULL;
	char *copy;

	if (value) {
		copy = strdup(value);
		if (!copy)
			abort();
		clean_text(copy);
		string = json_object_new_string(copy);
		free(copy);
	}
	js_add(to, key, string);
}
