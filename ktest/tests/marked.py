# SPDX-License-Identifier: GPL-2.0
"""What a guest marks: switched, and as its module and ecs_lock tell it."""
import cache

KINDS = ("mutex", "rwsem", "percpu_rwsem", "rcu")
STEPS = 100000		# of lock()
PARAMETERS = "/sys/module/ecs_guest/parameters"


def mark_of(words):
    """What a line of the parameter says after its name: (word, errno) or a number."""
    return int(words[0]) if len(words) == 1 else (words[0], int(words[1]))


def marks(guest):
    """What ecs_guest says of its marks: {name: (word, errno) or number}."""
    found = {}
    for line in guest.run(f"cat {PARAMETERS}/marks")[1].splitlines():
        name, *words = line.split()
        found[name] = mark_of(words)
    return found


def switch(guest, **kinds):
    for name, on in kinds.items():
        guest.run(f"echo {int(on)} > {PARAMETERS}/mark_{name}")


def report(guest):
    text = guest.run("cat /sys/module/ecs_lock/parameters/report")[1]
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def kinds_of(t):
    """The kinds that the guest's kernel can mark: not all have functions for RCU readers."""
    kernel = cache.Kernel(t.guest_kernel)
    return [kind for kind in KINDS if kind != "rcu" or kernel.has("CONFIG_PREEMPT_RCU")]


def lock(t, guest, kinds, message):
    """Every way to take and to release the locks of these kinds: the marks balance."""
    before = marks(guest)
    for kind in kinds:
        t.check_eq(before[kind], ("on", 0), f"{message}: marks of {kind}")
    guest.insmod("ecs_lock", marked=",".join(kinds), threads=4, steps=STEPS, sleep_every=50)
    t.wait_for(lambda: not report(guest)["running"], f"{message}: all steps are done",
               timeout=60, every=1)
    seen, after = report(guest), marks(guest)
    guest.rmmod("ecs_lock")
    t.log(message, seen, after)
    t.check_eq((seen["done"], seen["compared"], seen["wrong"], seen["stale"]), (STEPS, 1, 0, 0),
               f"{message}: steps, compared, wrong marks, stale waits")
    for kind in kinds:
        t.check(after[f"{kind}_taken"] - before[f"{kind}_taken"] > STEPS // 40,
                f"{message}: {kind} was not marked")
