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
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import build  # noqa: E402
import cache  # noqa: E402
import cost_report  # noqa: E402
import fetch  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import splats  # noqa: E402

BOUNDS = cache.KTEST / "cost_bounds.json"
DOCUMENT = cache.TOP / "docs/cost.md"
MODULES = ("ecs_cost", "ecs_guest_alone")
CMDLINE = ("console=ttyS0 loglevel=5 panic=-1 oops=panic no_timer_check mitigations=off "
           "random.trust_cpu=on cryptomgr.notests lsm= audit=0")
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


def initramfs(kernel):
    content = {"init": (cache.KTEST / "cost_init.sh").read_bytes()}
    image.busybox(content)
    content.update({f"{folder}/.keep": b"" for folder in ("proc", "sys", "dev")})
    for name in MODULES:
        content[f"{name}.ko"] = (cache.BUILD / kernel.name / "tree/ktest/modules"
                                 / f"{name}.ko")
    return image.write(content, cache.BUILD / kernel.name / "cost.cpio")


def boot(kernel, number, logs):
    """Boot once and measure: what cost_report.parse() gives. A boot with another
    number has other random numbers, and its memory elsewhere."""
    console, output = (logs / f"{kernel.name}-{number}.{what}" for what in ("console", "out"))
    for path in (console, output):
        path.unlink(missing_ok=True)
    qemu = cache.Qemu()
    command = [
        qemu.binary, *qemu.args, "-nodefaults", "-no-user-config", "-display", "none",
        "-no-reboot", "-M", "q35", *CLOCK, "-seed", str(number), "-cpu", "max",
        "-m", f"{448 + 64 * number}M",
        "-kernel", str(kernel.vmlinux), "-initrd", str(initramfs(kernel)),
        "-append", CMDLINE, "-serial", f"file:{console}", "-serial", f"file:{output}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT,
                              env={**os.environ, **qemu.env},
                              preexec_fn=machine.die_with_parent)
        said = done.stdout
    except subprocess.TimeoutExpired:
        said = f"QEMU was killed after {TIMEOUT} s"
    text = console.read_text(errors="replace") if console.exists() else ""
    trace = splats.find(text)
    try:
        if trace:
            raise ValueError("the kernel complains")
        return cost_report.parse(output.read_text() if output.exists() else "")
    except ValueError as error:
        detail = splats.excerpt(text, trace) if trace else text[-1000:]
        raise RuntimeError(f"boot {number}: {error}\n{said}{detail}") from None


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


def selftest():
    import cost_test
    suite = unittest.defaultTestLoader.loadTestsFromModule(cost_test)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"# {result.testsRun - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


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
        return selftest()

    def say(text):
        print(f"# {text}", flush=True)
    fetch.ensure(options.kernel, False, say=say)
    try:
        build.everything(options.kernel)
    except build.BuildError as error:
        sys.exit(f"build failed\n{error}")
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
