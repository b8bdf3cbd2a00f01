# SPDX-License-Identifier: GPL-2.0
"""One part of a benchmark, over as many boots as it takes.

A machine that gets lost costs the round it was in, which is run again in the next boot: a
round is compared with nothing but itself.
"""
import json

import machine
from guest import LOGS

KEPT = "rounds.json"		# in the logs: the rounds of a boot that are complete
BOOTS = 8			# of one part, at most


def rounds_of(windows):
    return 1 + max((window["round"] for window in windows), default=-1)


def keep(figures):
    """In the nested host: a round is over, and what is measured stays, should a machine be
    lost in the next. `figures` has "windows", and what else the job returns."""
    new = LOGS / f"{KEPT}.new"
    new.write_text(json.dumps(figures))
    new.replace(LOGS / KEPT)


def kept(logs):
    """The figures of the rounds that a boot had complete, when it was lost; None: of none."""
    try:
        return json.loads((logs / KEPT).read_text())
    except (OSError, ValueError):
        return None


def join(boots, lost):
    """The figures of a part from those of its boots; what is about one is of the last."""
    return {"boots": len(boots), "lost": len(lost), "lost_details": lost, **boots[-1],
            "windows": [window for boot in boots for window in boot["windows"]]}


def run(target, kernel, logs, rounds, args, timeout, say):
    """Measure all rounds of a part: a machine.Result with the joined figures.

    target    the job; besides args it gets first and rounds, and calls keep() after each
    logs      the folder of a boot is this with its number as a suffix
    timeout   of a boot, a function of the number of its rounds
    say       called with each line of progress
    """
    boots, lost = [], []
    while True:
        first = rounds_of(boots[-1]["windows"]) if boots else 0
        here = logs.with_name(f"{logs.name}.{1 + len(lost)}")
        result = machine.run(target, kernel, logs=here, tries=1,
                             timeout=timeout(rounds - first),
                             args={**args, "first": first, "rounds": rounds}, show=say)
        if result.outcome == "ok":
            boots.append(result.data)
            result.data = join(boots, lost)
            return result
        if result.outcome != "lost-vm" or len(lost) + 1 == BOOTS:
            return result
        lost.append(result.detail)
        say(f"lost a machine: {result.detail.splitlines()[0]}")
        figures = kept(here)
        if figures:
            boots.append(figures)
            if rounds_of(figures["windows"]) == rounds:
                result.outcome, result.data = "ok", join(boots, lost)
                return result
