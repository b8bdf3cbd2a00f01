# SPDX-License-Identifier: GPL-2.0
"""Preemptions inside sections are deferred, for a bounded time, when asked for."""
import pathlib
import time

from bare import contended
from common import ENDED, check_sums, counters, gained, gained_kinds, hog, run_ns, show, who
from job import test


def holder_and_hog(t, **hold):
    """Two guests of 2 vCPUs: one holds locks most of the time, one computes."""
    t.insmod_host()
    holder, other = t.start_guests(2, ecs=True)
    holder.insmod("ecs_hold", **hold)
    hog(other)
    return holder, other


@test(timeout=150, quick=True, pairs="mixed", flavours="too")
def test_modes(t):
    """On defers and ends with the section; observe only counts; off does nothing."""
    holder, other = holder_and_hog(t, hold_us=300, gap_us=600, shared=0)
    vm = who(holder)
    off = gained(t, holder, 4)
    t.check(not any(off.values()), f"a VM that is off is counted: {off}")

    t.ecsctl("enable", vm, "--observe")
    seen = gained(t, holder, 6)
    t.log("observe", seen)
    t.check(seen["would_grant"] > 0, "no request found the holder in its section")
    t.check_eq(seen["would_grant"], seen["req_in_section"], "observed requests")
    t.check_eq(seen["granted"], 0, "observe mode granted")

    t.ecsctl("enable", vm, "--grace", "5ms", "--budget", "100%", "--burst", "100ms")
    on = gained(t, holder, 8)
    t.log("on", on)
    t.check(on["granted"] > 0, "nothing was deferred")
    t.check(on["ended_release"] > 0, "no extension ended with its section")
    t.check(on["ended_release"] > on["ended_cap"], "most ran into the cap")
    t.check(abs(on["granted"] - sum(on[name] for name in ENDED)) <= 2,
            "grants and ends do not add up")
    t.check_eq(on["would_grant"], 0, "observing while on")
    t.check(on["preempted_in_section"] * seen["preempted"] <
            seen["preempted_in_section"] * on["preempted"],
            "not a smaller share of the preemptions is in sections")

    kinds = gained_kinds(t, holder, 4)
    t.log("kinds", kinds)
    t.check(kinds["lock"]["avoided"] > 0, "no holder of a spinlock was kept")
    t.check(kinds["lock"]["captured"] > sum(kinds[name]["captured"] for name in
                                            ("user", "sleep", "reader", "rcu")),
            "sections of spinlocks are taken for others")

    t.ecsctl("disable", vm)
    t.sh("sleep 0.5")
    check_sums(t, show(t, holder))
    off = gained(t, holder, 3)
    t.check(not any(off.values()), f"counted after disable: {off}")
    t.check(not any(counters(t, other).values())
            or counters(t, other)["sched_out"] == 0, "the other VM was touched")


@test(timeout=150)
def test_bound(t):
    """A section that never ends is cut at the grace, and there is no second one."""
    holder, _ = holder_and_hog(t, hold_us=1000000, gap_us=1, shared=0)
    t.ecsctl("enable", who(holder), "--grace", "1ms", "--budget", "100%", "--burst", "1s")
    on = gained(t, holder, 10)
    after = show(t, holder)
    t.log(after["counters"], after["ext"], after["late"])
    t.check(on["ended_cap"] > 0, "nothing ran into the cap")
    t.check(on["ended_cap"] > 10 * on["ended_release"], "endless sections ended")
    # Once the grace is used, the vCPU is off the CPU before the next: no more
    # grants than times that it left.
    t.check(on["granted"] <= on["sched_out"] + 2, "a second grace without leaving the CPU")
    # What goes beyond the grace is lateness, and all of that is counted.
    late = after["counters"]["late_max_ns"]
    t.check(after["counters"]["ext_max_ns"] <= 1_000_000 + late,
            "an extension was longer than its bound")
    # The timer ends them: the next request, a tick, is some graces away.
    t.check(after["late"]["p50_ns"] < 1_000_000, "the timer does not cut them")


@test(timeout=120, newest=True)
def test_looks(t):
    """The timer looks when a look is due: none is too early, and each is counted."""
    t.insmod_host()
    bare, _ = contended(t)
    tracing = pathlib.Path("/sys/kernel/tracing")
    (tracing / "buffer_size_kb").write_text("16384")
    enable = tracing / "events/timer/hrtimer_expire_entry/enable"
    before = show(t, bare)["late"]["count"]
    enable.write_text("1")
    t.sh("sleep 4")
    enable.write_text("0")
    counted = show(t, bare)["late"]["count"] - before
    fired = (tracing / "trace").read_text().count("function=ecsh_grace_timer")
    t.progress(f"{fired} timers, {counted} looks on time or late")
    t.check(fired > 100, "no timer was seen")
    # One that comes as its extension ends by itself finds nothing to look at.
    t.check(counted * 10 >= fired * 9, "looks that came too early")


@test(timeout=150, newest=True)
def test_budget(t):
    """The budget bounds the sum of the extensions and refuses the rest."""
    holder, _ = holder_and_hog(t, hold_us=2000, gap_us=200, shared=0)
    t.ecsctl("enable", who(holder), "--grace", "1ms", "--recheck", "50us",
             "--budget", "1%", "--burst", "20ms")
    looked = time.monotonic_ns()
    on = gained(t, holder, 10)
    t.log(on, show(t, holder)["late"])
    t.check(on["granted"] > 0, "nothing was granted")
    t.check(on["refused_budget"] > 0, "the budget did not refuse")
    # The budget holds over any window, but for the lateness of the last timer on
    # each vCPU; the counters are read while time runs on.
    elapsed = time.monotonic_ns() - looked
    late = 2 * show(t, holder)["counters"]["late_max_ns"]
    t.check(on["ext_ns"] <= 2 * (elapsed // 100 + 20_000_000) + late,
            "more extension than budget")


@test(timeout=180, newest=True)
def test_fair(t):
    """A guest that never leaves its section gains nothing over an honest one."""
    # Out of it once a second, or the guest cannot even say what its console holds.
    holder, other = holder_and_hog(t, hold_us=1000000, gap_us=1, shared=0)
    ran = {"off": [0, 0], "on": [0, 0]}
    # By turns, so that what else the machine does falls on both.
    for mode in ("off", "on") * 4:
        t.ecsctl("set", who(holder), f"mode={mode}")
        t.sh("sleep 1")
        before = run_ns(holder), run_ns(other)
        t.sh("sleep 5")
        ran[mode][0] += run_ns(holder) - before[0]
        ran[mode][1] += run_ns(other) - before[1]
    shares = {mode: liar / (liar + honest) for mode, (liar, honest) in ran.items()}
    t.log(shares, counters(t, holder))
    t.progress(f"share of the VM that never leaves its section, of 0.5: "
               f"off {shares['off']:.4f}, on {shares['on']:.4f}")
    t.check(counters(t, holder)["ended_cap"] > 0, "it was never extended")
    t.check(shares["on"] <= max(shares["off"], 0.5) * 1.01,
            f"it took {shares['on']:.4f} of the CPUs")


@test(timeout=150)
def test_trace(t):
    """The trace events tell the same story as the counters."""
    # Sections twice as long as the grace: some end in it, some outlive it; then
    # a budget that pays for the least extension once in 50 ms.
    holder, _ = holder_and_hog(t, hold_us=2000, gap_us=200, shared=0)
    tracing = "/sys/kernel/tracing"
    t.sh(f"mount -t tracefs tracefs {tracing}", check=False)
    t.sh(f"echo 8192 > {tracing}/buffer_size_kb; echo 1 > {tracing}/events/ecs/enable")
    t.ecsctl("enable", who(holder), "--grace", "1ms", "--recheck", "50us",
             "--budget", "100%", "--burst", "1s")
    t.sh("sleep 4")
    t.ecsctl("set", who(holder), "recheck=500us", "budget=1%", "burst=2ms")
    t.sh("sleep 4")
    t.ecsctl("disable", who(holder))
    t.sh("sleep 0.5")
    t.sh(f"echo 0 > {tracing}/events/ecs/enable")
    _, text = t.sh(f"cat {tracing}/trace")
    seen = {name: text.count(f" {name}: ")
            for name in ("ecs_grant", "ecs_release", "ecs_expire", "ecs_refuse")}
    got = counters(t, holder)
    t.log(seen, got)
    t.check(min(seen.values()) > 0, f"an event never came: {seen}")
    t.check_eq(seen["ecs_grant"], got["granted"], "grants")
    t.check_eq(seen["ecs_expire"], got["ended_cap"], "expiries")
    t.check_eq(seen["ecs_release"],
               sum(got[name] for name in ENDED) - got["ended_cap"], "releases")
    t.check_eq(seen["ecs_refuse"], sum(got[f"refused_{why}"] for why in
                                       ("budget", "spent", "sleep", "waiter")), "refusals")
