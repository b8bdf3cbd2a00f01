#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_build.sh: the pure files are pure, and the shared headers stand alone in
# every language and width they promise. $1 is a directory for what is built.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
out=${1:?usage: $0 BUILD_DIR}
CC=${CC:-gcc}
CXX=${CXX:-g++}
NM=${NM:-nm}
strict="-Wall -Wextra -Wpedantic -Werror"
pure="policy budget admit choice claim bounds"
headers="ecs_abi.h ecs_hist.h ecs_ioctl.h ecs_types.h"
number=0 failed=0 skipped=0

mkdir -p "$out/m32/gnu" || exit 2
# All that a 32-bit compilation lacks without the 32-bit C library.
: >"$out/m32/gnu/stubs-32.h"

# report NAME COMMAND...: a test passes if the command does.
report() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$out/test_build.log" 2>&1; then
		echo "ok $number $name"
	else
		sed 's/^/  # /' "$out/test_build.log"
		echo "not ok $number $name"
		failed=$((failed + 1))
	fi
}

skip() {
	number=$((number + 1))
	skipped=$((skipped + 1))
	echo "ok $number $1 # SKIP $2"
}

compile_pure() {
	# shellcheck disable=SC2086 # a list of flags
	"$CC" -std=gnu11 -O2 -ffreestanding -fno-builtin $strict \
		-I"$top/common" -c "$top/ecs_host/$1.c" -o "$out/pure.o"
}

needs_nothing() {
	"$NM" -u "$out/pure.o" >"$out/pure.nm" || return 1
	cat "$out/pure.nm"
	! [ -s "$out/pure.nm" ]
}

keeps_nothing() {
	# A pure object has no writable data either: nm's b, d and C.
	"$NM" "$out/pure.o" >"$out/pure.nm" || return 1
	! grep ' [bBdDC] ' "$out/pure.nm"
}

# stands_alone HEADER COMPILER FLAGS...
stands_alone() {
	header=$1
	shift
	# Twice: its guard works.
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"$@" -I"$top/common" -fsyntax-only -
}

# same_layout COMPILER FLAGS...: the static asserts hold there as well.
same_layout() {
	"$@" -I"$top/common" -fsyntax-only "$here/test_abi.c"
}

total=$((3 * $(echo "$pure" | wc -w) + 4 * $(echo "$headers" | wc -w) + 1))
printf 'KTAP version 1\n1..%s\n' "$total"
for file in $pure; do
	report "$file.c compiles freestanding" compile_pure "$file"
	report "$file.o needs no symbol" needs_nothing
	report "$file.o has no writable data" keeps_nothing
done

# The headers of the 64-bit C library serve 32 bits too, but for one stub.
m32flags="-m32 -idirafter $out/m32"
multiarch=$("$CC" -print-multiarch 2>/dev/null) && [ -n "$multiarch" ] &&
	m32flags="$m32flags -idirafter /usr/include/$multiarch"
m32=yes
echo 'int x;' | "$CC" -m32 -x c -c - -o "$out/m32/probe.o" 2>/dev/null ||
	m32="$CC has no -m32"

# report32 NAME COMMAND...
report32() {
	if [ "$m32" = yes ]; then
		report "$@"
	else
		skip "$1" "$m32"
	fi
}

# shellcheck disable=SC2086 # lists of flags
for header in $headers; do
	report "$header as C11" stands_alone "$header" \
		"$CC" -x c -std=c11 $strict
	report "$header as C++17" stands_alone "$header" \
		"$CXX" -x c++ -std=c++17 $strict
	report32 "$header as 32-bit C11" stands_alone "$header" \
		"$CC" $m32flags -x c -std=c11 $strict
	report32 "$header as 32-bit C++17" stands_alone "$header" \
		"$CXX" $m32flags -x c++ -std=c++17 $strict
done
# shellcheck disable=SC2086 # lists of flags
report32 "the same layout in 32 bits" same_layout \
	"$CC" $m32flags -std=c11 $strict

echo "# $((number - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
