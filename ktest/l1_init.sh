#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# First process of L1, the virtual KVM host, in its initramfs: make the
# machine's own root (9p, read-only, under a tmpfs overlay) the root of L1 and
# run the job there. The kernel line names the directories and the job.
# shellcheck disable=SC2013,SC2016 # words are wanted; expanded in the new root
export PATH=/bin
top='' build='' cache='' kernel='' release=''
mkdir -p /proc /sys /dev /host /rw /new
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do
	insmod "$module" || echo "ktest: cannot load $module"
done

for word in $(cat /proc/cmdline); do
	case $word in ktest.*) eval "${word#ktest.}" ;; esac
done

p9=trans=virtio,version=9p2000.L,msize=512000
mount -t 9p -o "ro,cache=loose,$p9" root /host || echo "ktest: no root"
mount -t tmpfs -o mode=755 rw /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work root /new

mount --move /proc /new/proc
mount --move /sys /new/sys
mount --move /dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts -o mode=600,ptmxmode=666 devpts /new/dev/pts
for dir in dev/shm run tmp; do
	mount -t tmpfs -o mode=1777 tmpfs "/new/$dir"
done
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
mount -t debugfs debugfs /new/sys/kernel/debug
mount -t tracefs tracefs /new/sys/kernel/tracing
mkdir -p /new/run/ktest/log "/new/lib/modules/$release"
mount -t 9p -o "rw,cache=none,$p9" log /new/run/ktest/log || echo "ktest: no log share"
# A tree below /tmp or the like has just been hidden.
for dir in "$top" "$build" "$cache"; do
	[ -d "/new$dir" ] && continue
	mkdir -p "/new$dir"
	mount --bind "/host$dir" "/new$dir"
done
mount --bind "/new$cache/kernels/$kernel/lib/modules/$release" "/new/lib/modules/$release"

exec switch_root /new /bin/sh -c '
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C PYTHONDONTWRITEBYTECODE=1
	exec </dev/null
	ip link set lo up
	cd "$0" && /usr/bin/python3 -S -E ktest/l1.py
	sync
	echo o >/proc/sysrq-trigger
	sleep 60' "$top"
