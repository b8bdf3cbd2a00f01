#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# All suites, one after the other, and one line that sums them up. A suite that
# ends badly without naming a failed test counts as one.
#
#	ktest/all.sh [--quick|--all]	of the nested tests: see ktest/run --help
set -u
cd "$(dirname "$0")/.." || exit 1
logs=build/test
DEBUG_MINUTES=35	# that may have gone by in CI when the debug kernel's turn comes: it takes 20
mkdir -p "$logs"
passed=0 failed=0 skipped=0 lost=0
: >"$logs/failed"

# keep NAME: a random failure may not come again, and the next run writes the log anew
keep() {
	kept=$logs/$1.failed.log
	cp "$logs/$1.log" "$kept"
	{
		echo "# failed: suite $1, see $kept"
		grep -E '^not ok|exit status|^#   ECS_SEED' "$kept"
	} >>"$logs/failed"
}

# suite NAME COMMAND...: run it, show it, add up what it says of itself
suite() {
	name=$1
	shift
	log=$logs/$name.log
	echo "# suite $name"
	status=0
	{ "$@" 2>&1 || echo "# exit status $?"; } | tee "$log"
	grep -q '^# exit status' "$log" && status=1
	counts=$(sed -nE 's/^(# )?([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\2 \3 \5/p' "$log" |
		awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
	lost=$((lost + $(sed -nE 's/^# lost-vm retries: ([0-9]+);.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')))
	# shellcheck disable=SC2086 # three numbers
	set -- $counts
	[ "$status" = 1 ] && [ "$2" = 0 ] && set -- "$1" 1 "$3"
	[ "$1" = 0 ] && [ "$2" = 0 ] && set -- 0 1 "$3"
	[ "$2" = 0 ] || keep "$name"
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

suite harness ktest/harness_test.py
suite unit make --no-print-directory -C ktest/unit check
suite fuzz make --no-print-directory -C ktest/fuzz check
suite ecsctl make --no-print-directory -C userspace/ecsctl check
suite bench-cost ktest/bench_cost.py --selftest
suite cost ktest/bench_cost.py --check
suite bench ktest/bench.py --selftest
suite bench-rt ktest/bench_rt.py --selftest
suite nested ktest/run "$@"
suite dkms ktest/dkms.sh

# In CI also a few of them on a debug kernel, if that costs neither a build nor
# more than there is: $ECS_CI_BEGAN is when CI began, in seconds since the epoch.
debug=6.12-debug
if [ -n "${ECS_CI_BEGAN:-}" ]; then
	minutes=$((($(date +%s) - ECS_CI_BEGAN) / 60))
	if ! ktest/debug_kernel.py --current "$debug"; then
		echo "# debug kernel: not run, $debug is not in the cache (make test-debug)"
	elif [ "$minutes" -ge "$DEBUG_MINUTES" ]; then
		echo "# debug kernel: not run, $minutes minutes have gone by"
	else
		suite debug ktest/run --debug "$debug" --quick smoke lifecycle
	fi
fi

cat "$logs/failed"
echo "# machines lost, and their tests tried again: $lost"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
