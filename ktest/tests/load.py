# SPDX-License-Identifier: GPL-2.0
"""Processes in L1 that look like VMMs, so that boosts can be tested without guests."""
import os
import subprocess

import cache
from common import difference, show, threads_ns


def ordinary():
    """In the child: whatever the test's own weight is."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)


def ahead():
    """The test and what it starts from now on: between many that compute it would hardly
    get on."""
    os.setpriority(os.PRIO_PROCESS, 0, -15)


class Load:
    """Threads that compute busy_us and sleep to the next multiple of period_us.

    With a period of -1 they sleep until poke()."""

    def __init__(self, threads=1, busy_us=1000, period_us=0, cpu=None):
        words = [str(cache.BUILD / "l1-load"), str(threads), str(busy_us), str(period_us)]
        self.process = subprocess.Popen(words + ([] if cpu is None else [str(cpu)]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=ordinary)
        self.process.stdout.readline()
        self.pid = self.process.pid
        self.vm = f"pid:{self.pid}"
        # Of the first thread on: the main one only waits.
        self.tids = sorted(int(tid) for tid in os.listdir(f"/proc/{self.pid}/task"))[1:]
        self.ran = 0

    def run_ns(self):
        """CPU time of its threads."""
        return threads_ns(self.pid, self.tids)

    def poke(self):
        """Wake one thread, from this CPU."""
        os.write(self.process.stdin.fileno(), b".")

    def has_run(self):
        """Since this was asked before?"""
        before, self.ran = self.ran, self.run_ns()
        return self.ran > before

    def kill(self):
        self.process.kill()
        self.process.wait()


def boosts(t, load):
    """The boosted threads of a VM, as ecsctl shows them."""
    return show(t, load)["boosts"]


def boosted(t, load, seconds):
    """Counters that the first boosted thread gains in some seconds, and its run time."""
    before = boosts(t, load)[0]
    t.sh(f"sleep {seconds}")
    after = boosts(t, load)[0]
    gain = difference(after["counters"], before["counters"])
    return {**gain, "run_ns": after["run_ns"] - before["run_ns"]}, after
