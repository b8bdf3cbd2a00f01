# SPDX-License-Identifier: GPL-2.0
"""vCPU threads that are real-time or deadline tasks of the host, by the administrator."""
import os
import random

from bare import check_works, contended
from common import SEED, show
from job import test
from load import Load, boosts
from policy import set_policy

OTHER, FIFO, RR, DEADLINE = 0, 1, 2, 6
NAMES = {FIFO: "FIFO", RR: "RR", DEADLINE: "DEADLINE"}

def become(tid, policy):
    if policy == DEADLINE:
        set_policy(tid, policy, times=(3_000_000, 10_000_000, 10_000_000))
    else:
        set_policy(tid, policy, 1 if policy in (FIFO, RR) else 0)


def granted(t, vm, vcpu):
    return show(t, vm)["vcpu_list"][vcpu]["counters"]["granted"]


@test(timeout=400, when="all")
def test_vcpu(t):
    """A vCPU becomes FIFO, RR or DEADLINE in a grace: nothing is deferred for it then."""
    t.insmod_host()
    bare, hog = contended(t)
    tid = bare.tids()[0]
    chance = random.Random(SEED)
    for policy in (FIFO, RR, DEADLINE):
        for _ in range(20):
            become(tid, policy)
            t.sh(f"sleep {chance.uniform(0, 0.03):.3f}")
            set_policy(tid, OTHER)
            t.sh(f"sleep {chance.uniform(0, 0.03):.3f}")
        become(tid, policy)
        # What was under way when it became that is over after one grace.
        t.sh("sleep 0.2")
        before, ran = granted(t, bare.vm, 0), (bare.run_ns(), hog.run_ns())
        t.sh("sleep 2")
        t.check_eq(granted(t, bare.vm, 0), before, f"extensions of a {NAMES[policy]} vCPU")
        t.check(bare.run_ns() > ran[0] and hog.run_ns() > ran[1], "one did not run")
        set_policy(tid, OTHER)
        before = granted(t, bare.vm, 0)
        t.wait_for(lambda before=before: granted(t, bare.vm, 0) > before,
                   f"it is extended again after {NAMES[policy]}")
    check_works(t, bare.vm, "in the end")


@test(timeout=400, when="all")
def test_boosted(t):
    """A boosted thread is made real-time by the administrator, and that is what stays."""
    t.insmod_host(boost_limit=90)
    hog = Load(threads=2)
    for backend in ("pick", "fifo"):
        for policy in (FIFO, RR, DEADLINE):
            load = Load(busy_us=300, period_us=5000)
            t.ecsctl("boost", load.vm, "--sbt", "1ms", "--usbt", "3ms", "--backend", backend)
            t.wait_for(lambda load=load: boosts(t, load)[0]["counters"]["boosts"] > 5, "boosts")
            if policy == DEADLINE:
                become(load.tids[0], policy)
            else:
                set_policy(load.tids[0], policy, 7)
            t.sh("sleep 0.5")
            # While it has its boosts, too; what the fifo backend made of it may be forgotten.
            if backend == "pick":
                rc, _, text = t.ecsctl("boost", load.vm, "--sbt", "1ms", "--usbt", "5ms",
                                       check=False)
                t.check(rc != 0, f"a {NAMES[policy]} thread is boosted again: {text}")
            t.ecsctl("unboost", load.vm)
            t.sh("sleep 0.2")
            t.check_eq(os.sched_getscheduler(load.tids[0]) & 7, policy,
                       f"{backend}: policy of a boosted thread that was made {NAMES[policy]}")
            rc, _, text = t.ecsctl("boost", load.vm, "--sbt", "1ms", "--usbt", "3ms",
                                   check=False)
            t.check(rc != 0, f"{backend}: a {NAMES[policy]} thread is boosted: {text}")
            load.kill()
    ran = hog.run_ns()
    t.wait_for(lambda: hog.run_ns() > ran, "the others run")
    t.rmmod_host()
