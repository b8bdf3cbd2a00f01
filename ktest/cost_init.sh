#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# First process of the kernel that ktest/bench_cost.py measures: read
# /proc/ecs_cost in every setting, twice, and write it to the second serial port:
#	setting NAME		what is measured from here on
#	NAME N N N N		a line of /proc/ecs_cost
#	end N			how many readings there were
#	error TEXT		why there is no more
# shellcheck disable=SC1091 # there in the image
. /alone.sh
readings=0

measure() {
	for _ in 1 2; do
		echo "setting $1"
		cat /proc/ecs_cost || fail "measuring $1"
		readings=$((readings + 1))
	done
}

# switch NAMES VALUE: of classes of marks, all that there are by default
switch() {
	for name in $1; do
		echo "$2" >"/sys/module/ecs_guest_alone/parameters/$name" ||
			fail "writing $2 to $name"
	done
}

load ecs_cost
measure absent

load ecs_guest_alone
classes=
for path in /sys/module/ecs_guest_alone/parameters/mark_*; do
	name=${path##*/}
	case $name in
	'mark_*' | mark_by) ;; # the latter says how
	*) classes="$classes $name" ;;
	esac
done
switch "$classes" N
measure off
for class in $classes; do
	switch "$class" Y
	measure "$class"
	switch "$class" N
done
if [ "$classes" ]; then
	switch "$classes" Y
	measure all
	switch "$classes" N
	measure off-again
fi
rmmod ecs_guest_alone || fail "rmmod ecs_guest_alone"

# 0x10: ECS_ABI_F_BOOST
load ecs_guest_alone features=0x10
switch "$classes" N
measure boosts
rmmod ecs_guest_alone || fail "rmmod ecs_guest_alone"

measure absent-again
echo "end $readings"
off
