#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--update] ECSCTL UNIT [NAME...]: the tests of ecsctl.
#
# Runs the test build of ecsctl once for each line of cases.txt (or for those
# named) and compares with golden/; prints KTAP. --update writes golden/ anew:
# read the difference before you commit it.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=fixture.sh
. "$here/fixture.sh"

update=
if [ "${1-}" = --update ]; then
	update=1
	shift
fi
if [ $# -lt 2 ]; then
	echo "usage: run.sh [--update] ECSCTL UNIT [NAME...]" >&2
	exit 2
fi
ecsctl=$(realpath "$1")
unit=$(realpath "$2")
shift 2
only=" $* "

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
make_hosts "$tmp"
export LC_ALL=C TZ=UTC
export ASAN_OPTIONS=exitcode=98:detect_leaks=1
export UBSAN_OPTIONS=exitcode=97:print_stacktrace=1
unset ECSCTL_TEST_ROOT ECSCTL_TEST_DEV ECSCTL_TEST_LOG

passed=0 failed=0 skipped=0 number=0

# result NAME STATUS: 0 ok, 77 skipped, else not ok; $tmp/why says why not.
result() {
	number=$((number + 1))
	case $2 in
	0)
		passed=$((passed + 1))
		echo "ok $number $1"
		;;
	77)
		skipped=$((skipped + 1))
		echo "ok $number $1 # SKIP $(head -n 1 "$tmp/why")"
		;;
	*)
		failed=$((failed + 1))
		sed 's/^/# /' "$tmp/why"
		echo "not ok $number $1"
		;;
	esac
	: >"$tmp/why"
}

# Runs one case. Leaves $tmp/{out,err,log} and the exit code in $code.
run_case() {
	local host=$1 device=$2 faults=$3 arguments=$4
	local -a args=()

	printf '%s\n' "${faults//; /$'\n'}" | cat "$here/dev/$device.txt" - \
		>"$tmp/dev.txt"
	: >"$tmp/log"
	eval "args=($arguments)"
	ECSCTL_TEST_ROOT=$tmp/$host ECSCTL_TEST_DEV=$tmp/dev.txt \
		ECSCTL_TEST_LOG=$tmp/log timeout 60 "$ecsctl" \
		${args[@]+"${args[@]}"} >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
}

is_json() {
	[ "$(head -c 1 "$tmp/out")" = "{" ]
}

# What the golden file of a case looks like.
describe() {
	echo "\$ ecsctl $1"
	echo "exit $code"
	echo "--- stdout"
	if is_json; then
		echo "(JSON)"
	else
		cat "$tmp/out"
	fi
	echo "--- stderr"
	cat "$tmp/err"
	echo "--- changes"
	cat "$tmp/log"
}

# What holds for every case, whatever its golden file says.
check_rules() {
	local lines
	lines=$(wc -l <"$tmp/err")
	# Ended by a signal of the fixture, it has nothing more to say.
	if [ "$code" -gt 128 ] && [[ $2 == *" signal=$((code - 128)) "* ]]; then
		[ ! -s "$tmp/err" ] || echo "words after the end"
		return
	fi
	if [ "$code" -gt 6 ]; then
		echo "exit code $code"
		cat "$tmp/err"
	fi
	if [ "$lines" -gt 1 ] || ! { [ ! -s "$tmp/err" ] ||
		grep -q '^ecsctl: ' "$tmp/err"; }; then
		echo "stderr is not one line by ecsctl"
	fi
	if [ "$code" -ne 0 ] && [ "$lines" -ne 1 ]; then
		echo "exit code $code without a message"
	fi
	if is_json && ! "$unit" --json "$tmp/out" "$tmp/err" "$code"; then
		echo "bad JSON"
	fi
	# -j or -p before anything that ends in help: JSON, and only then
	case " $1 " in
	*" -h "* | *" --help "* | " help "*) ;;
	*" -j "* | *" -p "* | *" --json "* | *" --pretty "*)
		is_json || echo "no JSON though asked for"
		;;
	esac
}

# compare GOLDEN_DIR NAME: does $tmp/{actual,out} match?
compare() {
	diff -u "$1/$2.txt" "$tmp/actual" || return 1
	if is_json; then
		diff -u "$1/$2.json" "$tmp/out"
	else
		[ ! -e "$1/$2.json" ]
	fi
}

one_case() {
	local name=$1 arguments=$5

	run_case "$2" "$3" "$4" "$arguments"
	describe "$arguments" >"$tmp/actual"
	check_rules "$arguments" "$4 " >"$tmp/why" 2>&1
	if [ -s "$tmp/why" ]; then
		return 1
	fi
	if [ -n "$update" ]; then
		cp "$tmp/actual" "$here/golden/$name.txt"
		if is_json; then
			cp "$tmp/out" "$here/golden/$name.json"
		fi
		return 0
	fi
	compare "$here/golden" "$name" >"$tmp/why" 2>&1
}

# The lines of cases.txt as NAME|HOST|DEVICE|FAULTS|ARGUMENTS, trimmed.
cases() {
	sed -e '/^#/d' -e '/^$/d' -e 's/ *| */|/' -e 's/ *| */|/2' \
		-e 's/ *| */|/3' -e 's/ *| */|/4' -e 's/ *$//' "$here/cases.txt"
}

# A golden file that is off by one letter must be noticed, in text and JSON.
test_harness() {
	mkdir -p "$tmp/golden"
	run_case host normal "" "-j version"
	describe "-j version" >"$tmp/actual"
	cp "$tmp/actual" "$tmp/golden/x.txt"
	cp "$tmp/out" "$tmp/golden/x.json"
	if ! compare "$tmp/golden" x; then
		echo "a right golden file was called wrong"
		return 1
	fi
	sed -i 's/exit 0/exit 1/' "$tmp/golden/x.txt"
	if compare "$tmp/golden" x >/dev/null; then
		echo "a wrong text was not noticed"
		return 1
	fi
	cp "$tmp/actual" "$tmp/golden/x.txt"
	sed -i 's/"interface":[0-9]*/"interface":0/' "$tmp/golden/x.json"
	if compare "$tmp/golden" x >/dev/null; then
		echo "a wrong JSON was not noticed"
		return 1
	fi
}

# A golden file that no case needs is a case that got lost.
test_orphans() {
	local file name
	for file in "$here"/golden/*; do
		name=$(basename "${file%.*}")
		cases | grep -q "^$name|" || echo "no case for $file"
	done >"$tmp/orphans"
	cat "$tmp/orphans"
	[ ! -s "$tmp/orphans" ]
}

test_names() {
	local twice
	twice=$(cases | cut -d '|' -f 1 | sort | uniq -d)
	[ -z "$twice" ] || echo "two cases called $twice"
	[ -z "$twice" ]
}

test_full_disk() {
	if [ ! -c /dev/full ]; then
		echo "no /dev/full"
		return 77
	fi
	"$ecsctl" -V >/dev/full 2>"$tmp/err"
	code=$?
	cat "$tmp/err"
	[ $code -eq 2 ] && grep -q '^ecsctl: cannot write' "$tmp/err"
}

# The installed program must not be led astray by the environment.
test_release_build() {
	local release
	release=$(dirname "$(dirname "$(dirname "$ecsctl")")")/ecsctl
	if [ ! -x "$release" ]; then
		echo "no release build"
		return 77
	fi
	if grep -q ECSCTL_TEST "$release"; then
		echo "it looks at ECSCTL_TEST_..."
		return 1
	fi
}

# completes WANTED WORD...: the last word is the one being typed.
completes() {
	local wanted=$1
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_ecsctl
	[ "${COMPREPLY[*]}" = "$wanted" ] && return
	echo "$*: ${COMPREPLY[*]}, not $wanted"
	return 1
}

# The completion offers commands, options, their values and VMs.
test_completion() {
	# shellcheck source=../ecsctl/ecsctl.bash
	. "$here/../ecsctl/ecsctl.bash"
	# shellcheck disable=SC2317 # the completion calls it
	ecsctl() {
		ECSCTL_TEST_ROOT=$tmp/host ECSCTL_TEST_DEV=$here/dev/normal.txt \
			"$ecsctl" "$@"
	}
	# Names that the shell would carry out, and one that Enter would.
	# shellcheck disable=SC2016
	vm "$tmp/host" 1997 /usr/bin/qemu-system-x86_64 -name 'sol$(touch${IFS}hit)'
	# shellcheck disable=SC2016
	vm "$tmp/host" 1998 /usr/bin/qemu-system-x86_64 -name 'sol`touch${IFS}hit`'
	vm "$tmp/host" 1999 /usr/bin/qemu-system-x86_64 -name 'sol;reboot'
	(
		cd "$tmp" || exit 1
		completes solo ecsctl show sol && [ ! -e hit ]
	) || return 1
	rm -rf "$tmp"/host/proc/199[789]
	completes disable ecsctl dis &&
		completes --all ecsctl disable --a &&
		completes solo ecsctl -j status s &&
		completes "grace= grace-sleep=" ecsctl set web gr &&
		completes unboost ecsctl help un &&
		completes guest ecsctl gu &&
		completes --json ecsctl guest --j &&
		completes "--usbt" ecsctl boost web --u &&
		completes solo ecsctl boost so &&
		completes fifo ecsctl boost web --backend f &&
		completes overcommit ecsctl set web --hints o &&
		completes "" ecsctl boost --sbt s &&
		completes "--max-sbt --min-usbt" ecsctl limit web --m &&
		completes --vcpu ecsctl unboost web --vc || return 1
	unset -f ecsctl
}

extra="harness orphans names full_disk release_build completion"

wanted() {
	[ "$only" = "  " ] || [[ $only == *" $1 "* ]]
}

cases >"$tmp/cases"
if [ "$(cut -s -d '|' -f 5 "$tmp/cases" | wc -l)" -ne "$(wc -l <"$tmp/cases")" ]; then
	echo "cases.txt: a line without five columns" >&2
	exit 2
fi
if [ -n "$update" ] && [ "$only" = "  " ]; then
	rm -f "$here"/golden/*
fi
mkdir -p "$here/golden"

plan() {
	{
		cut -d '|' -f 1 "$tmp/cases"
		grep -E '^(not )?ok ' "$tmp/unit.log" | sed -E 's/^(not )?ok /unit_/'
		for name in $extra; do
			echo "$name"
		done
	} | while read -r name; do
		if wanted "$name"; then
			echo
		fi
	done | wc -l
}

"$unit" >"$tmp/unit.log" 2>&1
unit_code=$?
echo "KTAP version 1"
echo "1..$(($(plan) + 1))"

: >"$tmp/why"
while read -r line; do
	case $line in
	"ok "*) if wanted "unit_${line#ok }"; then
		result "unit_${line#ok }" 0
	fi ;;
	"not ok "*) if wanted "unit_${line#not ok }"; then
		result "unit_${line#not ok }" 1
	fi ;;
	*) echo "$line" >>"$tmp/why" ;;
	esac
done <"$tmp/unit.log"
# a crash in a unit test leaves no "not ok" behind
[ "$unit_code" -eq 0 ]
result unit_exit $?

while IFS='|' read -r name host device faults arguments; do
	if wanted "$name"; then
		one_case "$name" "$host" "$device" "$faults" "$arguments"
		result "$name" $?
	fi
done <"$tmp/cases"

for name in $extra; do
	if wanted "$name"; then
		"test_$name" >"$tmp/why" 2>&1
		result "$name" $?
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
