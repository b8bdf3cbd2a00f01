// SPDX-License-Identifier: GPL-2.0
/*
 * ecs_lock - sleeping locks and readers, taken in every way there is.
 *
 * Kernel threads that keep to no CPU take one of @ops at a time, hold it busily for
 * @hold_us, now and then sleep or change their CPU with it, and release it, @steps times
 * or until the module is removed. Each counts by itself what it owns, what it reads and
 * whether it reads under RCU, and compares that with what ecs_guest has marked for it
 * ("wrong"), and looks whether its CPU is shown to wait while it does not ("stale").
 * Half of the attempts that can be interrupted are made with a signal pending.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

static char *ops = "";
module_param(ops, charp, 0444);
MODULE_PARM_DESC(ops, "comma separated list of operations, all if empty");

static unsigned int threads = 4;
module_param(threads, uint, 0444);

static unsigned long steps;
module_param(steps, ulong, 0444);
MODULE_PARM_DESC(steps, "of all threads together; 0: until the module is removed");

static unsigned int hold_us, gap_us;
module_param(hold_us, uint, 0444);
module_param(gap_us, uint, 0444);

static unsigned int sleep_every;
module_param(sleep_every, uint, 0444);
MODULE_PARM_DESC(sleep_every, "sleep while holding, in one of so many steps; 0: never");

static unsigned int move_every;
module_param(move_every, uint, 0444);
MODULE_PARM_DESC(move_every, "go to another CPU while holding, likewise");

static char *marked = "";
module_param(marked, charp, 0444);
MODULE_PARM_DESC(marked, "kinds that ecs_guest is to have marked (mutex,rwsem,...)");

static unsigned int seed = 1;
module_param(seed, uint, 0444);

static DEFINE_MUTEX(mutex);
static DECLARE_RWSEM(rwsem);
/* Not a static one: its RCU callbacks would outlive the module. */
static struct percpu_rw_semaphore percpu_rwsem;

static int take_mutex(void)
{
	mutex_lock(&mutex);
	return 0;
}

static int take_mutex_io(void)
{
	mutex_lock_io(&mutex);
	return 0;
}

static int take_mutex_interruptible(void)
{
	return mutex_lock_interruptible(&mutex);
}

static int take_mutex_killable(void)
{
	return mutex_lock_killable(&mutex);
}

static int take_mutex_trylock(void)
{
	return !mutex_trylock(&mutex);
}

static void drop_mutex(void)
{
	mutex_unlock(&mutex);
}

static int take_read(void)
{
	down_read(&rwsem);
	return 0;
}

static int take_read_interruptible(void)
{
	return down_read_interruptible(&rwsem);
}

static int take_read_killable(void)
{
	return down_read_killable(&rwsem);
}

static int take_read_trylock(void)
{
	return !down_read_trylock(&rwsem);
}

static void drop_read(void)
{
	up_read(&rwsem);
}

static int take_write(void)
{
	down_write(&rwsem);
	return 0;
}

static int take_write_killable(void)
{
	return down_write_killable(&rwsem);
}

static int take_write_trylock(void)
{
	return !down_write_trylock(&rwsem);
}

static void drop_write(void)
{
	up_write(&rwsem);
}

static void downgrade(void)
{
	downgrade_write(&rwsem);
}

static int take_percpu(void)
{
	percpu_down_write(&percpu_rwsem);
	return 0;
}

static void drop_percpu(void)
{
	percpu_up_write(&percpu_rwsem);
}

static int take_rcu(void)
{
	rcu_read_lock();
	return 0;
}

static void drop_rcu(void)
{
	rcu_read_unlock();
}

/* What ecsg_mark_held() says of one lock. */
#define AS_OWNER  1
#define AS_READER 0x10000
#define AS_RCU	  0x1000000

/**
 * struct op - a way to take a lock
 * @name: in @ops
 * @kind: in @marked
 * @mark: how it is marked
 * @take: returns 0 if it was taken
 * @turn: makes the owner a reader, NULL: stays as it is
 * @drop: releases it
 * @is_atomic: no sleep while it is held
 * @signals: it may be interrupted
 */
struct op {
	const char *name;
	const char *kind;
	unsigned int mark;
	int (*take)(void);
	void (*turn)(void);
	void (*drop)(void);
	bool is_atomic;
	bool signals;
};

#define OP(n, k, m, d, ...)                                                    \
	{                                                                      \
		.name = #n, .kind = k, .mark = m, .take = take_##n, .drop = d, \
		##__VA_ARGS__                                                  \
	}
static const struct op all[] = {
	OP(mutex, "mutex", AS_OWNER, drop_mutex),
	OP(mutex_io, "mutex", AS_OWNER, drop_mutex),
	OP(mutex_interruptible, "mutex", AS_OWNER, drop_mutex, .signals = true),
	OP(mutex_killable, "mutex", AS_OWNER, drop_mutex, .signals = true),
	OP(mutex_trylock, "mutex", AS_OWNER, drop_mutex),
	OP(read, "rwsem", AS_READER, drop_read),
	OP(read_interruptible, "rwsem", AS_READER, drop_read, .signals = true),
	OP(read_killable, "rwsem", AS_READER, drop_read, .signals = true),
	OP(read_trylock, "rwsem", AS_READER, drop_read),
	OP(write, "rwsem", AS_OWNER, drop_write),
	OP(write_killable, "rwsem", AS_OWNER, drop_read, .turn = downgrade,
	   .signals = true),
	OP(write_trylock, "rwsem", AS_OWNER, drop_write),
	OP(percpu, "percpu_rwsem", AS_OWNER, drop_percpu),
	OP(rcu, "rcu", AS_RCU, drop_rcu, .is_atomic = true),
};

static unsigned int chosen[ARRAY_SIZE(all)];
static bool is_marked[ARRAY_SIZE(all)];
static unsigned int nr_chosen;
static struct task_struct **workers;
static unsigned int (*held)(void), (*shown)(void);
static atomic_long_t left, done, failed, wrong, stale, slept, moved;
static atomic_t running;

static void busy(unsigned int us)
{
	u64 end = ktime_get_ns() + us * (u64)NSEC_PER_USEC;
	unsigned int i;

	/* To read kvm-clock is a section itself: seldom. */
	while (us && ktime_get_ns() < end)
		for (i = 0; i < 500; i++)
			cpu_relax();
}

static void compare(unsigned int expected)
{
	if (held && held() != expected)
		atomic_long_inc(&wrong);
	/* Interrupts that wait are over when this thread runs on. */
	if (shown && shown())
		atomic_long_inc(&stale);
}

/* At random: should it be done in this step, one of @every? */
static bool is_due(unsigned int every, u32 random)
{
	return every && !(random % every);
}

static void go_elsewhere(void)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids || set_cpus_allowed_ptr(current, cpumask_of(cpu)))
		return;
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static void step(const struct op *op, bool counted, u32 random)
{
	unsigned int mark = counted ? op->mark : 0;
	bool signal = op->signals && random & 1;
	int cpu;

	if (signal)
		send_sig(SIGKILL, current, 1);
	if (op->take()) {
		atomic_long_inc(&failed);
	} else {
		cpu = raw_smp_processor_id();
		compare(mark);
		if (op->turn) {
			op->turn();
			mark = counted ? AS_READER : 0;
			compare(mark);
		}
		busy(hold_us);
		if (!op->is_atomic && is_due(sleep_every, random >> 8)) {
			usleep_range(50, 100);
			atomic_long_inc(&slept);
			compare(mark);
		}
		if (!op->is_atomic && is_due(move_every, random >> 16)) {
			go_elsewhere();
			compare(mark);
		}
		if (cpu != raw_smp_processor_id())
			atomic_long_inc(&moved);
		op->drop();
	}
	if (signal)
		flush_signals(current);
	compare(0);
}

static int work(void *data)
{
	struct rnd_state random;
	unsigned int i;

	allow_signal(SIGKILL);
	prandom_seed_state(&random, seed * 1000003ull + (unsigned long)data);
	while (!kthread_should_stop()) {
		if (steps && atomic_long_dec_return(&left) < 0)
			break;
		i = chosen[prandom_u32_state(&random) % nr_chosen];
		step(&all[i], is_marked[i], prandom_u32_state(&random));
		atomic_long_inc(&done);
		busy(gap_us);
		/* Never to sleep would hold up who waits for RCU-tasks. */
		cond_resched_tasks_rcu_qs();
	}
	atomic_dec(&running);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);
	const char *at = list;

	while ((at = strstr(at, name))) {
		if ((at == list || at[-1] == ',') &&
		    (!at[length] || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}

static void stop_all(void)
{
	unsigned int i;

	for (i = 0; i < threads; i++)
		if (!IS_ERR_OR_NULL(workers[i]))
			kthread_stop(workers[i]);
	kfree(workers);
	percpu_free_rwsem(&percpu_rwsem);
	if (held)
		__symbol_put("ecsg_mark_held");
	if (shown)
		__symbol_put("ecsg_wait_shown");
}

static int report(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer,
			  "running %d\ndone %ld\nfailed %ld\nslept %ld\nmoved %ld\ncompared %d\nwrong %ld\nstale %ld\n",
			  atomic_read(&running), atomic_long_read(&done),
			  atomic_long_read(&failed), atomic_long_read(&slept),
			  atomic_long_read(&moved), held && shown,
			  atomic_long_read(&wrong), atomic_long_read(&stale));
}

static const struct kernel_param_ops report_ops = { .get = report };
module_param_cb(report, &report_ops, NULL, 0444);

static int __init ecs_lock_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		is_marked[i] = is_listed(marked, all[i].kind);
		if (!*ops || is_listed(ops, all[i].name))
			chosen[nr_chosen++] = i;
	}
	if (!nr_chosen || !threads)
		return -EINVAL;
	workers = kcalloc(threads, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	if (percpu_init_rwsem(&percpu_rwsem)) {
		kfree(workers);
		return -ENOMEM;
	}
	held = (void *)__symbol_get("ecsg_mark_held");
	shown = (void *)__symbol_get("ecsg_wait_shown");
	atomic_long_set(&left, steps);
	for (i = 0; i < threads; i++) {
		atomic_inc(&running);
		workers[i] = kthread_run(work, (void *)(unsigned long)i,
					 "ecs_lock/%u", i);
		if (IS_ERR(workers[i])) {
			stop_all();
			return -ENOMEM;
		}
	}
	return 0;
}

static void __exit ecs_lock_exit(void)
{
	stop_all();
}

module_init(ecs_lock_init);
module_exit(ecs_lock_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("load of sleeping locks and readers");
