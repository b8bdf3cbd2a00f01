# SPDX-License-Identifier: GPL-2.0
"""Something happens to a VM again and again, until it has hit graces."""
import random

from bare import open_grants
from common import SEED, counters, difference

LEAST, MOST = 12, 150		# times


def until_hit(t, vm, do, undo, hits=3, ways=("ended_yield", "ended_forced", "ended_off"),
              still=None):
    """Do and undo something to a VM, at random moments, until `hits` extensions have
    ended in one of these `ways`: not by their section's end, and not by their bound.

    With `still` the VM stands as soon as that is true: then nothing may be under way.
    """
    chance = random.Random(SEED)
    before = counters(t, vm)
    for number in range(1, MOST + 1):
        t.sh(f"sleep {chance.uniform(0.005, 0.05):.3f}")
        do()
        if still:
            t.wait_for(still, "the VM stands", every=0.02)
            got = counters(t, vm)
            t.check_eq(open_grants(got), 0, f"extensions of a VM that stands ({got})")
            t.check_eq(difference(counters(t, vm), got)["sched_out"], 0, "it ran")
        undo()
        gain = difference(counters(t, vm), before)
        if sum(gain[way] for way in ways) >= hits and number >= LEAST:
            t.log(f"{number} times:", {name: n for name, n in gain.items() if n})
            return
    t.check(False, f"no grace was hit in {MOST} tries: {gain}")
