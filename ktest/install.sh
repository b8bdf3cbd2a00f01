#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# install.sh PACKAGE...: install those of the packages that are missing. Needs
# root only then, never touches the apt sources, prints nothing if all is there.
set -eu

missing=
for package; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "ktest/install.sh: missing:$missing; run this as root" >&2
	exit 1
fi
echo "ktest/install.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
install_missing() {
	# shellcheck disable=SC2086 # a list of package names
	apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
# The package lists of a fresh machine are empty or old: refresh them on the
# first failure only.
install_missing 2>/dev/null || { apt-get update -qq; install_missing; }
