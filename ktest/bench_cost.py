#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measure what ecs_guest adds to the kernel's lock paths, in instructions.

Boots each kernel by itself, emulated with one instruction a nanosecond, and runs
ktest/modules/cost_*.c in it with and without ecs_guest (with a stand-in for the
host). Exact and repeatable; docs/cost.md tells more. Writes report.json and
report.md to build/bench-cost.
"""
import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import alone  # noqa: E402
import bench_tool  # noqa: E402
import cache  # noqa: E402
import cost_report  # noqa: E402

BOUNDS = cache.KTEST / "cost_bounds.json"
DOCUMENT = cache.TOP / "docs/cost.md"
MODULES = ("ecs_cost", "ecs_guest_alone")
# Instructions are the only clock there is, and nothing comes from outside: an idle
# CPU skips to its next timer, chance and the date are the same in each run.
CLOCK = ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
         "-rtc", "base=2026-01-01,clock=vm", "-smp", "1")
TIMEOUT = 150


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", choices=cache.KERNELS, action="append",
                        help="only this one; may be given again")
    parser.add_argument("--boots", type=int, help="of each kernel (default 2; --check: 1)")
    parser.add_argument("--out", type=pathlib.Path, default=cache.BUILD.parent / "bench-cost")
    parser.add_argument("--check", action="store_true",
                        help="compare with the bounds; KTAP out, fails if one is exceeded")
    parser.add_argument("--docs", action="store_true", help="put the tables into docs/cost.md")
    parser.add_argument("--selftest", action="store_true", help="unit tests of the report")
    options = parser.parse_args()
    options.boots = options.boots or (1 if options.check else 2)
    if options.boots < 1:
        parser.error("--boots is at least 1")
    options.kernel = options.kernel or list(cache.KERNELS)
    options.out = options.out.resolve()
    return options


def boot(kernel, number, logs):
    """Boot once and measure: what cost_report.parse() gives. A boot with another
    number has other random numbers, and its memory elsewhere."""
    return alone.boot(kernel, alone.initramfs(kernel, "cost_init.sh", MODULES),
                      (*CLOCK, "-seed", str(number), "-m", f"{448 + 64 * number}M"),
                      logs / f"{kernel.name}-{number}", TIMEOUT, cost_report.parse)


def measure(kernel, options, say):
    """All boots of one kernel: its part of the report."""
    logs = options.out / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    boots = []
    for number in range(1, options.boots + 1):
        began = time.monotonic()
        boots.append(boot(kernel, number, logs))
        say(f"{kernel.name}, boot {number}: {len(boots[-1])} readings, "
            f"{time.monotonic() - began:.0f} s")
    settings, complaints = cost_report.settle(boots)
    found = cost_report.verdicts(settings, complaints, json.loads(BOUNDS.read_text()))
    return {"release": kernel.release, "boots": options.boots, "settings": settings,
            "added": cost_report.added(settings), "verdicts": found}


def verdicts(report):
    """Of all kernels; one that was not measured failed as a whole."""
    found = []
    for name in [*report["kernels"], *report["failed"]]:
        if name in report["failed"]:
            found.append((f"{name}: measured", False, [report["failed"][name]]))
            continue
        found += [(f"{name}: {what}", good, details)
                  for what, good, details in report["kernels"][name]["verdicts"]]
    return found


def main():
    options = arguments()
    if options.selftest:
        return bench_tool.selftest("cost_test")

    def say(text):
        print(f"# {text}", flush=True)
    bench_tool.build_all(options.kernel)
    report = {"schema": 1, "qemu": str(cache.Qemu().version), "kernels": {}, "failed": {}}
    for name in options.kernel:
        try:
            report["kernels"][name] = measure(cache.Kernel(name), options, say)
        except RuntimeError as error:
            report["failed"][name] = str(error)
    text = cost_report.markdown(report)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (options.out / "report.md").write_text(text)
    if options.docs and not report["failed"]:
        DOCUMENT.write_text(cost_report.replaced(DOCUMENT.read_text(), report))
    lines, failed = cost_report.ktap(verdicts(report))
    print("\n".join(lines) if options.check or failed else text)
    print(f"# {options.out / 'report.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
