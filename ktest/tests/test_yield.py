# SPDX-License-Identifier: GPL-2.0
"""Yields of a VM go to its preempted holders first; waiters may be refused."""
import pathlib
import re

from common import counters, gained, hog, registered, show, wait_gone, who
from job import Failed, test
from kinds import series

SCHED_YIELD, KICK_CPU, SPIN = 11, 5, 1701	# hypercalls; the last one is ecs_spin's
# Not on kernels before v5.13.
KVM_STATS = ("directed_yield_attempted", "directed_yield_successful")
GENEROUS = ("--grace", "1ms", "--budget", "100%", "--burst", "100ms")


def yielder_and_hog(t, call=SCHED_YIELD, params=None, **hold):
    """A VM whose CPU 1 yields to CPU 0, which holds locks, and one that computes."""
    t.insmod_host(**(params or {}))
    yielder, other = t.start_guests(2, ecs=True)
    yielder.insmod("ecs_hold", **{"cpus": 1, "hold_us": 5000, "gap_us": 100,
                                  "shared": 0, **hold})
    yielder.insmod("ecs_yield", cpus=2, target=0, gap_us=500, call=call)
    hog(other)
    return yielder, other


def spin_module(t):
    """Hypercalls are pause-loop exits, where the CPU has none."""
    path = t.module("ecs_spin")
    if not path:
        if series(t.kernel) != "7.x":
            raise Failed("no ecs_spin.ko was built")
        t.skip("this kernel has no kvm_skip_emulated_instruction() for modules")
    t.sh(f"insmod {path}")


def yields_made(guest):
    """How often a guest has yielded, by its own account."""
    return int(guest.run("cat /sys/module/ecs_yield/parameters/count")[1])


def check_sum(t, got, slack=4):
    """Each yield has one outcome; some are on their way while counters are read."""
    ways = sum(got[f"yields_{way}"] for way in ("directed", "none", "refused", "would"))
    t.check(abs(got["yields"] - ways) <= slack, f"yields and outcomes do not add up: {got}")


def kvm_stat(t, guest, name):
    """A counter that KVM itself keeps of a VM; None if this kernel keeps none."""
    root = pathlib.Path("/sys/kernel/debug/kvm")
    if not root.exists():
        t.sh("mount -t debugfs debugfs /sys/kernel/debug", check=False)
    found = sorted(root.glob(f"{guest.pid}-*/{name}"))
    return int(found[0].read_text()) if found else None


@test(timeout=200, quick=True)
def test_hypercall(t):
    """A yield by hypercall goes to the preempted holder, and KVM's counters go on."""
    yielder, _ = yielder_and_hog(t)
    vm = who(yielder)
    off = gained(t, yielder, 3)
    t.check_eq(off["yields"], 0, "yields counted while off")

    t.ecsctl("enable", vm, "--observe")
    seen = gained(t, yielder, 6)
    t.log("observe", seen)
    check_sum(t, seen)
    t.check(seen["yields"] > 0, "no yield was seen")
    t.check(seen["yields_would"] > 0, "no yield found a preempted holder")
    t.check_eq(seen["yields_directed"], 0, "observe mode directed a yield")

    # A short grace: holders are preempted in their sections all the same.
    t.ecsctl("enable", vm, "--grace", "10us", "--recheck", "10us")
    before = {name: kvm_stat(t, yielder, name) for name in KVM_STATS}
    on = gained(t, yielder, 8)
    t.log("on", on)
    check_sum(t, on)
    t.check(on["yields_directed"] > 0, "no yield was directed")
    t.check(on["yields_directed"] > on["yields_refused"], "most were in vain")
    t.check_eq(on["yields_would"], 0, "observing while on")
    for name, count in before.items():
        t.check(count is not None or series(t.kernel) == "5.10", f"KVM has no {name}")
        t.check(count is None
                or kvm_stat(t, yielder, name) - count >= on["yields_directed"],
                f"KVM's own counter {name} misses some")
    # They belong to the vCPU that yields.
    cpus = {cpu["vcpu"]: cpu["counters"] for cpu in show(t, yielder)["vcpu_list"]}
    t.check(cpus[1]["yields_directed"] > 0, "the yields are not those of vCPU 1")

    t.ecsctl("set", vm, "yield=off")
    t.sh("sleep 0.5")
    off = gained(t, yielder, 3)
    t.check_eq(off["yields"], 0, "yields counted though they are switched off")
    t.check(off["sched_out"] > 0, "all of it was switched off")
    before = yields_made(yielder)
    t.sh("sleep 2")
    t.check(yields_made(yielder) > before, "the guest's yields no longer return")


@test(timeout=150, newest=True)
def test_kick(t):
    """The hypercall that kicks a vCPU yields in the same way."""
    yielder, _ = yielder_and_hog(t, call=KICK_CPU)
    t.ecsctl("enable", who(yielder), "--grace", "10us", "--recheck", "10us")
    on = gained(t, yielder, 8)
    t.log(on)
    check_sum(t, on)
    t.check(on["yields_directed"] > 0, "no kick was directed")


@test(timeout=200)
def test_spin(t):
    """A vCPU that spins yields to the preempted holder, and is none itself."""
    spin_module(t)
    yielder, other = yielder_and_hog(t, call=SPIN)
    count = pathlib.Path("/sys/module/ecs_spin/parameters/count")
    t.wait_for(lambda: int(count.read_text()), "the guest spins")
    t.ecsctl("enable", who(yielder), "--grace", "10us", "--recheck", "10us")
    spins = int(count.read_text())
    on = gained(t, yielder, 8)
    spins = int(count.read_text()) - spins
    t.log(on, spins)
    check_sum(t, on)
    t.check(on["yields_directed"] > 0, "no pause-loop exit was directed")
    t.check(on["yields"] <= spins + 4, "more yields than pause-loop exits")
    # With nobody inside a section all of it is KVM's, as before.
    yielder.rmmod("ecs_hold")
    none = gained(t, yielder, 6)
    t.log(none)
    t.check(none["yields_none"] > none["yields_directed"], "KVM's choice has no turn")
    yielder.rmmod("ecs_yield")
    yielder.kill()
    other.kill()
    t.sh("rmmod ecs_spin")


@test(timeout=150, newest=True)
def test_no_holder(t):
    """While the other vCPU computes in user space, yields are left to KVM."""
    t.insmod_host()
    yielder, other = t.start_guests(2, ecs=True)
    yielder.insmod("ecs_yield", cpus=2, target=0, gap_us=500)
    hog(yielder)
    hog(other)
    t.ecsctl("enable", who(yielder))
    on = gained(t, yielder, 8)
    t.log(on)
    check_sum(t, on)
    t.check(on["yields_none"] > on["yields_directed"],
            "most yields found a holder where none is")


@test(timeout=200)
def test_waiters(t):
    """One that says that it only waits is no holder, and may be refused."""
    yielder, _ = yielder_and_hog(t, waiting=1)
    vm = who(yielder)
    t.ecsctl("enable", vm, *GENEROUS)
    extend = gained(t, yielder, 8)
    t.log("extend", extend)
    t.check(extend["granted"] > 0, "waiters are not extended")
    t.check_eq(extend["refused_waiter"], 0, "waiters refused by default")
    t.check(extend["yields_none"] > extend["yields_directed"],
            "yields go to one that only waits")

    t.ecsctl("set", vm, "waiters=refuse")
    t.sh("sleep 0.5")
    refuse = gained(t, yielder, 8)
    t.log("refuse", refuse)
    t.check(refuse["refused_waiter"] > 0, "no waiter was refused")
    t.check(refuse["refused_waiter"] > refuse["granted"],
            "more extensions than refused waiters")
    t.check_eq(show(t, vm)["params"]["waiters"], "refuse",
               "what is shown")


@test(timeout=150, newest=True)
def test_inside(t):
    """What a vCPU gives away in its section is not deferred: a yield is no preemption."""
    t.insmod_host()
    yielder, other = t.start_guests(2, ecs=True)
    yielder.insmod("ecs_yield", cpus=3, target=0, gap_us=100, locked=1)
    hog(other)
    t.ecsctl("enable", who(yielder), *GENEROUS)
    tracing = pathlib.Path("/sys/kernel/tracing")
    t.sh(f"mount -t tracefs tracefs {tracing}", check=False)
    enable = tracing / "events/ecs/ecs_grant/enable"
    enable.write_text("1")
    on = gained(t, yielder, 8)
    enable.write_text("0")
    # The third letter is the context. A tick and an IPI are hard interrupts.
    grants = re.findall(r"/KVM-\d+ +\[\d+\] ..(.)\S+ .* ecs_grant: .*kind=tick",
                        (tracing / "trace").read_text())
    own = sum(context not in "hH" for context in grants)
    t.progress(f"{on['yields']} yields, {len(grants)} extensions, {own} in a yield")
    t.check(on["yields"] > 100, "nobody yielded")
    # It does wake others now and then.
    t.check(own <= len(grants) // 20, "yields are deferred")


@test(timeout=150, newest=True)
def test_trace(t):
    """The trace event tells the same story as the counters."""
    yielder, _ = yielder_and_hog(t)
    tracing = "/sys/kernel/tracing"
    t.sh(f"mount -t tracefs tracefs {tracing}", check=False)
    t.sh(f"echo 8192 > {tracing}/buffer_size_kb; "
         f"echo 1 > {tracing}/events/ecs/ecs_yield/enable")
    t.ecsctl("enable", who(yielder), "--grace", "10us", "--recheck", "10us")
    t.sh("sleep 5")
    t.ecsctl("disable", who(yielder))
    t.sh("sleep 0.5")
    t.sh(f"echo 0 > {tracing}/events/ecs/ecs_yield/enable")
    _, text = t.sh(f"cat {tracing}/trace")
    lines = [line for line in text.splitlines() if " ecs_yield: " in line]
    got = counters(t, yielder)
    t.log(len(lines), got)
    t.check(got["yields_directed"] > 0, "no yield was directed")
    t.check_eq(len(lines), got["yields_directed"] + got["yields_refused"], "events")
    t.check_eq(sum("yielded=1" in line for line in lines), got["yields_directed"],
               "directed ones")
    t.check(all("kind=hypercall" in line and " vcpu=1 " in line for line in lines),
            "kind or vCPU")


@test(timeout=240, newest=True)
def test_unload(t):
    """The host module goes and comes while vCPUs yield to each other."""
    t.insmod_host(enable_all=1)
    guests = t.start_guests(2, ecs=True, ecs_params={"watch_s": 1})
    for guest in guests:
        guest.insmod("ecs_hold", cpus=1, hold_us=5000, gap_us=100, shared=0)
        guest.insmod("ecs_yield", cpus=2, target=0, gap_us=50)
    for _ in range(6):
        t.wait_for(lambda: all(t.ecsctl("show", who(g), check=False)[0] == 0
                               and registered(t, g) == 2
                               and counters(t, g)["yields_directed"] > 0 for g in guests),
                   "yields are directed", timeout=30)
        t.rmmod_host()
        t.insmod_host(enable_all=1)
    for guest in guests:
        guest.run("true", timeout=60)


@test(timeout=180, newest=True)
def test_killed(t):
    """A VM whose vCPUs yield to each other is killed; its neighbour goes on."""
    t.insmod_host(enable_all=1)
    one, two = t.start_guests(2, ecs=True)
    for guest in (one, two):
        guest.insmod("ecs_hold", cpus=1, hold_us=5000, gap_us=100, shared=0)
        guest.insmod("ecs_yield", cpus=2, target=0, gap_us=50)
    t.wait_for(lambda: all(counters(t, g)["yields_directed"] > 0 for g in (one, two)),
               "yields are directed", timeout=30)
    one.kill()
    wait_gone(t, one)
    third = t.guest("late", ecs=True)
    hog(third)
    on = gained(t, two, 5)
    check_sum(t, on)
    t.check(on["yields"] > 0, "the neighbour's yields are not seen any more")
