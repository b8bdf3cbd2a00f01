# SPDX-License-Identifier: GPL-2.0
"""Others trace or patch the lock functions in the guest: what can be shared is shared, the
class that cannot be marked is off and says why, and the rest works."""
import cache
from common import registered
from job import test
from marked import STEPS, kinds_of, lock, marks, switch

# Of each class one, and what it is called with lockdep.
LOCKS = {"mutex": "mutex_lock", "rwsem": "down_read", "percpu_rwsem": "percpu_down_write",
         "rcu": "__rcu_read_lock"}
NESTED = {"mutex_lock": "mutex_lock_nested"}
SHARED = ("observe", "probe", "return")		# with a direct call
ALONE = ("modify", "post", "direct")		# not
# Called by us in a way that none of those shares, on all kernels.
TRIED = "mutex_trylock"
GRAPHED = (TRIED, "mutex_lock", "down_read_trylock", "down_write_trylock", "up_write")
TRACING = "/sys/kernel/tracing"
HITS = "/sys/module/ecs_neighbour/parameters/hits"
ENABLED = "/proc/sys/kernel/ftrace_enabled"
BUSY = -16


def has_lockdep(t):
    return cache.Kernel(t.guest_kernel).has("CONFIG_LOCKDEP")


def settle(guest, kind, names):
    return guest.run(f"insmod /ko/ecs_neighbour.ko kind={kind} names={','.join(names)}",
                     check=False)


def hits(guest):
    return int(guest.run(f"cat {HITS}")[1])


@test(timeout=400, when="all")
def test_shared(t):
    """Tracers, kprobes and kretprobes on the same functions, both orders."""
    t.insmod_host()
    guest, kinds = t.guest(), kinds_of(t)
    names = [LOCKS[kind] for kind in kinds]
    if has_lockdep(t):
        names = [NESTED.get(name, name) for name in names]
    wanted = {f"mark_{kind}": 1 for kind in kinds}
    for way in SHARED:
        rc, out = settle(guest, way, names)
        t.check_eq(rc, 0, f"{way} before ecs: {out}")
        guest.insmod("ecs_guest", **wanted)
        lock(t, guest, kinds, f"{way} before ecs")
        seen = hits(guest)
        t.check(seen > STEPS // 40, f"{way} before ecs: it saw {seen} calls")
        guest.rmmod("ecs_neighbour")
        lock(t, guest, kinds, f"{way} gone")
        rc, out = settle(guest, way, names)
        t.check_eq(rc, 0, f"{way} after ecs: {out}")
        lock(t, guest, kinds, f"{way} after ecs")
        t.check(hits(guest) > STEPS // 40, f"{way} after ecs: it does not see calls")
        guest.rmmod("ecs_guest")
        seen = hits(guest)
        guest.run("ls -R /sys/module >/dev/null")
        t.check(hits(guest) > seen, f"ecs gone before {way}: it does not see calls")
        guest.rmmod("ecs_neighbour")


@test(timeout=200, when="all", exact="the debug kernels have no graph tracer")
def test_graph(t):
    """The graph tracer on lock functions that ftrace has us redirect, both orders."""
    t.insmod_host()
    guest, kinds = t.guest(), [kind for kind in kinds_of(t) if kind != "rcu"]
    wanted = {f"mark_{kind}": 1 for kind in kinds}
    guest.run("mount -t tracefs tracefs /sys/kernel/tracing", check=False)
    # Not by the filter: kernels before 5.16 know ours by its own address, not by the lock's.
    guest.run(f"cd {TRACING}; echo 64 > buffer_size_kb; echo '*' > set_ftrace_notrace; "
              f"for name in {' '.join(GRAPHED)}; do echo !$name >> set_ftrace_notrace; done")
    for way in ("before", "after"):
        if way == "before":
            guest.run(f"echo function_graph > {TRACING}/current_tracer")
        guest.insmod("ecs_guest", mark_by="ftrace", **wanted)
        if way == "after":
            guest.run(f"echo function_graph > {TRACING}/current_tracer")
        lock(t, guest, kinds, f"traced {way}")
        # To read it takes these locks, too.
        _, text = guest.run(f"cd {TRACING}; echo 0 > tracing_on; cat trace; echo 1 > tracing_on")
        seen = {name: text.count(f" {name}(") for name in GRAPHED}
        seen[TRIED] += text.count("  ecsg_mark_retry_mutex")
        t.check(seen[TRIED] and seen["mutex_lock"], f"traced {way}: {seen}")
        t.log(way, seen)
        guest.run(f"echo nop > {TRACING}/current_tracer")
        lock(t, guest, kinds, "no more")
        guest.rmmod("ecs_guest")


@test(timeout=400, when="all")
def test_first(t):
    """Who redirects a lock function before ecs: that class is off, until it is gone."""
    t.insmod_host()
    guest, kinds = t.guest(), kinds_of(t)
    for way in ALONE:
        rc, out = settle(guest, way, [TRIED])
        if way == "direct" and "not supported" in out:
            continue
        t.check_eq(rc, 0, f"{way}: {out}")
        guest.insmod("ecs_guest", **{f"mark_{kind}": 1 for kind in kinds})
        t.check_eq(registered(t, guest), 2, f"{way}: registered")
        t.check_eq(marks(guest)["mutex"], ("off", BUSY), f"{way}: marks of mutexes")
        lock(t, guest, [kind for kind in kinds if kind != "mutex"], way)
        guest.rmmod("ecs_neighbour")
        switch(guest, mutex=1)
        lock(t, guest, kinds, f"{way} gone")
        guest.rmmod("ecs_guest")


@test(timeout=400, when="all")
def test_second(t):
    """Who would redirect a lock function that ecs has is refused, and ecs goes on."""
    t.insmod_host()
    guest, kinds = t.guest(), kinds_of(t)
    guest.insmod("ecs_guest", **{f"mark_{kind}": 1 for kind in kinds})
    for way in ALONE:
        rc, out = settle(guest, way, [TRIED])
        t.check(rc != 0, f"{way} after ecs: it was let in: {out}")
        lock(t, guest, kinds, f"after {way}")


@test(timeout=200, when="all")
def test_switch(t):
    """kernel.ftrace_enabled=0: meanwhile nothing is marked; once something is it is refused."""
    t.insmod_host()
    guest, kinds = t.guest(), kinds_of(t)
    # With lockdep mutexes have no slow paths as functions to probe.
    for way in ("auto",) if has_lockdep(t) else ("auto", "probe"):
        guest.run(f"echo 0 > {ENABLED}")
        guest.insmod("ecs_guest", wait_by=way, **{f"mark_{kind}": 1 for kind in kinds})
        t.check_eq(registered(t, guest), 2, f"{way}: registered without ftrace")
        found = marks(guest)
        t.check_eq([found[kind] for kind in kinds], [("off", BUSY)] * len(kinds),
                   f"{way}: marks without ftrace")
        if way == "probe":
            t.check_eq(found["wait"], ("off", BUSY), "waits by kprobes without ftrace")
        guest.run(f"echo 1 > {ENABLED}")
        switch(guest, **{kind: 1 for kind in kinds})
        t.check_eq(marks(guest)["wait"], ("on", 0), f"{way}: waits afterwards")
        rc, _ = guest.run(f"echo 0 > {ENABLED}", check=False)
        t.check(rc != 0, f"{way}: ftrace was switched off under the module")
        lock(t, guest, kinds, f"{way}: afterwards")
        guest.rmmod("ecs_guest")


@test(timeout=200, when="all")
def test_dead(t):
    """Once ftrace has shut itself down the module is called for ever: it is not freed."""
    t.insmod_host()
    guest, kinds = t.guest(), kinds_of(t)
    guest.insmod("ecs_guest", **{f"mark_{kind}": 1 for kind in kinds})
    lock(t, guest, kinds, "before")
    rc, out = settle(guest, "kill", [])
    t.check_eq(rc, 0, f"ftrace cannot be shut down: {out}")
    lock(t, guest, kinds, "without ftrace")
    rmmod = guest.start("rmmod ecs_guest", 150)
    t.wait_for(lambda: "shut itself down" in guest.dmesg(), "rmmod says that it waits")
    guest.run("stress-ng --mmap 2 --mmap-ops 200 --mmap-bytes 1M -t 20 -q", timeout=60)
    t.check(rmmod.rc is None and not guest.run("test -d /sys/module/ecs_guest", check=False)[0],
            "ecs_guest is gone")
    # A debug kernel would be looked at without the module.
    guest.kill()
