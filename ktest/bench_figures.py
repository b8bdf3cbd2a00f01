# SPDX-License-Identifier: GPL-2.0
"""What the benchmarks read and compute: the output of cyclictest and stress-ng,
histograms, percentiles. Pure functions; see bench_rt_test.py.

A histogram is a mapping of a latency in microseconds to how often it was seen.
"""
import functools
import math
import random
import re
import statistics

PERCENTILES = {"p50": 5000, "p99": 9900, "p999": 9990}		# of 10000
BIN = re.compile(r"(\d+)\s+(\d+)$")
TOTAL = re.compile(r"# (Total|Min Latencies|Avg Latencies|Max Latencies|"
                   r"Histogram Overflows):\s*(\d+)\s*$")
METRIC = re.compile(r"stress-ng: \w+:\s+\[\d+\]\s+([a-z]\S*)\s+(\d+)\s+([\d.]+)\s")


def order(modes, number):
    """The modes in the order of a round: in pairs of rounds, the second one
    backwards, each pair begins with another mode. A drift hits all alike."""
    at = number // 2 * 2 % len(modes)
    turned = modes[at:] + modes[:at]
    return turned[::-1] if number % 2 else turned


def cyclictest(text):
    """Figures of `cyclictest -q -t1 -h`, as they go to the report."""
    bins, totals = [], {}
    for line in text.splitlines():
        if found := BIN.match(line):
            if int(found[2]):
                bins.append([int(found[1]), int(found[2])])
        elif found := TOTAL.match(line):
            totals[found[1]] = int(found[2])
    if len(totals) != 5 or sum(count for _, count in bins) != totals["Total"]:
        raise ValueError(f"not a histogram of one thread of cyclictest:\n{text[-2000:]}")
    overflows = totals["Histogram Overflows"]
    seen = totals["Total"] + overflows
    return {"bins": bins, "overflows": overflows,
            "avg_us": totals["Avg Latencies"] if seen else None,
            "max_us": totals["Max Latencies"] if seen else None}


def metrics(text):
    """{stressor: bogo operations a second of real time} from stress-ng."""
    rates = {}
    for line in text.splitlines():
        if found := METRIC.match(line):
            seconds = float(found[3])
            rates[found[1]] = int(found[2]) / seconds if seconds else 0.0
    if not rates:
        raise ValueError(f"stress-ng gave no metrics:\n{text[-2000:]}")
    return rates


def histogram(figures):
    """The histogram of one run of cyclictest; what was beyond its end counts as
    the longest, which is never too good."""
    bins = dict(map(tuple, figures["bins"]))
    if figures["overflows"]:
        longest = figures["max_us"]
        bins[longest] = bins.get(longest, 0) + figures["overflows"]
    return bins


def merged(histograms):
    total = {}
    for one in histograms:
        for at, count in one.items():
            total[at] = total.get(at, 0) + count
    return total


def mean(bins):
    count = sum(bins.values())
    return sum(at * n for at, n in bins.items()) / count if count else None


def percentile(bins, part):
    """The least latency that this part (of 10000) of all does not exceed."""
    count, seen = sum(bins.values()), 0
    rank = -(-count * part // 10000)
    for at in sorted(bins):
        seen += bins[at]
        if seen >= rank:
            return at
    return None


def latencies(bins, expected, deadline_us):
    """Figures of a histogram. `expected` is how many periods there were: a
    period slept through has no wakeup, and was not served in time either."""
    expected = max(expected, sum(bins.values()))
    in_time = sum(count for at, count in bins.items() if at < deadline_us)
    return {"wakeups": sum(bins.values()), "periods": expected, "in_time": in_time,
            "served": ratio(in_time, expected), "mean": mean(bins),
            "max": max(bins, default=None),
            **{name: percentile(bins, part) for name, part in PERCENTILES.items()}}


def later_than(bins):
    """[(latency, share of the wakeups that took longer)], for a plot."""
    count, seen, points = sum(bins.values()), 0, []
    for at in sorted(bins):
        seen += bins[at]
        points.append((at, (count - seen) / count))
    return points


def ratio(value, other):
    """value / other, or None if one of them is not known or that makes no sense."""
    if value is None or not other:
        return None
    return value / other


def geometric_mean(values):
    """None if there are none, or one of them is not known."""
    values = list(values)
    if not values or None in values:
        return None
    return math.prod(values) ** (1 / len(values))


def spread(values):
    """Median, least and largest of those that are known."""
    known = [value for value in values if value is not None]
    if not known:
        return {"median": None, "min": None, "max": None, "rounds": 0}
    return {"median": statistics.median(known), "min": min(known), "max": max(known),
            "rounds": len(known)}


def interval(groups, statistic, seed, draws=1000):
    """95 % confidence interval of a statistic of several groups of values, by
    drawing from each group anew: (low, high). Unknown with less than two rounds."""
    if not groups or min(map(len, groups)) < 2:
        return None, None
    source = random.Random(seed)
    found = sorted(statistic([source.choices(group, k=len(group)) for group in groups])
                   for _ in range(draws))
    return found[int(draws * 0.025)], found[-int(draws * 0.025) - 1]


@functools.lru_cache(maxsize=None)
def interval_of_median(values, seed):
    """A report is written after each part, with all that was there before."""
    return interval([values], lambda groups: statistics.median(groups[0]), seed)


def estimate(values, seed):
    """Median of those that are known, with its confidence interval."""
    known = [value for value in values if value is not None]
    low, high = interval_of_median(tuple(known), seed)
    return {"median": statistics.median(known) if known else None, "low": low, "high": high,
            "rounds": len(known)}


def mean_of_medians(groups, seed):
    """Geometric mean of the medians of several groups, with its interval."""
    def of(some):
        return geometric_mean(map(statistics.median, some))
    groups = [known for group in groups
              if (known := [value for value in group if value is not None])]
    low, high = interval(groups, of, seed)
    return {"median": of(groups), "low": low, "high": high, "groups": len(groups)}
