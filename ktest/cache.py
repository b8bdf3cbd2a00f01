# SPDX-License-Identifier: GPL-2.0
"""Where everything that is fetched or built lives, and what is in there.

The cache outlives a clone of the tree (kernels, QEMU); the build directory
belongs to the clone (modules, initramfs images, logs).
"""
import json
import os
import pathlib
import re

# What "make test" runs on, the oldest first.
KERNELS = ("6.1", "6.12")
# Built by debug_kernel.py, and only for who asks for them.
DEBUG_KERNELS = ("6.12-debug", "6.1-debug", "6.12-kcsan", "6.1-kcsan")
# On request: by --host and --guest, all of them by --matrix. 7.x is the newest that the
# distribution has with headers.
EXTRA_KERNELS = ("5.10", "7.x")
# Other configurations of the same sources: real time, and for virtual machines only.
# They run the tests that say so (job.py: flavours), beside the ordinary kernel.
FLAVOURS = ("6.1-rt", "6.1-cloud", "6.12-rt", "6.12-cloud")
ALL_KERNELS = tuple(sorted(KERNELS + EXTRA_KERNELS,
                           key=lambda name: [int(n) for n in re.findall(r"\d+", name)]))

TOP = pathlib.Path(__file__).resolve().parent.parent
KTEST = TOP / "ktest"
BUILD = pathlib.Path(os.environ.get("ECS_BUILD", TOP / "build")).resolve() / "ktest"


def root():
    """The cache directory: $ECS_CACHE, or the user's cache directory."""
    where = os.environ.get("ECS_CACHE")
    if not where:
        base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        where = pathlib.Path(base) / "ecs"
    return pathlib.Path(where).resolve()


class Kernel:
    """One unpacked distribution kernel: image, modules and headers."""

    def __init__(self, name):
        self.name = name
        self.dir = root() / "kernels" / name
        # All that tells one build from another, debug kernels' options included.
        self.build = (self.dir / "info.json").read_text()
        self.release = json.loads(self.build)["release"]
        self.vmlinux = self.dir / "vmlinux"
        self.modules = self.dir / "lib/modules" / self.release
        self.headers = self.dir / "usr/src" / f"linux-headers-{self.release}"

    def has(self, option):
        """Is an option of its configuration built in ("CONFIG_PREEMPT_COUNT")?"""
        return f"\n{option}=y\n" in (self.headers / ".config").read_text()

    def exports(self, symbol):
        """May modules use this function?"""
        return f"\t{symbol}\t" in (self.headers / "Module.symvers").read_text()

    @staticmethod
    def present(name):
        return (root() / "kernels" / name / "info.json").exists()


class Qemu:
    """The QEMU to run: the newer one in the cache, else the system's."""

    def __init__(self):
        info = root() / "qemu/info.json"
        described = json.loads(info.read_text()) if info.exists() else {}
        # Its loader is named by an absolute path: a moved cache has none.
        self.cached = pathlib.Path(described.get("loader", "/none")).exists()
        if not self.cached:
            self.binary, self.env, self.args = "/usr/bin/qemu-system-x86_64", {}, []
            self.emulator, self.version = self.binary, "of the system"
            self.described = self.version
            return
        base = info.parent / "root"
        self.version = described["version"].split(":")[-1].split("+")[0]
        self.binary = str(base / "usr/bin/qemu-system-x86_64")
        # What plays a host: a copy without a bug that loses these, if there is one.
        self.emulator, self.described = self.binary, self.version
        if os.path.exists(self.mended):
            self.emulator, self.described = self.mended, f"{self.version}, mended"
        self.args = [word for folder in described["firmware"]
                     for word in ("-L", str(base / folder))]
        self.env = {"QEMU_MODULE_DIR": str(base / "usr/lib/x86_64-linux-gnu/qemu")}

    @property
    def mended(self):
        """Where fetch.py puts the copy of mend_qemu.py."""
        return f"{self.binary}-mended"
