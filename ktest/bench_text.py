# SPDX-License-Identifier: GPL-2.0
"""Figures as text, for the reports of both benchmarks. None becomes "-"."""


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value, digits=1):
    return "-" if value is None else f"{100 * value:.{digits}f}"


def microseconds(ns):
    """A time; a text stays as it is."""
    return ns if isinstance(ns, str) else "-" if ns is None else number(ns / 1000)


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
