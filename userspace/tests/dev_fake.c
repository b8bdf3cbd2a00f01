// SPDX-License-Identifier: GPL-2.0-only
/*
 * dev_fake.c: stands in for dev.c: a module whose state is a text file.
 *
 * The file ECSCTL_TEST_DEV names, one thing a line, key=value after the first
 * word; times in ns:
 *
 *   version interface=3 abi=1.0 enable_all=0 features=0x7f version=TEXT
 *   vm pid=N vcpus=N registered=N mode=N grace=N ... COUNTER=N ext.BUCKET=N
 *      KIND.captured=N KIND.deferred=N KIND.avoided=N KIND.preempted=N
 *   vcpu pid=N vcpu=N tid=N registered=N ... COUNTER=N late.BUCKET=N
 *   hook name=SYMBOL error=-2 optional=0 feature=0x2
 *   boost ..., limit ..., room ...: see dev_fake_boost.c
 *   fail CALL error=ERRNO [pid=N] [after=N] [times=N]   after N good ones
 *   fail CALL signal=N ...                              it comes during the call
 *
 * CALL is open, one of file_fake.c or an ioctl:
 * version vm_set vm_get vm_next vcpu_next hook disable_all boost_set boost_clear
 * boost_next limit_set limit_get. What would change the module's state is
 * appended to the file ECSCTL_TEST_LOG names.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev.h"
#include "dev_fake.h"
#include "ecs_ioctl.h"
#include "figure.h"

#define MOST FAKE_MOST

struct fault {
	char call[40];
	int error;
	int signal;
	int pid;
	int after;
	int times;
};

static struct ecs_ioc_version version;
static struct ecs_ioc_vm vms[MOST];
static struct ecs_ioc_vcpu vcpus[MOST];
static struct ecs_ioc_hook hooks[MOST];
static struct fault faults[MOST];
static unsigned int nr_vms, nr_vcpus, nr_hooks, nr_faults;
static int loaded;

/* The contract is broken, by ecsctl or by the fixture. */
void fake_broken(const char *what)
{
	fprintf(stderr, "dev_fake: %s\n", what);
	exit(99);
}

/* The number after "@key=" in @line, or @fallback. */
long long fake_number(const char *line, const char *key, long long fallback)
{
	size_t len = strlen(key);
	const char *p = line;

	while ((p = strstr(p, key))) {
		if (p > line && p[-1] == ' ' && p[len] == '=')
			return strtoll(p + len + 1, NULL, 0);
		p += len;
	}
	return fallback;
}

static void text(const char *line, const char *key, char *to, size_t size)
{
	const char *p = strstr(line, key);

	memset(to, 0, size);
	if (p)
		memcpy(to, p + strlen(key), strcspn(p + strlen(key), " \n"));
}

static __u64 kind_number(const char *line, unsigned int kind, const char *what)
{
	char key[32];

	snprintf(key, sizeof(key), "%s.%s", figure_kind_name(kind), what);
	return (__u64)fake_number(line, key, 0);
}

static void load_stats(const char *line, struct ecs_ioc_stats *stats)
{
	char key[32];
	unsigned int i;

	for (i = 0; i < ECS_STAT_NR; i++)
		stats->counter[i] =
			(__u64)fake_number(line, figure_counter_name(i), 0);
	for (i = 0; i < ECS_KIND_NR; i++) {
		stats->kind[i] = (struct ecs_ioc_kind){
			.captured = kind_number(line, i, "captured"),
			.deferred = kind_number(line, i, "deferred"),
			.avoided = kind_number(line, i, "avoided"),
			.preempted = kind_number(line, i, "preempted"),
		};
	}
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		snprintf(key, sizeof(key), "ext.%u", i);
		stats->ext[i] = (__u64)fake_number(line, key, 0);
		snprintf(key, sizeof(key), "late.%u", i);
		stats->late[i] = (__u64)fake_number(line, key, 0);
	}
}

static void load_params(const char *line, struct ecs_ioc_params *p)
{
	p->valid = ECS_PARAM_ALL;
	p->mode = (__u32)fake_number(line, "mode", 0);
	p->grace_ns = (__u32)fake_number(line, "grace", 300000);
	p->grace_sleep_ns = (__u32)fake_number(line, "grace_sleep", 75000);
	p->recheck_ns = (__u32)fake_number(line, "recheck", 50000);
	p->budget_ppm = (__u32)fake_number(line, "budget", 200000);
	p->burst_ns = (__u32)fake_number(line, "burst", 10000000);
	p->hints = (__u32)fake_number(line, "hints", 0);
	p->waiters = (__u32)fake_number(line, "waiters", 0);
	p->yield = (__u32)fake_number(line, "yield", 1);
}

static void load_vm(const char *line)
{
	struct ecs_ioc_vm *vm = &vms[nr_vms++];

	vm->pid = (int)fake_number(line, "pid", 0);
	vm->vcpus = (__u32)fake_number(line, "vcpus", 0);
	vm->registered = (__u32)fake_number(line, "registered", 0);
	load_params(line, &vm->params);
	load_stats(line, &vm->stats);
}

static void load_vcpu(const char *line)
{
	struct ecs_ioc_vcpu *vcpu = &vcpus[nr_vcpus++];

	vcpu->pid = (int)fake_number(line, "pid", 0);
	vcpu->vcpu = (int)fake_number(line, "vcpu", 0);
	vcpu->tid = (int)fake_number(line, "tid", 0);
	vcpu->registered = (__u32)fake_number(line, "registered", 1);
	vcpu->pc_width = (__u32)fake_number(line, "pc_width", 4);
	vcpu->generation = (__u64)fake_number(line, "generation", 1);
	vcpu->run_ns = (__u64)fake_number(line, "run_ns", 0);
	load_stats(line, &vcpu->stats);
}

static void load_hook(const char *line)
{
	struct ecs_ioc_hook *hook = &hooks[nr_hooks++];

	hook->error = (int)fake_number(line, "error", 0);
	hook->optional = (__u32)fake_number(line, "optional", 0);
	hook->feature = (__u64)fake_number(line, "feature", 0);
	text(line, " name=", hook->name, sizeof(hook->name));
}

static void load_fault(const char *line)
{
	struct fault *f = &faults[nr_faults++];

	text(line, "fail ", f->call, sizeof(f->call));
	f->signal = (int)fake_number(line, "signal", 0);
	f->error = -(int)fake_number(line, "error", f->signal ? 0 : EIO);
	f->pid = (int)fake_number(line, "pid", 0);
	f->after = (int)fake_number(line, "after", 0);
	f->times = (int)fake_number(line, "times", -1);
}

static void load_version(const char *line)
{
	version.interface = (__u32)fake_number(line, "interface",
					       ECS_IOC_INTERFACE);
	version.abi_major = 1;
	version.enable_all = (__u32)fake_number(line, "enable_all", 0);
	version.features = (__u64)fake_number(line, "features", 0x7f);
	load_params(line, &version.defaults);
	text(line, " version=", version.version, sizeof(version.version));
}

static void load(void)
{
	const char *path = getenv("ECSCTL_TEST_DEV");
	char line[2048];
	FILE *file;

	if (loaded++)
		return;
	file = fopen(path ? path : "/dev/null", "re");
	if (!file)
		fake_broken("no fixture");
	while (fgets(line, sizeof(line), file)) {
		if (nr_vms == MOST || nr_vcpus == MOST || nr_hooks == MOST ||
		    nr_faults == MOST)
			fake_broken("fixture too long");
		if (!strncmp(line, "version ", 8))
			load_version(line);
		else if (!strncmp(line, "vm ", 3))
			load_vm(line);
		else if (!strncmp(line, "vcpu ", 5))
			load_vcpu(line);
		else if (!strncmp(line, "hook ", 5))
			load_hook(line);
		else if (!strncmp(line, "fail ", 5))
			load_fault(line);
		else if (!fake_boost_load(line) && line[0] != '#' &&
			 line[0] != '\n')
			fake_broken(line);
	}
	fclose(file);
}

/* What the module says it can. */
__u64 fake_features(void)
{
	return version.features;
}

/* The error that the fixture has in store for this call, if any. */
int fake_fault(const char *call, int pid)
{
	unsigned int i;

	load();
	for (i = 0; i < nr_faults; i++) {
		if (strcmp(faults[i].call, call) ||
		    (faults[i].pid && faults[i].pid != pid))
			continue;
		if (faults[i].after-- > 0 || !faults[i].times)
			continue;
		faults[i].times--;
		if (faults[i].signal)
			raise(faults[i].signal);
		return faults[i].error;
	}
	return 0;
}

void fake_note(const char *format, ...)
{
	const char *path = getenv("ECSCTL_TEST_LOG");
	FILE *file = path ? fopen(path, "ae") : NULL;
	va_list args;

	if (!file)
		return;
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static struct ecs_ioc_vm *find(int pid)
{
	unsigned int i;

	for (i = 0; i < nr_vms; i++) {
		if (vms[i].pid == pid)
			return &vms[i];
	}
	return NULL;
}

/* What is filled in; size and zero stay the caller's. */
static void answer(struct ecs_ioc_vm *to, const struct ecs_ioc_vm *from)
{
	to->pid = from->pid;
	to->vcpus = from->vcpus;
	to->registered = from->registered;
	to->params = from->params;
	to->stats = from->stats;
}

static void apply(struct ecs_ioc_params *to, const struct ecs_ioc_params *p)
{
	if (p->valid & ECS_PARAM_MODE)
		to->mode = p->mode;
	if (p->valid & ECS_PARAM_GRACE)
		to->grace_ns = p->grace_ns;
	if (p->valid & ECS_PARAM_GRACE_SLEEP)
		to->grace_sleep_ns = p->grace_sleep_ns;
	if (p->valid & ECS_PARAM_RECHECK)
		to->recheck_ns = p->recheck_ns;
	if (p->valid & ECS_PARAM_BUDGET)
		to->budget_ppm = p->budget_ppm;
	if (p->valid & ECS_PARAM_BURST)
		to->burst_ns = p->burst_ns;
	if (p->valid & ECS_PARAM_HINTS)
		to->hints = p->hints;
	if (p->valid & ECS_PARAM_WAITERS)
		to->waiters = p->waiters;
	if (p->valid & ECS_PARAM_YIELD)
		to->yield = p->yield;
}

static int vm_set(struct ecs_ioc_vm *vm)
{
	const struct ecs_ioc_params p = vm->params;
	int error = fake_fault("vm_set", vm->pid);
	struct ecs_ioc_vm *known = find(vm->pid);

	if (error) {
		fake_note("vm_set pid=%d refused\n", vm->pid);
		return error;
	}
	fake_note("vm_set pid=%d valid=%#x mode=%u grace=%u recheck=%u budget=%u burst=%u",
		  vm->pid, p.valid, p.mode, p.grace_ns, p.recheck_ns,
		  p.budget_ppm, p.burst_ns);
	if (p.valid & ECS_PARAM_HINTS)
		fake_note(" hints=%#x", p.hints);
	if (p.valid & ECS_PARAM_WAITERS)
		fake_note(" waiters=%u", p.waiters);
	if (p.valid & ECS_PARAM_YIELD)
		fake_note(" yield=%u", p.yield);
	if (p.valid & ECS_PARAM_GRACE_SLEEP)
		fake_note(" grace_sleep=%u", p.grace_sleep_ns);
	fake_note("\n");
	if (p.valid & ~ECS_PARAM_ALL)
		return -EINVAL;
	if (!known) {
		known = &vms[nr_vms++];
		known->pid = vm->pid;
		known->params = version.defaults;
	}
	apply(&known->params, &p);
	answer(vm, known);
	return 0;
}

static int vm_get(struct ecs_ioc_vm *vm)
{
	int error = fake_fault("vm_get", vm->pid);

	if (error)
		return error;
	if (!find(vm->pid))
		return -ENOENT;
	answer(vm, find(vm->pid));
	return 0;
}

static int vm_next(struct ecs_ioc_vm *vm)
{
	int error = fake_fault("vm_next", vm->pid);
	unsigned int i, best = MOST;

	if (error)
		return error;
	for (i = 0; i < nr_vms; i++) {
		if (vms[i].pid > vm->pid &&
		    (best == MOST || vms[i].pid < vms[best].pid))
			best = i;
	}
	if (best == MOST)
		return -ENOENT;
	answer(vm, &vms[best]);
	return 0;
}

static int vcpu_next(struct ecs_ioc_vcpu *vcpu)
{
	int error = fake_fault("vcpu_next", vcpu->pid);
	__u32 size = vcpu->size;
	unsigned int i;

	if (error)
		return error;
	for (i = 0; i < nr_vcpus; i++) {
		if (vcpus[i].pid != vcpu->pid || vcpus[i].vcpu <= vcpu->vcpu)
			continue;
		*vcpu = vcpus[i];
		vcpu->size = size;
		return 0;
	}
	return -ENOENT;
}

static int get_hook(struct ecs_ioc_hook *hook)
{
	__u32 size = hook->size, index = hook->index;
	int error = fake_fault("hook", 0);

	if (error)
		return error;
	if (index >= nr_hooks)
		return -ENOENT;
	*hook = hooks[index];
	hook->size = size;
	hook->index = index;
	return 0;
}

static int get_version(struct ecs_ioc_version *v)
{
	__u32 size = v->size;
	int error = fake_fault("version", 0);

	if (error)
		return error;
	*v = version;
	v->size = size;
	return 0;
}

int dev_open(void)
{
	return fake_fault("open", 0);
}

void dev_close(void)
{
}

int dev_call(unsigned long request, void *arg)
{
	__u32 size = arg ? *(__u32 *)arg : 0;
	struct ecs_ioc_vm *vm = arg;

	load();
	if (size != _IOC_SIZE(request))
		fake_broken("size is not that of the struct");
	switch (request) {
	case ECS_IOC_VERSION:
		return get_version(arg);
	case ECS_IOC_VM_SET:
	case ECS_IOC_VM_GET:
	case ECS_IOC_VM_NEXT:
		if (vm->flags || vm->zero)
			fake_broken("flags or zero are not 0");
		return request == ECS_IOC_VM_SET ? vm_set(vm) :
		       request == ECS_IOC_VM_GET ? vm_get(vm) :
						   vm_next(vm);
	case ECS_IOC_VCPU_NEXT:
		return vcpu_next(arg);
	case ECS_IOC_HOOK:
		return get_hook(arg);
	case ECS_IOC_DISABLE_ALL:
		if (fake_fault("disable_all", 0))
			return fake_fault("disable_all", 0);
		fake_note("disable_all\n");
		return 0;
	default:
		return fake_boost_call(request, arg);
	}
}
