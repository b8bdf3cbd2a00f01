// SPDX-License-Identifier: GPL-2.0-only
/* doctor_host.c: what the host must bring along, module or not. */
#include "doctor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "file.h"

/* The variable and its vendor: the firmware's own. */
#define SECURE_BOOT                             \
	"/sys/firmware/efi/efivars/SecureBoot-" \
	"8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define CAP_SYS_NICE_BIT 23
#define ENROLL_KEY \
	"mokutil --import /var/lib/dkms/mok.pub, then reboot and Enroll MOK"

static char release[128];

static void check_kernel(void)
{
	if (file_line(release, sizeof(release), "/proc/sys/kernel/osrelease"))
		doctor_finding(DOCTOR_FAIL, "kernel", "mount /proc",
			       "its release cannot be read");
	else
		doctor_finding(DOCTOR_OK, "kernel", NULL, "Linux %s", release);
}

static void check_kvm(void)
{
	bool intel = file_exists("/sys/module/kvm_intel");
	bool amd = file_exists("/sys/module/kvm_amd");

	if (intel || amd)
		doctor_finding(DOCTOR_OK, "kvm", NULL, "KVM is loaded (%s)",
			       intel ? "kvm_intel" : "kvm_amd");
	else
		doctor_finding(DOCTOR_FAIL, "kvm",
			       "modprobe kvm_intel or kvm_amd; is virtualisation on in the firmware?",
			       file_exists("/sys/module/kvm") ?
				       "KVM is loaded, but neither kvm_intel nor kvm_amd" :
				       "KVM is not loaded");
}

static void check_ftrace(void)
{
	char line[16];

	if (file_line(line, sizeof(line), "/proc/sys/kernel/ftrace_enabled"))
		doctor_finding(DOCTOR_FAIL, "ftrace",
			       "use a kernel with CONFIG_DYNAMIC_FTRACE",
			       "kernel.ftrace_enabled is not there");
	else if (!strcmp(line, "0"))
		doctor_finding(DOCTOR_FAIL, "ftrace",
			       "sysctl kernel.ftrace_enabled=1",
			       "kernel.ftrace_enabled is 0: no hook is called");
	else
		doctor_finding(DOCTOR_OK, "ftrace", NULL,
			       "kernel.ftrace_enabled is %s", line);
}

static void check_headers(void)
{
	if (file_exists("/lib/modules/%s/build", release))
		doctor_finding(DOCTOR_OK, "headers", NULL,
			       "headers of this kernel are installed");
	else
		doctor_finding(DOCTOR_WARN, "headers",
			       "install linux-headers (or kernel-devel) of the running kernel",
			       "no headers of this kernel: the modules cannot be built for it");
}

/* Is any version of the package built for the running kernel? */
static bool dkms_built(void)
{
	char path[FILE_PATH];
	struct dirent *entry;
	bool built = false;
	DIR *dir;

	if (file_path(path, "/var/lib/dkms/ecs"))
		return false;
	dir = opendir(path);
	if (!dir)
		return false;
	while (!built && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			built = file_exists("/var/lib/dkms/ecs/%s/%s",
					    entry->d_name, release);
	}
	closedir(dir);
	return built;
}

static void check_dkms(void)
{
	if (!file_exists("/usr/sbin/dkms"))
		doctor_finding(DOCTOR_OK, "dkms", NULL, "not installed");
	else if (!file_exists("/var/lib/dkms/ecs"))
		doctor_finding(DOCTOR_OK, "dkms", NULL,
			       "installed, but ecs is not in it");
	else if (dkms_built())
		doctor_finding(DOCTOR_OK, "dkms", NULL,
			       "ecs is built for this kernel");
	else
		doctor_finding(DOCTOR_WARN, "dkms",
			       "dkms autoinstall; its log is below /var/lib/dkms/ecs",
			       "ecs is not built for this kernel");
}

static void check_privilege(void)
{
	unsigned long long caps = 0;
	char path[FILE_PATH], *text, *line;
	size_t len;

	if (file_path(path, "/proc/self/status") ||
	    file_read(path, &text, &len))
		return;
	line = strstr(text, "\nCapEff:");
	if (line)
		caps = strtoull(line + strlen("\nCapEff:"), NULL, 16);
	free(text);
	if (!line)
		return;
	if (caps >> CAP_SYS_NICE_BIT & 1)
		doctor_finding(DOCTOR_OK, "privilege", NULL,
			       "this user may change VMs");
	else
		doctor_finding(DOCTOR_WARN, "privilege",
			       "run the commands that change something as root",
			       "this user may look, not change (no CAP_SYS_NICE)");
}

/**
 * doctor_host() - the kernel, KVM, ftrace, headers, dkms, this user's rights
 */
void doctor_host(void)
{
	check_kernel();
	check_kvm();
	check_ftrace();
	check_headers();
	check_dkms();
	check_privilege();
}

/* 1 on, 0 off, -1 no EFI or not readable. */
static int secure_boot(void)
{
	char path[FILE_PATH], *value;
	int on = -1;
	size_t len;

	if (file_path(path, SECURE_BOOT) || file_read(path, &value, &len))
		return -1;
	if (len == 5) /* four bytes of attributes, then the value */
		on = value[4] == 1;
	free(value);
	return on;
}

/**
 * doctor_signing() - Secure Boot, lockdown and what they ask of a module
 * @loaded: ecs_host is, so its signature was good enough
 */
void doctor_signing(bool loaded)
{
	char lockdown[128], enforce[8], *mode, *end;
	int on = secure_boot();
	bool needed;

	/* "none [integrity] confidentiality" */
	file_line(lockdown, sizeof(lockdown), "/sys/kernel/security/lockdown");
	mode = strchr(lockdown, '[');
	mode = mode ? mode + 1 : lockdown;
	end = strchr(mode, ']');
	if (end)
		*end = '\0';
	file_line(enforce, sizeof(enforce),
		  "/sys/module/module/parameters/sig_enforce");
	needed = (*mode && strcmp(mode, "none")) || enforce[0] == 'Y';

	doctor_finding(needed && !loaded ? DOCTOR_WARN : DOCTOR_OK, "signing",
		       needed && !loaded ? ENROLL_KEY : NULL,
		       "Secure Boot %s, lockdown %s: modules %s be signed",
		       on == 1 ? "on" :
		       on == 0 ? "off" :
				 "not known (no EFI?)",
		       *mode ? mode : "not there",
		       needed ? "must" : "need not");
}

/* What ecs_host is built on; "A|B" is either. */
static const char *const wanted[] = {
	"MODULES",
	"KVM",
	"PREEMPT_NOTIFIERS",
	"KALLSYMS",
	"KPROBES",
	"TRACEPOINTS",
	"FUNCTION_TRACER",
	"DYNAMIC_FTRACE",
	"DYNAMIC_FTRACE_WITH_ARGS|DYNAMIC_FTRACE_WITH_REGS",
	"HIGH_RES_TIMERS",
};

#define NR_WANTED (sizeof(wanted) / sizeof(wanted[0]))

/* Is "CONFIG_X=y" (or m) one of the alternatives of @want? */
static bool line_gives(const char *line, const char *want)
{
	size_t len;

	if (strncmp(line, "CONFIG_", strlen("CONFIG_")))
		return false;
	line += strlen("CONFIG_");
	for (;; want += len + 1) {
		len = strcspn(want, "|");
		if (!strncmp(line, want, len) && line[len] == '=' &&
		    (line[len + 1] == 'y' || line[len + 1] == 'm'))
			return true;
		if (!want[len])
			return false;
	}
}

/* Plain and gzip'ed files alike. */
static gzFile open_config(void)
{
	char path[FILE_PATH];
	gzFile file = NULL;

	if (!file_path(path, "/boot/config-%s", release))
		file = gzopen(path, "re");
	if (!file && !file_path(path, "/proc/config.gz"))
		file = gzopen(path, "re");
	return file;
}

/**
 * doctor_config() - the options the kernel must have been built with
 *
 * After doctor_host(), which finds the release.
 */
void doctor_config(void)
{
	bool given[NR_WANTED] = { false };
	char line[256], missing[256] = "";
	size_t len = 0;
	gzFile file = open_config();
	unsigned int i;

	if (!file) {
		doctor_finding(DOCTOR_WARN, "config", NULL,
			       "not checked: neither /boot/config-%s nor /proc/config.gz is readable",
			       release);
		return;
	}
	while (gzgets(file, line, sizeof(line))) {
		for (i = 0; i < NR_WANTED; i++)
			given[i] |= line_gives(line, wanted[i]);
	}
	gzclose(file);
	for (i = 0; i < NR_WANTED; i++) {
		if (!given[i] && len < sizeof(missing))
			len += (size_t)snprintf(missing + len,
						sizeof(missing) - len, " %s",
						wanted[i]);
	}
	if (len)
		doctor_finding(DOCTOR_FAIL, "config",
			       "use a kernel of your distribution that has them",
			       "this kernel lacks CONFIG_...:%s", missing);
	else
		doctor_finding(DOCTOR_OK, "config", NULL,
			       "this kernel has all options that ecs needs");
}
