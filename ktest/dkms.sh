#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Build the package by dkms for each cached kernel, in private dkms trees: what
# `make install` and the distribution's kernel upgrades do.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
cache=${ECS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ecs}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 number=0

# result STATUS NAME: with what dkms said, if it is bad
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok $number $2"
	else
		failed=$((failed + 1))
		echo "not ok $number $2"
		sed 's/^/# /' "$work/log"
	fi
}

# dkms in private trees
dkms="dkms --dkmstree $work/tree --sourcetree $work/src --installtree $work/installed"

# on DKMS-ARGUMENTS...
on() {
	# shellcheck disable=SC2086 # words
	$dkms "$@"
}

echo "KTAP version 1"
mkdir -p "$work/tree" "$work/src" "$work/installed"
make --no-print-directory -s -C "$top" dkms-source DKMS_SRC="$work/src/ecs-$version"
on add "ecs/$version" >"$work/log" 2>&1
result $? "dkms add"
for headers in "$cache"/kernels/*/usr/src/linux-headers-*-amd64; do
	[ -d "$headers" ] || continue
	release=${headers##*/linux-headers-}
	on build "ecs/$version" -k "$release" --kernelsourcedir "$headers" \
		>"$work/log" 2>&1
	result $? "dkms build for $release"
	built=$(find "$work/tree" -path "*$release*" -name 'ecs_*.ko*' | wc -l)
	[ "$built" = 2 ]
	result $? "two modules for $release"
done
on remove "ecs/$version" --all >"$work/log" 2>&1
result $? "dkms remove"

# install: what `make install` does for the last one of these kernels
install() {
	make --no-print-directory -s -C "$top" install-modules DKMS_TOP="$work/src" \
		DKMS="$dkms" \
		DKMS_FLAGS="-k $release --kernelsourcedir $headers --no-depmod" >"$work/log" 2>&1
}

if [ -n "${release:-}" ]; then
	mkdir -p "$work/installed/$release"
	install
	result $? "install for $release"
	built=$work/tree/ecs/$version/$release/x86_64
	touch "$built/from_before" "$work/src/ecs-$version/gone_since"
	install && [ -d "$built" ] && [ ! -e "$built/from_before" ] &&
		[ ! -e "$work/src/ecs-$version/gone_since" ]
	result $? "install again builds again"
	installed=$(find "$work/installed/$release" -name 'ecs_*.ko*' | wc -l)
	[ "$installed" = 2 ]
	result $? "two modules installed"
fi
[ "$number" -gt 2 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
