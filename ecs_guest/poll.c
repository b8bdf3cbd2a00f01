// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll.c: see poll.h.
 *
 * An idle CPU polls for as long as its window says (window.h), and then halts. It
 * polls only while the host keeps the hint of overcommitment and that is 0, and
 * looks at it in each turn of the loop: when somebody else comes to the CPU of the
 * host it halts at once, and so gives that CPU away.
 *
 * It polls with interrupts on, and these may set timers that a stopped tick knows
 * nothing of: only the idle loop asks for them (do_idle()). So a CPU that has polled
 * goes round that loop before it halts, and also each millisecond.
 *
 * The tracepoint cpu_idle encloses all of this, as it does any idle routine: to the
 * host a CPU that polls is idle (idle.c), in no critical section, and not extended.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched/idle.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "driver.h"
#include "page.h"
#include "param.h"
#include "poll.h"
#include "window.h"

/* Limits of poll_ns. */
#define POLL_NS_MIN 1000u
#define POLL_NS_MAX 100000000u

/**
 * struct idle - an idle CPU; times are of its time stamp counter
 * @window: for how long it polls
 * @began: its wait, which may take several calls
 * @switches: how often the idle task had been left when it began
 * @waits: that wait is not over
 * @polling: in this wait it may go on polling
 * @polls: how often it did
 * @caught: of these, how often a task came
 * @left: of these, how often somebody else wanted the CPU of the host
 * @polled: for how long
 * @halts: how often it halted
 */
struct idle {
	u64 window;
	u64 began;
	unsigned long switches;
	bool waits;
	bool polling;
	u64 polls;
	u64 caught;
	u64 left;
	u64 polled;
	u64 halts;
};

static DEFINE_PER_CPU(struct idle, idles);

/* Serialises switching. Outside of the locks of CPU hotplug and of cpuidle. */
static DEFINE_MUTEX(poll_mutex);
/* Between init and exit: files of parameters are there before and after. */
static bool ready;
static bool on;
static int error; /* why it could not be switched on when that was last tried */
/* Parameters. */
static bool wanted;
static unsigned int poll_ns = 200000;
static u64 most; /* poll_ns by the time stamp counter */

static __always_inline bool is_alone(void)
{
	const struct ecs_abi_page *page = raw_cpu_read(ecsg_page);

	/* Without a registration the words may be another host's. */
	return page && raw_cpu_read(ecsg_page_session) &&
	       ecs_abi_is_pcpu_alone(page);
}

/* Return: whether there is something to run. */
static __always_inline bool poll(struct idle *idle)
{
	u64 began = rdtsc(), now = began;
	bool woken, alone = true;

	raw_local_irq_enable();
	/* Cleared before a driver of cpuidle is called, as most of them halt. */
	woken = current_set_polling_and_test();
	while (!woken) {
		alone = is_alone();
		now = rdtsc();
		idle->polling = alone && now - idle->began < idle->window;
		/* A millisecond has tsc_khz cycles. */
		if (!idle->polling || now - began >= tsc_khz)
			break;
		cpu_relax();
		woken = need_resched();
	}
	__current_clr_polling();
	raw_local_irq_disable();
	idle->polled += rdtsc() - began;
	if (woken)
		idle->caught++;
	else if (!alone)
		idle->left++;
	return woken;
}

/**
 * ecsg_poll_idle() - wait for something to run, or an interrupt, or for a while
 *
 * Who wakes a task that has TIF_POLLING_NRFLAG sets its NEED_RESCHED and sends no
 * interrupt: the CPU has the flag while it polls, and not when it halts.
 *
 * Context: the idle task without that flag, interrupts off; RCU need not watch.
 * Return: whether polling was enough, interrupts off.
 */
noinstr bool ecsg_poll_idle(void)
{
	struct idle *idle = raw_cpu_ptr(&idles);
	bool alone = is_alone(), caught = false;

	/* The idle task is left for another one, and not for interrupts. */
	if (!idle->waits || idle->switches != current->nivcsw) {
		idle->began = rdtsc();
		idle->switches = current->nivcsw;
		idle->waits = true;
		idle->polling = alone && idle->window;
		if (idle->polling)
			idle->polls++;
	}
	if (idle->polling) {
		caught = poll(idle);
		if (!caught)
			return false;
	} else if (!current_clr_polling_and_test()) {
		idle->halts++;
		raw_safe_halt();
		raw_local_irq_disable();
	}
	idle->waits = false;
	/* A wait that others had a part in tells nothing of this guest. */
	if (alone && is_alone())
		idle->window = ecsg_window_next(idle->window,
						rdtsc() - idle->began,
						need_resched(),
						READ_ONCE(most));
	return caught;
}

static void set_interest(u32 interest)
{
	int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(ecsg_page_area, cpu)->guest.interest,
			   interest);
}

/* Return: 0 or a negative errno; then it stays off. */
static int adjust(void)
{
	bool want = ready && wanted;

	lockdep_assert_held(&poll_mutex);
	if (!want && on) {
		ecsg_driver_stop();
		set_interest(0);
		on = false;
	}
	error = 0;
	if (want && !on) {
		error = ecsg_driver_start();
		on = !error;
		wanted = on;
		if (on)
			set_interest(ECS_ABI_INTEREST_OVERCOMMIT);
	}
	return error;
}

static u64 cycles_of(unsigned int ns)
{
	return (u64)ns * tsc_khz / USEC_PER_SEC;
}

static u64 ns_of(u64 cycles)
{
	return cycles / tsc_khz * USEC_PER_SEC +
	       cycles % tsc_khz * USEC_PER_SEC / tsc_khz;
}

/**
 * ecsg_poll_init() - poll if the parameter says so
 *
 * Where that is not possible it is said why, and all else goes on.
 *
 * Context: module init, after the pages have been allocated.
 */
void ecsg_poll_init(void)
{
	mutex_lock(&poll_mutex);
	WRITE_ONCE(most, cycles_of(poll_ns));
	ready = true;
	adjust();
	mutex_unlock(&poll_mutex);
}

/**
 * ecsg_poll_exit() - no more
 *
 * Context: module exit, before the pages are freed; may sleep.
 */
void ecsg_poll_exit(void)
{
	mutex_lock(&poll_mutex);
	ready = false;
	adjust();
	mutex_unlock(&poll_mutex);
}

/* Context of all that follow: param_lock held; also before init and after exit. */
static int set_wanted(const char *text, const struct kernel_param *param)
{
	int err;

	mutex_lock(&poll_mutex);
	err = param_set_bool(text, param);
	if (!err)
		err = adjust();
	mutex_unlock(&poll_mutex);
	return err;
}

static const struct kernel_param_ops wanted_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_wanted,
	.get = param_get_bool,
};
module_param_cb(poll, &wanted_ops, &wanted, 0644);
MODULE_PARM_DESC(poll, "idle CPUs poll before they halt, while the host says that nobody else wants their CPU (default N)");

static int set_ns(const char *text, const struct kernel_param *param)
{
	unsigned int ns;
	int err = kstrtouint(text, 0, &ns);

	if (err)
		return err;
	if (ns < POLL_NS_MIN || ns > POLL_NS_MAX)
		return -ERANGE;
	poll_ns = ns;
	WRITE_ONCE(most, cycles_of(ns));
	return 0;
}

static const struct kernel_param_ops ns_ops = {
	.set = set_ns,
	.get = param_get_uint,
};
module_param_cb(poll_ns, &ns_ops, &poll_ns, 0644);
MODULE_PARM_DESC(poll_ns, "longest time that a CPU polls before it halts, nanoseconds, 1000 to 100000000 (default 200000)");

static int get_polls(char *buf, const struct kernel_param *param)
{
	struct idle sum = {};
	struct idle *idle;
	int cpu, len;

	for_each_possible_cpu(cpu) {
		idle = per_cpu_ptr(&idles, cpu);
		sum.polls += READ_ONCE(idle->polls);
		sum.caught += READ_ONCE(idle->caught);
		sum.left += READ_ONCE(idle->left);
		sum.polled += READ_ONCE(idle->polled);
		sum.halts += READ_ONCE(idle->halts);
	}
	mutex_lock(&poll_mutex);
	len = sysfs_emit(buf, "driver %s %d\n", on ? "on" : "off", error);
	mutex_unlock(&poll_mutex);
	return len +
	       sysfs_emit_at(buf, len,
			     "polls %llu\ncaught %llu\nleft %llu\npolled_ns %llu\nhalts %llu\n",
			     sum.polls, sum.caught, sum.left,
			     sum.polled ? ns_of(sum.polled) : 0, sum.halts);
}

static const struct kernel_param_ops polls_ops = {
	.set = ecsg_param_refuse,
	.get = get_polls,
};
module_param_cb(polls, &polls_ops, NULL, 0444);
MODULE_PARM_DESC(polls, "read: does the driver idle, and a negative errno if it cannot; polls, those that a task ended, those that others ended who want the CPU, time spent, halts");
