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
	two() {
		[ "$(find "$work/installed/$1" -name 'ecs_*.ko*' | wc -l)" = 2 ] &&
			[ "$(find "$work/tree" -path "*$1*" -name 'ecs_*.ko*' | wc -l)" = 2 ]
	}
	two "$release"
	result $? "two modules installed"
	last=$headers
	headers=/nonexistent
	! install && two "$release"
	result $? "what cannot be built leaves what is installed"
	first=$release headers=$(find "$cache/kernels/6.12/usr/src" -maxdepth 1 -name '*-amd64')
	release=${headers##*/linux-headers-}
	if [ "$release" != "$first" ]; then
		mkdir -p "$work/installed/$release"
		install && two "$first" && two "$release"
		result $? "an install for one kernel leaves that for another"
	fi
	# An older one over a newer one. dkms compares what modinfo says.
	release=$first headers=$last
	newer=$work/newer
	mkdir "$newer"
	cp -r "$top/Makefile" "$top/Kbuild" "$top/dkms.conf" "$top/LICENSE" "$top/common" \
		"$top/ecs_host" "$top/ecs_guest" "$newer/"
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="999.0"/' "$newer/dkms.conf"
	top=$newer install && install &&
		find "$work/installed/$release" -name 'ecs_*.ko*' -exec modinfo -F version {} \; |
		sort -u | grep -qxF "$version"
	result $? "an older version over a newer one"
fi
[ "$number" -gt 2 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
