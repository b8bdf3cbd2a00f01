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
	dkms kmod cpio lz4 xz-utils zstd binutils
	qemu-system-x86 busybox-static stress-ng rt-tests
	python3 iproute2 util-linux procps
"

# shellcheck disable=SC2086 # a list of package names
exec "$(dirname "$0")/install.sh" $packages
