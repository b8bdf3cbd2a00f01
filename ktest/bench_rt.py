#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measure the soft-real-time class: how late a guest wakes up beside hogs.

Boots a nested KVM host with a stock kernel and three guests: "rt" of one vCPU
without any module, and two hogs of two vCPUs on two CPUs. Runs the ways to
schedule the rt guest's vCPU in turns, and writes report.json, report.md and
plots to build/bench-rt. docs/bench-rt.md tells what is measured.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / name) for name in ("", "tests")]
sys.dont_write_bytecode = True

import bench_report  # noqa: E402
import build  # noqa: E402
import cache  # noqa: E402
import fetch  # noqa: E402
import machine  # noqa: E402
from common import SEED  # noqa: E402

MODES = ("fair", "fifo", "deadline", "boost-pick", "boost-fifo")
HOGS = {"compile": "--fork 1 --cpu 1 --cpu-method int64 --vm 1 --vm-bytes 16m "
                   "--vm-method write64 --vm-keep",
        "cpu": "--cpu 2 --cpu-method int64"}
# An emulated nested CPU is slow: periods and times are those of a real player,
# some times longer. Each part has a boot of its own; `time` scales --seconds.
PARTS = {
    "video": {"about": "A video player: 2.3 ms, 5 times as long", "kind": "latency",
              "period_us": 11500, "sbt_us": 4000, "usbt_us": 5000, "time": 1},
    "audio": {"about": "Audio: 1.45 ms, 4 times as long", "kind": "latency",
              "period_us": 5800, "sbt_us": 2500, "usbt_us": 2500, "time": 0.625},
    "runaway": {"about": "An endless loop", "kind": "runaway",
                "load": "--cpu 1 --cpu-method int64",
                "sbt_us": 3000, "usbt_us": 5000, "time": 0.5},
    # Wakes up all the time, so that it gets all boosts there are.
    "greedy": {"about": "Loops with short breaks", "kind": "runaway",
               "load": "--cpu 1 --cpu-method int64 --cpu-load 90 --cpu-load-slice 2",
               "sbt_us": 3000, "usbt_us": 5000, "time": 0.5},
}
USUAL = ("video", "audio", "runaway")
SHORTEST = 2		# seconds of a window
WINDOW = 15		# seconds that one may take beyond its own


def some_of(known):
    """An option of several words, by comma or blank."""
    def parse(text):
        words = text.replace(",", " ").split()
        wrong = [word for word in words if word not in known]
        if wrong or not words:
            raise argparse.ArgumentTypeError(f"not of {', '.join(known)}: {text}")
        return [word for word in known if word in words]
    return parse


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


def git(*words):
    """What git says of the tree, None if it says nothing."""
    try:
        return subprocess.run(["git", "-C", str(cache.TOP), *words], text=True, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def describe_machine(load):
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines
                  if line.startswith("model name")), "unknown")
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release,
            "load": load}


def describe(options, load):
    """The report before anything was measured; `load` is the load average."""
    changes = git("status", "--porcelain", "--untracked-files=no")
    return {
        "schema": 1, "kernel": options.kernel, "qemu": str(cache.Qemu().version),
        "commit": git("rev-parse", "HEAD"), "dirty": None if changes is None else bool(changes),
        "began": time.strftime("%Y-%m-%d %H:%M:%S %z"), "machine": describe_machine(load),
        "settings": {"rounds": options.rounds, "seconds": options.seconds, "seed": SEED,
                     "modes": options.modes, "hogs": HOGS},
        "parts": {}, "failed": {}}


def modes_of(plan, modes):
    """A runaway under SCHED_DEADLINE is throttled: there is nothing to see."""
    return [mode for mode in modes if plan["kind"] == "latency" or mode != "deadline"]


def measure(name, options, say):
    """Run one part in a boot of its own: a machine.Result."""
    plan = PARTS[name]
    modes = modes_of(plan, options.modes)
    seconds = max(SHORTEST, round(options.seconds * plan["time"]))
    result = machine.run(
        "bench_rt_job.py:bench", options.kernel, logs=options.out / "logs" / name,
        timeout=len(modes) * options.rounds * (seconds + WINDOW) + 2 * seconds + 120,
        args={"part": plan, "modes": modes, "hogs": HOGS, "rounds": options.rounds,
              "seconds": seconds}, show=lambda text: say(f"{name} {text}"))
    if result.outcome == "ok":
        result.data = {"plan": plan, "seconds": seconds, "lost": result.lost,
                       "lost_details": result.lost_details, **result.data}
    return result


def selftest():
    import bench_test
    suite = unittest.defaultTestLoader.loadTestsFromModule(bench_test)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"# {result.testsRun - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def show_targets(found):
    for one in found:
        verdict = bench_report.verdict(one).replace("*", "")
        got = bench_report.number(one[one["by"]], 3)
        print(f"{one['part']:8} {one['what']}: {got}, wanted "
              f"{'<=' if one['most'] else '>='} {one['bound']:.3f}: {verdict}")


def main():
    options = arguments()
    if options.selftest:
        return selftest()
    if options.report:
        show_targets(bench_report.write(json.loads(options.report.read_text()),
                                        options.report.resolve().parent))
        return 0

    began, load = time.monotonic(), os.getloadavg()
    fetch.ensure([options.kernel], False, say=print)
    try:
        build.everything([options.kernel])
    except build.BuildError as error:
        sys.exit(f"build failed\n{error}")
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
            found = bench_report.write(report, options.out)
    print()
    show_targets(found)
    print(f"\n{options.out / 'report.md'}; {time.monotonic() - began:.0f} s")
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
