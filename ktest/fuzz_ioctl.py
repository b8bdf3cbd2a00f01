#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Fuzz /dev/ecs in a virtual machine for as long as you like: see docs/fuzz.md.

The rounds are those of ktest/tests/test_ioctl.py, beside a guest that is served.
"""
import argparse
import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
sys.dont_write_bytecode = True

import build  # noqa: E402
import cache  # noqa: E402
import fetch  # noqa: E402
import machine  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", default=cache.KERNELS[-1],
                        choices=[*cache.KERNELS, *cache.DEBUG_KERNELS])
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1000000)
    options = parser.parse_args()

    guest = options.kernel.split("-")[0]	# a stock kernel beside a debug one
    kernels = sorted({options.kernel, guest})
    fetch.ensure(kernels, False, say=print)
    try:
        build.everything(kernels)
    except build.BuildError as error:
        sys.exit(f"build failed\n{error}")
    print(f"Kernel {options.kernel}, {options.seconds} s, --seed {options.seed}", flush=True)
    result = machine.run(
        "tests/test_ioctl.py:fuzz", options.kernel, guest, timeout=options.seconds + 600,
        args={"seconds": options.seconds, "seed": options.seed},
        logs=cache.BUILD / "fuzz-ioctl", show=lambda text: print(text, flush=True))
    if result.outcome != "ok":
        sys.exit(f"{result.outcome}: {result.detail}")
    print(f"{result.data['calls']} calls in {result.data['rounds']} rounds, nothing wrong; "
          f"{result.lost} lost machines")


if __name__ == "__main__":
    main()
