// SPDX-License-Identifier: GPL-2.0
/*
 * cost_lock.c: all ways into a section and out of it, each way by itself. The locks
 * are free when they are asked for.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include "cost.h"

#define SAMPLES 200

static DEFINE_SPINLOCK(spin);
static DEFINE_RAW_SPINLOCK(raw);
static DEFINE_RWLOCK(rw);
static DEFINE_MUTEX(mutex);
static DECLARE_RWSEM(rwsem);
static struct percpu_rw_semaphore read_only, write_only;
DEFINE_STATIC_SRCU(srcu);

/* One that may fail has done so, which cannot be. */
static bool failed;

static __always_inline void must(bool fine)
{
	if (unlikely(!fine))
		WRITE_ONCE(failed, true);
}

/* X(name, into, out of); "kept" is what the one leaves for the other. */
/* clang-format off */
#define OPERATIONS(X)							\
	X(spin_lock, spin_lock(&spin), spin_unlock(&spin))		\
	X(spin_trylock, must(spin_trylock(&spin)), spin_unlock(&spin))	\
	X(spin_lock_irq, spin_lock_irq(&spin), spin_unlock_irq(&spin))	\
	X(spin_lock_irqsave, spin_lock_irqsave(&spin, kept),		\
	  spin_unlock_irqrestore(&spin, kept))				\
	X(spin_lock_bh, spin_lock_bh(&spin), spin_unlock_bh(&spin))	\
	X(raw_spin_lock, raw_spin_lock(&raw), raw_spin_unlock(&raw))	\
	X(read_lock, read_lock(&rw), read_unlock(&rw))			\
	X(write_lock, write_lock(&rw), write_unlock(&rw))		\
	X(local_irq_save, local_irq_save(kept), local_irq_restore(kept)) \
	X(local_bh_disable, local_bh_disable(), local_bh_enable())	\
	X(mutex_lock, mutex_lock(&mutex), mutex_unlock(&mutex))		\
	X(mutex_trylock, must(mutex_trylock(&mutex)),			\
	  mutex_unlock(&mutex))						\
	X(mutex_lock_interruptible,					\
	  must(!mutex_lock_interruptible(&mutex)), mutex_unlock(&mutex)) \
	X(mutex_lock_killable, must(!mutex_lock_killable(&mutex)),	\
	  mutex_unlock(&mutex))						\
	X(mutex_lock_io, mutex_lock_io(&mutex), mutex_unlock(&mutex))	\
	X(down_read, down_read(&rwsem), up_read(&rwsem))		\
	X(down_read_trylock, must(down_read_trylock(&rwsem)),		\
	  up_read(&rwsem))						\
	X(down_read_interruptible,					\
	  must(!down_read_interruptible(&rwsem)), up_read(&rwsem))	\
	X(down_read_killable, must(!down_read_killable(&rwsem)),	\
	  up_read(&rwsem))						\
	X(down_write, down_write(&rwsem), up_write(&rwsem))		\
	X(down_write_trylock, must(down_write_trylock(&rwsem)),		\
	  up_write(&rwsem))						\
	X(down_write_killable, must(!down_write_killable(&rwsem)),	\
	  up_write(&rwsem))						\
	X(percpu_down_read, percpu_down_read(&read_only),		\
	  percpu_up_read(&read_only))					\
	X(percpu_down_write, percpu_down_write(&write_only),		\
	  percpu_up_write(&write_only))					\
	X(rcu_read_lock, rcu_read_lock(), rcu_read_unlock())		\
	X(srcu_read_lock, kept = srcu_read_lock(&srcu),			\
	  srcu_read_unlock(&srcu, kept))
/* clang-format on */

#define ONCE(name, into, out_of)                                      \
	static noinline void once_##name(u32 *at, unsigned long kept) \
	{                                                             \
		cost_stamp(&at[0]);                                   \
		into;                                                 \
		cost_stamp(&at[1]);                                   \
		out_of;                                               \
		cost_stamp(&at[2]);                                   \
	}
OPERATIONS(ONCE)

static noinline void once_nothing(u32 *at, unsigned long unused)
{
	cost_stamp(&at[0]);
	cost_stamp(&at[1]);
	cost_stamp(&at[2]);
}

static noinline void once_downgrade_write(u32 *at, unsigned long unused)
{
	down_write(&rwsem);
	cost_stamp(&at[0]);
	downgrade_write(&rwsem);
	cost_stamp(&at[1]);
	up_read(&rwsem);
	cost_stamp(&at[2]);
}

struct operation {
	const char *name;
	void (*once)(u32 *at, unsigned long kept);
};

/* clang-format off */
#define ENTRY(name, into, out_of) { #name, once_##name },
static const struct operation operations[] = {
	OPERATIONS(ENTRY)
	{ "downgrade_write", once_downgrade_write },
};

/* clang-format on */

static void measure(void (*once)(u32 *at, unsigned long kept),
		    struct cost_least *into, struct cost_least *out_of)
{
	u32 at[3];
	int i;

	*into = (struct cost_least){};
	*out_of = (struct cost_least){};
	for (i = 0; i < SAMPLES; i++) {
		/* While others want the CPU releasing a lock takes one more. */
		cond_resched();
		once(at, 0);
		cost_take(into, at[1] - at[0]);
		cost_take(out_of, at[2] - at[1]);
	}
}

/**
 * cost_lock_nothing() - what measuring itself costs
 *
 * Return: instructions, to be subtracted.
 */
u32 cost_lock_nothing(void)
{
	struct cost_least into, out_of;

	measure(once_nothing, &into, &out_of);
	return into.took;
}

/**
 * cost_lock_show() - measure all, a line each
 * @seq: where to
 * @nothing: as cost_lock_nothing() says
 *
 * Context: may sleep.
 * Return: 0, -EIO if what cannot fail has failed.
 */
int cost_lock_show(struct seq_file *seq, u32 nothing)
{
	struct cost_least into, out_of;
	size_t i;

	WRITE_ONCE(failed, false);
	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		measure(operations[i].once, &into, &out_of);
		seq_printf(seq, "%s %u %u %u %u\n", operations[i].name,
			   into.took - nothing, into.samples,
			   out_of.took - nothing, out_of.samples);
	}
	return READ_ONCE(failed) ? -EIO : 0;
}

int cost_lock_init(void)
{
	int err = percpu_init_rwsem(&read_only);

	if (err)
		return err;
	err = percpu_init_rwsem(&write_only);
	if (err)
		percpu_free_rwsem(&read_only);
	return err;
}

void cost_lock_exit(void)
{
	percpu_free_rwsem(&write_only);
	percpu_free_rwsem(&read_only);
}
