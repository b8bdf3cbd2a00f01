#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Install what building and testing ecs needs on Debian 12. Run as root.
#
# Only missing packages are installed, the apt sources are never touched, and
# nothing is printed when there is nothing to do. Kernels and the newer QEMU
# are not installed: ktest/fetch.py unpacks them into a cache directory.
set -eu

packages="
	build-essential gcc-12 make pkg-config pahole
	libelf-dev libssl-dev libjson-c-dev zlib1g-dev
	dkms kmod cpio xz-utils zstd binutils
	qemu-system-x86 busybox-static stress-ng rt-tests
	python3 iproute2 util-linux procps
"

missing=
for package in $packages; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "ktest/setup.sh: missing:$missing; run this script as root" >&2
	exit 1
fi
echo "ktest/setup.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
install_missing() {
	# shellcheck disable=SC2086 # a list of package names
	apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
# The package lists of a fresh machine are empty or old: refresh them on the
# first failure only.
install_missing 2>/dev/null || { apt-get update -qq; install_missing; }
