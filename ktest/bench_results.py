# SPDX-License-Identifier: GPL-2.0
"""From the raw figures of the benchmark (report.json) to its results.

Pure functions of the report; see bench_results_test.py. A ratio is of two modes in the
same round, of the rates of all VMs together; medians over the rounds, with the
confidence interval that drawing the rounds anew gives.
"""
import bench_figures
import tally
from bench_figures import estimate, ratio
from bench_modes import ABSENT, LOADED, MODES, NOPV, STOCK
from bench_read import LATENCIES
from bench_work import WORKLOADS
from common import SEED


def of_mode(part, mode):
    return [window for window in part["windows"] if window["mode"] == mode]


def by_round(part, mode):
    """{round: operations a second of all VMs}."""
    return {window["round"]: sum(window["rates"]) for window in of_mode(part, mode)}


def ratios(part, mode, other):
    """Of the rounds that have both."""
    first, second = by_round(part, mode), by_round(part, other)
    return [ratio(first[at], second[at]) for at in sorted(first) if at in second]


def counts(windows):
    """What the host counted in some windows: counters and two histograms."""
    total = tally.empty()
    for window in windows:
        for name, value in window["counters"].items():
            total["counters"][name] = total["counters"].get(name, 0) + value
        for which in ("ext", "late"):
            total[which] = bench_figures.merged([total[which], dict(map(tuple, window[which]))])
    total["elapsed_ns"] = sum(window["elapsed_ns"] for window in windows)
    return total


def counted(total):
    """Figures of what counts() gave."""
    counters, seconds = total["counters"], total["elapsed_ns"] / 1e9
    kept, requests = tally.avoided(counters)
    halts = counters["sched_out"] - counters["preempted"]
    return {
        "preempted_in_section": counters["preempted_in_section"],
        "preempted_in_section_s": ratio(counters["preempted_in_section"], seconds),
        "asked": counters["req_tick"] + counters["req_wakeup"],
        "captured": counters["req_in_section"],
        "captured_s": ratio(counters["req_in_section"], seconds),
        "requests": requests, "avoided": kept, "avoided_part": ratio(kept, requests),
        "halts_s": ratio(halts, seconds), "kinds": tally.kinds(counters),
        "ext_ns": tally.percentiles(total["ext"]), "late_ns": tally.percentiles(total["late"])}


def shares(windows):
    """Of each VM, of the CPU time of all, over all windows."""
    ran = [sum(times) for times in zip(*(window["run_ns"] for window in windows))]
    return [ratio(one, sum(ran)) for one in ran]


def latency(windows):
    """Medians over rounds and VMs, with least and largest; None if not known."""
    found = {}
    for name in LATENCIES:
        values = [one[name] for window in windows for one in window["latencies"]
                  if one and name in one]
        if values:
            found[name] = bench_figures.spread(values)
    return found or None


def cell(part, mode):
    """All results of one workload, number of VMs and mode."""
    windows = of_mode(part, mode)
    return {
        "workload": part["part"]["workload"], "vms": part["part"]["vms"], "mode": mode,
        "rate": estimate(by_round(part, mode).values(), SEED),
        "ratio": estimate(ratios(part, mode, STOCK), SEED),
        "ratio_nopv": estimate(ratios(part, mode, NOPV), SEED),
        "shares": shares(windows), "latency": latency(windows),
        **counted(counts(windows))}


def of_kind(report, kind):
    return {name: part for name, part in report["parts"].items()
            if part["part"]["kind"] == kind}


def cells(report):
    return [cell(part, mode) for part in of_kind(report, "throughput").values()
            for mode in MODES if of_mode(part, mode)]


def group(report, vms, mode, want):
    """A mode over the workloads that are wanted: the geometric mean of their
    ratios, and what was counted in all of them; None if there are none."""
    some = [part for part in of_kind(report, "throughput").values()
            if part["part"]["vms"] == vms and want(WORKLOADS[part["part"]["workload"]])
            and of_mode(part, mode) and of_mode(part, STOCK)]
    if not some:
        return None
    windows = [window for part in some for window in of_mode(part, mode)]
    return {"vms": vms, "mode": mode,
            "workloads": [part["part"]["workload"] for part in some],
            "ratio": bench_figures.mean_of_medians(
                [ratios(part, mode, STOCK) for part in some], SEED),
            **counted(counts(windows))}


def heavy(work):
    return work.heavy


def wakes(work):
    return work.wakes


def numbers_of_vms(report):
    return sorted({part["part"]["vms"] for part in of_kind(report, "throughput").values()})


def groups(report, want):
    """Of all numbers of VMs and modes."""
    found = [group(report, vms, mode, want) for vms in numbers_of_vms(report)
             for mode in MODES]
    return [one for one in found if one]


# Fairness.

def apart(first, second):
    """How far two CPU times are from each other, of their mean."""
    return ratio(abs(first - second), (first + second) / 2)


def steps(samples):
    """The CPU times between two samples each."""
    return [[b - a for a, b in zip(before, after)]
            for before, after in zip(samples, samples[1:])]


def by_second(samples):
    """[[the first VM's share, in each round] in each second]."""
    rounds = [[ratio(times[0], sum(times)) for times in steps(one)] for one in samples]
    return [list(values) for values in zip(*rounds)]


def fairness(report):
    """{mode: {"whole": how far apart the two are over a window, "second": in the
    worst second of each round, "share": of the first VM, "by_second": that in each
    second, over the rounds}}."""
    found = {}
    for part in of_kind(report, "fairness").values():
        for mode in part["part"]["modes"]:
            samples = [window["samples"] for window in of_mode(part, mode)]
            if not samples:
                continue
            whole = [[b - a for a, b in zip(one[0], one[-1])] for one in samples]
            found[mode] = {
                "whole": bench_figures.spread(apart(*times) for times in whole),
                "second": bench_figures.spread(
                    max(apart(*times) or 0 for times in steps(one)) for one in samples),
                "share": bench_figures.spread(ratio(times[0], sum(times)) for times in whole),
                "by_second": list(map(bench_figures.spread, by_second(samples)))}
    return found


# Overhead.

def overhead(report):
    """[{"workload", "absent", "loaded", "ratio"}] of the host with our modules,
    no VM enabled, to the host without them."""
    return [{"workload": part["part"]["workload"],
             **{mode: estimate(by_round(part, mode).values(), SEED)
                for mode in (ABSENT, LOADED)},
             "ratio": estimate(ratios(part, LOADED, ABSENT), SEED)}
            for part in of_kind(report, "overhead").values()]


def summarise(report):
    return {"cells": cells(report), "heavy": groups(report, heavy),
            "wakes": groups(report, wakes), "fairness": fairness(report),
            "overhead": overhead(report)}
