#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Show what ecs does: two over-committed guests, off and on in turns.

Boots a nested KVM host with a stock kernel and two guests of as many vCPUs as
it has CPUs, runs stress-ng in both, and prints a table. Writes
build/demo/report.json.
"""
import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import build  # noqa: E402
import cache  # noqa: E402
import fetch  # noqa: E402
import machine  # noqa: E402

HEAD = ("stressor", "off/s", "on/s", "ratio", "in-section\npreemptions\noff > on",
        "avoided", "extension us\np50/p99/max", "share of\nVM 1")


def cells(row):
    length = row["extension_ns"]
    lengths = ("-" if not length["max"] else
               "/".join(f"{length[name] / 1000:.0f}" for name in ("p50", "p99", "max")))
    avoided = row["avoided_percent"]
    before, after = (row["preempted_in_section"][mode] for mode in ("off", "on"))
    return (row["name"], f"{row['off']:.1f}", f"{row['on']:.1f}", f"{row['ratio']:.2f}x",
            f"{before} > {after}", "-" if avoided is None else f"{avoided:.1f} %", lengths,
            f"{100 * row['share_of_first']['on']:.1f} %")


def table(rows):
    """The rows as text, columns aligned, a head of several lines."""
    body = [cells(row) for row in rows]
    head = [title.split("\n") for title in HEAD]
    height = max(map(len, head))
    lines = [[title[n - height + len(title)] if n >= height - len(title) else ""
              for title in head] for n in range(height)]
    widths = [max(len(line[column]) for line in lines + body) for column in range(len(HEAD))]

    def text(line):
        return "  ".join(cell.ljust(width) if not n else cell.rjust(width)
                         for n, (cell, width) in enumerate(zip(line, widths)))
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([*map(text, lines), rule, *map(text, body)])


def summary(report):
    total = report["total"]
    late = total["timer_late_ns"]
    lines = [
        f"Lock-heavy stressors: geometric mean {total['geometric_mean']:.2f}x; of the fair "
        f"requests that found a vCPU in a section",
        f"{total['avoided_percent']:.1f} % were avoided: deferred, and over before the grace "
        f"({report['settings']['grace']}) was used up.",
        f"Extension timer lateness in this run: p50 {late['p50'] / 1000:.0f} us, "
        f"p99 {late['p99'] / 1000:.0f} us: this is an emulated machine.",
        "off: counted only (ecsctl enable --observe); on: ecsctl enable."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", choices=cache.KERNELS, default="6.12")
    parser.add_argument("--rounds", type=int, default=3, help="off and on rounds each")
    parser.add_argument("--seconds", type=int, default=6, help="of load per round")
    parser.add_argument("--stressor", action="append", help="only this one; repeatable")
    options = parser.parse_args()

    began = time.monotonic()
    fetch.ensure([options.kernel], False, say=print)
    try:
        build.everything([options.kernel])
    except build.BuildError as error:
        sys.exit(f"build failed\n{error}")
    out = cache.BUILD.parent / "demo"
    print(f"Kernel {options.kernel}, host and guests; about 6 minutes. Logs: {out}", flush=True)
    result = machine.run(
        "demo_job.py:demo", options.kernel, timeout=660, logs=out / "logs",
        args={"rounds": options.rounds, "seconds": options.seconds,
              "only": options.stressor},
        show=lambda text: print(f"[{time.monotonic() - began:4.0f} s] {text}", flush=True))
    if result.outcome != "ok":
        sys.exit(f"{result.outcome}: {result.detail}")
    report = {"schema": 1, "kernel": options.kernel, "qemu": str(cache.Qemu().described),
              "lost_hosts": result.lost, **result.data}
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print("\n" + table(report["stressors"]) + "\n\n" + summary(report))
    print(f"\n{out / 'report.json'}; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
