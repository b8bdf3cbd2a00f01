// SPDX-License-Identifier: GPL-2.0-only
/* ctl.c: see ctl.h; the interface is in common/ecs_ioctl.h. */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ask.h"
#include "ctl.h"
#include "ecs_abi.h"
#include "ecs_ioctl.h"
#include "hook.h"
#include "msr.h"
#include "promise.h"
#include "setting.h"
#include "walk.h"

union argument {
	__u32 size;
	struct ecs_ioc_version version;
	struct ecs_ioc_vm vm;
	struct ecs_ioc_vcpu vcpu;
	struct ecs_ioc_hook hook;
	struct ecs_ioc_boost boost;
	struct ecs_ioc_limit limit;
};

static int get_version(union argument *arg)
{
	struct ecs_ioc_version *v = &arg->version;

	v->interface = ECS_IOC_INTERFACE;
	v->abi_major = ECS_ABI_MAJOR;
	v->abi_minor = ECS_ABI_MINOR;
	v->features = ecsh_hook_features();
	ecsh_setting_defaults(&v->defaults);
	v->enable_all = v->defaults.mode == ECS_MODE_ON;
	memset(v->version, 0, sizeof(v->version));
	strscpy(v->version, ECS_VERSION, sizeof(v->version));
	return 0;
}

static int set_vm(union argument *arg)
{
	const u64 needed = ECS_HOST_F_DEFER_TICK | ECS_HOST_F_DEFER_WAKEUP;
	const u64 yields = ECS_HOST_F_YIELD_SPIN | ECS_HOST_F_YIELD_CALL;
	const struct ecs_ioc_params *params = &arg->vm.params;

	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	if ((params->valid & ECS_PARAM_MODE) && params->mode != ECS_MODE_OFF &&
	    !(ecsh_hook_features() & needed))
		return -EOPNOTSUPP;
	if ((params->valid & ECS_PARAM_HINTS) &&
	    (params->hints & ECS_HINT_OVERCOMMIT) &&
	    !(ecsh_hook_features() & ECS_HOST_F_OVERCOMMIT))
		return -EOPNOTSUPP;
	if ((params->valid & ECS_PARAM_YIELD) &&
	    params->yield != ECS_YIELD_OFF && !(ecsh_hook_features() & yields))
		return -EOPNOTSUPP;
	return ecsh_setting_vm(&arg->vm);
}

static int get_vm(union argument *arg)
{
	return ecsh_walk_read(&arg->vm);
}

static int next_vm(union argument *arg)
{
	return ecsh_walk_next(&arg->vm);
}

static int next_vcpu(union argument *arg)
{
	return ecsh_walk_next_vcpu(&arg->vcpu);
}

static int get_hook(union argument *arg)
{
	return ecsh_hook_describe(&arg->hook);
}

static int set_boost(union argument *arg)
{
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	if (!(ecsh_hook_features() & ECS_HOST_F_BOOST))
		return -EOPNOTSUPP;
	return ecsh_promise_set(&arg->boost);
}

static int clear_boost(union argument *arg)
{
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	return ecsh_promise_clear(&arg->boost);
}

static int next_boost(union argument *arg)
{
	return ecsh_walk_next_boost(&arg->boost);
}

static int set_limit(union argument *arg)
{
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	if (arg->limit.sbt_max_ns &&
	    (!(ecsh_hook_features() & ECS_HOST_F_BOOST) || ecsh_ask_prepare()))
		return -EOPNOTSUPP;
	return ecsh_setting_limit(&arg->limit);
}

static int get_limit(union argument *arg)
{
	return ecsh_walk_limit(&arg->limit);
}

static const struct command {
	unsigned int nr;
	size_t size;
	int (*call)(union argument *arg);
} commands[] = {
	{ _IOC_NR(ECS_IOC_VERSION), sizeof(struct ecs_ioc_version),
	  get_version },
	{ _IOC_NR(ECS_IOC_VM_SET), sizeof(struct ecs_ioc_vm), set_vm },
	{ _IOC_NR(ECS_IOC_VM_GET), sizeof(struct ecs_ioc_vm), get_vm },
	{ _IOC_NR(ECS_IOC_VM_NEXT), sizeof(struct ecs_ioc_vm), next_vm },
	{ _IOC_NR(ECS_IOC_VCPU_NEXT), sizeof(struct ecs_ioc_vcpu), next_vcpu },
	{ _IOC_NR(ECS_IOC_HOOK), sizeof(struct ecs_ioc_hook), get_hook },
	{ _IOC_NR(ECS_IOC_BOOST_SET), sizeof(struct ecs_ioc_boost), set_boost },
	{ _IOC_NR(ECS_IOC_BOOST_CLEAR), sizeof(struct ecs_ioc_boost),
	  clear_boost },
	{ _IOC_NR(ECS_IOC_BOOST_NEXT), sizeof(struct ecs_ioc_boost),
	  next_boost },
	{ _IOC_NR(ECS_IOC_LIMIT_SET), sizeof(struct ecs_ioc_limit), set_limit },
	{ _IOC_NR(ECS_IOC_LIMIT_GET), sizeof(struct ecs_ioc_limit), get_limit },
};

static long run(const struct command *command, void __user *user)
{
	union argument *arg;
	size_t size;
	__u32 told;
	int err;

	if (get_user(told, (__u32 __user *)user))
		return -EFAULT;
	if (told < sizeof(__u32) || told > PAGE_SIZE)
		return -EINVAL;
	arg = kzalloc(sizeof(*arg), GFP_KERNEL);
	if (!arg)
		return -ENOMEM;
	/* A longer struct than ours is fine if the rest of it is zero. */
	err = copy_struct_from_user(arg, command->size, user, told);
	if (!err)
		err = command->call(arg);
	/* What does not fit is refused with the numbers of what is free. */
	if (!err || err == -ENOSPC) {
		/* The size is the caller's and may have changed since. */
		size = min_t(size_t, told, command->size);
		arg->size = told;
		if (copy_to_user(user, arg, size))
			err = -EFAULT;
	}
	kfree(arg);
	return err;
}

static long ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	unsigned int i;

	if (_IOC_TYPE(cmd) != ECS_IOC_MAGIC)
		return -ENOTTY;
	if (cmd == ECS_IOC_DISABLE_ALL) {
		if (!capable(CAP_SYS_NICE))
			return -EPERM;
		ecsh_setting_disable_all();
		return 0;
	}
	/* By number: the size may grow and is in the struct. */
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (_IOC_NR(cmd) == commands[i].nr)
			return run(&commands[i], (void __user *)user);
	return -ENOTTY;
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = ioctl,
	.llseek = noop_llseek,
};

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", ECS_VERSION);
}
static DEVICE_ATTR_RO(version);

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "0x%llx\n", ecsh_hook_features());
}
static DEVICE_ATTR_RO(features);

static ssize_t bad_msr_of_strangers_show(struct device *dev,
					 struct device_attribute *attr,
					 char *buf)
{
	return sysfs_emit(buf, "%lld\n",
			  (long long)atomic64_read(&ecsh_msr_strangers));
}
static DEVICE_ATTR_RO(bad_msr_of_strangers);

static struct attribute *ctl_attrs[] = {
	&dev_attr_version.attr,
	&dev_attr_features.attr,
	&dev_attr_bad_msr_of_strangers.attr,
	NULL,
};
ATTRIBUTE_GROUPS(ctl);

static struct miscdevice ctl_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ecs",
	.fops = &ctl_fops,
	.groups = ctl_groups,
	.mode = 0660,
};

/**
 * ecsh_ctl_init() - make /dev/ecs
 *
 * Context: module init, last.
 * Return: 0 or a negative errno.
 */
int ecsh_ctl_init(void)
{
	return misc_register(&ctl_device);
}

/**
 * ecsh_ctl_exit() - take /dev/ecs away; nobody has it open
 *
 * Context: module exit, first.
 */
void ecsh_ctl_exit(void)
{
	misc_deregister(&ctl_device);
}
