// SPDX-License-Identifier: GPL-2.0-only
/*
 * dev_fake_boost.c: the boosts of the module that is a text file.
 *
 *   boost pid=N tid=N vcpu=N backend=N source=N state=N sbt=N usbt=N borrow=N
 *         run_ns=N COUNTER=N wait_boosted.BUCKET=N wait_other.BUCKET=N
 *   limit pid=N sbt_max=N usbt_min=N
 *   room ppm=N          what may be given away in all, 2000000 if not told
 *   busy tid=N          the thread has a real-time policy of its own
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boost.h"
#include "dev_fake.h"

static struct ecs_ioc_boost boosts[FAKE_MOST];
static struct ecs_ioc_limit limits[FAKE_MOST];
static unsigned int nr_boosts, nr_limits;
static long long room = 2000000, busy;

static void load_boost(const char *line)
{
	struct ecs_ioc_boost *b = &boosts[nr_boosts++];
	char key[24];
	unsigned int i;

	b->pid = (int)fake_number(line, "pid", 0);
	b->tid = (int)fake_number(line, "tid", 0);
	b->vcpu = (int)fake_number(line, "vcpu", -1);
	b->backend = (__u32)fake_number(line, "backend", ECS_BOOST_PICK);
	b->source = (__u32)fake_number(line, "source", 0);
	b->state = (__u32)fake_number(line, "state", 0);
	b->sbt_ns = (__u32)fake_number(line, "sbt", 0);
	b->usbt_ns = (__u32)fake_number(line, "usbt", 0);
	b->borrow_ns = (__u32)fake_number(line, "borrow", 0);
	b->wanted_ppm = boost_share_ppm(b->sbt_ns, b->usbt_ns);
	b->run_ns = (__u64)fake_number(line, "run_ns", 0);
	for (i = 0; i < ECS_BOOST_STAT_NR; i++)
		b->stats.counter[i] =
			(__u64)fake_number(line, boost_counter_name(i), 0);
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		snprintf(key, sizeof(key), "wait_boosted.%u", i);
		b->stats.wait_boosted[i] = (__u64)fake_number(line, key, 0);
		snprintf(key, sizeof(key), "wait_other.%u", i);
		b->stats.wait_other[i] = (__u64)fake_number(line, key, 0);
	}
}

static void load_limit(const char *line)
{
	struct ecs_ioc_limit *l = &limits[nr_limits++];

	l->pid = (int)fake_number(line, "pid", 0);
	l->sbt_max_ns = (__u32)fake_number(line, "sbt_max", 0);
	l->usbt_min_ns = (__u32)fake_number(line, "usbt_min", 0);
}

/* Is the line of the fixture about boosts? */
int fake_boost_load(const char *line)
{
	if (nr_boosts == FAKE_MOST || nr_limits == FAKE_MOST)
		fake_broken("fixture too long");
	if (!strncmp(line, "boost ", 6))
		load_boost(line);
	else if (!strncmp(line, "limit ", 6))
		load_limit(line);
	else if (!strncmp(line, "room ", 5))
		room = fake_number(line, "ppm", room);
	else if (!strncmp(line, "busy ", 5))
		busy = fake_number(line, "tid", 0);
	else
		return 0;
	return 1;
}

static struct ecs_ioc_boost *find(int pid, int tid)
{
	unsigned int i;

	for (i = 0; i < nr_boosts; i++) {
		if (boosts[i].pid == pid && boosts[i].tid == tid)
			return &boosts[i];
	}
	return NULL;
}

/* Does it fit beside all others? As the module, it says what is free. */
static int admit(struct ecs_ioc_boost *b)
{
	long long left = room;
	unsigned int i;

	for (i = 0; i < nr_boosts; i++) {
		if (boosts[i].tid != b->tid)
			left -= boosts[i].wanted_ppm;
	}
	b->wanted_ppm = boost_share_ppm(b->sbt_ns, b->usbt_ns);
	b->free_ppm = (__u32)(left < 0 ? 0 : left);
	b->capacity_ppm = (__u32)room;
	return b->wanted_ppm > left ? -ENOSPC : 0;
}

static int choose_backend(struct ecs_ioc_boost *b)
{
	__u64 features = fake_features();

	if (b->backend == ECS_BOOST_AUTO)
		b->backend = features & ECS_HOST_F_BOOST_PICK ? ECS_BOOST_PICK :
								ECS_BOOST_FIFO;
	if (!(features & ECS_HOST_F_BOOST) ||
	    (b->backend == ECS_BOOST_PICK &&
	     !(features & ECS_HOST_F_BOOST_PICK)))
		return -EOPNOTSUPP;
	return 0;
}

static int refuse(const struct ecs_ioc_boost *b, int error)
{
	fake_note("boost_set pid=%d tid=%d refused\n", b->pid, b->tid);
	return error;
}

static int boost_set(struct ecs_ioc_boost *b)
{
	struct ecs_ioc_boost *known = find(b->pid, b->tid), try = *b;
	int error = fake_fault("boost_set", b->pid);

	if (b->source || b->state || b->run_ns)
		fake_broken("what is out only is not 0");
	if (!error && busy == b->tid)
		error = -EBUSY;
	if (!error)
		error = choose_backend(&try);
	if (!error) {
		error = admit(&try);
		b->free_ppm = try.free_ppm;
		b->capacity_ppm = try.capacity_ppm;
	}
	if (error)
		return refuse(b, error);
	fake_note("boost_set pid=%d tid=%d vcpu=%d backend=%u sbt=%u usbt=%u borrow=%u\n",
		  b->pid, b->tid, b->vcpu, b->backend, b->sbt_ns, b->usbt_ns,
		  b->borrow_ns);
	if (!known) {
		if (nr_boosts == FAKE_MOST)
			fake_broken("too many boosts");
		known = &boosts[nr_boosts++];
		memset(known, 0, sizeof(*known));
	}
	try.stats = known->stats;
	try.run_ns = known->run_ns;
	*known = try;
	*b = try;
	return 0;
}

static int boost_clear(const struct ecs_ioc_boost *b)
{
	int error = fake_fault("boost_clear", b->pid);
	unsigned int i, n = 0;

	if (error) {
		fake_note("boost_clear pid=%d tid=%d refused\n", b->pid,
			  b->tid);
		return error;
	}
	fake_note("boost_clear pid=%d tid=%d\n", b->pid, b->tid);
	if (b->tid && !find(b->pid, b->tid))
		return -ENOENT;
	for (i = 0; i < nr_boosts; i++) {
		if (boosts[i].pid != b->pid ||
		    (b->tid && boosts[i].tid != b->tid))
			boosts[n++] = boosts[i];
	}
	nr_boosts = n;
	return 0;
}

static int boost_next(struct ecs_ioc_boost *b)
{
	const struct ecs_ioc_boost *best = NULL;
	int error = fake_fault("boost_next", b->pid);
	__u32 size = b->size;
	unsigned int i;

	if (error)
		return error;
	for (i = 0; i < nr_boosts; i++) {
		if (boosts[i].pid == b->pid && boosts[i].tid > b->tid &&
		    (!best || boosts[i].tid < best->tid))
			best = &boosts[i];
	}
	if (!best)
		return -ENOENT;
	*b = *best;
	b->size = size;
	return 0;
}

static int limit_set(struct ecs_ioc_limit *l)
{
	int error = fake_fault("limit_set", l->pid);

	fake_note("limit_set pid=%d sbt_max=%u usbt_min=%u%s\n", l->pid,
		  l->sbt_max_ns, l->usbt_min_ns, error ? " refused" : "");
	return error;
}

static int limit_get(struct ecs_ioc_limit *l)
{
	int error = fake_fault("limit_get", l->pid);
	unsigned int i;

	if (error)
		return error;
	for (i = 0; i < nr_limits; i++) {
		if (limits[i].pid != l->pid)
			continue;
		l->sbt_max_ns = limits[i].sbt_max_ns;
		l->usbt_min_ns = limits[i].usbt_min_ns;
		return 0;
	}
	return -ENOENT;
}

/* The size was checked by the caller. */
int fake_boost_call(unsigned long request, void *arg)
{
	struct ecs_ioc_boost *boost = arg;
	struct ecs_ioc_limit *limit = arg;

	switch (request) {
	case ECS_IOC_BOOST_SET:
	case ECS_IOC_BOOST_CLEAR:
	case ECS_IOC_BOOST_NEXT:
		if (boost->flags || boost->zero)
			fake_broken("flags or zero are not 0");
		return request == ECS_IOC_BOOST_SET   ? boost_set(boost) :
		       request == ECS_IOC_BOOST_CLEAR ? boost_clear(boost) :
							boost_next(boost);
	case ECS_IOC_LIMIT_SET:
	case ECS_IOC_LIMIT_GET:
		if (limit->flags || limit->zero)
			fake_broken("flags or zero are not 0");
		return request == ECS_IOC_LIMIT_SET ? limit_set(limit) :
						      limit_get(limit);
	default:
		fake_broken("unknown ioctl");
		return -ENOTTY;
	}
}
