#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Ten million locks of each kind that is marked, and not one mark too many or too few.

Boots each kernel by itself on two emulated CPUs, with ecs_guest and a stand-in for the
host (what a host does with the marks has nested tests), marks all kinds and takes the
locks of one of them in all ways. Prints KTAP.
"""
import argparse
import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / name) for name in ("", "tests")]
sys.dont_write_bytecode = True

import alone  # noqa: E402
import bench_tool  # noqa: E402
import cache  # noqa: E402
from common import SEED  # noqa: E402
from marked import KINDS, mark_of  # noqa: E402
from test_mark import FALLBACK  # noqa: E402

MODULES = ("ecs_guest_alone", "ecs_lock")
HARDWARE = ("-accel", "tcg,thread=multi", "-smp", "2", "-m", "512M")
CMDLINE = "preempt=full"	# also RCU readers lose their CPU, and go on on another
STEPS = 10_000_000
SLOWEST = 2000		# steps a second: then it is stuck
THREADS = 6
FEW = 3			# of those whose waiters all sleep: each hand-over is a wakeup
EVERY = 200		# in one step of so many they sleep, and in as many they move

# {kind: its operations}, of ecs_lock. Of some an attempt may be in vain; readers of RCU do
# not sleep, and change their CPU only if they are preempted within a few instructions.
OPERATIONS = {
    "mutex": ("mutex", "mutex_io", "mutex_interruptible", "mutex_killable", "mutex_trylock"),
    "rwsem": ("read", "read_interruptible", "read_killable", "read_trylock", "write",
              "write_killable", "write_trylock"),
    "percpu_rwsem": ("percpu",),
    "rcu": ("rcu",),
}
FAILS = ("mutex", "rwsem")
SLEEPS = ("mutex", "rwsem", "percpu_rwsem")
# How they are marked where a kernel lacks what is best.
WAYS = {"best": {}, "fallback": FALLBACK}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", choices=cache.KERNELS, action="append",
                        help="only this one; may be given again")
    parser.add_argument("--steps", type=int, default=STEPS, help="operations of each kind")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--way", choices=WAYS, default="best", help="how they are marked")
    parser.add_argument("--out", type=pathlib.Path, default=cache.BUILD.parent / "soak")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    options = parser.parse_args()
    options.kernel = options.kernel or list(cache.KERNELS)
    options.kinds = options.kinds or list(KINDS)
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    if options.steps < 1:
        parser.error("--steps is at least 1")
    return options


def parse(text):
    """What soak_init.sh says: {"before": [look], "after": [look], "load": look}, a look
    being {name: (word, errno) or number}."""
    found = {"before": [], "after": [], "load": {}}
    for line in text.split("\n"):
        words = line.split()
        if words == ["end"]:
            return found
        if words[:1] == ["error"]:
            raise ValueError(" ".join(words[1:]))
        if len(words) < 3 or words[0] not in found:
            continue
        what, name, *values = words
        value = mark_of(values)
        if what == "load":
            found["load"][name] = value
            continue
        looks = found[what]
        if not looks or name in looks[-1]:
            looks.append({})
        looks[-1][name] = value
    raise ValueError(f"cut off: {text.strip()[-100:]}")


def held(looks):
    """What is held while nothing goes on, but for what goes on in passing."""
    return min(look["held"] for look in looks)


def complaints(kind, steps, found):
    """What is wrong with a run, in words."""
    before, after, load = found["before"][-1], found["after"][-1], found["load"]
    expected = (
        (load["done"] == steps, f"{load['done']} operations, not {steps}"),
        (load["compared"] == 1, "no thread's marks were compared"),
        (kind not in FAILS or load["failed"] > 0, "no attempt failed"),
        (kind not in SLEEPS or load["slept"] > 0, "nobody slept with a lock held"),
        (kind not in SLEEPS or load["moved"] > 0, "nobody changed its CPU with a lock held"),
        (load["wrong"] == 0, f"{load['wrong']} marks differ from what a thread holds"),
        (load["stale"] == 0, f"{load['stale']} threads are shown to wait, and do not"),
        (after["clipped"] == before["clipped"], "releases of what was not counted"),
        (after["lost"] == 0, f"{after['lost']} tasks were not followed"),
        (held(found["after"]) == held(found["before"]), "locks seem held at rest"),
        *((before[name] == ("on", 0), f"{name} is not marked: {before[name]}")
          for name in KINDS))
    return [text for good, text in expected if not good]


def words(parameters):
    """Parameters as one word of a kernel's command line; see soak_init.sh."""
    return ":".join(f"{name}={str(value).replace(',', '@')}"
                    for name, value in parameters.items())


def soak(kernel, kind, options):
    """One boot: (what it did in words, complaints)."""
    marks = {**{f"mark_{name}": 1 for name in KINDS}, **WAYS[options.way]}
    locks = {"ops": ",".join(OPERATIONS[kind]), "marked": ",".join(KINDS), "steps": options.steps,
             "sleep_every": EVERY, "move_every": EVERY, "seed": options.seed,
             "threads": FEW if kind == "percpu_rwsem" else THREADS}
    found = alone.boot(
        kernel, alone.initramfs(kernel, "soak_init.sh", MODULES), HARDWARE,
        options.out / f"{kernel.name}-{kind}-{options.way}", 120 + options.steps // SLOWEST,
        parse, f"{CMDLINE} marks={words(marks)} locks={words(locks)}")
    load = found["load"]
    return (f"{load['done']} operations, {load['failed']} in vain, {load['slept']} slept, "
            f"{load['moved']} moved; wrong {load['wrong']}, drift "
            f"{held(found['after']) - held(found['before'])}",
            complaints(kind, options.steps, found))


def main():
    options = arguments()
    bench_tool.build_all(options.kernel)
    runs = [(name, kind) for name in options.kernel for kind in options.kinds]
    print(f"KTAP version 1\n# seed {options.seed}\n1..{len(runs)}", flush=True)
    failed = 0
    for number, (name, kind) in enumerate(runs, 1):
        began = time.monotonic()
        try:
            did, wrong = soak(cache.Kernel(name), kind, options)
        except RuntimeError as error:
            did, wrong = "no result", str(error).splitlines()
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} {name} {kind} # "
              f"{did}; {time.monotonic() - began:.0f} s", flush=True)
        for line in wrong:
            print(f"#   {line}")
    print(f"# {len(runs) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
