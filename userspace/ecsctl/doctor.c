// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c: the findings, and the order of the checks.
 *
 * A finding is "fail" if VMs cannot be served because of it, "warn" if
 * something is lost or will be, and "ok" if not.
 */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "clean.h"
#include "host.h"
#include "options.h"
#include "out.h"

static unsigned int found[DOCTOR_FAIL + 1];

static const char *const level_names[] = { "ok", "warn", "fail" };

/**
 * doctor_finding() - report what a check came to
 * @level: how bad it is
 * @check: its short name, stable, for scripts
 * @hint: what to do, or NULL
 * @format: what was found
 */
void doctor_finding(enum doctor_level level, const char *check,
		    const char *hint, const char *format, ...)
{
	struct json_object *obj;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clean_text(text);
	found[level]++;
	if (out_options.json) {
		obj = json_object_new_object();
		js_str(obj, "check", check);
		js_str(obj, "result", level_names[level]);
		js_str(obj, "text", text);
		js_str(obj, "hint", hint);
		json_object_array_add(out_array("findings"), obj);
		return;
	}
	if (level == DOCTOR_OK && out_options.quiet)
		return;
	printf("%-4s  %-11s  %s\n", level_names[level], check, text);
	if (hint)
		printf("%19s-> %s\n", "", hint);
}

/**
 * cmd_doctor() - ecsctl doctor
 * @cmd: its entry
 * @argc: count
 * @argv: arguments
 *
 * Return: an exit code: 2 if anything failed.
 */
int cmd_doctor(const struct command *cmd, int argc, char **argv)
{
	int error = options_none(cmd, argc, argv);

	if (error)
		return error;
	doctor_host();
	doctor_config();
	doctor_signing(host_module_loaded());
	doctor_module();
	fail_forget();
	if (out_options.json) {
		js_u64(out_doc(), "ok", found[DOCTOR_OK]);
		js_u64(out_doc(), "warn", found[DOCTOR_WARN]);
		js_u64(out_doc(), "fail", found[DOCTOR_FAIL]);
	}
	if (!found[DOCTOR_FAIL])
		return OUT_OK;
	return fail(OUT_REFUSED, "doctor: %u of %u checks failed",
		    found[DOCTOR_FAIL],
		    found[DOCTOR_OK] + found[DOCTOR_WARN] + found[DOCTOR_FAIL]);
}
