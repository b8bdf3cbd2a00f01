# SPDX-License-Identifier: GPL-2.0
"""The cgroup of a VM changes while a preemption of it is deferred."""
import os
import pathlib
import re

from bare import GENEROUS, Bare, check_works, contended, stat_word
from common import counters
from fault import until_hit
from job import test

ROOT = pathlib.Path("/sys/fs/cgroup")


def group_of(t, bare, controllers=""):
    """A cgroup with only this VM in it."""
    if controllers:
        (ROOT / "cgroup.subtree_control").write_text(controllers)
    group = ROOT / "vm"
    group.mkdir()
    (group / "cgroup.procs").write_text(str(bare.pid))
    t.check(str(bare.pid) in (group / "cgroup.procs").read_text().split(), "not in the cgroup")
    return group


@test(timeout=300, when="all")
def test_quota(t):
    """A quota throttles a VM whose preemption is deferred, and is kept."""
    t.insmod_host()
    bare, _ = contended(t)
    group = group_of(t, bare, "+cpu")

    until_hit(t, bare.vm, lambda: (group / "cpu.max").write_text("5000 50000"),
              lambda: (group / "cpu.max").write_text("max 50000"))
    (group / "cpu.max").write_text("10000 50000")
    before, ran, began = throttled(group), bare.run_ns(), float(uptime())
    t.sh("sleep 6")
    ran, elapsed = bare.run_ns() - ran, float(uptime()) - began
    t.log(f"throttled {throttled(group) - before} times, ran {ran / elapsed / 1e7:.1f} % of a CPU")
    t.check(throttled(group) - before > 10, "the quota never hit")
    # Each extension may go on over the quota by a grace; the loan is paid back.
    t.check(ran <= elapsed * 1e9 * 0.2 * 1.1 + 2 * 10_000_000, "more than its quota")
    (group / "cpu.max").write_text("max 50000")
    check_works(t, bare.vm, "without a quota")


@test(timeout=120, exact="its kernel asks for the CPU by a call and not by a jump")
def test_throttled(t):
    """What a quota asks for is not deferred: a vCPU by itself has no extensions."""
    t.insmod_host()
    bare = Bare(vcpus=1)
    group = group_of(t, bare, "+cpu")
    t.ecsctl("enable", bare.vm, *GENEROUS)
    (group / "cpu.max").write_text("10000 50000")
    before, was = counters(t, bare.vm)["granted"], throttled(group)
    t.sh("sleep 6")
    granted, times = counters(t, bare.vm)["granted"] - before, throttled(group) - was
    t.progress(f"throttled {times} times, {granted} extensions")
    t.check(times > 30, "the quota hardly ever hit")
    # Tasks of the host's own come by.
    t.check(granted < times // 2, "throttling is deferred")
    (group / "cpu.max").write_text("max 50000")


def throttled(group):
    """How often the quota of a cgroup has hit."""
    return int(re.search(r"nr_throttled (\d+)", (group / "cpu.stat").read_text())[1])


def uptime():
    return pathlib.Path("/proc/uptime").read_text().split()[0]


@test(timeout=300, when="all")
def test_freezer(t):
    """A VM is frozen and thawed in graces; the module may go meanwhile."""
    t.insmod_host()
    bare, _ = contended(t)
    group = group_of(t, bare)

    def frozen():
        return "frozen 1" in (group / "cgroup.events").read_text()
    until_hit(t, bare.vm, lambda: (group / "cgroup.freeze").write_text("1"),
              lambda: (group / "cgroup.freeze").write_text("0"), ways=("ended_yield",),
              still=frozen)
    check_works(t, bare.vm, "after it was thawed")
    (group / "cgroup.freeze").write_text("1")
    t.wait_for(frozen, "it is frozen")
    t.rmmod_host()
    (group / "cgroup.freeze").write_text("0")
    t.wait_for(lambda: "R" in bare.states(), "it runs on")


@test(timeout=300, when="all")
def test_cpuset(t):
    """A VM is moved from CPU to CPU by its cpuset in graces, boosted or not."""
    t.insmod_host()
    bare, _ = contended(t)
    group = group_of(t, bare, "+cpuset")
    where = 0

    def move():
        nonlocal where
        where ^= 1
        (group / "cpuset.cpus").write_text(str(where))

    def moved():
        for tid in bare.tids():
            t.check_eq(os.sched_getaffinity(tid), {where}, "CPUs of a vCPU")
            t.wait_for(lambda tid=tid: int(stat_word(bare.pid, tid, 36)) == where,
                       "it is where it may be", every=0.02)
    until_hit(t, bare.vm, move, moved)
    check_works(t, bare.vm, "on one CPU")
    for backend in ("pick", "fifo"):
        t.ecsctl("boost", bare.vm, "--sbt", "1ms", "--usbt", "9ms", "--backend", backend)
        for _ in range(20):
            move()
            moved()
        t.ecsctl("unboost", bare.vm)
    (group / "cpuset.cpus").write_text("0-1")
    for tid in bare.tids():
        t.check_eq(os.sched_getaffinity(tid), {0, 1}, "CPUs of a vCPU at the end")
    check_works(t, bare.vm, "on all CPUs")
