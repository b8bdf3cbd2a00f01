# SPDX-License-Identifier: GPL-2.0
"""The part of the demo that runs in the nested host; see demo.py."""
import math
import re
import statistics

from common import SEED, difference, run_ns, show, who

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
# An emulated nested CPU is some tens of times slower than a real one, and its
# sections are as much longer; the grace is scaled with them.
SETTINGS = {"grace": "2ms", "recheck": "100us", "budget": "50%", "burst": "100ms"}
MODES = {"off": ["--observe"],
         "on": [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]}
BOGO = re.compile(r"stress-ng: \w+:\s+\[\d+\]\s+\S+\s+(\d+)\s+([\d.]+)\s")


def rate(text):
    """Bogo operations a second of real time, from stress-ng's metrics."""
    found = [BOGO.match(line) for line in text.splitlines()]
    rates = [int(m[1]) / float(m[2]) for m in found if m and float(m[2])]
    if len(rates) != 1:
        raise RuntimeError(f"stress-ng gave no metrics:\n{text}")
    return rates[0]


def add_up(total, states):
    """Add what several VMs counted between two looks to a total."""
    for before, after in states:
        for name, value in difference(after["counters"], before["counters"]).items():
            total["counters"][name] = total["counters"].get(name, 0) + value
        for which in ("ext", "late"):
            for sign, state in ((-1, before), (1, after)):
                for bucket in state[which]["buckets"]:
                    at = bucket["below_ns"]
                    total[which][at] = total[which].get(at, 0) + sign * bucket["count"]


def empty():
    return {"counters": {}, "ext": {}, "late": {}}


def percentiles(histogram):
    """Upper bounds of the buckets that hold the percentiles."""
    count, result = sum(histogram.values()), {}
    for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        seen = 0
        result[name] = 0
        for at in sorted(histogram):
            seen += histogram[at]
            if count and seen >= part * count and histogram[at]:
                result[name] = at
                break
    return result


def avoided(counters):
    """(avoided, all) of the requests that found a section."""
    kept = counters["ended_release"] + counters["ended_yield"]
    return kept, counters["granted"] + counters["refused_budget"] + counters["refused_spent"]


def percent(part, whole):
    return round(100 * part / whole, 2) if whole else None


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
