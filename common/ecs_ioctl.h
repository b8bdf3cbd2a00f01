/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * ecs_ioctl.h: /dev/ecs, between ecs_host.ko and ecsctl.
 *
 * A "VM" is a VMM process, named by the pid of its thread group as the caller
 * sees it. Each argument is a struct that starts with its own size: the kernel
 * accepts a longer one if all it does not know is zero (else E2BIG), and fills
 * as much as it knows. Unknown flag or "valid" bits are refused with EINVAL.
 * Reading needs an open /dev/ecs; every change needs CAP_SYS_NICE as well.
 *
 * Errors: EINVAL a value out of bounds, EPERM no CAP_SYS_NICE, ESRCH no such
 * process (or it died meanwhile), ENOENT the VM is not known to the module or
 * the list is at its end, EOPNOTSUPP what the mode, a hint or the yield needs
 * is missing.
 */
#ifndef ECS_IOCTL_H
#define ECS_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ECS_IOC_INTERFACE 3u /* struct layouts below */

/* What a VM gets. A VM that the module was never told of is OFF. */
#define ECS_MODE_OFF	 0 /* not touched */
#define ECS_MODE_OBSERVE 1 /* counted, never extended */
#define ECS_MODE_ON	 2 /* counted and extended */

/* Bounds of the parameters; the defaults are the module's. */
#define ECS_GRACE_NS_MIN       10000u
#define ECS_GRACE_NS_MAX       10000000u
#define ECS_GRACE_SLEEP_NS_MIN 0u
#define ECS_GRACE_SLEEP_NS_MAX ECS_GRACE_NS_MAX
#define ECS_RECHECK_NS_MIN     5000u
#define ECS_RECHECK_NS_MAX     1000000u
#define ECS_BUDGET_PPM_MIN     0u
#define ECS_BUDGET_PPM_MAX     1000000u
#define ECS_BURST_NS_MIN       10000u
#define ECS_BURST_NS_MAX       1000000000u

/* A vCPU inside a section that does nothing there but to wait for a lock. */
#define ECS_WAITERS_EXTEND 0 /* like any other in a section */
#define ECS_WAITERS_REFUSE 1 /* as if it were in none */

/* Whom the time of a vCPU goes to that spins, or yields by hypercall. */
#define ECS_YIELD_OFF 0 /* whom KVM chooses */
#define ECS_YIELD_ON  1 /* mode ON: a preempted holder of the VM, then KVM's */

/* Bits of ecs_ioc_params.valid. */
#define ECS_PARAM_MODE	      (1u << 0)
#define ECS_PARAM_GRACE	      (1u << 1)
#define ECS_PARAM_RECHECK     (1u << 2)
#define ECS_PARAM_BUDGET      (1u << 3)
#define ECS_PARAM_BURST	      (1u << 4)
#define ECS_PARAM_HINTS	      (1u << 5)
#define ECS_PARAM_WAITERS     (1u << 6)
#define ECS_PARAM_YIELD	      (1u << 7)
#define ECS_PARAM_GRACE_SLEEP (1u << 8)
#define ECS_PARAM_ALL	      0x1ffu

/*
 * What a guest is told of the host's load (ecs_ioc_params.hints), if the mode is
 * not OFF. Nothing by default: a guest learns from it what its neighbours do.
 */
#define ECS_HINT_PREEMPTED  (1u << 0) /* ecs_abi_host.vcpu_preempted */
#define ECS_HINT_OVERCOMMIT (1u << 1) /* ecs_abi_host.pcpu_overcommitted */
#define ECS_HINT_ALL	    3u

/**
 * struct ecs_ioc_params - what a VM is given
 * @valid: in: ECS_PARAM_* to change; out: all
 * @mode: ECS_MODE_*
 * @grace_ns: the longest one preemption is deferred
 * @recheck_ns: when the section is first looked at again; later looks come at
 *	growing distances
 * @budget_ppm: long-run share of each vCPU's time that may be extension
 * @burst_ns: how much unused budget a vCPU may save up
 * @hints: ECS_HINT_*
 * @waiters: ECS_WAITERS_*
 * @yield: ECS_YIELD_*
 * @grace_sleep_ns: the same as @grace_ns for sections in which nothing but
 *	sleeping locks and RCU readers hold (ECS_KIND_SLEEP, _READER, _RCU); more
 *	than @grace_ns is @grace_ns; 0: those are not deferred for
 */
struct ecs_ioc_params {
	__u32 valid;
	__u32 mode;
	__u32 grace_ns;
	__u32 recheck_ns;
	__u32 budget_ppm;
	__u32 burst_ns;
	__u32 hints;
	__u32 waiters;
	__u32 yield;
	__u32 grace_sleep_ns;
};

/*
 * Counters of a vCPU, and summed up of a VM: X(index, name, meaning).
 * A "request" is the fair class asking for the CPU of a running vCPU.
 */
/* clang-format off */
#define ECS_STATS(X) \
	X(SCHED_OUT, sched_out, "times the vCPU thread left a CPU") \
	X(PREEMPTED, preempted, "of these, while it wanted to run on, and did not yield") \
	X(PREEMPTED_SECTION, preempted_in_section, "of these, inside a section") \
	X(REQ_TICK, req_tick, "requests at the end of a slice") \
	X(REQ_WAKEUP, req_wakeup, "requests by a waking task") \
	X(REQ_SECTION, req_in_section, "requests that found it inside a section") \
	X(REQ_JOINED, req_joined, "requests during an extension under way") \
	X(GRANTED, granted, "requests deferred") \
	X(ENDED_RELEASE, ended_release, "ended because the section ended") \
	X(ENDED_YIELD, ended_yield, "ended because the vCPU gave up the CPU") \
	X(ENDED_CAP, ended_cap, "ended because the grace was used up") \
	X(ENDED_FORCED, ended_forced, "ended by a request that is never deferred") \
	X(ENDED_OFF, ended_off, "ended by disable, withdrawal or unload") \
	X(REFUSED_BUDGET, refused_budget, "refused: no budget left") \
	X(REFUSED_SPENT, refused_spent, "refused: grace used, not off the CPU yet") \
	X(WOULD_GRANT, would_grant, "observe mode: would have been deferred, if there is budget") \
	X(EXT_NS, ext_ns, "total length of extensions, ns") \
	X(EXT_MAX_NS, ext_max_ns, "longest extension, ns") \
	X(LATE_MAX_NS, late_max_ns, "latest look at an extension, ns") \
	X(YIELD_MSR, yield_msr, "times the guest asked to give the CPU back") \
	X(REGISTERED, registrations, "registrations accepted") \
	X(WITHDRAWN, withdrawals, "registrations withdrawn by the guest") \
	X(DROPPED, drops, "registrations dropped by the host") \
	X(BAD_MSR, bad_msr, "MSR accesses answered with #GP") \
	X(BAD_COUNT, bad_count, "malformed counts read from the page") \
	X(BAD_COOKIE, bad_cookie, "pages found overwritten") \
	X(HINT_PREEMPTED, hint_preempted, "guest told: a vCPU is preempted") \
	X(HINT_OVERCOMMIT, hint_overcommit, "guest told: others want the CPU") \
	X(REFUSED_WAITER, refused_waiter, "refused: in a section, but it only waits") \
	X(YIELDS, yields, "times it spun, or yielded by hypercall, with yield on") \
	X(YIELDS_DIRECTED, yields_directed, "of these, given to a preempted holder") \
	X(YIELDS_NONE, yields_none, "of these, left to KVM: no holder waited") \
	X(YIELDS_REFUSED, yields_refused, "of these, in vain: refused, or nobody waited any more") \
	X(YIELDS_WOULD, yields_would, "observe mode: a preempted holder waited") \
	X(REFUSED_SLEEP, refused_sleep, "refused: sleeping locks only, and they get no grace")
/* clang-format on */

#define ECS_STAT_ENUM(index, name, text) ECS_STAT_##index,
enum ecs_stat { ECS_STATS(ECS_STAT_ENUM) ECS_STAT_NR };

/*
 * Kinds of sections, as rule 4 of the guest's ABI has them: X(index, name, meaning).
 */
/* clang-format off */
#define ECS_KINDS(X) \
	X(WAIT, wait, "waits for a lock") \
	X(IRQ, irq, "interrupts, softirqs off") \
	X(LOCK, lock, "spinlocks and rwlocks") \
	X(USER, user, "marked by user space") \
	X(SLEEP, sleep, "mutexes, writers of sleeping locks") \
	X(READER, reader, "readers of sleeping locks") \
	X(RCU, rcu, "RCU readers")
/* clang-format on */

#define ECS_KIND_ENUM(index, name, text) ECS_KIND_##index,
enum ecs_kind { ECS_KINDS(ECS_KIND_ENUM) ECS_KIND_NR };

#define ECS_KINDS_ROOM 8 /* in the struct, for later */

/**
 * struct ecs_ioc_kind - what became of requests by the kind of the section
 * @captured: requests that found the vCPU in one; all kinds together are
 *	req_in_section
 * @deferred: of these, deferred; together: granted
 * @avoided: of these, the section ended, or the vCPU gave up the CPU, within the
 *	grace; together: ended_release + ended_yield
 * @preempted: times that it was preempted in one; together:
 *	preempted_in_section
 *
 * An extension counts for the kind that it was granted for.
 */
struct ecs_ioc_kind {
	__u64 captured;
	__u64 deferred;
	__u64 avoided;
	__u64 preempted;
};

#define ECS_STATS_ROOM	 48 /* u64 slots in the struct, for later */
#define ECS_HIST_BUCKETS 64 /* see ecs_hist.h */

/**
 * struct ecs_ioc_stats - counters and two histograms
 * @counter: by enum ecs_stat; slots from ECS_STAT_NR on are zero
 * @kind: by enum ecs_kind; from ECS_KIND_NR on zero
 * @ext: lengths of extensions
 * @late: how late extensions were looked at, whatever caused it
 */
struct ecs_ioc_stats {
	__u64 counter[ECS_STATS_ROOM];
	struct ecs_ioc_kind kind[ECS_KINDS_ROOM];
	__u64 ext[ECS_HIST_BUCKETS];
	__u64 late[ECS_HIST_BUCKETS];
};

/* ecs_ioc_version.features: which features have all their hooks. */
#define ECS_HOST_F_MSR		(1ull << 0) /* guests can register */
#define ECS_HOST_F_DEFER_TICK	(1ull << 1) /* slice ends are deferred */
#define ECS_HOST_F_DEFER_WAKEUP (1ull << 2) /* wakeup preemptions are */
#define ECS_HOST_F_EXIT_CHECK	(1ull << 3) /* sections looked at on VM exits */
#define ECS_HOST_F_RESET	(1ull << 4) /* vCPU reset is seen */
#define ECS_HOST_F_MEMSLOT	(1ull << 5) /* memory slot removal is seen */
#define ECS_HOST_F_DESTROY	(1ull << 6) /* vCPU destruction is seen */
#define ECS_HOST_F_BOOST	(1ull << 7) /* boosts can be followed at all */
#define ECS_HOST_F_BOOST_PICK	(1ull << 8) /* ECS_BOOST_PICK works */
#define ECS_HOST_F_BOOST_PLACE	(1ull << 9) /* boosted wakeups choose a CPU */
#define ECS_HOST_F_OVERCOMMIT	(1ull << 10) /* who wants a CPU is known */
#define ECS_HOST_F_YIELD_SPIN	(1ull << 11) /* spinners yield to holders */
#define ECS_HOST_F_YIELD_CALL	(1ull << 12) /* hypercalls yield to holders */

/**
 * struct ecs_ioc_version - ECS_IOC_VERSION
 * @size: of this struct
 * @interface: ECS_IOC_INTERFACE
 * @abi_major: guest ABI
 * @abi_minor: guest ABI
 * @enable_all: VMs are on by default; ECS_IOC_DISABLE_ALL ends that
 * @features: ECS_HOST_F_*
 * @defaults: parameters of a VM that says nothing
 * @version: of the module, NUL terminated
 */
struct ecs_ioc_version {
	__u32 size;
	__u32 interface;
	__u16 abi_major;
	__u16 abi_minor;
	__u32 enable_all;
	__u64 features;
	struct ecs_ioc_params defaults;
	char version[40];
};

/**
 * struct ecs_ioc_vm - ECS_IOC_VM_SET, _GET, _NEXT
 * @size: of this struct
 * @flags: in: 0
 * @pid: thread group; NEXT: in: the last one seen (0 to begin), out: this one
 * @vcpus: vCPUs that ever registered, withdrew, asked for features, or did wrong; alive
 * @registered: of these, registered now
 * @zero: 0
 * @params: SET: in: the changes; out: what holds now
 * @stats: out: the sum over all vCPUs, dead ones too; of *_MAX_NS the maximum
 *
 * NEXT walks in the order of the pids and never answers ESRCH.
 */
struct ecs_ioc_vm {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 vcpus;
	__u32 registered;
	__u32 zero;
	struct ecs_ioc_params params;
	struct ecs_ioc_stats stats;
};

/**
 * struct ecs_ioc_vcpu - ECS_IOC_VCPU_NEXT
 * @size: of this struct
 * @flags: in: 0
 * @pid: the VM
 * @vcpu: in: the last one seen (-1 to begin); out: this one, KVM's vcpu_id
 * @tid: out: its thread, 0 if that is gone
 * @registered: out: 1 if a page is registered
 * @pc_width: out: width of the published preempt count, 0 if none
 * @zero: 0
 * @generation: out: of the registration
 * @run_ns: out: CPU time the thread has had, all of its life
 * @stats: out
 */
struct ecs_ioc_vcpu {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__s32 vcpu;
	__s32 tid;
	__u32 registered;
	__u32 pc_width;
	__u32 zero;
	__u64 generation;
	__u64 run_ns;
	struct ecs_ioc_stats stats;
};

/**
 * struct ecs_ioc_hook - ECS_IOC_HOOK
 * @size: of this struct
 * @index: in: 0, 1, ... until ENOENT
 * @error: out: 0 if the hook is in place, else why not, a negative errno
 * @optional: out: 1 if this kernel is expected to lack it
 * @feature: out: ECS_HOST_F_* bits it serves, 0 if it only helps
 * @name: out: the kernel's symbol
 */
struct ecs_ioc_hook {
	__u32 size;
	__u32 index;
	__s32 error;
	__u32 optional;
	__u64 feature;
	char name[48];
};

/* How a boost is dispatched. */
#define ECS_BOOST_AUTO 0 /* in: PICK where it works, else FIFO */
#define ECS_BOOST_PICK 1 /* first choice of the fair class' pick */
#define ECS_BOOST_FIFO 2 /* made real-time for as long as the boost lasts */

/* Who asked for it. */
#define ECS_BOOST_BY_ADMIN 0
#define ECS_BOOST_BY_GUEST 1

/* Where it stands. */
#define ECS_BOOST_READY	  0 /* the next wakeup is boosted */
#define ECS_BOOST_BOOSTED 1 /* dispatched before every other fair task */
#define ECS_BOOST_COOLING 2 /* an ordinary task until USBT has passed */

/* Bounds of the parameters. */
#define ECS_BOOST_SBT_NS_MIN	10000u
#define ECS_BOOST_SBT_NS_MAX	100000000u
#define ECS_BOOST_USBT_NS_MIN	100000u
#define ECS_BOOST_USBT_NS_MAX	1000000000u
#define ECS_BOOST_BORROW_NS_MAX 100000000u

/* Counters of a boosted thread: X(index, name, meaning). */
/* clang-format off */
#define ECS_BOOST_STATS(X) \
	X(WAKES, wakes, "times it woke") \
	X(BOOSTS, boosts, "boosts begun") \
	X(TOO_EARLY, too_early, "wakeups before USBT had passed: not boosted") \
	X(ENDED_SBT, ended_sbt, "ended because SBT was used up") \
	X(ENDED_SLEEP, ended_sleep, "ended because there was nothing to do") \
	X(BORROWS, borrows, "of these, beyond SBT on borrowed time") \
	X(BOOST_NS, boost_ns, "run time while boosted, ns") \
	X(BORROW_NS, borrow_ns, "of this, beyond SBT, ns") \
	X(OVER_MAX_NS, over_max_ns, "most beyond SBT and borrowing, ns") \
	X(PICKS, picks, "times the pick was decided for it") \
	X(KICKS, kicks, "CPUs told to dispatch it") \
	X(PLACED, placed, "wakeups sent to a CPU that served no boost") \
	X(MOVED, moved, "moved away from behind another boost") \
	X(MISSED, missed, "boosts that waited longer than USBT for a CPU") \
	X(WAIT_MAX_NS, wait_max_ns, "longest wait of a boosted wakeup, ns") \
	X(ENDED_OFF, ended_off, "ended by unboost, its guest or its exit") \
	X(RESUMES, resumes, "of the boosts, begun with less than all of SBT")
/* clang-format on */

#define ECS_BOOST_STAT_ENUM(index, name, text) ECS_BOOST_STAT_##index,
enum ecs_boost_stat { ECS_BOOST_STATS(ECS_BOOST_STAT_ENUM) ECS_BOOST_STAT_NR };

#define ECS_BOOST_STATS_ROOM 32 /* u64 slots in the struct, for later */

/**
 * struct ecs_ioc_boost_stats - counters and two histograms of a boosted thread
 * @counter: by enum ecs_boost_stat; slots from ECS_BOOST_STAT_NR on are zero
 * @wait_boosted: from wakeup to running, wakeups that were boosted
 * @wait_other: the same, wakeups that came before USBT had passed
 */
struct ecs_ioc_boost_stats {
	__u64 counter[ECS_BOOST_STATS_ROOM];
	__u64 wait_boosted[ECS_HIST_BUCKETS];
	__u64 wait_other[ECS_HIST_BUCKETS];
};

/**
 * struct ecs_ioc_boost - ECS_IOC_BOOST_SET, _CLEAR, _NEXT
 * @size: of this struct
 * @flags: in: 0
 * @pid: thread group (the VM)
 * @tid: its thread; NEXT: in: the last one seen (0 to begin), out: this one
 * @vcpu: SET: in: which vCPU the thread runs, -1 unknown; only kept and shown
 * @backend: SET: in: ECS_BOOST_*; out: the one in use
 * @source: out: ECS_BOOST_BY_*
 * @state: out: ECS_BOOST_READY, _BOOSTED, _COOLING
 * @sbt_ns: run time guaranteed per boost
 * @usbt_ns: once SBT is used up, time before the next boost may begin; what is
 *	left of SBT fills up in that time
 * @borrow_ns: most that a boost may draw on later ones, 0 nothing
 * @wanted_ppm: out: its share of a CPU, SBT / (SBT + USBT), parts per million
 * @free_ppm: out: what was free on its CPUs before it; ENOSPC: what is
 * @capacity_ppm: out: what may be given away on its CPUs in all
 * @zero: 0
 * @run_ns: out: CPU time the thread has had, all of its life
 * @stats: out
 *
 * SET of a boosted thread changes its parameters and keeps its counters.
 * NEXT walks one VM's threads in the order of their tids; pid is in, too. CLEAR
 * with tid 0 ends all boosts of the VM and succeeds also if there is none.
 *
 * Errors beyond those above: ENOSPC it cannot be promised (free_ppm and
 * capacity_ppm are filled in), EBUSY the thread has a real-time or deadline
 * policy of its own, EOPNOTSUPP the backend does not work on this kernel,
 * ENOENT CLEAR: the thread is not boosted.
 */
struct ecs_ioc_boost {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__s32 tid;
	__s32 vcpu;
	__u32 backend;
	__u32 source;
	__u32 state;
	__u32 sbt_ns;
	__u32 usbt_ns;
	__u32 borrow_ns;
	__u32 wanted_ppm;
	__u32 free_ppm;
	__u32 capacity_ppm;
	__u64 zero;
	__u64 run_ns;
	struct ecs_ioc_boost_stats stats;
};

/**
 * struct ecs_ioc_limit - ECS_IOC_LIMIT_SET, _GET: what a guest may ask for
 * @size: of this struct
 * @flags: in: 0
 * @pid: the VM
 * @zero: 0
 * @sbt_max_ns: largest SBT its vCPUs may ask for; 0, the default: they may not
 * @usbt_min_ns: least USBT they may ask for
 *
 * A limit that is lowered ends the guest's boosts that exceed it.
 */
struct ecs_ioc_limit {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 zero;
	__u32 sbt_max_ns;
	__u32 usbt_min_ns;
};

#define ECS_IOC_MAGIC	    0xec
#define ECS_IOC_VERSION	    _IOWR(ECS_IOC_MAGIC, 0, struct ecs_ioc_version)
#define ECS_IOC_VM_SET	    _IOWR(ECS_IOC_MAGIC, 1, struct ecs_ioc_vm)
#define ECS_IOC_VM_GET	    _IOWR(ECS_IOC_MAGIC, 2, struct ecs_ioc_vm)
#define ECS_IOC_VM_NEXT	    _IOWR(ECS_IOC_MAGIC, 3, struct ecs_ioc_vm)
#define ECS_IOC_VCPU_NEXT   _IOWR(ECS_IOC_MAGIC, 4, struct ecs_ioc_vcpu)
#define ECS_IOC_HOOK	    _IOWR(ECS_IOC_MAGIC, 5, struct ecs_ioc_hook)
#define ECS_IOC_DISABLE_ALL _IO(ECS_IOC_MAGIC, 6)
#define ECS_IOC_BOOST_SET   _IOWR(ECS_IOC_MAGIC, 7, struct ecs_ioc_boost)
#define ECS_IOC_BOOST_CLEAR _IOWR(ECS_IOC_MAGIC, 8, struct ecs_ioc_boost)
#define ECS_IOC_BOOST_NEXT  _IOWR(ECS_IOC_MAGIC, 9, struct ecs_ioc_boost)
#define ECS_IOC_LIMIT_SET   _IOWR(ECS_IOC_MAGIC, 10, struct ecs_ioc_limit)
#define ECS_IOC_LIMIT_GET   _IOWR(ECS_IOC_MAGIC, 11, struct ecs_ioc_limit)

#endif /* ECS_IOCTL_H */
