// SPDX-License-Identifier: GPL-2.0-only
/* realtime_param.c: see realtime_param.h. */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "realtime.h"
#include "realtime_param.h"

/* An hour, or 3.6 seconds. It keeps jiffies from overflowing. */
#define NUMBER_MAX 3600000u

struct ecsg_realtime_param ecsg_realtime_param = {
	.allowed = true,
	.sbt_us = 300,
	.usbt_us = 2000,
	.release_ms = 1000,
};

/* Context of all setters: param_lock held; also before init and after exit. */
static int set_allowed(const char *text, const struct kernel_param *param)
{
	int err = param_set_bool(text, param);

	if (!err)
		ecsg_realtime_refresh();
	return err;
}

static const struct kernel_param_ops allowed_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_allowed,
	.get = param_get_bool,
};
module_param_cb(boost, &allowed_ops, &ecsg_realtime_param.allowed, 0644);
MODULE_PARM_DESC(boost, "ask for a boost of CPUs with real-time tasks, if the host offers it (default Y)");

static int set_number(const char *text, const struct kernel_param *param)
{
	unsigned int number;
	int err = kstrtouint(text, 0, &number);

	if (err)
		return err;
	if (!number || number > NUMBER_MAX)
		return -ERANGE;
	WRITE_ONCE(*(unsigned int *)param->arg, number);
	ecsg_realtime_refresh();
	return 0;
}

static const struct kernel_param_ops number_ops = {
	.set = set_number,
	.get = param_get_uint,
};
module_param_cb(boost_sbt_us, &number_ops, &ecsg_realtime_param.sbt_us, 0644);
MODULE_PARM_DESC(boost_sbt_us, "least run time wanted per boost, microseconds (default 300)");
module_param_cb(boost_usbt_us, &number_ops, &ecsg_realtime_param.usbt_us, 0644);
MODULE_PARM_DESC(boost_usbt_us, "time after a boost before the next may begin, microseconds (default 2000)");
module_param_cb(release_ms, &number_ops, &ecsg_realtime_param.release_ms, 0644);
MODULE_PARM_DESC(release_ms, "milliseconds without a real-time task after which a CPU gives its boost back, a second later at most (default 1000)");

static int set_cpus(const char *text, const struct kernel_param *param)
{
	cpumask_var_t cpus;
	int err;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	err = cpulist_parse(text, cpus);
	if (!err) {
		cpumask_copy(&ecsg_realtime_param.cpus, cpus);
		ecsg_realtime_refresh();
	}
	free_cpumask_var(cpus);
	return err;
}

static int get_cpus(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%*pbl\n",
			  cpumask_pr_args(&ecsg_realtime_param.cpus));
}

static const struct kernel_param_ops cpus_ops = {
	.set = set_cpus,
	.get = get_cpus,
};
module_param_cb(boost_cpus, &cpus_ops, NULL, 0644);
MODULE_PARM_DESC(boost_cpus, "CPUs that ask for a boost whatever they run, as 0,2-3 (default none)");

module_param_named(boost_kthreads, ecsg_realtime_param.kthreads, bool, 0644);
MODULE_PARM_DESC(boost_kthreads, "real-time kernel threads count, too, but those of the highest priority (default N)");
