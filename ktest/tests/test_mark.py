# SPDX-License-Identifier: GPL-2.0
"""Holders of sleeping locks and RCU readers are marked, and the marks balance."""
from common import (SEED, counters, difference, gained, gained_kinds, hog, kernel_load, show,
                    who)
from job import test
from marked import KINDS, PARAMETERS, kinds_of, marks, report, switch

# What older kernels get, on those that have better.
FALLBACK = {"mark_by": "ftrace", "wait_by": "probe"}
NO_SLOW_PATHS = "with lockdep mutexes have no slow paths as functions to probe"
STEPS = 1000000


def held_at_rest(guest):
    """But for passing holders: the least of several looks. The command that looks holds some
    itself, those around a parameter."""
    return min(marks(guest)["held"] for _ in range(8))


def check_ways(t, guest, wanted):
    """The ways that were asked for are the ones taken."""
    for name, way in wanted.items():
        got = guest.run(f"cat {PARAMETERS}/{name}")[1].strip()
        t.check_eq(got, way, f"parameter {name}")


def balance(t, ways):
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={**{f"mark_{kind}": 1 for kind in KINDS}, **ways},
                    smp=2)
    check_ways(t, guest, ways)
    before, kinds = marks(guest), kinds_of(t)
    held = held_at_rest(guest)
    t.log(before)
    for kind in KINDS:
        t.check_eq(before[kind], ("on", 0) if kind in kinds else ("off", -2),
                   f"marks of {kind}")
    guest.insmod("ecs_lock", marked=",".join(kinds), threads=6, steps=STEPS,
                 sleep_every=50, seed=SEED)
    t.wait_for(lambda: not report(guest)["running"], "all steps are done", timeout=180,
               every=1)
    seen, after = report(guest), marks(guest)
    t.log(seen, after)
    t.check_eq(seen["done"], STEPS, "steps")
    t.check(seen["failed"] > 0, "no attempt failed")
    t.check(seen["slept"] > 0, "nobody slept with a lock held")
    t.check_eq(seen["wrong"], 0, "marks that differ from what a thread holds")
    t.check_eq(seen["stale"], 0, "threads that are shown to wait, and do not")
    t.check_eq(seen["compared"], 1, "compared by the threads")
    t.check_eq(after["lost"], 0, "tasks and waits that were not followed")
    for kind in KINDS:
        count = after[f"{kind}_taken"] - before[f"{kind}_taken"]
        t.check(count > STEPS // 40 if kind in kinds else count == 0, f"{kind}: {count} marks")
    t.check_eq(held_at_rest(guest), held, "locks that seem held at rest")


@test(timeout=240, quick=True)
def test_balance(t):
    """Every way to take and release a lock balances, over sleeps and migrations."""
    balance(t, {})


@test(timeout=240, when="all", exact=NO_SLOW_PATHS)
def test_balance_fallback(t):
    """The same with what kernels get that have no direct calls and tracepoints."""
    balance(t, FALLBACK)


def switches(t, ways):
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={"mark_rwsem": 1, **ways}, smp=2)
    check_ways(t, guest, ways)
    held = held_at_rest(guest)
    guest.insmod("ecs_lock", threads=4, sleep_every=20, seed=SEED)
    load = kernel_load(guest, 100)
    for number in range(8):
        for kind in KINDS:
            switch(guest, **{kind: number % 2 == 0})
    switch(guest, mutex=1, rwsem=1, percpu_rwsem=1, rcu=0, wait=0)
    t.check_eq([marks(guest)[kind][0] for kind in KINDS + ("wait",)],
               ["on", "on", "on", "off", "off"], "after switching")
    off = marks(guest)["rcu_taken"]
    guest.run("ls -R /sys/module >/dev/null")
    t.check_eq(marks(guest)["rcu_taken"], off, "marks of a kind that is off")
    guest.rmmod("ecs_lock")
    guest.rmmod("ecs_guest")
    guest.insmod("ecs_guest", mark_rwsem=1, **ways)
    t.check_eq([marks(guest)[kind][0] for kind in ("mutex", "rwsem")], ["off", "on"],
               "one kind switched on at load")
    load.kill()
    load.wait(60)
    t.check_eq(held_at_rest(guest), held, "locks that seem held at rest")


@test(timeout=240, newest=True)
def test_switches(t):
    """Kinds are switched on and off under load, and the module goes under load."""
    switches(t, {})


@test(timeout=300, when="all", exact=NO_SLOW_PATHS)
def test_switches_fallback(t):
    """The same with what kernels get that have no direct calls and tracepoints."""
    switches(t, FALLBACK)


@test(timeout=120, when="all")
def test_ways(t):
    """A way that there is none of is refused when the module is loaded, by name."""
    t.insmod_host()
    guest = t.guest()
    for name in ("mark_by", "wait_by"):
        for wrong in ("", "both", "ftrace,direct"):
            rc, out = guest.run(f"insmod /ko/ecs_guest.ko {name}={wrong}", check=False)
            t.check(rc != 0 and "Invalid" in out, f"{name}={wrong}: {rc} {out}")
    guest.insmod("ecs_guest", mark_by="auto", wait_by="auto", mark_mutex=1)
    t.check_eq(marks(guest)["mutex"], ("on", 0), "marks of mutexes")


@test(timeout=240, when="all")
def test_kinds(t):
    """The host sees each kind of section if it is marked, and not if it is not."""
    t.insmod_host()
    # One vCPU: all that is asked for is asked of the one that holds the lock.
    guest, other = t.guest(ecs=True, smp=1), t.guest("hog")
    hog(other)
    t.ecsctl("enable", who(guest), "--grace", "5ms", "--grace-sleep", "5ms",
             "--budget", "100%", "--burst", "1s")
    for op, kind, section in (("mutex", "mutex", "sleep"), ("read", "rwsem", "reader"),
                              ("write", "rwsem", "sleep"), ("percpu", "percpu_rwsem", "sleep"),
                              ("rcu", "rcu", "rcu")):
        switch(guest, mutex=0, rwsem=0, percpu_rwsem=0, rcu=0)
        guest.insmod("ecs_lock", ops=op, threads=1, hold_us=1000, gap_us=100)
        off = gained(t, guest, 4)
        switch(guest, **{kind: 1})
        before = counters(t, guest)
        kinds = gained_kinds(t, guest, 4)
        on = difference(counters(t, guest), before)
        guest.rmmod("ecs_lock")
        t.log(op, {mode: {name: found[name] for name in
                          ("req_tick", "req_wakeup", "req_in_section", "granted",
                           "ended_release", "ended_cap", "preempted_in_section",
                           "preempted", "bad_count")}
                   for mode, found in (("off", off), ("on", on))})
        requests = [found["req_tick"] + found["req_wakeup"] for found in (off, on)]
        t.check(min(requests) > 0, f"{op}: nobody wanted the CPU")
        t.check(on["ended_release"] > 0, f"{op}: no extension ended with its section")
        t.check(on["req_in_section"] * requests[0] > 2 * off["req_in_section"] * requests[1],
                f"{op}: marking it did not show")
        t.check_eq(on["bad_count"], 0, f"{op}: malformed counts")
        t.log(op, kinds)
        t.check(kinds[section]["captured"] > 0, f"{op}: never found in a section of {section}")
        t.check(kinds[section]["avoided"] > 0, f"{op}: no section of {section} was kept")
        # Some of each is always there, by the guest's own doings.
        for other in {"sleep", "reader", "rcu"} - {section}:
            t.check(kinds[other]["captured"] < kinds[section]["captured"],
                    f"{op}: taken for {other}")


@test(timeout=240, newest=True)
def test_grace(t):
    """Sections of sleeping locks have a grace of their own, of 0 as well, and leave that
    of spinlocks alone."""
    t.insmod_host()
    guest, other = t.guest(ecs=True, ecs_params={"mark_mutex": 1}, smp=1), t.guest("hog")
    hog(other)
    vm = who(guest)
    t.ecsctl("enable", vm, "--grace", "5ms", "--grace-sleep", "1ms", "--budget", "100%",
             "--burst", "1s")
    guest.insmod("ecs_lock", ops="mutex", threads=1, hold_us=20000)
    kinds = gained_kinds(t, guest, 5)
    after = show(t, guest)
    t.log(kinds, after["counters"], after["ext"])
    t.check(kinds["sleep"]["deferred"] > 0, "a mutex was not deferred for")
    t.check(kinds["sleep"]["avoided"] < kinds["sleep"]["deferred"], "long sections all ended")
    t.check(after["counters"]["ended_cap"] > 0, "nothing ran into the cap")
    # Those that a spinlock inside prolonged are few: half of them end at their bound.
    t.check(after["ext"]["p50_ns"] <= 1_250_000 + after["late"]["p99_ns"],
            "sections of a mutex have the grace of spinlocks")
    t.check(after["counters"]["ext_max_ns"] <= 5_000_000 + after["counters"]["late_max_ns"],
            "an extension was longer than the grace")

    t.ecsctl("set", vm, "grace-sleep=0ns")
    t.check_eq(show(t, guest)["params"]["grace_sleep_ns"], 0, "grace of sleeping locks")
    t.sh("sleep 0.5")
    before = counters(t, guest)
    kinds = gained_kinds(t, guest, 5)
    on = difference(counters(t, guest), before)
    t.log(kinds, on)
    t.check(kinds["sleep"]["captured"] > 0, "no longer found with a mutex")
    t.check_eq(kinds["sleep"]["deferred"], 0, "a mutex was deferred for")
    t.check(on["refused_sleep"] >= kinds["sleep"]["captured"], "they are not refused as such")
    t.check(kinds["sleep"]["preempted"] > 0, "not seen to be preempted with a mutex")
    guest.rmmod("ecs_lock")

    # Spinlocks have their grace as ever.
    guest.insmod("ecs_hold", hold_us=300, gap_us=600, shared=0)
    kinds = gained_kinds(t, guest, 5)
    t.log(kinds)
    t.check(kinds["lock"]["avoided"] > 0, "a spinlock was not deferred for")
