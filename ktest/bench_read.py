# SPDX-License-Identifier: GPL-2.0
"""What the workloads print, read: {"rate": a second, "latency": None or
{"p50_us", "p99_us", "max_us"}}. What makes no sense is a ValueError."""
import re

import bench_figures

LATENCIES = ("p50_us", "p99_us", "max_us")
WORD = re.compile(r"(\w+)=([\d.]+)")
UNITS = {"us": 1, "ms": 1000, "s": 1000_000, "m": 60_000_000}
SPAN = re.compile(r"([\d.]+)(us|ms|s|m)$")


def wrong(what, text):
    return ValueError(f"not the output of {what}:\n{text[-2000:]}")


def stress_ng(text):
    """Of one stressor."""
    rates = bench_figures.metrics(text)
    if len(rates) != 1:
        raise wrong("one stressor", text)
    return {"rate": next(iter(rates.values())), "latency": None}


def line(text):
    """The last line with a rate; our own programs (l2/clock.h) print it."""
    found = [dict(WORD.findall(one)) for one in text.splitlines() if "rate=" in one]
    if not found or not {"rate", "seconds", "operations"} <= set(found[-1]):
        raise wrong("a load of l2/", text)
    words = {name: float(value) for name, value in found[-1].items()}
    latency = {name: words[name] for name in LATENCIES if name in words}
    return {"rate": words["rate"], "latency": latency or None}


def dbench(text):
    found = re.search(r"^Throughput ([\d.]+) MB/sec .*max_latency=([\d.]+) ms$", text, re.M)
    if not found:
        raise wrong("dbench", text)
    return {"rate": float(found[1]), "latency": {"max_us": float(found[2]) * 1000}}


def span_us(text):
    """A time of wrk: "393.00us", "1.72ms"."""
    found = SPAN.match(text)
    if not found:
        raise ValueError(f"not a time: {text}")
    return float(found[1]) * UNITS[found[2]]


def wrk(text):
    """With --latency; what did not answer is an error."""
    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", text, re.M)
    parts = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", text, re.M))
    most = re.search(r"^\s+Latency\s+\S+\s+\S+\s+(\S+)\s", text, re.M)
    if not rate or len(parts) != 2 or not most or "Non-2xx" in text:
        raise wrong("wrk --latency", text)
    return {"rate": float(rate[1]), "latency": {
        "p50_us": span_us(parts["50"]), "p99_us": span_us(parts["99"]),
        "max_us": span_us(most[1])}}


READERS = {"stress_ng": stress_ng, "line": line, "dbench": dbench, "wrk": wrk}


def read(reader, texts):
    """What several VMs printed. One of them may have got nothing done, but not
    all: that is a load that did not run."""
    got = [READERS[reader](text) for text in texts]
    if not sum(one["rate"] for one in got) > 0:
        raise ValueError(f"nothing was done:\n{texts[0][-2000:]}")
    return got
