# SPDX-License-Identifier: GPL-2.0
"""Holders of sleeping locks and RCU readers are marked, and the marks balance."""
from common import SEED, gained, hog, kernel_load, who
from job import test

KINDS = ("mutex", "rwsem", "percpu_rwsem", "rcu")
STEPS = 1000000
PARAMETERS = "/sys/module/ecs_guest/parameters"


def marks(guest):
    """What ecs_guest says of its marks: {name: (word, errno) or number}."""
    found = {}
    for line in guest.run(f"cat {PARAMETERS}/marks")[1].splitlines():
        name, *words = line.split()
        found[name] = int(words[0]) if len(words) == 1 else (words[0], int(words[1]))
    return found


def switch(guest, **kinds):
    for name, on in kinds.items():
        guest.run(f"echo {int(on)} > {PARAMETERS}/mark_{name}")


def report(guest):
    text = guest.run("cat /sys/module/ecs_lock/parameters/report")[1]
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def nothing_is_held(t, guest, before):
    """But by the command that reads it: those locks that are held around a parameter.

    It has held as many before; compare with the least of several looks.
    """
    least = min(marks(guest)["held"] for _ in range(5))
    t.check(least <= before["held"], f"{least} locks seem held at rest")


@test(timeout=240, quick=True)
def test_balance(t):
    """Every way to take and release a lock balances, over sleeps and migrations."""
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={f"mark_{kind}": 1 for kind in KINDS}, smp=2)
    before = marks(guest)
    t.log(before)
    for kind in KINDS:
        t.check_eq(before[kind], ("on", 0), f"marks of {kind}")
    guest.insmod("ecs_lock", marked=",".join(KINDS), threads=6, steps=STEPS,
                 sleep_every=50, seed=SEED)
    t.wait_for(lambda: not report(guest)["running"], "all steps are done", timeout=180,
               every=1)
    seen, after = report(guest), marks(guest)
    t.log(seen, after)
    t.check_eq(seen["done"], STEPS, "steps")
    t.check(seen["failed"] > 0, "no attempt failed")
    t.check(seen["slept"] > 0, "nobody slept with a lock held")
    t.check_eq(seen["wrong"], 0, "marks that differ from what a thread holds")
    t.check_eq(after["lost"], 0, "tasks that were not followed")
    nothing_is_held(t, guest, before)


@test(timeout=240)
def test_switches(t):
    """Kinds are switched on and off under load, and the module goes under load."""
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={"mark_rwsem": 1}, smp=2)
    before = marks(guest)
    guest.insmod("ecs_lock", threads=4, sleep_every=20, seed=SEED)
    load = kernel_load(guest, 100)
    for number in range(8):
        for kind in KINDS:
            switch(guest, **{kind: number % 2 == 0})
    switch(guest, mutex=1, rwsem=1, percpu_rwsem=1, rcu=0, wait=0)
    t.check_eq([marks(guest)[kind][0] for kind in KINDS + ("wait",)],
               ["on", "on", "on", "off", "off"], "after switching")
    guest.rmmod("ecs_lock")
    guest.rmmod("ecs_guest")
    guest.insmod("ecs_guest", mark_rwsem=1)
    t.check_eq([marks(guest)[kind][0] for kind in ("mutex", "rwsem")], ["off", "on"],
               "one kind switched on at load")
    load.kill()
    load.wait(60)
    nothing_is_held(t, guest, before)


@test(timeout=240, newest=True)
def test_kinds(t):
    """The host sees each kind of section if it is marked, and not if it is not."""
    t.insmod_host()
    # One vCPU: all that is asked for is asked of the one that holds the lock.
    guest, other = t.guest(ecs=True, smp=1), t.guest("hog")
    hog(other)
    t.ecsctl("enable", who(guest), "--grace", "5ms", "--budget", "100%", "--burst", "1s")
    for op, kind in (("mutex", "mutex"), ("read", "rwsem"), ("write", "rwsem"),
                     ("percpu", "percpu_rwsem"), ("rcu", "rcu")):
        switch(guest, mutex=0, rwsem=0, percpu_rwsem=0, rcu=0)
        guest.insmod("ecs_lock", ops=op, threads=1, hold_us=1000, gap_us=100)
        off = gained(t, guest, 4)
        switch(guest, **{kind: 1})
        on = gained(t, guest, 4)
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
