# SPDX-License-Identifier: GPL-2.0
"""Figures as text, for the reports of both benchmarks. None becomes "-"."""
from tally import NO_END


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value, digits=1):
    return "-" if value is None else f"{100 * value:.{digits}f}"


def microseconds(ns):
    """A time, which may be the upper end of a histogram's bucket."""
    return "-" if ns is None else "no end" if ns == NO_END else number(ns / 1000)


def ranged(figures, text, *args):
    """"median (least to largest)"."""
    if figures["median"] is None:
        return "-"
    ends = (text(figures[name], *args) for name in ("min", "max"))
    return f"{text(figures['median'], *args)} ({' to '.join(ends)})"


def table(head, rows):
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
