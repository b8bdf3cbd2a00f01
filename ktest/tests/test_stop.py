# SPDX-License-Identifier: GPL-2.0
"""A VM is stopped, paused or killed while a preemption of it is deferred."""
import os
import random
import signal

from bare import GENEROUS, Bare, check_works, contended, known, open_grants, pins
from common import SEED, counters, hog, registered, wait_gone, who
from fault import until_hit
from job import test


@test(timeout=300, when="all")
def test_sigstop(t):
    """SIGSTOP ends an extension at once; SIGCONT, and all is as before."""
    t.insmod_host()
    bare, beside = contended(t)
    # Nothing else makes it sleep: what ends by that, ended by the signal.
    until_hit(t, bare.vm, lambda: os.kill(bare.pid, signal.SIGSTOP),
              lambda: os.kill(bare.pid, signal.SIGCONT), ways=("ended_yield",),
              still=bare.stand)
    check_works(t, bare.vm, "after SIGCONT")
    # The module goes while it stands, and comes again.
    os.kill(bare.pid, signal.SIGSTOP)
    t.wait_for(bare.stand, "the VM stands")
    ran = beside.run_ns()
    t.rmmod_host()
    os.kill(bare.pid, signal.SIGCONT)
    t.wait_for(lambda: "R" in bare.states(), "it runs on")
    t.check(beside.run_ns() > ran, "its neighbour did not run")
    t.insmod_host()
    t.check_eq(counters(t, bare.vm)["granted"], 0, "extensions by a new module")


@test(timeout=400, when="all")
def test_pause(t):
    """The monitor's stop and cont, in graces of a guest that holds locks."""
    t.insmod_host()
    holder, other = t.start_guests(2, ecs=True)
    holder.insmod("ecs_hold", hold_us=20000, gap_us=100, shared=0)
    hog(other)
    t.ecsctl("enable", who(holder), *GENEROUS)
    t.wait_for(lambda: counters(t, who(holder))["granted"] > 5, "it gets extensions")

    def paused():
        return holder.qmp("query-status")["status"] == "paused"
    until_hit(t, who(holder), lambda: holder.monitor("stop"),
              lambda: holder.monitor("cont"), ways=("ended_yield",), still=paused)
    check_works(t, who(holder), "after cont")
    holder.run("true", timeout=60)
    t.check_eq(registered(t, holder), 2, "registered after all that")


@test(timeout=300, when="all")
def test_kill(t):
    """SIGKILL in graces leaves no VM, no boost, no extension; neighbours are served."""
    t.insmod_host(enable_all=1, boost_limit=90)
    chance = random.Random(SEED)
    stays, load = contended(t)
    in_grace, pinned = 0, pins()
    for number in range(30):
        bare = Bare()
        t.ecsctl("enable", bare.vm, *GENEROUS)
        if number % 3 == 0:
            backend = ("pick", "fifo")[number // 3 % 2]
            t.ecsctl("boost", bare.vm, "--sbt", "1ms", "--usbt", "9ms", "--backend", backend)
        t.wait_for(lambda: counters(t, bare.vm)["granted"] > 0, "it gets extensions",
                   every=0.02)
        t.sh(f"sleep {chance.uniform(0.005, 0.05):.3f}")
        in_grace += open_grants(counters(t, bare.vm)) > 0
        bare.kill()
        wait_gone(t, bare.vm)
    t.log(f"{in_grace} of 30 were seen in a grace just before they were killed")
    t.check(in_grace > 0, "none was killed in a grace")
    t.wait_for(lambda: known(t) == [stays.pid], "only one VM is known")
    t.wait_for(lambda: pins() == pinned, "no page of the dead is pinned")
    check_works(t, stays.vm, "the neighbour")
    # All that can be promised: a boost of a dead VM would be in the way.
    t.ecsctl("boost", load.vm, "--sbt", "9ms", "--usbt", "1ms")
    t.rmmod_host()
