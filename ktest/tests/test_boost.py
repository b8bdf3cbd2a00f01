# SPDX-License-Identifier: GPL-2.0
"""The soft-real-time class: order, budget, cooling, borrowing, places, admission."""
import os
import pathlib
import re
import time

import cache
from bare import GENEROUS, Bare
from common import show, wait_gone, who
from job import test
from load import Load, boosted, boosts
from policy import policy_of, set_policy

TRACING = pathlib.Path("/sys/kernel/tracing")


def backends(t):
    """Those that the host's kernel has: not all let a module change a policy."""
    fifo = cache.Kernel(t.kernel).exports("sched_setattr_nocheck")
    return ("pick", "fifo") if fifo else ("pick",)


def boost(t, load, sbt, usbt, *more):
    t.ecsctl("boost", load.vm, "--sbt", sbt, "--usbt", usbt, *more)


def traced(t, events, work):
    """The lines of the kernel's trace of some events, while something is done."""
    (TRACING / "buffer_size_kb").write_text("16384")
    for event in events:
        (TRACING / "events" / event / "enable").write_text("1")
    work()
    for event in events:
        (TRACING / "events" / event / "enable").write_text("0")
    return (TRACING / "trace").read_text().splitlines()


@test(timeout=120, quick=True)
def test_order(t):
    """A boosted wakeup is dispatched before every other fair task of its CPU."""
    t.insmod_host()
    hogs = [Load(cpu=1), Load(cpu=1)]
    load = Load(busy_us=300, period_us=11000, cpu=1)
    boost(t, load, "3ms", "5ms", "--backend", "pick")
    t.check(all([hog.has_run() for hog in hogs]), "a hog did not begin")
    lines = traced(t, ("ecs/ecs_boost_begin", "sched/sched_switch"), lambda: time.sleep(6))
    begun, first, wrong = False, 0, []
    for line in lines:
        cpu = re.search(r"\[(\d+)\]", line)
        if "ecs_boost_begin" in line and f"tid={load.tids[0]} " in line:
            begun = True
        elif begun and cpu and int(cpu[1]) == 1 and "sched_switch" in line:
            switch = re.search(r"prev_pid=(\d+).*next_pid=(\d+) next_prio=(\d+)", line)
            # A higher class goes first, and may have been on its way.
            if int(switch[3]) < 100:
                continue
            begun = False
            if int(switch[2]) == load.tids[0]:
                first += 1
            else:
                wrong.append(line)
    gain = boosts(t, load)[0]
    t.log(first, gain)
    t.check(first > 100, f"only {first} boosted dispatches were seen")
    # One that begins by timer may find the next task chosen and the switch under way.
    t.check(len(wrong) <= first // 100,
            f"{len(wrong)} of {first} times another was first: {wrong[:3]}")
    t.check(gain["counters"]["picks"] > 0, "the pick was never decided")
    t.check_eq(gain["backend"], "pick", "backend")
    t.check(all(hog.has_run() for hog in hogs), "a hog did not run")


@test(timeout=150)
def test_budget(t):
    """One that never sleeps gets SBT, then nothing for USBT, over and over."""
    t.insmod_host()
    hogs = [Load(cpu=1), Load(cpu=1)]
    load = Load(cpu=1)
    for backend in backends(t):
        boost(t, load, "2ms", "8ms", "--backend", backend)
        t.check(all([hog.has_run() for hog in hogs]), "a hog did not begin")
        began = time.monotonic_ns()
        gain, after = boosted(t, load, 8)
        elapsed = time.monotonic_ns() - began
        t.log(backend, gain, after["counters"])
        t.check(gain["boosts"] > 50, f"{backend}: hardly ever boosted")
        # USBT is kept: so many boosts and no more.
        t.check(gain["boosts"] <= elapsed // 8_000_000 + 2, f"{backend}: too many boosts")
        t.check(gain["ended_sbt"] >= gain["boosts"] - 2, f"{backend}: boosts did not end")
        # What a late timer gave is taken back, so the share holds.
        slack = 2_000_000 + after["counters"]["over_max_ns"]
        t.check(gain["boost_ns"] <= elapsed // 5 + slack, f"{backend}: more than its share")
        t.check_eq(gain["borrows"], 0, f"{backend}: borrowed")
        t.check(all(hog.has_run() for hog in hogs), f"{backend}: a hog did not run")
        t.ecsctl("unboost", load.vm)
        t.check_eq(boosts(t, load), [], "boosts after unboost")


@test(timeout=120, newest=True)
def test_smaller(t):
    """A boost under way ends by a smaller SBT, not by the one that it began with."""
    t.insmod_host()
    load = Load(cpu=1)
    ran = []
    for _ in range(10):
        boost(t, load, "100ms", "100ms", "--backend", "pick")
        boost(t, load, "1ms", "100ms", "--backend", "pick")
        time.sleep(0.3)
        ran.append(boosts(t, load)[0]["counters"]["boost_ns"])
        t.ecsctl("unboost", load.vm)
    t.log(ran)
    # Where the change came late it had ended by itself.
    t.check(sum(ns < 90_000_000 for ns in ran) >= 3, f"boosts went on to the old end: {ran}")


@test(timeout=120, newest=True)
def test_freed(t):
    """What a busy thread gave back can be promised to others once it has been cooled for."""
    t.insmod_host(boost_limit=50)
    one, two = Load(cpu=1), Load(cpu=1)
    refused = granted = 0
    for _ in range(8):
        boost(t, one, "100ms", "150ms", "--borrow", "100ms", "--backend", "pick")
        time.sleep(0.3)
        boost(t, one, "1ms", "9ms", "--backend", "pick")
        words = ("boost", two.vm, "--sbt", "35ms", "--usbt", "65ms", "--backend", "pick")
        refused += t.ecsctl(*words, check=False)[0] != 0
        time.sleep(0.6)
        granted += t.ecsctl(*words, check=False)[0] == 0
        t.ecsctl("unboost", two.vm, check=False)
        time.sleep(0.2)
    t.progress(f"of 8: {refused} refused before, {granted} granted afterwards")
    # The rest of a cooling may be over before the other one is asked for.
    t.check(refused >= 2, "promised twice")
    t.check_eq(granted, 8, "granted")


@test(timeout=120, newest=True)
def test_owed(t):
    """Only what a thread can have used of its larger share is kept from others."""
    t.insmod_host(boost_limit=50)
    two = Load(cpu=1)
    words = ("boost", two.vm, "--sbt", "45ms", "--usbt", "55ms", "--backend", "pick")
    # It has slept for so long that nothing of it is used any more.
    idle = Load(busy_us=20000, period_us=-1, cpu=1)
    boost(t, idle, "100ms", "900ms", "--backend", "pick")
    idle.poke()
    t.wait_for(lambda: boosts(t, idle)[0]["counters"]["boost_ns"], "it was boosted")
    t.check(t.ecsctl(*words, check=False)[0] != 0, "promised twice")
    time.sleep(2)
    boost(t, idle, "1ms", "99ms", "--backend", "pick")
    t.ecsctl(*words)
    t.ecsctl("unboost", two.vm)
    idle.kill()
    # Raised for a moment, while it was boosted in a way that is cooled for for 0.9 s. Where
    # it had used that up already it cools, and keeps the larger share.
    granted = 0
    for _ in range(8):
        one = Load(cpu=1)
        boost(t, one, "1ms", "9ms", "--borrow", "100ms", "--backend", "pick")
        boost(t, one, "35ms", "65ms", "--backend", "pick")
        boost(t, one, "1ms", "99ms", "--backend", "pick")
        time.sleep(0.3)
        granted += t.ecsctl(*words, check=False)[0] == 0
        t.ecsctl("unboost", two.vm, check=False)
        one.kill()
        time.sleep(1.5)
    t.progress(f"{granted} of 8 granted")
    t.check(granted >= 3, "kept from others for what was not used")


@test(timeout=120, newest=True)
def test_borrow(t):
    """Borrowed time is had, bounded and repaid."""
    t.insmod_host()
    hog = Load(cpu=1)
    load = Load(cpu=1)
    boost(t, load, "2ms", "6ms", "--borrow", "4ms", "--backend", "pick")
    began = time.monotonic_ns()
    gain, after = boosted(t, load, 8)
    elapsed = time.monotonic_ns() - began
    t.log(gain, after["counters"], hog.run_ns())
    t.check(gain["borrows"] > 20, "nothing was borrowed")
    late = after["counters"]["over_max_ns"]
    t.check(gain["borrow_ns"] <= gain["boosts"] * (4_000_000 + late), "borrowed without bound")
    # 6 ms of boost are paid for by 18 ms without.
    t.check(gain["boosts"] <= elapsed // 18_000_000 + 2, "not repaid")
    t.check(gain["boost_ns"] <= elapsed // 4 + 6_000_000 + late, "more than its share")


@test(timeout=120, newest=True)
def test_place(t):
    """Boosts keep out of each other's way, and keep to their affinity."""
    t.insmod_host(boost_limit=100)
    hogs = [Load(cpu=0), Load(cpu=1)]
    # Three that may run on both of two CPUs, each some third of the time.
    loads = [Load(busy_us=4000, period_us=period) for period in (11000, 13000, 17000)]
    for load in loads:
        boost(t, load, "5ms", "5ms", "--backend", "pick")
    t.check(all([hog.has_run() for hog in hogs]), "a hog did not begin")
    t.sh("sleep 10")
    seen = [boosts(t, load)[0]["counters"] for load in loads]
    t.log(seen)
    t.check(all(one["boosts"] > 50 for one in seen), "hardly ever boosted")
    t.check(sum(one["placed"] for one in seen) > 0, "no wakeup chose another CPU")
    t.check(sum(one["moved"] for one in seen) > 0, "none was moved from behind another")
    for load in loads:
        t.check_eq(os.sched_getaffinity(load.tids[0]), {0, 1}, "affinity after it all")
    os.sched_setaffinity(loads[0].tids[0], {1})
    t.sh("sleep 3")
    t.check_eq(os.sched_getaffinity(loads[0].tids[0]), {1}, "affinity")
    stat = pathlib.Path(f"/proc/{loads[0].pid}/task/{loads[0].tids[0]}/stat").read_text()
    t.check_eq(int(stat.rsplit(")", 1)[1].split()[36]), 1, "the CPU it ran on last")
    t.check(all(hog.has_run() for hog in hogs), "a hog did not run")


@test(timeout=120, quick=True)
def test_admission(t):
    """What cannot be promised is refused, with what is free, and changes nothing."""
    t.insmod_host(boost_limit=50)
    one, two = Load(threads=2, period_us=50000), Load(period_us=50000, cpu=1)
    boost(t, one, "2ms", "6ms")
    t.check_eq([b["share_ppm"] for b in boosts(t, one)], [250000] * 2, "shares")
    rc, _, text = t.ecsctl("boost", two.vm, "--sbt", "6ms", "--usbt", "4ms", check=False)
    t.check(rc != 0 and "free" in text, f"60 % of one CPU was promised: {text}")
    t.check_eq(boosts(t, two), [], "boosts of the refused one")
    boost(t, two, "5ms", "5ms")
    rc, _, text = t.ecsctl("boost", one.vm, "--sbt", "5ms", "--usbt", "5ms", check=False)
    t.check(rc != 0, "more than all of it was promised")
    t.check_eq([b["share_ppm"] for b in boosts(t, one)], [250000] * 2, "shares afterwards")
    t.ecsctl("unboost", two.vm)
    boost(t, one, "5ms", "5ms")
    for words in (("--sbt", "1us", "--usbt", "5ms"), ("--sbt", "5ms", "--usbt", "5s"),
                  ("--sbt", "5ms", "--usbt", "5ms", "--vcpu", "7"),
                  ("--sbt", "5ms", "--usbt", "5ms", "--tid", "1")):
        rc, _, text = t.ecsctl("boost", one.vm, *words, check=False)
        t.check(rc != 0 and len(text.strip().splitlines()) == 1, f"{words}: {rc} {text}")
    os.sched_setscheduler(two.tids[0], os.SCHED_FIFO, os.sched_param(3))
    rc, _, text = t.ecsctl("boost", two.vm, "--sbt", "1ms", "--usbt", "9ms", check=False)
    t.check(rc != 0, "a real-time thread was boosted")
    t.check_eq(os.sched_getscheduler(two.tids[0]), os.SCHED_FIFO, "its policy")


@test(timeout=120)
def test_quota(t):
    """A boost by the pick keeps to the quota of its cgroup."""
    t.insmod_host()
    group = pathlib.Path("/sys/fs/cgroup/boosted")
    pathlib.Path("/sys/fs/cgroup/cgroup.subtree_control").write_text("+cpu")
    group.mkdir()
    (group / "cpu.max").write_text("20000 100000")
    hog, load = Load(cpu=1), Load(cpu=1)
    (group / "cgroup.procs").write_text(str(load.pid))
    boost(t, load, "10ms", "10ms", "--backend", "pick")
    began = time.monotonic_ns()
    gain, after = boosted(t, load, 8)
    elapsed = time.monotonic_ns() - began
    stat = (group / "cpu.stat").read_text()
    t.log(gain, after["counters"], stat, hog.run_ns())
    t.check(gain["boosts"] > 5, "hardly ever boosted")
    t.check(int(re.search(r"nr_throttled (\d+)", stat)[1]) > 10, "the quota never hit")
    # One slice more than the quota, and what a period's end leaves over.
    t.check(gain["run_ns"] <= elapsed * 0.2 * 1.05 + 25_000_000, "more than its quota")


@test(timeout=120)
def test_realtime(t):
    """Real-time tasks of the host come first, boosted or not."""
    t.insmod_host()
    load, real = Load(cpu=1), Load(busy_us=2000, period_us=10000, cpu=1)
    os.sched_setscheduler(real.tids[0], os.SCHED_FIFO, os.sched_param(1))
    boost(t, load, "20ms", "20ms", "--backend", "pick")
    lines = traced(t, ("sched/sched_wakeup", "sched/sched_switch"), lambda: time.sleep(5))
    woken, first, wrong = False, 0, []
    for line in lines:
        if "sched_wakeup:" in line and f"pid={real.tids[0]} " in line:
            woken = True
        elif woken and "[001]" in line and "sched_switch" in line:
            woken = False
            # Woken before it had gone to sleep, and asleep by now.
            if f"prev_pid={real.tids[0]} " in line:
                continue
            prio = int(re.search(r"next_prio=(-?\d+)", line)[1])
            first += prio < 100
            if prio >= 100:
                wrong.append(line)
    t.log(first, boosts(t, load))
    t.check(first > 100, "the real-time task did not run")
    t.check(len(wrong) <= first // 100, f"a fair task went first: {wrong[:3]}")


@test(timeout=120, newest=True)
def test_remote(t):
    """A boosted thread that another CPU wakes does not wait for a section's end."""
    t.insmod_host()
    bare, load = Bare(vcpus=1), Load(busy_us=300, period_us=-1, cpu=1)
    t.sh(f"taskset -ap 2 {bare.pid}")
    t.ecsctl("enable", bare.vm, *GENEROUS)
    boost(t, load, "1ms", "2ms", "--backend", "pick")
    os.sched_setaffinity(0, {0})

    def wake():
        for _ in range(200):
            load.poke()
            time.sleep(0.01)

    # On the waker's CPU a boost begins, the running vCPU is asked, the thread is awake.
    begun = waits = 0
    asks = False
    for line in traced(t, ("ecs/ecs_boost_begin", "ecs/ecs_grant", "sched/sched_wakeup"), wake):
        if "[000]" not in line:
            continue
        if "ecs_boost_begin" in line:
            begun, asks = begun + 1, True
        elif "sched_wakeup" in line:
            asks = False
        elif asks and "ecs_grant" in line:
            waits += 1
    t.progress(f"{begun} boosts begun by another CPU, {waits} had to wait")
    t.check(begun > 50, "no other CPU began its boosts")
    t.check_eq(waits, 0, "boosted threads that had to wait")


@test(timeout=120)
def test_keeps(t):
    """The fifo backend gives back what the thread had of the fair class."""
    if "fifo" not in backends(t):
        t.skip("this kernel lets no module change a policy")
    t.insmod_host()
    load = Load(busy_us=300, period_us=5000)
    tid = load.tids[0]
    slack = pathlib.Path(f"/proc/{tid}/timerslack_ns")
    # Nice 3, a slice of its own (from v6.12 on), a timer slack of its own.
    set_policy(tid, os.SCHED_OTHER, nice=3, times=(20_000_000, 0, 0))
    slack.write_text("123456")
    had = policy_of(tid), slack.read_text()
    t.progress("before:", had)
    boost(t, load, "1ms", "4ms", "--backend", "fifo")
    t.wait_for(lambda: boosts(t, load)[0]["counters"]["boosts"] > 20, "boosts")
    t.wait_for(lambda: os.sched_getscheduler(tid) & 7 == os.SCHED_FIFO, "it is real-time")
    t.ecsctl("unboost", load.vm)
    t.wait_for(lambda: boosts(t, load) == [], "it is boosted no more")
    t.check_eq((policy_of(tid), slack.read_text()), had, "policy, nice, slice and slack after")


@test(timeout=150)
def test_ends(t):
    """Unload, disable, death: nothing stays boosted, and nothing breaks."""
    t.insmod_host()
    for backend in backends(t):
        load, hog = Load(threads=3), Load(threads=2)
        boost(t, load, "1ms", "4ms", "--backend", backend)
        t.sh("sleep 1")
        t.check(all(b["counters"]["boosts"] for b in boosts(t, load)), "not boosted")
        t.ecsctl("disable", load.vm)
        t.check_eq(boosts(t, load), [], f"{backend}: boosts after disable")
        boost(t, load, "1ms", "4ms", "--backend", backend)
        t.ecsctl("disable", "--all")
        t.check_eq(boosts(t, load), [], f"{backend}: boosts after disable --all")
        for tid in load.tids:
            t.check_eq(os.sched_getscheduler(tid), os.SCHED_OTHER, f"{backend}: policy")
        boost(t, load, "1ms", "4ms", "--backend", backend)
        t.sh("sleep 0.5")
        load.kill()
        hog.kill()
    load = Load(threads=3)
    boost(t, load, "1ms", "4ms", "--backend", backends(t)[-1])
    t.sh("sleep 1")
    t.rmmod_host()
    for tid in load.tids:
        t.check_eq(os.sched_getscheduler(tid), os.SCHED_OTHER, "policy after unload")
    t.insmod_host()
    boost(t, load, "1ms", "4ms", "--backend", "pick")
    t.sh("sleep 1")
    t.rmmod_host()
    before = load.run_ns()
    t.sh("sleep 1")
    t.check(load.run_ns() > before, "it does not run any more")
    # Not beside the search for leaks, which takes long enough alone.
    load.kill()


@test(timeout=150, newest=True)
def test_hundred(t):
    """100 boosted threads on two CPUs: all are served, all go away."""
    t.insmod_host(boost_limit=100)
    load = Load(threads=100, busy_us=50, period_us=100000)
    hog = Load(threads=2)
    boost(t, load, "100us", "10ms", "--backend", "pick")
    ran = hog.run_ns()
    t.sh("sleep 5")
    served = hog.run_ns()
    seen = boosts(t, load)
    t.check_eq(len(seen), 100, "boosted threads")
    idle = [b for b in seen if not b["counters"]["boosts"]]
    t.check(not idle, f"{len(idle)} were never boosted")
    load.kill()
    wait_gone(t, load.vm)
    t.check(ran < served, "the hog did not run beside the boosts")
    t.rmmod_host()


@test(timeout=180)
def test_guest_asks(t):
    """A guest gets what the administrator allows it to ask for, and no more."""
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={"watch_s": 1})

    def held():
        return int(guest.run("cat /sys/module/ecs_guest/parameters/boosted")[1])
    period = "cyclictest -q -t1 -a 0 -p 80 -i 20000 -D 30"
    guest.start(period + " >/dev/null", 60)
    t.sh("sleep 4")
    t.check_eq(held(), 0, "boosts held without permission")
    t.check_eq(show(t, guest)["boosts"], [], "boosts on the host")
    t.ecsctl("limit", who(guest), "--max-sbt", "1ms", "--min-usbt", "1ms")
    t.wait_for(lambda: held() >= 1, "the guest asks", 20)
    t.wait_for(lambda: any(b["counters"]["boosts"] for b in show(t, guest)["boosts"]),
               "it is boosted", 20)
    one = show(t, guest)["boosts"][0]
    t.log(one)
    t.check_eq(one["source"], "guest", "who asked")
    # Less than it asks for: taken away, and refused.
    t.ecsctl("limit", who(guest), "--max-sbt", "100us", "--min-usbt", "1ms")
    t.check_eq(show(t, guest)["boosts"], [], "boosts beyond the limit")
    t.wait_for(lambda: int(guest.run(
        "cat /sys/module/ecs_guest/parameters/boost_refusals")[1]) > 0, "a refusal", 20)
    t.ecsctl("limit", who(guest), "--max-sbt", "1ms", "--min-usbt", "1ms")
    t.wait_for(lambda: show(t, guest)["boosts"], "it is boosted again", 20)
    guest.rmmod("ecs_guest")
    t.wait_for(lambda: not show(t, guest)["boosts"], "the boost goes with its module", 10)
