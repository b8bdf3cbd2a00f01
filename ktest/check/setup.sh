#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Install what ktest/check/run needs on Debian 12, and fetch the kernel's
# checkpatch.pl into the cache. Prints nothing when there is nothing to do.
#
# Root is needed only if a package is missing. checkpatch.pl is not part of
# this project: it is taken from the distribution's linux-source package.
set -eu

packages="sparse cppcheck clang-format shellcheck pyflakes3 perl xz-utils make
	gcc binutils python3 git"
source_package=linux-source-6.1
cache=${ECS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ecs}

# shellcheck disable=SC2086 # a list of package names
"$(dirname "$0")/../install.sh" $packages

[ ! -e "$cache/checkpatch/checkpatch.pl" ] || exit 0
echo "ktest/check/setup.sh: fetching checkpatch.pl from $source_package"
mkdir -p "$cache"
new=$(mktemp -d "$cache/checkpatch.XXXXXX")
trap 'rm -rf "$new"' EXIT
cd "$new"
download() {
	apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$source_package"
}
download 2>/dev/null || { apt-get update -qq; download; }
# Straight through, 140 MB: the whole source is never on the disk.
dpkg-deb --fsys-tarfile "$source_package"_*.deb |
	tar -x --to-stdout "./usr/src/$source_package.tar.xz" | xz -dc |
	tar -x --strip-components=2 "$source_package/scripts/checkpatch.pl" \
		"$source_package/scripts/spelling.txt" \
		"$source_package/scripts/const_structs.checkpatch"
rm "$source_package"_*.deb
[ -s checkpatch.pl ]
chmod 755 "$new"
rm -rf "$cache/checkpatch"
mv "$new" "$cache/checkpatch"
trap - EXIT
