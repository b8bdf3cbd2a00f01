// SPDX-License-Identifier: GPL-2.0
/*
 * cost_switch.c: two threads that hand the CPU to each other: the other one's wakeup,
 * sleep, and the switch to it, as one.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "cost.h"

#define HANDOVERS 1000

/**
 * struct player - one of the two
 * @task: the thread
 * @other: the other one
 * @left: when it last began to hand over
 * @least: what it took until the other one's handing over had come here
 * @held: a lock of its own, taken while it plays if @holds
 * @holds: as a task that sleeps inside a section does
 */
struct player {
	struct task_struct *task;
	struct player *other;
	u32 left;
	struct cost_least least;
	struct mutex held; /* nobody else's */
	bool holds;
};

static struct player *turn;
static struct player players[2];
static DECLARE_COMPLETION(played); /* by one of them */

static void await_turn(struct player *me)
{
	for (;;) {
		set_current_state(TASK_IDLE);
		if (READ_ONCE(turn) == me)
			return;
		schedule();
	}
}

static int play(void *data)
{
	struct player *me = data;
	u32 arrived;
	int i;

	if (me->holds)
		mutex_lock(&me->held);
	for (i = 0; i < HANDOVERS; i++) {
		await_turn(me);
		cost_stamp(&arrived);
		__set_current_state(TASK_RUNNING);
		if (i)
			cost_take(&me->least, arrived - me->other->left);
		cost_stamp(&me->left);
		WRITE_ONCE(turn, me->other);
		wake_up_process(me->other->task);
	}
	if (me->holds)
		mutex_unlock(&me->held);
	complete(&played);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/* A thread that is stopped before it was woken has never played. */
static int measure(bool holds, struct cost_least *least)
{
	int i, err = 0;

	reinit_completion(&played);
	for (i = 0; i < 2; i++) {
		players[i] = (struct player){ .other = &players[!i],
					      .holds = holds };
		mutex_init(&players[i].held);
		players[i].task = kthread_create(play, &players[i],
						 "ecs_cost/%d", i);
		if (IS_ERR(players[i].task))
			err = PTR_ERR(players[i].task);
	}
	turn = &players[0];
	for (i = 0; !err && i < 2; i++)
		wake_up_process(players[i].task);
	for (i = 0; !err && i < 2; i++)
		wait_for_completion(&played);
	for (i = 0; i < 2; i++)
		if (!IS_ERR(players[i].task))
			kthread_stop(players[i].task);
	*least = players[0].least;
	return err;
}

static int show(struct seq_file *seq, const char *name, bool holds, u32 nothing)
{
	struct cost_least least;
	int err = measure(holds, &least);

	if (!err)
		seq_printf(seq, "%s %u %u - -\n", name, least.took - nothing,
			   least.samples);
	return err;
}

/**
 * cost_switch_show() - measure a switch, without and with a lock held; a line each
 * @seq: where to
 * @nothing: as cost_lock_nothing() says
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int cost_switch_show(struct seq_file *seq, u32 nothing)
{
	int err = show(seq, "context_switch", false, nothing);

	return err ? err : show(seq, "context_switch_holding", true, nothing);
}
