# SPDX-License-Identifier: GPL-2.0
"""VMs without a machine: there at once, in sections for ever, many if need be."""
import os
import pathlib
import select
import subprocess
import time

import cache
from common import ENDED, counters, difference, threads_ns
from job import Failed
from load import Load, ahead, ordinary

# Long graces, one after the other: most of the time a vCPU runs, it is in one.
GENEROUS = ("--grace", "10ms", "--budget", "100%", "--burst", "1s")


class Bare:
    """Some VMs, each a process with vCPUs that have registered."""

    def __init__(self, vms=1, vcpus=2, way="spin", marks=1, timeout=60):
        self.process = subprocess.Popen(
            [str(cache.BUILD / "l1-bare"), *map(str, (vms, vcpus, way, marks))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=ordinary)
        ahead()
        self.pids = sorted(self._up(time.monotonic() + timeout) for _ in range(vms))
        self.pid = self.pids[0]
        self.vm = f"pid:{self.pid}"
        self.vms = [f"pid:{pid}" for pid in self.pids]

    def _up(self, give_up):
        """The next one that is up."""
        line = b""
        while not line.endswith(b"\n"):
            left = give_up - time.monotonic()
            if left < 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed("a bare VM does not come up")
            # Not readline(): what that has read ahead select() would not see.
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                raise Failed("the bare VMs have ended")
            line += byte
        words = line.decode().split(maxsplit=1)
        if words[0] != "up":
            raise Failed(f"a bare VM has {line.decode().strip()}")
        return int(words[1])

    def tids(self, pid=None):
        """The threads of the vCPUs."""
        folder = pathlib.Path(f"/proc/{pid or self.pid}/task")
        return [int(task.name) for task in sorted(folder.iterdir())
                if (task / "comm").read_text().endswith("/KVM\n")]

    def states(self):
        """What the threads of the first VM's vCPUs do: R, S, T, ..."""
        return [stat_word(self.pid, tid, 0) for tid in self.tids()]

    def stand(self):
        """None of its vCPUs runs or wants to."""
        return not set(self.states()) & {"R", "D"}

    def run_ns(self):
        """CPU time of the first VM's vCPUs."""
        return threads_ns(self.pid, self.tids())

    def kill(self):
        """All of them, by the process that they depend on."""
        self.process.kill()
        self.process.wait()


def stat_word(pid, tid, number):
    """A word of /proc/.../stat, from the state on, which is number 0."""
    text = pathlib.Path(f"/proc/{pid}/task/{tid}/stat").read_text()
    return text.rsplit(")", 1)[1].split()[number]


def pins():
    """How many pages the kernel has pinned: those of registrations, and no others."""
    # What each CPU has counted for itself goes into the sum now.
    pathlib.Path("/proc/sys/vm/stat_refresh").read_text()
    stat = dict(line.split() for line in
                pathlib.Path("/proc/vmstat").read_text().splitlines())
    return int(stat["nr_foll_pin_acquired"]) - int(stat["nr_foll_pin_released"])


def known(t):
    """The processes that the module knows as VMs."""
    return [vm["pid"] for vm in t.ecsctl_json("list")["vms"] if vm["known"]]


def open_grants(got):
    """How many extensions are under way, by the counters."""
    return got["granted"] - sum(got[name] for name in ENDED)


def contended(t, vcpus=2, **options):
    """A VM that is in a grace most of the time, and one thread a CPU beside it."""
    bare = Bare(vcpus=vcpus, **options)
    hog = Load(threads=2)
    t.ecsctl("enable", bare.vm, *GENEROUS)
    t.wait_for(lambda: counters(t, bare.vm)["granted"] > 5, "it gets extensions")
    return bare, hog


def check_works(t, vm, message, seconds=20):
    """It is extended, and each extension ends."""
    before = counters(t, vm)
    t.wait_for(lambda: difference(counters(t, vm), before)["granted"] > 5,
               f"{message}: extensions", seconds)
    got = counters(t, vm)
    t.check(0 <= open_grants(got) <= 2, f"{message}: grants and ends do not add up: {got}")
