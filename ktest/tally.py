# SPDX-License-Identifier: GPL-2.0
"""What VMs counted, added up: counters and histograms of `ecsctl show`."""

NO_END = 1 << 62		# of the last bucket of a histogram
PARTS = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def empty():
    return {"counters": {}, "ext": {}, "late": {}}


def by_kind(state):
    return {f"{kind}.{what}": value for kind, found in state.get("kinds", {}).items()
            for what, value in found.items()}


def kinds(counters):
    """{kind: {"captured", "deferred", "avoided", "preempted"}} again."""
    found = {}
    for name, value in counters.items():
        kind, dot, what = name.partition(".")
        if dot:
            found.setdefault(kind, {})[what] = value
    return found


def add_up(total, states):
    """Add what several VMs counted between two looks each to a total. The
    largest of two times is no sum: these are left to the histograms. What is counted
    by kind of section becomes counters, too: "lock.captured"."""
    for before, after in states:
        for name, value in by_kind(after).items():
            gained = value - by_kind(before).get(name, 0)
            total["counters"][name] = total["counters"].get(name, 0) + gained
        for name, value in after["counters"].items():
            if not name.endswith("_max_ns"):
                gained = value - before["counters"][name]
                total["counters"][name] = total["counters"].get(name, 0) + gained
        for which in ("ext", "late"):
            for sign, state in ((-1, before), (1, after)):
                for bucket in state[which]["buckets"]:
                    at = bucket["below_ns"] or NO_END
                    total[which][at] = total[which].get(at, 0) + sign * bucket["count"]
    return total


def percentiles(histogram):
    """Upper bounds of the buckets that hold the percentiles; 0 if it is empty."""
    count, result = sum(histogram.values()), {}
    for name, part in PARTS.items():
        seen = 0
        result[name] = 0
        for at in sorted(histogram):
            seen += histogram[at]
            if count and seen >= part * count and histogram[at]:
                result[name] = at
                break
    return result


def avoided(counters):
    """(avoided, all) of the requests that found a section."""
    kept = counters["ended_release"] + counters["ended_yield"]
    return kept, counters["granted"] + counters["refused_budget"] + counters["refused_spent"]


def percent(part, whole):
    return round(100 * part / whole, 2) if whole else None
