// SPDX-License-Identifier: GPL-2.0-only
/*
 * show_hist.c: a histogram, as text and JSON.
 *
 * Where the longest length is not known (max_ns is 0), the histogram itself
 * bounds it, but for what is in its last bucket, which has no end.
 */
#include "show.h"

#include <stdio.h>

#include "hist.h"
#include "out.h"

static const struct {
	const char *name;
	unsigned int permille;
} percentiles[] = { { "p50_ns", 500 }, { "p90_ns", 900 }, { "p99_ns", 990 } };

#define NR_PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))
#define LAST	       (ECS_HIST_BUCKETS - 1)

/* As hist_percentile(); false also if there is no bound. */
static bool bounded(const __u64 *bucket, uint64_t max_ns, unsigned int permille,
		    uint64_t *ns)
{
	return hist_percentile(bucket, max_ns, permille, ns) &&
	       (max_ns || *ns < ecs_hist_upper(LAST));
}

static void js_percentile(struct json_object *to, const char *key,
			  const __u64 *bucket, uint64_t max_ns,
			  unsigned int permille)
{
	uint64_t ns;

	if (bounded(bucket, max_ns, permille, &ns))
		js_u64(to, key, ns);
	else
		js_add(to, key, NULL);
}

/**
 * show_json_hist() - add a histogram to an object
 * @to: the object
 * @key: its name
 * @bucket: the histogram
 * @max_ns: the longest length, 0 if that is not known
 */
void show_json_hist(struct json_object *to, const char *key,
		    const __u64 *bucket, uint64_t max_ns)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *buckets = json_object_new_array(), *one;
	unsigned int i;

	js_u64(obj, "count", hist_count(bucket));
	for (i = 0; i < NR_PERCENTILES; i++)
		js_percentile(obj, percentiles[i].name, bucket, max_ns,
			      percentiles[i].permille);
	if (max_ns || !hist_count(bucket))
		js_u64(obj, "max_ns", max_ns);
	else
		js_percentile(obj, "max_ns", bucket, 0, 1000);
	for (i = 0; i < ECS_HIST_BUCKETS; i++) {
		if (!bucket[i])
			continue;
		one = json_object_new_object();
		if (i < LAST)
			js_u64(one, "below_ns", ecs_hist_upper(i));
		else
			js_add(one, "below_ns", NULL);
		js_u64(one, "count", bucket[i]);
		json_object_array_add(buckets, one);
	}
	js_add(obj, "buckets", buckets);
	js_add(to, key, obj);
}

/**
 * show_percentile() - a percentile for a table
 * @buf: where
 * @bucket: the histogram
 * @max_ns: the longest length, 0 if that is not known
 * @permille: 1 to 1000: the longest
 *
 * Return: @buf, or "-" if the histogram is empty.
 */
const char *show_percentile(char buf[UNITS_TEXT], const __u64 *bucket,
			    uint64_t max_ns, unsigned int permille)
{
	uint64_t ns;

	if (!hist_count(bucket))
		return "-";
	if (bounded(bucket, max_ns, permille, &ns))
		return units_ns_short(buf, ns);
	return ">117ms"; /* where the last bucket begins */
}

/**
 * show_text_hist() - print a histogram in one line
 * @name: its name
 * @bucket: the histogram
 * @max_ns: the longest length
 */
void show_text_hist(const char *name, const __u64 *bucket, uint64_t max_ns)
{
	char text[UNITS_TEXT];
	unsigned int i;

	printf("  %-10s", name);
	if (!hist_count(bucket)) {
		printf("none\n");
		return;
	}
	for (i = 0; i < NR_PERCENTILES; i++)
		printf("p%u %s, ", percentiles[i].permille / 10,
		       show_percentile(text, bucket, max_ns,
				       percentiles[i].permille));
	printf("max %s (%llu)\n", units_ns_short(text, max_ns),
	       (unsigned long long)hist_count(bucket));
}
