#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Build kernels that look for bugs, and put them into the cache beside the others.

    ktest/debug_kernel.py [NAME...]
    ktest/debug_kernel.py --current NAME	exit status 0 if nothing is to be built

A debug kernel is the distribution's source of a series, with the fewest options
that the tests need (debug/base.config) and the checks of one kind on top
(debug/debug.config: KASAN, lockdep, ...; debug/kcsan.config: data races). It is
built anew only if the source or its options changed.
"""
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import cache
import fetch

NEEDS = ("flex", "bison", "bc", "libelf-dev", "libssl-dev")
OPTIONS = cache.KTEST / "debug"
# gcc takes half of kvm_sched_yield() into its callers, with the checks on; there the
# distribution's kernels have a whole function, which ecs_host hooks.
FLAGS = ("CFLAGS_x86.o=-fno-partial-inlining",)
# The entry that QEMU takes, and memcmp() for it, run before KASAN has its shadow; 6.12 knows.
SERIES_FLAGS = {"6.1": ("KASAN_SANITIZE_enlighten.o=n", "KASAN_SANITIZE_string.o=n")}
# What modules are built with, as the distribution's packages of headers have it.
HEADERS_SOURCE = (
    "echo Makefile; find arch/x86 -maxdepth 1 -name 'Makefile*'; "
    "find arch/x86 -name generated -prune -o -name include -type d -print; "
    "find include scripts -path scripts/dtc -prune -o -path scripts/kconfig -prune "
    "-o \\( -type f -o -type l \\) -print")
HEADERS_BUILT = (
    "ls -d Module.symvers .config arch/x86/include/generated include/config "
    "include/generated; find tools/objtool/objtool -type f; "
    "find scripts -path scripts/dtc -prune -o -path scripts/kconfig -prune -o "
    "-type f ! -name '*.o' ! -name '.*.cmd' -print")


class ConfigError(Exception):
    """Options that the kernel did not take."""


def parts(name):
    """("6.12", "debug") of "6.12-debug"."""
    series, _, kind = name.partition("-")
    return series, kind


def options(name):
    """All options that a kernel of this name is to have, as one text."""
    series, kind = parts(name)
    files = [OPTIONS / f"{part}.config" for part in ("base", series, kind, name)]
    return ("".join(path.read_text() for path in files if path.exists())
            + f'CONFIG_LOCALVERSION="-ecs-{kind}"\n')


def flags(name):
    return (*FLAGS, *SERIES_FLAGS.get(parts(name)[0], ()))


def digest(name):
    return hashlib.sha256("\n".join((*flags(name), options(name))).encode()).hexdigest()


def current(name):
    """Is this kernel in the cache, with the options that it is to have?"""
    if not cache.Kernel.present(name):
        return False
    info = json.loads((cache.root() / "kernels" / name / "info.json").read_text())
    return info.get("options") == digest(name)


def where(*names):
    return cache.root().joinpath("build", *names)


def source(series, refresh=False):
    """(directory, package version) of the distribution's source of a series."""
    tree, stamp = where(f"linux-source-{series}"), where(f"linux-source-{series}.version")
    if stamp.exists() and not refresh:
        return tree, stamp.read_text()
    package = f"linux-source-{series}"
    apt = fetch.Apt((fetch.CODENAME, f"{fetch.CODENAME}-security"))
    version = apt.version(package)
    if stamp.exists() and stamp.read_text() == version:
        return tree, version
    stamp.unlink(missing_ok=True)
    new = where(f".new-{package}")
    shutil.rmtree(new, ignore_errors=True)
    apt.unpack([package], new)
    fetch.run("tar", "-C", str(new), "-xf", str(new / f"usr/src/{package}.tar.xz"))
    fetch.replace(new / package, tree)
    shutil.rmtree(new)
    stamp.write_text(version)
    return tree, version


def known(tree):
    """All options that there are in a source tree."""
    found = set()
    for path in tree.rglob("Kconfig*"):
        if path.is_file():
            found |= set(re.findall(r"(?m)^\s*(?:menu)?config\s+(\w+)",
                                    path.read_text(errors="replace")))
    return found


def check_config(name, tree, config):
    """An option that exists and was not taken makes no debug kernel of that name."""
    have = set(config.read_text().splitlines())
    exists = known(tree)
    text = options(name)
    off = set(re.findall(r"(?m)^# CONFIG_(\w+) is not set$", text))
    lost = [line for line in text.splitlines()
            if line.startswith("CONFIG_") and line not in have
            and line[len("CONFIG_"):].split("=")[0] in exists - off]
    if lost:
        raise ConfigError(f"{name}: not taken: {' '.join(lost)}")


def make(tree, objects, *words, log):
    """make in the source tree, with objects elsewhere; the log has what it says."""
    command = ["make", "-C", str(tree), f"O={objects}", *words]
    # What the distribution's packages say of themselves does not belong into a
    # kernel's banner, and the same source gives the same kernel.
    env = {**os.environ, "KBUILD_BUILD_USER": "ktest", "KBUILD_BUILD_HOST": "ktest"}
    with open(log, "a", encoding="utf-8") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=env)
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-30:]
        raise subprocess.CalledProcessError(done.returncode, command, "\n".join(tail))


def copy(source_dir, listing, target):
    """Copy what a shell command lists in a directory."""
    fetch.run("sh", "-c", f"{{ {listing}; }} | tar -c -f - -T - | tar -x -f - -C '{target}'",
              cwd=source_dir)


def install(tree, objects, new, release, log):
    """The built kernel as the cache has the distribution's: image, modules, headers."""
    (new / "boot").mkdir(parents=True)
    shutil.copy(objects / ".config", new / f"boot/config-{release}")
    shutil.copy(objects / "System.map", new / f"boot/System.map-{release}")
    fetch.run("objcopy", "-S", str(objects / "vmlinux"), str(new / "vmlinux"))
    make(tree, objects, "-s", f"INSTALL_MOD_PATH={new}", "INSTALL_MOD_STRIP=1",
         "modules_install", log=log)
    headers = new / f"usr/src/linux-headers-{release}"
    headers.mkdir(parents=True)
    copy(tree, HEADERS_SOURCE, headers)
    copy(objects, HEADERS_BUILT, headers)
    for link in ("build", "source"):
        path = new / "lib/modules" / release / link
        path.unlink(missing_ok=True)
        path.symlink_to(f"../../../usr/src/linux-headers-{release}")


def build(name, refresh=False, say=print):
    """Bring one debug kernel up to date; does nothing if it is."""
    if current(name) and not refresh:
        return
    where().mkdir(parents=True, exist_ok=True)
    with open(where("lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if refresh or not current(name):
            build_alone(name, refresh, say)


def build_alone(name, refresh, say):
    series, kind = parts(name)
    fetch.run(str(cache.KTEST / "install.sh"), *NEEDS)
    tree, version = source(series, refresh)
    target = cache.root() / "kernels" / name
    if current(name) and json.loads(
            (target / "info.json").read_text()).get("version") == version:
        return
    say(f"# building kernel {name} ({version}): this takes some minutes")
    objects, log = where(name), where(f"{name}.log")
    objects.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    wanted = where(f"{name}.config")
    wanted.write_text(options(name))
    make(tree, objects, "-s", f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig", log=log)
    check_config(name, tree, objects / ".config")
    jobs = f"-j{os.cpu_count()}"
    make(tree, objects, "-s", jobs, *flags(name), "vmlinux", "modules", log=log)
    release = (objects / "include/config/kernel.release").read_text().strip()
    new = cache.root() / "kernels" / f".new-{name}"
    shutil.rmtree(new, ignore_errors=True)
    install(tree, objects, new, release, log)
    info = {"release": release, "package": f"linux-source-{series}", "version": version,
            "options": digest(name), "kind": kind}
    (new / "info.json").write_text(json.dumps(info, indent=1) + "\n")
    fetch.replace(new, target)


def main():
    words = sys.argv[1:]
    if words[:1] == ["--current"]:
        sys.exit(0 if all(map(current, words[1:])) else 1)
    for name in words or cache.DEBUG_KERNELS[:1]:
        if name not in cache.DEBUG_KERNELS:
            sys.exit(f"no debug kernel {name}; there are: {' '.join(cache.DEBUG_KERNELS)}")
        try:
            build(name)
        except ConfigError as error:
            sys.exit(str(error))
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error}\n{error.output or ''}")
        print(f"{name}: {cache.Kernel(name).release}")


if __name__ == "__main__":
    main()
