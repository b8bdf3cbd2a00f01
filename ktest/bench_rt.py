#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measure the soft-real-time class: how late a guest wakes up beside hogs.

Boots a nested KVM host with a stock kernel and three or four guests: "rt" of one
vCPU without any module, and hogs of two vCPUs each on two CPUs. Runs the ways to
schedule the rt guest's vCPU in turns, and writes report.json, report.md and
plots to build/bench-rt. docs/bench-rt.md tells what is measured.
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
import bench_rt_report  # noqa: E402
import bench_tool  # noqa: E402
import cache  # noqa: E402
from bench_tool import some_of  # noqa: E402
from common import SEED  # noqa: E402

MODES = ("fair", "fifo", "deadline", "boost-pick", "boost-fifo")
HOGS = {"compile": "--fork 1 --cpu 1 --cpu-method int64 --vm 1 --vm-bytes 16m "
                   "--vm-method write64 --vm-keep",
        "cpu": "--cpu 2 --cpu-method int64"}
# An emulated nested CPU is slow: periods and times are those of a real player,
# some times longer. Each part has a boot of its own; `time` scales --seconds. A
# period's work varies; SBT is what covers most of it, as an administrator would choose.
PARTS = {
    "video": {"about": "A video player: 2.3 ms, 5 times as long", "kind": "latency",
              "period_us": 11500, "sbt_us": 6800, "usbt_us": 4700, "time": 1},
    "audio": {"about": "Audio: 1.45 ms, 6 times as long", "kind": "latency",
              "period_us": 8700, "sbt_us": 5100, "usbt_us": 3600, "time": 0.75},
    # Nearly four vCPUs to a CPU: the fair class makes a waker wait for more of them.
    "crowd": {"about": "The video player, beside one more VM", "kind": "latency",
              "period_us": 11500, "sbt_us": 6800, "usbt_us": 4700, "time": 1,
              "more": {"more": HOGS["cpu"]}},
    "runaway": {"about": "An endless loop", "kind": "runaway",
                "load": "--cpu 1 --cpu-method int64",
                "sbt_us": 3000, "usbt_us": 5000, "time": 0.5},
    # Wakes up all the time, so that it gets all boosts there are.
    "greedy": {"about": "Loops with short breaks", "kind": "runaway",
               "load": "--cpu 1 --cpu-method int64 --cpu-load 90 --cpu-load-slice 2",
               "sbt_us": 3000, "usbt_us": 5000, "time": 0.5},
}
USUAL = ("video", "audio", "crowd", "runaway")
SHORTEST = 2		# seconds of a window
WINDOW = 15		# seconds that one may take beyond its own


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", choices=cache.KERNELS, default="6.12")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8, help="of a mode in a round")
    parser.add_argument("--modes", type=some_of(MODES), default=list(MODES),
                        metavar="MODE,...", help=", ".join(MODES))
    parser.add_argument("--parts", type=some_of(PARTS), default=list(USUAL),
                        metavar="PART,...", help=", ".join(PARTS))
    parser.add_argument("--out", type=pathlib.Path, default=cache.BUILD.parent / "bench-rt")
    parser.add_argument("--report", type=pathlib.Path, metavar="report.json",
                        help="measure nothing: write the report of these figures again")
    parser.add_argument("--selftest", action="store_true", help="unit tests of the report")
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < SHORTEST:
        parser.error(f"--rounds is at least 1, --seconds {SHORTEST}")
    return options


def describe(options, load):
    """The report before anything was measured; `load` is the load average."""
    return {
        "schema": 1, **bench_tool.describe(options.kernel, load),
        "settings": {"rounds": options.rounds, "seconds": options.seconds, "seed": SEED,
                     "modes": options.modes, "hogs": HOGS},
        "parts": {}, "failed": {}}


def modes_of(plan, modes):
    """A runaway under SCHED_DEADLINE is throttled: there is nothing to see."""
    return [mode for mode in modes if plan["kind"] == "latency" or mode != "deadline"]


def measure(name, options, say):
    """Run one part: a machine.Result."""
    plan = PARTS[name]
    modes = modes_of(plan, options.modes)
    seconds = max(SHORTEST, round(options.seconds * plan["time"]))
    result = bench_boots.run(
        "bench_rt_job.py:bench", options.kernel, options.out / "logs" / name, options.rounds,
        {"part": plan, "modes": modes, "hogs": {**HOGS, **plan.get("more", {})},
         "seconds": seconds},
        lambda rounds: len(modes) * rounds * (seconds + WINDOW) + 2 * seconds + 120,
        lambda text: say(f"{name} {text}"))
    if result.outcome == "ok":
        result.data = {"plan": plan, "seconds": seconds, **result.data}
    return result


def show_targets(found):
    for one in found:
        verdict = bench_rt_report.verdict(one).replace("*", "")
        got = bench_rt_report.number(one[one["by"]], 3)
        print(f"{one['part']:8} {one['what']}: {got}, wanted "
              f"{'<=' if one['most'] else '>='} {one['bound']:.3f}: {verdict}")


def main():
    options = arguments()
    if options.selftest:
        return bench_tool.selftest("bench_rt_test")
    if options.report:
        show_targets(bench_rt_report.write(json.loads(options.report.read_text()),
                                        options.report.resolve().parent))
        return 0

    began, load = time.monotonic(), os.getloadavg()
    bench_tool.build_all([options.kernel])
    report = describe(options, load)
    options.out = options.out.resolve()

    def say(text):
        print(f"[{time.monotonic() - began:4.0f} s] {text}", flush=True)
    print(f"Kernel {options.kernel}, host and guests. Logs: {options.out / 'logs'}", flush=True)
    found = []
    for name in options.parts:
        result = measure(name, options, say)
        if result.outcome == "ok":
            report["parts"][name] = result.data
        else:
            report["failed"][name] = f"{result.outcome}: {result.detail}"
            say(f"{name} {report['failed'][name]}")
        # What there is so far is kept, whatever becomes of the next part.
        if report["parts"]:
            found = bench_rt_report.write(report, options.out)
    print()
    show_targets(found)
    print(f"\n{options.out / 'report.md'}; {time.monotonic() - began:.0f} s")
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
