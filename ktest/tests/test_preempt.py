# SPDX-License-Identifier: GPL-2.0
"""Kernels that preempt themselves never, at some places or everywhere, host and guest."""
import pathlib
import re

from bare import GENEROUS, check_works
from common import counters, kernel_load, registered, wait_registered, who
from job import test
from load import Load, boosts

MODEL = "/sys/kernel/debug/sched/preempt"


def check_model(t, model):
    """Register, defer, boost, mark, unload with this model of preemption everywhere."""
    t.check_eq(re.search(r"\((\w+)\)", pathlib.Path(MODEL).read_text())[1], model,
               "the host's model")
    t.insmod_host(boost_limit=90)
    guest = t.guest(cmdline=f"preempt={model}", ecs=True,
                    ecs_params={"mark_mutex": 1, "mark_rwsem": 1})
    t.check_eq(re.search(r"\((\w+)\)", guest.run(f"cat {MODEL}")[1])[1], model,
               "the guest's model")
    hog = Load(threads=2)
    kernel_load(guest, 60)
    guest.insmod("ecs_hold", hold_us=500, gap_us=2000, shared=0)
    t.ecsctl("enable", who(guest), *GENEROUS)
    check_works(t, who(guest), "extended", seconds=40)
    t.wait_for(lambda: counters(t, who(guest))["ended_release"] > 5,
               "extensions end with their sections", timeout=40)
    t.ecsctl("boost", hog.vm, "--sbt", "1ms", "--usbt", "9ms")
    t.wait_for(lambda: all(b["counters"]["boosts"] for b in boosts(t, hog)), "boosts")
    t.rmmod_host()
    t.insmod_host(enable_all=1)
    wait_registered(t, guest, timeout=60)
    guest.rmmod("ecs_hold")
    guest.rmmod("ecs_guest")
    t.check_eq(registered(t, guest), 0, "registered after unload")


@test(timeout=400, when="all", cmdline="preempt=none")
def test_none(t):
    """preempt=none on host and guest."""
    check_model(t, "none")


@test(timeout=400, when="all", cmdline="preempt=voluntary")
def test_voluntary(t):
    """preempt=voluntary on host and guest."""
    check_model(t, "voluntary")


@test(timeout=400, when="all", cmdline="preempt=full")
def test_full(t):
    """preempt=full on host and guest."""
    check_model(t, "full")


@test(timeout=400, when="all", kernels=("7.x",), cmdline="preempt=lazy")
def test_lazy(t):
    """preempt=lazy on host and guest."""
    check_model(t, "lazy")
