# SPDX-License-Identifier: GPL-2.0
"""CPUs of the host go and come while vCPUs run on them."""
import pathlib

from bare import check_works, contended, open_grants
from common import counters, difference
from job import test
from load import Load, boosts

CPU1 = pathlib.Path("/sys/devices/system/cpu/cpu1/online")
CYCLES = 12


@test(timeout=400, when="all")
def test_cpu(t):
    """A CPU goes offline under extended and boosted vCPUs, and comes back."""
    t.insmod_host(boost_limit=90)
    bare, hog = contended(t, vcpus=3)
    boosted = Load(threads=2, busy_us=500, period_us=7000)
    before = counters(t, bare.vm)
    for cycle in range(CYCLES):
        t.ecsctl("boost", boosted.vm, "--sbt", "1ms", "--usbt", "9ms", "--backend",
                 ("pick", "fifo")[cycle % 2])
        CPU1.write_text("0")
        for one in (bare, hog, boosted):
            ran = one.run_ns()
            t.wait_for(lambda one=one, ran=ran: one.run_ns() > ran, "all run on one CPU")
        t.check(open_grants(counters(t, bare.vm)) <= 1, "more extensions than CPUs")
        CPU1.write_text("1")
        if cycle % 4 == 3:
            check_works(t, bare.vm, "on two CPUs again")
    gain = difference(counters(t, bare.vm), before)
    t.log({name: n for name, n in gain.items() if n})
    t.log([b["counters"] for b in boosts(t, boosted)])
    t.check(all(b["counters"]["boosts"] > 0 for b in boosts(t, boosted)), "not boosted")
    t.check(gain["ended_forced"] > 0, "no extension was ended by a CPU that went")


@test(timeout=300, when="all")
def test_unload(t):
    """The module goes while a CPU is offline, and comes before that is back."""
    t.insmod_host(boost_limit=90)
    bare, hog = contended(t)
    t.ecsctl("boost", hog.vm, "--sbt", "1ms", "--usbt", "9ms")
    CPU1.write_text("0")
    t.rmmod_host()
    t.insmod_host(boost_limit=90)
    # Half of the CPUs, half of what can be promised.
    rc, _, text = t.ecsctl("boost", hog.vm, "--sbt", "9ms", "--usbt", "9ms", check=False)
    t.check(rc != 0 and "free" in text, f"two halves of one CPU were promised: {text}")
    t.ecsctl("boost", hog.vm, "--sbt", "2ms", "--usbt", "8ms")
    CPU1.write_text("1")
    t.wait_for(lambda: all(b["counters"]["boosts"] for b in boosts(t, hog)), "it is boosted")
    ran = bare.run_ns()
    t.wait_for(lambda: bare.run_ns() > ran, "the vCPUs run on")
    t.rmmod_host()
