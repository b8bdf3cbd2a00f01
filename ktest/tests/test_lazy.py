# SPDX-License-Identifier: GPL-2.0
"""Lazy preemption: what only marks a task is a request like any other."""
import os
import pathlib
import signal
import subprocess
import sys

import cache
from common import ENDED, check_sums, gained, show, who
from job import test

PREEMPT = pathlib.Path("/sys/kernel/debug/sched/preempt")
# A task on CPU 1 that is woken from CPU 0, and does a little.
SLEEPER = """
import os, time
into, out = os.pipe()
if os.fork():
    os.sched_setaffinity(0, {0})
    while True:
        time.sleep(0.003)
        os.write(out, b"x")
os.sched_setaffinity(0, {1})
while os.read(into, 1):
    until = time.monotonic() + 0.0003
    while time.monotonic() < until:
        pass
"""


def be_lazy(t):
    """See to it that L1 preempts lazily; skip if it cannot."""
    if "lazy" not in (PREEMPT.read_text() if PREEMPT.exists() else ""):
        t.skip("the kernel of L1 has no lazy preemption")
    PREEMPT.write_text("lazy")
    t.check("(lazy)" in PREEMPT.read_text(), "preempt=lazy was not taken")


def unjudged(counts):
    """Preemptions in a section without a request that was seen in one."""
    return max(0, counts["preempted_in_section"] - counts["ended_cap"]
               - counts["ended_forced"] - counts["refused_budget"] - counts["refused_spent"])


@test(timeout=150, quick=True, kernels=("7.x", "6.12-rt"))
def test_lazy(t):
    """With preempt=lazy slice ends and wakeups are deferred, and do not end extensions."""
    be_lazy(t)
    t.insmod_host()
    vm = t.guest(ecs=True, smp=1)
    t.sh(f"taskset -ap 2 {vm.pid}")
    vm.insmod("ecs_hold", hold_us=300, gap_us=300, shared=0)
    with subprocess.Popen([sys.executable, "-S", "-E", "-c", SLEEPER],
                          start_new_session=True) as sleeper:
        try:
            t.ecsctl("enable", who(vm), "--observe")
            seen = gained(t, vm, 6)
            t.log("observe", seen)
            t.ecsctl("enable", who(vm), "--grace", "5ms", "--budget", "100%", "--burst", "100ms")
            on = gained(t, vm, 8)
            t.log("on", on)
        finally:
            os.killpg(sleeper.pid, signal.SIGKILL)
    check_sums(t, show(t, vm))
    t.check(seen["req_wakeup"] > 50, "the sleeper did not ask for the CPU")
    t.check(seen["would_grant"] > 0, "no request found the holder in its section")
    t.check(on["granted"] > 0, "nothing was deferred")
    t.check(abs(on["granted"] - sum(on[name] for name in ENDED)) <= 2,
            "grants and ends do not add up")
    if cache.Kernel(t.kernel).has("CONFIG_PREEMPT_RT"):
        return		# its threads of interrupts and timers do not ask the fair class
    # A mark that is left on the thread would end its extension at the next VM exit.
    t.check(on["ended_forced"] <= on["granted"] // 10 + 2, "marks end extensions")
    t.check(unjudged(on) <= 5 + on["preempted"] // 10, "preempted in sections unasked")
