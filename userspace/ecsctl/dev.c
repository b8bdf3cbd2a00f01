// SPDX-License-Identifier: GPL-2.0-only
/* dev.c: /dev/ecs itself: the only file that opens it. */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int dev_fd = -1;

/**
 * dev_open() - open the device, if it is not open yet
 *
 * Return: 0 or a negative errno.
 */
int dev_open(void)
{
	if (dev_fd < 0)
		dev_fd = open("/dev/ecs", O_RDWR | O_CLOEXEC);
	return dev_fd < 0 ? -errno : 0;
}

/**
 * dev_call() - one ioctl
 * @request: ECS_IOC_*
 * @arg: its struct
 *
 * Return: 0 or a negative errno.
 */
int dev_call(unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(dev_fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

/**
 * dev_close() - close the device, if it is open
 */
void dev_close(void)
{
	if (dev_fd >= 0)
		close(dev_fd);
	dev_fd = -1;
}
