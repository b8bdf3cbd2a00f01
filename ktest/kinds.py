# SPDX-License-Identifier: GPL-2.0
"""What kernels need more of than the distribution's ordinary one, or can do less.

A kernel's name says of what kind it is: "6.12" is the distribution's, "6.12-rt" a
flavour of that, "6.12-debug" one of debug_kernel.py. All limits of time of the harness
and of the tests go through patient(), so that there is one factor and not one in each
test.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Kind:
    slow: int = 1		# by how much longer everything may take
    memory: int = 1		# by how much more memory a machine gets
    cmdline: str = ""		# more words for its kernel line
    debug: bool = False		# looks for bugs
    hosts: bool = True		# can be L1, which has its root by 9p
    first: tuple = ()		# of ktest/modules, what L1 loads ahead of all others


STOCK = Kind()
KINDS = {
    "debug": Kind(slow=4, memory=2, cmdline="kasan_multi_shot", debug=True),
    "kcsan": Kind(slow=4, memory=2, debug=True),
    "rt": Kind(first=("ecs_tsc.ko",)),
    "cloud": Kind(hosts=False),
}
_slow = 1


def series(name):
    """"6.12" of "6.12-debug"."""
    return name.partition("-")[0]


def of(name):
    """The kind of a kernel by its name."""
    return KINDS.get(name.partition("-")[2], STOCK)


def is_debug(name):
    return of(name).debug


def slowness(*names):
    """The factor for limits of time where these kernels run."""
    return max(of(name).slow for name in names)


def be_patient(*names):
    """From now on limits are those of machines with these kernels."""
    global _slow
    _slow = slowness(*names)


def patient(seconds):
    """A limit of time, as long as it is to be here."""
    return None if seconds is None else seconds * _slow


def memory(size, name):
    """A size like "384M", as large as it is to be with this kernel."""
    return f"{int(size[:-1]) * of(name).memory}{size[-1]}"
