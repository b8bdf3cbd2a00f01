#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# First process of the kernel that ktest/soak.py runs. The variables come from its
# command line: marks and locks are parameters of the modules, commas between them
# as @, parameters apart by a colon. On the second serial port:
#	before N, after N	a line of what is marked, in each of several looks
#	load N			a line of what ecs_lock did
#	at N			how many operations are done so far
#	error TEXT		why there is no more
#	end
# shellcheck disable=SC1091 # there in the image
. /alone.sh
guest=/sys/module/ecs_guest_alone/parameters
lock=/sys/module/ecs_lock/parameters

# parameters WORD: as insmod wants them
parameters() {
	echo "$1" | tr ':@' ' ,'
}

look() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		usleep 100000
		sed "s/^/$1 /" $guest/marks || fail "reading the marks"
	done
}

load ecs_guest_alone "$(parameters "${marks:-}")"
# What the kernel still does of its own after a boot holds locks, too.
sleep 5
look before
load ecs_lock "$(parameters "${locks:-}")"
while grep -q '^running [1-9]' $lock/report; do
	sleep 5
	sed -n 's/^done/at/p' $lock/report
done
sed 's/^/load /' $lock/report
look after
rmmod ecs_lock || fail "rmmod ecs_lock"
rmmod ecs_guest_alone || fail "rmmod ecs_guest_alone"
echo end
off
