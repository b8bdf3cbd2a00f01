# SPDX-License-Identifier: GPL-2.0
"""Reports of measurements that never were, for the tests of the benchmark."""
import bench_modes
from bench_modes import ABSENT, ALL, LOADED, NOPV, ONE, STOCK
from bench_work import WORKLOADS

COUNTERS = {"sched_out": 1000, "preempted": 400, "preempted_in_section": 8,
            "req_tick": 300, "req_wakeup": 200, "req_in_section": 120,
            "granted": 96, "refused_budget": 3, "refused_spent": 1,
            "ended_release": 90, "ended_yield": 5,
            "lock.captured": 100, "lock.deferred": 80, "lock.avoided": 79, "lock.preempted": 3,
            "rcu.captured": 20, "rcu.deferred": 16, "rcu.avoided": 16, "rcu.preempted": 5}


def window(mode, number, rates, latency=None, **counters):
    return {"mode": mode, "round": number, "position": 0, "seconds": 4, "rates": list(rates),
            "latencies": [latency] * len(rates), "elapsed_ns": 4 * 10 ** 9,
            "run_ns": [4 * 10 ** 9] * len(rates), "counters": {**COUNTERS, **counters},
            "ext": [[1024, 90], [2048, 10]], "late": [[512, 100]]}


def part(kind, workload, vms, windows, modes=None, **more):
    return {"part": {"kind": kind, "workload": workload, "vms": vms,
                     "modes": modes or sorted({w["mode"] for w in windows})},
            "seconds": 4, "commit": None, "lost": 0, "lost_details": [], "cpus": 2,
            "release": "6.12.0-test", "ecs": {}, "memory": "448M", "marks": ["rwsem"],
            "unavailable": {}, "spinlocks": {"pv": "PV spinlocks enabled"},
            "windows": windows, **more}


def rounds(mode, rates, vms=2, **more):
    return [window(mode, number, [rate / vms] * vms, **more)
            for number, rate in enumerate(rates)]


def measured(workload, vms, stock, ecs, nopv=None):
    windows = rounds(STOCK, stock, vms) + rounds(ALL, ecs, vms)
    return part("throughput", workload, vms, windows + (rounds(NOPV, nopv, vms) if nopv else []))


def whole(*parts):
    return {"schema": 1, "kernel": "6.12", "qemu": "0", "commit": None, "dirty": None,
            "began": "now", "machine": {"cpu": "none", "cpus": 2, "kernel": "0",
                                        "load": [0, 0, 0]},
            "settings": {"rounds": 3, "seconds": 4, "seed": 1, "host": {"grace": "2ms"}},
            "parts": {bench_modes.name_of(one["part"]): one for one in parts}, "failed": {}}


def fair_part(*apart):
    """Rounds in which the first VM had that much more in the first of two seconds."""
    windows = [{"mode": mode, "round": number, "position": 0, "seconds": 2,
                "samples": [[0, 0], [1000 + more, 1000], [2000 + more, 2000]]}
               for mode in (STOCK, ONE) for number, more in enumerate(apart)]
    return part("fairness", "dentry", 2, windows, modes=[STOCK, ONE])


def good():
    over = [measured(name, 2, (100, 101, 99), (180, 190, 170), (50, 50, 50))
            for name, work in WORKLOADS.items() if work.heavy]
    return whole(*over, measured("cpu", 2, (10, 10, 10), (10, 10.05, 10)),
                 measured("unix", 1, (100, 100, 100), (120, 121, 122)),
                 fair_part(0, 2, 4),
                 part("overhead", "mmap", 2, rounds(ABSENT, (10, 10)) + rounds(LOADED, (9, 11))))
