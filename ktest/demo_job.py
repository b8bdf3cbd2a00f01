# SPDX-License-Identifier: GPL-2.0
"""The part of the demo that runs in the nested host; see demo.py."""
import math
import re
import statistics

from bench_modes import OBSERVE, ON, SETTINGS
from common import SEED, run_ns, show, who
from tally import add_up, avoided, empty, percent, percentiles

# name: (what stress-ng is told, lock-heavy)
STRESSORS = {
    # Threads that share an address space; each malloc and free is an mmap and
    # munmap here, so they contend for mmap_lock and shoot down each other's TLB.
    "mmap": ("--malloc 1 --malloc-pthreads 2 --malloc-thresh 4096 --malloc-bytes 64k", True),
    "dentry": ("--dentry 2 --dentries 256", True),
    "fork": ("--fork 2", True),
    "pipe": ("--pipe 2", True),
    "sock": ("--sockpair 2", True),
    "cpu": ("--cpu 2 --cpu-method int64", False),
}
MODES = {"off": OBSERVE, "on": ON}
BOGO = re.compile(r"stress-ng: \w+:\s+\[\d+\]\s+\S+\s+(\d+)\s+([\d.]+)\s")


def rate(text):
    """Bogo operations a second of real time, from stress-ng's metrics."""
    found = [BOGO.match(line) for line in text.splitlines()]
    rates = [int(m[1]) / float(m[2]) for m in found if m and float(m[2])]
    if len(rates) != 1:
        raise RuntimeError(f"stress-ng gave no metrics:\n{text}")
    return rates[0]


def one_round(t, guests, mode, command, seconds):
    """Run the load in both guests: (rates, states before and after, run times)."""
    for guest in guests:
        t.ecsctl("enable", who(guest), *MODES[mode])
    before = [show(t, guest) for guest in guests]
    ran = [run_ns(guest) for guest in guests]
    answers = t.run_all(guests, f"cd /tmp && stress-ng --seed {SEED} {command} -t {seconds} "
                        "--metrics-brief --temp-path /tmp 2>&1", timeout=seconds + 60)
    ran = [run_ns(guest) - earlier for guest, earlier in zip(guests, ran)]
    after = [show(t, guest) for guest in guests]
    return [rate(text) for _, text in answers], list(zip(before, after)), ran


def run_stressor(t, guests, name, rounds, seconds, total):
    command, lock_heavy = STRESSORS[name]
    rates = {mode: [] for mode in MODES}
    sums = {mode: empty() for mode in MODES}
    ran = {mode: [0, 0] for mode in MODES}
    for number in range(rounds):
        # off on, on off, off on ...: a drift of the machine hits both alike.
        for mode in sorted(MODES, reverse=number % 2 == 0):
            got, states, times = one_round(t, guests, mode, command, seconds)
            rates[mode].append(sum(got))
            add_up(sums[mode], states)
            ran[mode] = [a + b for a, b in zip(ran[mode], times)]
            if mode == "on" and lock_heavy:
                add_up(total, states)
            t.progress(f"{name:7} {mode:3} round {number + 1} of {rounds}: "
                       f"{sum(got):10.1f} /s")
    off, on = (statistics.median(rates[mode]) for mode in ("off", "on"))
    kept, requests = avoided(sums["on"]["counters"])
    return {
        "name": name, "command": command, "lock_heavy": lock_heavy,
        "off": off, "on": on, "ratio": on / off, "rounds": rates,
        "spread_percent": {mode: percent(max(r) - min(r), statistics.median(r))
                           for mode, r in rates.items()},
        "preempted_in_section": {mode: sums[mode]["counters"]["preempted_in_section"]
                                 for mode in MODES},
        "preempted": {mode: sums[mode]["counters"]["preempted"] for mode in MODES},
        "avoided": kept, "requests_in_section": requests,
        "avoided_percent": percent(kept, requests),
        "extension_ns": percentiles(sums["on"]["ext"]),
        "timer_late_ns": percentiles(sums["on"]["late"]),
        "share_of_first": {mode: times[0] / sum(times) for mode, times in ran.items()},
        "counters": {mode: sums[mode]["counters"] for mode in MODES},
    }


def demo(t, rounds, seconds, only=None):
    """Returns the report."""
    t.progress("booting two guests")
    t.insmod_host()
    guests = t.start_guests(2, ecs=True, mem="640M")
    total, rows = empty(), []
    for name in only or STRESSORS:
        rows.append(run_stressor(t, guests, name, rounds, seconds, total))
    heavy = [row["ratio"] for row in rows if row["lock_heavy"]]
    kept, requests = avoided(total["counters"]) if total["counters"] else (0, 0)
    return {
        "settings": SETTINGS, "seed": SEED, "rounds": rounds, "seconds": seconds,
        "stressors": rows,
        "total": {
            "geometric_mean": math.prod(heavy) ** (1 / len(heavy)) if heavy else 1,
            "avoided": kept, "requests_in_section": requests,
            "avoided_percent": percent(kept, requests) or 0,
            "extension_ns": percentiles(total["ext"]),
            "timer_late_ns": percentiles(total["late"]),
        },
    }
