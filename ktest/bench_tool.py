# SPDX-License-Identifier: GPL-2.0
"""What the command lines of both benchmarks share."""
import argparse
import importlib
import os
import pathlib
import subprocess
import sys
import time
import unittest

import build
import cache
import fetch


def some_of(known, kind=str):
    """An option of several words, by comma or blank."""
    def parse(text):
        words = text.replace(",", " ").split()
        wrong = [word for word in words if word not in map(str, known)]
        if wrong or not words:
            raise argparse.ArgumentTypeError(f"not of {', '.join(map(str, known))}: {text}")
        return [kind(word) for word in map(str, known) if word in words]
    return parse


def git(*words):
    """What git says of the tree, None if it says nothing."""
    try:
        return subprocess.run(["git", "-C", str(cache.TOP), *words], text=True, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def describe_machine(load):
    """The machine that emulates; `load` is its load average before."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines
                  if line.startswith("model name")), "unknown")
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release,
            "load": load}


def describe(kernel, load):
    """The part of a report that says what was measured on what."""
    changes = git("status", "--porcelain", "--untracked-files=no")
    return {"kernel": kernel, "qemu": str(cache.Qemu().described),
            "commit": git("rev-parse", "HEAD"),
            "dirty": None if changes is None else bool(changes),
            "began": time.strftime("%Y-%m-%d %H:%M:%S %z"),
            "machine": describe_machine(load)}


def about(report):
    """The same, as lines of a report's head."""
    machine = report["machine"]
    dirty = {True: ", with changes", False: "", None: ""}[report["dirty"]]
    releases = ", ".join(sorted({p["release"] for p in report["parts"].values()}))
    return [
        f"{report['began']}; commit {report['commit'] or 'unknown'}{dirty}",
        f"host and guests {releases}, QEMU {report['qemu']}, nested, emulated (TCG): compare "
        "modes, not times",
        f"on {machine['cpu']}, {machine['cpus']} CPUs, kernel {machine['kernel']}, load "
        f"average at the start {', '.join(f'{value:.2f}' for value in machine['load'])}"]


def build_all(kernels, bench_image=False):
    """Fetch and build what machines with these kernels need."""
    fetch.ensure(kernels, False, say=lambda text: print(f"# {text}", flush=True))
    try:
        build.everything(kernels, bench_image)
    except build.BuildError as error:
        sys.exit(f"build failed\n{error}")


def selftest(*names):
    """Run the unit tests in these modules: the exit status."""
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(loader.loadTestsFromModule(importlib.import_module(name))
                               for name in names)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"# {result.testsRun - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0
