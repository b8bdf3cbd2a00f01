#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measure what ecs does to throughput: guests that over-commit a host, ecs off and on.

Boots a nested KVM host with a stock kernel and 1, 2 or 4 guests of two vCPUs on
its two CPUs, once for each workload, and runs the modes in turns: stock, without
PV spinlocks, ecs with each class of marks and with those of all sleeping locks. Writes
report.json, report.md and plots to build/bench; with --resume it goes on with
what is there. docs/bench.md tells what is measured.
"""
import argparse
import json
import os
import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / name) for name in ("", "tests")]
sys.dont_write_bytecode = True

import bench_boots  # noqa: E402
import bench_modes  # noqa: E402
import bench_report  # noqa: E402
import bench_tool  # noqa: E402
import cache  # noqa: E402
from bench_tool import some_of  # noqa: E402
from bench_work import WORKLOADS  # noqa: E402
from common import SEED  # noqa: E402

SCHEMA = 1
OTHERS = ("fairness", "overhead")
TESTS = ("bench_read_test", "bench_job_test", "bench_results_test", "bench_report_test",
         "bench_main_test")
SHORTEST = 2		# seconds of a window: dbench says nothing of the first one
BOOT = 60		# seconds that a part takes beside its windows, about
BETWEEN = 4		# and each window beyond its load
WINDOW = 30		# seconds that a window may take beyond its load, on average
HOPELESS = 3		# parts in a row that lost their machines: no more are tried
SAME = ("schema", "kernel", "qemu")
SAME_SETTINGS = ("rounds", "seconds", "seed", "host")


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    known = (*WORKLOADS, *OTHERS)
    parser.add_argument("--kernel", choices=cache.KERNELS, default="6.12")
    parser.add_argument("--workloads", type=some_of(known), default=list(known),
                        metavar="WORKLOAD,...", help=", ".join(known))
    parser.add_argument("--vms", type=some_of(bench_modes.VMS, int),
                        default=list(bench_modes.VMS), metavar="N,...",
                        help="numbers of VMs: " + ", ".join(map(str, bench_modes.VMS)))
    parser.add_argument("--modes", type=some_of(bench_modes.MODES),
                        default=list(bench_modes.MODES), metavar="MODE,...",
                        help=", ".join(bench_modes.MODES) + "; stock is always run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of a mode in a round")
    parser.add_argument("--out", type=pathlib.Path, default=cache.BUILD.parent / "bench")
    parser.add_argument("--resume", action="store_true",
                        help="keep the parts that are in the report already")
    parser.add_argument("--list", action="store_true", help="list the parts and the time")
    parser.add_argument("--report", type=pathlib.Path, metavar="report.json",
                        help="measure nothing: write the report of these figures again")
    parser.add_argument("--selftest", action="store_true", help="unit tests of all of it")
    options = parser.parse_args(words)
    if options.rounds < 1 or options.seconds < SHORTEST:
        parser.error(f"--rounds is at least 1, --seconds {SHORTEST}")
    if bench_modes.STOCK not in options.modes:
        options.modes.insert(0, bench_modes.STOCK)
    return options


def plan(options):
    """The parts that are asked for, in order."""
    return bench_modes.parts([name for name in options.workloads if name in WORKLOADS],
                             options.vms, options.modes,
                             [name for name in options.workloads if name in OTHERS])


def seconds_of(part, options):
    if part["kind"] == "fairness":
        return max(options.seconds, bench_modes.FAIRNESS_SECONDS)
    return options.seconds


def estimate(parts, options):
    """Seconds that all of them take, about."""
    return sum(BOOT + len(part["modes"]) * options.rounds
               * (seconds_of(part, options) + BETWEEN) for part in parts)


def settings(options):
    return {"rounds": options.rounds, "seconds": options.seconds, "seed": SEED,
            "host": bench_modes.SETTINGS}


def begin(options, load):
    return {"schema": SCHEMA, **bench_tool.describe(options.kernel, load),
            "settings": settings(options), "parts": {}, "failed": {}}


class Unlike(Exception):
    """The report that is there was measured in another way."""


def go_on(report, old):
    """The old report, to be continued; `report` is what a new one would be."""
    unlike = [f"{name} {old.get(name)}, not {report[name]}" for name in SAME
              if old.get(name) != report[name]]
    unlike += [f"{name} {old['settings'].get(name)}, not {report['settings'][name]}"
               for name in SAME_SETTINGS
               if old.get("settings", {}).get(name) != report["settings"][name]]
    if unlike:
        raise Unlike("; ".join(unlike))
    return {**report, "began": old["began"], "machine": old["machine"],
            "commit": old["commit"], "dirty": old["dirty"], "parts": old["parts"]}


def take_up(options, report):
    """The report to go on with: a new one, or the one that is there."""
    path = options.out / "report.json"
    if not path.exists():
        return report
    if options.resume:
        try:
            return go_on(report, json.loads(path.read_text()))
        except Unlike as why:
            sys.exit(f"{path} cannot be resumed: {why}")
    path.rename(path.with_name("report.old.json"))
    return report


def is_done(report, part):
    """Whether a part has been measured, in all modes that are asked for."""
    there = report["parts"].get(bench_modes.name_of(part))
    return bool(there) and set(part["modes"]) <= set(there["part"]["modes"])


def measure(part, options, say):
    """Run one part in boots of its own: a machine.Result."""
    seconds = seconds_of(part, options)
    name = bench_modes.name_of(part)
    result = bench_boots.run(
        "bench_job.py:bench", options.kernel, options.out / "logs" / name, options.rounds,
        {"part": part, "seconds": seconds},
        lambda rounds: len(part["modes"]) * rounds * (seconds + WINDOW) + 300,
        lambda text: say(f"{name} {text}"))
    if result.outcome == "ok":
        result.data = {"part": part, "seconds": seconds,
                       "commit": bench_tool.git("rev-parse", "HEAD"), **result.data}
    return result


def measure_all(parts, options, report, say):
    """What is missing; the report is written after each. Returns its targets."""
    missing = [part for part in parts if not is_done(report, part)]
    found, lost = None, 0
    for number, part in enumerate(missing, 1):
        name = bench_modes.name_of(part)
        left = estimate(missing[number - 1:], options)
        say(f"part {number} of {len(missing)}: {name}; about {left / 60:.0f} min left")
        result = measure(part, options, say)
        report["failed"].pop(name, None)
        if result.outcome == "ok":
            report["parts"][name] = result.data
        else:
            report["failed"][name] = f"{result.outcome}: {result.detail}"
            say(f"{name} {report['failed'][name]}")
        # What there is so far is kept, whatever becomes of the next part.
        found = bench_report.write(report, options.out)
        lost = lost + 1 if result.outcome == "lost-vm" else 0
        if lost == HOPELESS:
            say(f"{HOPELESS} parts in a row lost their machines; --resume goes on from here")
            break
    return bench_report.write(report, options.out) if found is None else found


def show_targets(found):
    for one in found:
        verdict = bench_report.verdict(one).replace("*", "")
        print(f"{one['what']}: {bench_report.estimated({**one, 'median': one['got']})}, wanted "
              f"{one['wanted']}: {verdict}")


def main():
    options = arguments()
    if options.selftest:
        return bench_tool.selftest(*TESTS)
    if options.report:
        show_targets(bench_report.write(json.loads(options.report.read_text()),
                                        options.report.resolve().parent))
        return 0
    parts = plan(options)
    if options.list:
        for part in parts:
            print(bench_modes.name_of(part))
        print(f"{len(parts)} parts, about {estimate(parts, options) / 3600:.1f} h")
        return 0

    began, load = time.monotonic(), os.getloadavg()
    options.out = options.out.resolve()
    bench_tool.build_all([options.kernel], True)
    report = take_up(options, begin(options, load))

    def say(text):
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)
    print(f"Kernel {options.kernel}, host and guests. Logs: {options.out / 'logs'}", flush=True)
    found = measure_all(parts, options, report, say)
    print()
    show_targets(found)
    print(f"\n{options.out / 'report.md'}; {time.monotonic() - began:.0f} s")
    missing = [part for part in parts if not is_done(report, part)]
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
