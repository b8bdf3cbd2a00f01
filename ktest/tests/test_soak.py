# SPDX-License-Identifier: GPL-2.0
"""Ten million locks of each kind that is marked, and not one mark too many or too few.

A boot each, so that a lost machine costs one part; `make soak` runs them all.
"""
from common import SEED
from job import test
from test_mark import KINDS, marks, report

STEPS = 10_000_000
# Seconds for the slowest of them, writers that wait for each other, at the 2200 steps a
# second of a machine with as much else to do.
LONGEST = 6000
EVERY = 200		# in one step of so many they sleep, and in as many they move


def at_rest(guest):
    """What is held while nothing goes on, but for what goes on in passing."""
    return min(marks(guest)["held"] for _ in range(10))


def soak(t, kind, ops, fails, sleeps):
    """Take the locks of one kind in all ways; the marks of all kinds are on.

    fails   an attempt may be in vain
    sleeps  they are held asleep, and taken along to another CPU
    """
    t.insmod_host()
    # Preemptible everywhere: also RCU readers lose their CPU, and go on on another.
    guest = t.guest(ecs=True, ecs_params={f"mark_{kind}": 1 for kind in KINDS}, smp=2,
                    cmdline="preempt=full")
    before, rest = marks(guest), at_rest(guest)
    for name in KINDS:
        t.check_eq(before[name], ("on", 0), f"marks of {name}")
    guest.insmod("ecs_lock", ops=",".join(ops), marked=",".join(KINDS), threads=6,
                 steps=STEPS, sleep_every=EVERY, move_every=EVERY, seed=SEED)
    t.wait_for(lambda: not report(guest)["running"], "all steps are done", timeout=LONGEST,
               every=5)
    seen, after = report(guest), marks(guest)
    t.log(before, seen, after)
    drift = at_rest(guest) - rest
    t.progress(f"{kind}: seed {SEED}, {seen['done']} operations done, of these "
               f"{seen['failed']} in vain, {seen['slept']} slept, {seen['moved']} moved; "
               f"drift {drift}, wrong {seen['wrong']}, "
               f"clipped {after['clipped'] - before['clipped']}, lost {after['lost']}")
    t.check_eq(seen["done"], STEPS, "operations")
    t.check(not fails or seen["failed"] > 0, "no attempt failed")
    t.check(not sleeps or seen["slept"] > 0, "nobody slept with a lock held")
    t.check(seen["moved"] > 0, "nobody changed its CPU with a lock held")
    t.check_eq(seen["wrong"], 0, "marks that differ from what a thread holds")
    t.check_eq(after["clipped"], before["clipped"], "releases of what was not counted")
    t.check_eq(after["lost"], 0, "tasks that were not followed")
    t.check_eq(drift, 0, "locks that seem held at rest")


@test(timeout=LONGEST + 100, newest=True, when="named")
def test_mutex(t):
    """Mutexes: plain, interrupted, killed, tried."""
    soak(t, "mutex", ("mutex", "mutex_io", "mutex_interruptible", "mutex_killable",
                      "mutex_trylock"), fails=True, sleeps=True)


@test(timeout=LONGEST + 100, newest=True, when="named")
def test_rwsem(t):
    """rw_semaphores: read and written, downgraded, interrupted, killed, tried."""
    soak(t, "rwsem", ("read", "read_interruptible", "read_killable", "read_trylock",
                      "write", "write_killable", "write_trylock"), fails=True, sleeps=True)


@test(timeout=LONGEST + 100, newest=True, when="named")
def test_percpu_rwsem(t):
    """Writers of percpu_rw_semaphores."""
    soak(t, "percpu_rwsem", ("percpu",), fails=False, sleeps=True)


@test(timeout=LONGEST + 100, newest=True, when="named")
def test_rcu(t):
    """RCU readers, preempted."""
    soak(t, "rcu", ("rcu",), fails=False, sleeps=False)
