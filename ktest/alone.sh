# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the first processes of the kernels that ktest/alone.py runs begin with. What they
# say goes to the second serial port; "error TEXT" is why there is no more.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
stty -F /dev/ttyS1 raw
exec >/dev/ttyS1 2>&1

fail() {
	echo "error $*"
	off
}

off() {
	echo o >/proc/sysrq-trigger
	sleep 60
}

# load MODULE PARAMETERS
load() {
	# shellcheck disable=SC2086 # words
	insmod "/$1.ko" $2 || fail "insmod $1 $2"
}
