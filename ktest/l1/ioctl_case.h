/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl_case.h: one random call of /dev/ecs, and what may come of it.
 *
 * What is expected follows from ecs_ioctl.h alone, in the order in which the
 * kernel can find out: the number, the memory, the size, the permission, the
 * values, the process.
 */
#ifndef ECS_IOCTL_CASE_H
#define ECS_IOCTL_CASE_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "../../common/ecs_ioctl.h"
#include "../unit/bounds_model.h"

#define PAGE	  4096u
#define PAGES	  3u
#define PID_LAST  4194304 /* PID_MAX_LIMIT */
#define NONE_SUCH 0x3fffff00

union argument {
	__u32 size;
	struct ecs_ioc_version version;
	struct ecs_ioc_vm vm;
	struct ecs_ioc_vcpu vcpu;
	struct ecs_ioc_hook hook;
	struct ecs_ioc_boost boost;
	struct ecs_ioc_limit limit;
};

enum verb {
	VERSION,
	VM_SET,
	VM_GET,
	VM_NEXT,
	VCPU_NEXT,
	HOOK,
	DISABLE_ALL,
	BOOST_SET,
	BOOST_CLEAR,
	BOOST_NEXT,
	LIMIT_SET,
	LIMIT_GET,
	VERBS, /* none of them */
};

static const struct command {
	unsigned int cmd;
	size_t size;
	bool changes;
} commands[VERBS] = {
	[VERSION] = { ECS_IOC_VERSION, sizeof(struct ecs_ioc_version), false },
	[VM_SET] = { ECS_IOC_VM_SET, sizeof(struct ecs_ioc_vm), true },
	[VM_GET] = { ECS_IOC_VM_GET, sizeof(struct ecs_ioc_vm), false },
	[VM_NEXT] = { ECS_IOC_VM_NEXT, sizeof(struct ecs_ioc_vm), false },
	[VCPU_NEXT] = { ECS_IOC_VCPU_NEXT, sizeof(struct ecs_ioc_vcpu), false },
	[HOOK] = { ECS_IOC_HOOK, sizeof(struct ecs_ioc_hook), false },
	[DISABLE_ALL] = { ECS_IOC_DISABLE_ALL, 0, true },
	[BOOST_SET] = { ECS_IOC_BOOST_SET, sizeof(struct ecs_ioc_boost), true },
	[BOOST_CLEAR] = { ECS_IOC_BOOST_CLEAR, sizeof(struct ecs_ioc_boost),
			  true },
	[BOOST_NEXT] = { ECS_IOC_BOOST_NEXT, sizeof(struct ecs_ioc_boost),
			 false },
	[LIMIT_SET] = { ECS_IOC_LIMIT_SET, sizeof(struct ecs_ioc_limit), true },
	[LIMIT_GET] = { ECS_IOC_LIMIT_GET, sizeof(struct ecs_ioc_limit),
			false },
};

/* What a process number is the number of, as far as the fuzzer knows. */
enum whose {
	LIVE,	  /* a process that stays */
	DEAD,	  /* none, or one that is a zombie */
	REALTIME, /* LIVE, and its threads are real-time */
	UNKNOWN,  /* any number */
};

struct process {
	pid_t pid;
	pid_t tid; /* one of its threads, not the first */
	enum whose whose;
};

#define PROCESSES_MAX 32u

/**
 * struct world - what all calls of a run share
 * @can: the caller has CAP_SYS_NICE
 * @features: ECS_HOST_F_* of the module
 */
struct world {
	bool can;
	__u64 features;
	struct process processes[PROCESSES_MAX];
	unsigned int nr_processes;
};

/**
 * struct arena - memory for arguments, behind which there is none
 * @rw: PAGES pages
 * @ro: the same, not to be written
 */
struct arena {
	__u8 *rw;
	__u8 *ro;
};

enum place { PLACE_GOOD, PLACE_END, PLACE_READ_ONLY, PLACE_BAD };

/**
 * struct call - one call
 * @verb: VERBS if there is none of that number
 * @offset: of the argument in the arena
 * @told: the size that the argument says it has
 * @tail: it has a byte that is not 0 behind what the kernel knows
 * @taken: what the kernel takes from it if all goes well
 * @was: the memory before the call
 */
struct call {
	enum verb verb;
	unsigned int cmd;
	enum place place;
	size_t offset;
	size_t told;
	bool tail;
	void *pointer;
	const struct process *process;
	union argument taken;
	__u8 was[PAGES * PAGE];
};

static void arena_init(struct arena *arena)
{
	int fd = memfd_create("arena", 0);
	__u8 *at;
	int i;

	if (fd < 0 || ftruncate(fd, PAGES * PAGE))
		exit(2);
	for (i = 0; i < 2; i++) {
		at = mmap(NULL, (PAGES + 1) * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED ||
		    mmap(at, PAGES * PAGE,
			 i ? PROT_READ : PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) != at)
			exit(2);
		*(i ? &arena->ro : &arena->rw) = at;
	}
	close(fd);
}

/* --- values --- */

/* Around the bounds, and anywhere. */
static __u32 any_value(struct rng *rng, __u32 min, __u32 max)
{
	switch (rng_below(rng, 12)) {
	case 0:
		return min - 1;
	case 1:
		return max + 1;
	case 2:
		return 0;
	case 3:
		return (__u32)rng_next(rng);
	case 4:
		return min;
	case 5:
		return max;
	}
	return (__u32)rng_range(rng, min, max);
}

/* Mostly 0, where nothing else is allowed. */
static __u32 any_flags(struct rng *rng)
{
	return rng_percent(rng, 95) ? 0 : (__u32)rng_log(rng, UINT32_MAX);
}

static const struct process *any_process(struct rng *rng,
					 const struct world *world)
{
	return &world->processes[rng_below(rng, world->nr_processes)];
}

static pid_t pid_of(struct rng *rng, const struct process *process)
{
	static const pid_t odd[] = { 0, -1, INT32_MIN, INT32_MAX, NONE_SUCH };

	if (process->whose == DEAD && process->pid <= 0)
		return odd[rng_below(rng, ARRAY_SIZE(odd))];
	if (process->whose == UNKNOWN)
		return (pid_t)rng_range(rng, 1, 2000);
	return process->pid;
}

static void any_params(struct rng *rng, struct ecs_ioc_params *p)
{
	size_t i;

	p->valid = (__u32)rng_below(rng, ECS_PARAM_ALL + 1);
	if (rng_percent(rng, 5))
		p->valid = (__u32)rng_log(rng, UINT32_MAX);
	for (i = 0; i < ARRAY_SIZE(bounds_fields); i++)
		*bounds_at(p, &bounds_fields[i]) =
			any_value(rng, bounds_fields[i].min,
				  bounds_fields[i].max);
}

static void any_argument(struct rng *rng, struct call *call,
			 union argument *arg)
{
	pid_t pid = pid_of(rng, call->process);
	size_t i;

	/* What is only given out may hold anything. */
	for (i = 0; i < sizeof(*arg); i += rng_range(rng, 1, 64))
		((__u8 *)arg)[i] = (__u8)rng_next(rng);
	switch (call->verb) {
	case VM_SET:
	case VM_GET:
	case VM_NEXT:
		arg->vm.flags = any_flags(rng);
		arg->vm.pid = pid;
		any_params(rng, &arg->vm.params);
		break;
	case VCPU_NEXT:
		arg->vcpu.flags = any_flags(rng);
		arg->vcpu.pid = pid;
		arg->vcpu.vcpu = (__s32)any_value(rng, 0, 8);
		break;
	case HOOK:
		arg->hook.index = any_value(rng, 0, 40);
		break;
	case BOOST_SET:
	case BOOST_CLEAR:
	case BOOST_NEXT:
		arg->boost.flags = any_flags(rng);
		arg->boost.pid = pid;
		arg->boost.tid = call->process->tid;
		if (rng_percent(rng, 20))
			arg->boost.tid = (__s32)rng_below(rng, 3);
		arg->boost.vcpu = (__s32)any_value(rng, 0, 300);
		arg->boost.backend = any_value(rng, ECS_BOOST_AUTO,
					       ECS_BOOST_FIFO);
		/* Small shares: then it is not only the first that fits. */
		arg->boost.sbt_ns = any_value(rng, ECS_BOOST_SBT_NS_MIN,
					      rng_percent(rng, 80) ?
						      1000000 :
						      ECS_BOOST_SBT_NS_MAX);
		arg->boost.usbt_ns = any_value(rng, ECS_BOOST_USBT_NS_MIN,
					       ECS_BOOST_USBT_NS_MAX);
		arg->boost.borrow_ns = any_value(rng, 0,
						 ECS_BOOST_BORROW_NS_MAX);
		arg->boost.zero = any_flags(rng);
		break;
	case LIMIT_SET:
	case LIMIT_GET:
		arg->limit.flags = any_flags(rng);
		arg->limit.pid = pid;
		arg->limit.zero = any_flags(rng);
		arg->limit.sbt_max_ns = any_value(rng, ECS_BOOST_SBT_NS_MIN,
						  ECS_BOOST_SBT_NS_MAX);
		arg->limit.usbt_min_ns = any_value(rng, ECS_BOOST_USBT_NS_MIN,
						   ECS_BOOST_USBT_NS_MAX);
		break;
	case VERSION:
	case DISABLE_ALL:
	case VERBS:
		break;
	}
}

/* --- how it is called --- */

/* By number, whatever direction and size the command says; or by no number. */
static unsigned int any_command(struct rng *rng, enum verb verb)
{
	static const unsigned int types[] = { 0, 0xeb, 0xed, 0xff, 'E' };

	if (verb == VERBS && rng_percent(rng, 50))
		return _IOC(_IOC_READ, types[rng_below(rng, ARRAY_SIZE(types))],
			    (unsigned int)rng_below(rng, VERBS), 8);
	if (verb == VERBS)
		return _IOC((unsigned int)rng_below(rng, 4), ECS_IOC_MAGIC,
			    (unsigned int)rng_range(rng, VERBS, 255),
			    (unsigned int)rng_below(rng, 1 << 14));
	/* This one has no argument, so that its whole command counts. */
	if (verb == DISABLE_ALL || rng_percent(rng, 80))
		return commands[verb].cmd;
	return _IOC((unsigned int)rng_below(rng, 4), ECS_IOC_MAGIC,
		    _IOC_NR(commands[verb].cmd),
		    (unsigned int)rng_below(rng, 1 << 14));
}

static size_t any_size(struct rng *rng, size_t size)
{
	switch (rng_below(rng, 12)) {
	case 0:
		return rng_below(rng, 4);
	case 1:
		return PAGE + 1 + rng_log(rng, UINT32_MAX - PAGE - 1);
	case 2:
		return rng_range(rng, 4, size);
	case 3:
		return rng_range(rng, size, PAGE);
	case 4:
		return PAGE;
	}
	return size;
}

static void *bad_pointer(struct rng *rng, const struct arena *arena)
{
	switch (rng_below(rng, 4)) {
	case 0:
		return NULL;
	case 1: /* the kernel's */
		return (void *)(0xffff888000000000ull +
				rng_below(rng, 1 << 30));
	case 2: /* nobody's */
		return (void *)(0x800000000000ull - rng_below(rng, 64));
	}
	return arena->rw + PAGES * PAGE + rng_below(rng, 64);
}

static void call_make(struct call *call, struct rng *rng,
		      const struct world *world, struct arena *arena)
{
	static union argument arg_of_none;
	union argument arg = arg_of_none;
	size_t size, known, left;

	memset(call, 0, sizeof(*call));
	call->verb = (enum verb)rng_below(rng, VERBS + 1);
	/* It undoes all that the others did: seldom. */
	if (call->verb == DISABLE_ALL && rng_percent(rng, 80))
		call->verb = VM_SET;
	call->cmd = any_command(rng, call->verb);
	call->process = any_process(rng, world);
	call->place = rng_percent(rng, 80) ? PLACE_GOOD :
					     (enum place)rng_below(rng, 4);
	size = call->verb < VERBS ? commands[call->verb].size : 8;
	call->told = any_size(rng, size ? size : 8);
	any_argument(rng, call, &arg);
	arg.size = (__u32)call->told;

	left = call->told < PAGE ? call->told : PAGE;
	if (call->place == PLACE_END)
		call->offset = PAGES * PAGE - rng_below(rng, left + 1);
	else
		call->offset = rng_percent(rng, 80) ? 0 : rng_below(rng, 64);
	memset(arena->rw, 0, PAGES * PAGE);
	left = PAGES * PAGE - call->offset;
	known = size < left ? size : left;
	memcpy(arena->rw + call->offset, &arg, known);
	/* Behind what the kernel knows: 0, or it is from a later ecsctl. */
	if (call->told > size && call->told <= PAGE && rng_percent(rng, 50)) {
		known = rng_range(rng, size, call->told - 1);
		call->tail = known < left;
		if (call->tail)
			arena->rw[call->offset + known] = 1;
	}
	call->pointer = (call->place == PLACE_READ_ONLY ? arena->ro :
							  arena->rw) +
			call->offset;
	if (call->place == PLACE_BAD)
		call->pointer = bad_pointer(rng, arena);
	known = call->told < size ? call->told : size;
	memcpy(&call->taken, &arg, known);
	memcpy(call->was, arena->rw, sizeof(call->was));
}

/* --- what may come of it --- */

#define MAY_MAX 8u

/* 0 is success; an errno is positive here. */
struct may {
	int error[MAY_MAX];
	unsigned int nr;
};

static void may_be(struct may *may, int error)
{
	may->error[may->nr++] = error;
}

/*
 * True if nothing but ESRCH can come. @pid is what the kernel takes: of a short
 * argument only its first bytes, 0 or the number of anybody.
 */
static bool may_be_gone(struct may *may, const struct call *call, pid_t pid)
{
	bool known = pid == call->process->pid &&
		     call->process->whose != UNKNOWN;

	if (!known || call->process->whose == DEAD)
		may_be(may, ESRCH);
	return pid <= 0 || pid > PID_LAST ||
	       (known && call->process->whose == DEAD);
}

static void may_of_values(struct may *may, const struct call *call,
			  const struct world *world)
{
	const __u64 defers = ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP;
	const __u64 yields = ECS_HOST_F_YIELD_SPIN | ECS_HOST_F_YIELD_CALL;
	const union argument *arg = &call->taken;
	const struct ecs_ioc_params *p = &arg->vm.params;
	bool first = arg->boost.tid == call->process->tid;

	switch (call->verb) {
	case VERSION:
		may_be(may, 0);
		break;
	case HOOK:
		if (arg->hook.index < 1000)
			may_be(may, 0);
		if (arg->hook.index)
			may_be(may, ENOENT);
		break;
	case VM_SET:
		/* What is missing may be said first. */
		if (!(world->features & defers) ||
		    !(world->features & yields) ||
		    !(world->features & ECS_HOST_F_OVERCOMMIT))
			may_be(may, EOPNOTSUPP);
		if (arg->vm.flags || !model_params(p)) {
			may_be(may, EINVAL);
			break;
		}
		if (may_be_gone(may, call, arg->vm.pid))
			break;
		/* Recheck and burst must fit each other, new or old. */
		if (p->valid & (ECS_PARAM_RECHECK | ECS_PARAM_BURST))
			may_be(may, EINVAL);
		if ((~p->valid & (ECS_PARAM_RECHECK | ECS_PARAM_BURST)) ||
		    p->burst_ns >= p->recheck_ns)
			may_be(may, 0);
		break;
	case VM_GET:
		if (arg->vm.flags)
			may_be(may, EINVAL);
		else if (!may_be_gone(may, call, arg->vm.pid))
			may_be(may, 0), may_be(may, ENOENT);
		break;
	case VM_NEXT:
		if (arg->vm.flags)
			may_be(may, EINVAL);
		else
			may_be(may, 0), may_be(may, ENOENT);
		break;
	case VCPU_NEXT:
		if (arg->vcpu.flags)
			may_be(may, EINVAL);
		else if (!may_be_gone(may, call, arg->vcpu.pid))
			may_be(may, 0), may_be(may, ENOENT);
		break;
	case BOOST_SET:
		if (!(world->features & ECS_HOST_F_BOOST))
			may_be(may, EOPNOTSUPP);
		if (!model_boost(&arg->boost)) {
			may_be(may, EINVAL);
			break;
		}
		if (call->process->whose != UNKNOWN && !first) {
			may_be(may, ESRCH);
			break;
		}
		if (may_be_gone(may, call, arg->boost.pid))
			break;
		/* No feature says whether there is the other backend. */
		if (arg->boost.backend == ECS_BOOST_FIFO ||
		    !(world->features & ECS_HOST_F_BOOST_PICK))
			may_be(may, EOPNOTSUPP);
		if (call->process->whose != LIVE)
			may_be(may, EBUSY);
		if (call->process->whose != REALTIME)
			may_be(may, 0), may_be(may, ENOSPC);
		break;
	case BOOST_CLEAR:
		if (arg->boost.flags) {
			may_be(may, EINVAL);
			break;
		}
		if (arg->boost.tid && !first &&
		    call->process->whose != UNKNOWN) {
			may_be(may, ESRCH);
			break;
		}
		if (may_be_gone(may, call, arg->boost.pid))
			break;
		may_be(may, 0);
		if (arg->boost.tid)
			may_be(may, ENOENT);
		break;
	case BOOST_NEXT:
		if (arg->boost.flags || arg->boost.pid <= 0)
			may_be(may, EINVAL);
		else
			may_be(may, 0), may_be(may, ENOENT);
		break;
	case LIMIT_SET:
		if (!(world->features & ECS_HOST_F_BOOST))
			may_be(may, EOPNOTSUPP);
		if (!model_limit(&arg->limit))
			may_be(may, EINVAL);
		else if (!may_be_gone(may, call, arg->limit.pid))
			may_be(may, 0);
		break;
	case LIMIT_GET:
		if (arg->limit.flags)
			may_be(may, EINVAL);
		else if (!may_be_gone(may, call, arg->limit.pid))
			may_be(may, 0);
		break;
	case DISABLE_ALL:
	case VERBS:
		break;
	}
}

static void call_may(struct may *may, const struct call *call,
		     const struct world *world)
{
	size_t left = PAGES * PAGE - call->offset;
	unsigned int i;

	may->nr = 0;
	if (call->verb == VERBS) {
		may_be(may, ENOTTY);
		return;
	}
	if (call->verb == DISABLE_ALL) {
		may_be(may, world->can ? 0 : EPERM);
		return;
	}
	if (call->place == PLACE_BAD || left < sizeof(__u32)) {
		may_be(may, EFAULT);
		return;
	}
	if (call->told < sizeof(__u32) || call->told > PAGE) {
		may_be(may, EINVAL);
		return;
	}
	if (call->tail)
		may_be(may, E2BIG);
	if (left < call->told)
		may_be(may, EFAULT);
	if (may->nr)
		return;
	if (commands[call->verb].changes && !world->can) {
		may_be(may, EPERM);
		return;
	}
	may_of_values(may, call, world);
	/* The answer has no place to go. */
	for (i = 0; i < may->nr && call->place == PLACE_READ_ONLY; i++)
		if (!may->error[i] || may->error[i] == ENOSPC)
			may->error[i] = EFAULT;
}

/* --- what came of it --- */

static void check_answer(const struct call *call, const struct arena *arena)
{
	size_t size = commands[call->verb].size, written;
	union argument got = { 0 };

	written = call->told < size ? call->told : size;
	memcpy(&got, arena->rw + call->offset, written);
	CHECK(got.size == call->told, "size %u", got.size);
	CHECK(!memcmp(arena->rw, call->was, call->offset) &&
		      !memcmp(arena->rw + call->offset + written,
			      call->was + call->offset + written,
			      sizeof(call->was) - call->offset - written),
	      "written beside the argument");
	/* Of a short argument only the beginning is known. */
	if (written < size)
		return;
	switch (call->verb) {
	case VM_SET:
	case VM_GET:
	case VM_NEXT:
		CHECK(got.vm.params.valid == ECS_PARAM_ALL &&
			      model_params(&got.vm.params) &&
			      got.vm.params.burst_ns >=
				      got.vm.params.recheck_ns,
		      "parameters of %d", got.vm.pid);
		CHECK(!got.vm.zero, "zero is %u", got.vm.zero);
		CHECK(call->verb == VM_NEXT ? got.vm.pid > call->taken.vm.pid :
					      got.vm.pid == call->taken.vm.pid,
		      "pid %d for %d", got.vm.pid, call->taken.vm.pid);
		break;
	case VCPU_NEXT:
		CHECK(got.vcpu.vcpu > call->taken.vcpu.vcpu, "vCPU %d after %d",
		      got.vcpu.vcpu, call->taken.vcpu.vcpu);
		break;
	case HOOK:
		CHECK(memchr(got.hook.name, 0, sizeof(got.hook.name)) &&
			      got.hook.name[0],
		      "name of hook %u", got.hook.index);
		break;
	case VERSION:
		CHECK(got.version.interface == ECS_IOC_INTERFACE &&
			      memchr(got.version.version, 0,
				     sizeof(got.version.version)),
		      "interface %u", got.version.interface);
		break;
	case BOOST_SET:
	case BOOST_NEXT:
		CHECK(got.boost.pid == call->taken.boost.pid &&
			      got.boost.state <= ECS_BOOST_COOLING &&
			      got.boost.source <= ECS_BOOST_BY_GUEST &&
			      (got.boost.backend == ECS_BOOST_PICK ||
			       got.boost.backend == ECS_BOOST_FIFO),
		      "boost of %d", got.boost.pid);
		CHECK(call->verb == BOOST_SET ?
			      got.boost.tid == call->taken.boost.tid :
			      got.boost.tid > call->taken.boost.tid,
		      "thread %d for %d", got.boost.tid, call->taken.boost.tid);
		break;
	default:
		break;
	}
}

static void call_show(const struct call *call)
{
	printf("  # verb %d cmd %#x place %d offset %zu told %zu tail %d whose %d pid %d tid %d\n",
	       call->verb, call->cmd, call->place, call->offset, call->told,
	       call->tail, call->process->whose, call->taken.boost.pid,
	       call->taken.boost.tid);
}

/* @error: what the call gave, 0 or an errno */
static void call_judge(const struct call *call, const struct world *world,
		       const struct arena *arena, int error)
{
	unsigned int before = test_failures, i;
	struct may may;

	call_may(&may, call, world);
	for (i = 0; i < may.nr && may.error[i] != error; i++)
		;
	CHECK(i < may.nr, "errno %d, wanted %d%s", error,
	      may.nr ? may.error[0] : -1, may.nr > 1 ? " or another" : "");
	if (!error && call->verb != DISABLE_ALL)
		check_answer(call, arena);
	/* Refused: it has not even touched the argument. */
	else if (error && error != ENOSPC && error != EFAULT)
		CHECK(!memcmp(arena->rw, call->was, sizeof(call->was)),
		      "refused with %d, and written", error);
	if (test_failures != before)
		call_show(call);
}

#endif /* ECS_IOCTL_CASE_H */
