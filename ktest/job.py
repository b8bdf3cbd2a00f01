# SPDX-License-Identifier: GPL-2.0
"""What a test may say about itself, and how it ends early.

Imported on both sides: outside to plan the matrix, inside L1 to run.
"""


class Skip(Exception):
    """The test cannot run here; its text says why."""


class Failed(Exception):
    """A check of the test did not hold."""


class TimedOut(Exception):
    """The test took longer than it may."""


def test(timeout=120, kernels=None, pairs="same", quick=False, newest=False, when="",
         images=(), l1_args=(), cmdline="", exact="", flavours=""):
    """Attributes of a test function (all of them optional).

    timeout  seconds of run time, from the moment that L1 has booted
    kernels  host kernels to run on, default all
    pairs    "same": guest kernel as the host's; "mixed": the others, too
    quick    part of `run --quick`
    newest   only on the newest host kernel, unless `run --all`: of a feature whose
             other tests show that its hooks are there
    when     "all": only by `run --all`, or if it is named; "named": only if it is named
    images   further images that its guests boot (build.IMAGES)
    l1_args  more arguments for the QEMU of L1
    cmdline  more words for the kernel line of L1
    exact    why it cannot work on a debug kernel: it is skipped there, and says this
    flavours "too": `run --matrix` runs it with the kernels of cache.FLAVOURS as well;
             "only": with no others
    """
    def mark(function):
        function.ktest = {"timeout": timeout, "kernels": kernels, "pairs": pairs,
                          "quick": quick, "newest": newest, "when": when,
                          "images": list(images), "l1_args": list(l1_args),
                          "cmdline": cmdline, "exact": exact, "flavours": flavours}
        return function
    return mark


def attributes(function):
    if not hasattr(function, "ktest"):
        test()(function)
    return function.ktest
