# SPDX-License-Identifier: GPL-2.0
"""The report of the benchmark in Markdown.

Pure functions of report.json and its results, but for write(); see bench_report_test.py.
"""
import json
import re

import bench_draw
import bench_results
import bench_targets
import bench_tool
from bench_modes import (ALL, ALL_LONG, ALL_REFUSE, FAIRNESS_MODES, FREE, HINTS, MARKS, MODES,
                         NOPV, OVERHEAD_MODES, POLL, REFUSE, STOCK, UNDIRECTED, alone)
from bench_text import microseconds, number, percent, ranged, table
from bench_work import WORKLOADS

# Which of the paper's six problems a mode's captured requests are.
SHOWS = {
    FREE: "LHP (spinlocks, rwlocks for writing), LWP (spinning waiters), RP (rwlocks), ICP",
    alone("mutex"): "LHP (mutexes)",
    alone("rwsem"): "LHP and RP (rwsems, for writing and reading)",
    alone("percpu_rwsem"): "LHP (writers of percpu-rwsems)",
    alone("rcu"): "RRP",
    ALL: "all but RRP and BWW",
    ALL_REFUSE: f"the same as {ALL}",
    ALL_LONG: f"the same as {ALL}",
    POLL: "the same as the free marks, and BWW",
    **{mode: "the same as the free marks" for mode in (REFUSE, UNDIRECTED, HINTS)},
}


# And which kind of section, as the host tells them apart.
PROBLEMS = {"lock": "LHP (spinlocks, rwlocks), RP (rwlocks)", "sleep": "LHP (sleeping locks)",
            "wait": "LWP", "reader": "RP (sleeping locks)", "rcu": "RRP", "irq": "ICP",
            "user": "-"}


def estimated(one, digits=3):
    """"median (interval)"."""
    if not one or one["median"] is None:
        return "-"
    text = number(one["median"], digits)
    if one["low"] is None:
        return text
    return f"{text} ({number(one['low'], digits)} to {number(one['high'], digits)})"


def rate(value):
    """Three or more digits."""
    return "-" if value is None else number(value, 0 if value >= 1000 else 2)


def verdict(one):
    if one["met"] is None:
        return "no data" if one["got"] is None else "undecided"
    return "met" if one["met"] else "**not met**"


def targets_table(found):
    return table(("target", "wanted", "got (95 % interval)", "verdict", ""),
                 [(one["what"], one["wanted"],
                   estimated({**one, "median": one["got"]}), verdict(one), one["detail"])
                  for one in found])


def modes_of(cells):
    """Modes that there are results of, in their order."""
    there = {one["mode"] for one in cells}
    return [mode for mode in MODES if mode in there]


def throughput_table(cells):
    """Of one number of VMs: the rate of stock, and each mode's ratio to it."""
    modes = [mode for mode in modes_of(cells) if mode != STOCK]
    rows = []
    for workload in WORKLOADS:
        by_mode = {one["mode"]: one for one in cells if one["workload"] == workload}
        if by_mode:
            stock = by_mode.get(STOCK)
            rows.append((workload, rate(stock["rate"]["median"]) if stock else "-",
                         *(estimated(by_mode[mode]["ratio"], 2) if mode in by_mode else "-"
                           for mode in modes)))
    return table(("workload", f"{STOCK}, /s", *modes), rows)


def span(ns):
    """p50, p99 and the longest, upper ends of buckets, in us."""
    if not ns["max"]:
        return "-"
    return " / ".join(microseconds(ns[name]) for name in ("p50", "p99", "max"))


def counters_table(cells):
    """Of one number of VMs: what was captured and avoided, by workload."""
    rows = []
    for one in cells:
        if one["mode"] in (STOCK, FREE, ALL):
            rows.append((one["workload"], one["mode"], number(one["preempted_in_section_s"], 1),
                         one["asked"], one["captured"], one["avoided"],
                         percent(one["avoided_part"]), span(one["ext_ns"]),
                         span(one["late_ns"]), " / ".join(map(percent, one["shares"]))))
    return table(("workload", "mode", "preempted in a section, /s", "requests", "captured",
                  "avoided", "avoided %", "extension us p50 / p99 / max",
                  "timer lateness us p50 / p99 / max", "VMs' shares of the CPU time, %"), rows)


def ablation_table(groups, free):
    """Of one number of VMs: each mode over the lock-heavy set."""
    rows = []
    for one in groups:
        more = (one["captured_s"] - free["captured_s"]
                if free and one["mode"] in SHOWS and one["mode"] != FREE else None)
        rows.append((one["mode"], SHOWS.get(one["mode"], "-"), estimated(one["ratio"]),
                     number(one["captured_s"], 1), number(more, 1),
                     number(one["preempted_in_section_s"], 1), percent(one["avoided_part"]),
                     number(one["halts_s"], 0), span(one["ext_ns"])))
    return table(("mode", "its captured requests are", "geometric mean of stock",
                  "captured, /s", "more than by the free marks", "preempted in a section, /s",
                  "avoided %", "halts, /s", "extension us p50 / p99 / max"), rows)


def problems_table(groups):
    """Of one number of VMs: what became of each of the six problems, over the
    lock-heavy set."""
    rows = []
    for one in groups:
        for kind, problem in PROBLEMS.items():
            found = one["kinds"].get(kind)
            if found and (found["captured"] or found["preempted"]):
                part = found["avoided"] / found["captured"] if found["captured"] else None
                rows.append((one["mode"], kind, problem, found["captured"], found["deferred"],
                             found["avoided"], percent(part), found["preempted"]))
    return table(("mode", "kind", "problem", "captured", "deferred", "avoided",
                  "avoided of captured, %", "preempted"), rows)


def latency_table(cells):
    rows = []
    for one in cells:
        if one["latency"]:
            rows.append((one["workload"], one["vms"], one["mode"],
                         *(ranged(one["latency"][name], number) if name in one["latency"]
                           else "-" for name in bench_results.LATENCIES)))
    return table(("workload", "VMs", "mode", "p50 us", "p99 us", "longest us"), rows)


def fairness_table(summary):
    return table(("mode", "", "share of the first VM, %", "apart over 10 s, %",
                  "apart in the worst second, %"),
                 [(mode, FAIRNESS_MODES[mode], ranged(one["share"], percent, 2),
                   ranged(one["whole"], percent, 2), ranged(one["second"], percent, 2))
                  for mode, one in summary["fairness"].items()])


def overhead_table(summary):
    return table(("workload", *(f"{mode}, /s" for mode in OVERHEAD_MODES), "loaded of absent"),
                 [(one["workload"], *(rate(one[mode]["median"]) for mode in OVERHEAD_MODES),
                   estimated(one["ratio"])) for one in summary["overhead"]])


def literature_table(rows):
    """What others measured, and the same here; a figure or an estimate."""
    def ours(row):
        if row["ours"] is None:
            return "no counterpart", "-"
        got = row["got"]
        return row["ours"], (estimated(got, 2) if isinstance(got, dict) else number(got, 1))
    return table(("load", "figure", "theirs", "here", "VMs", "here measured"),
                 [(row["load"], row["figure"], row["theirs"], ours(row)[0], row["vms"],
                   ours(row)[1]) for row in rows])


def bullets(lines):
    return "\n".join(f"- {line}" for line in lines)


def head(report):
    settings = report["settings"]
    host = ", ".join(f"{name} {value}" for name, value in settings["host"].items())
    commits = sorted({part["commit"] or "unknown" for part in report["parts"].values()})
    lines = [*bench_tool.about(report),
             f"guests of 2 vCPUs and {memory(report)} on "
             f"{'/'.join(map(str, sorted({p['cpus'] for p in report['parts'].values()})))} CPUs",
             f"{settings['rounds']} rounds of all modes in turns, {settings['seconds']} s each, "
             f"seed {settings['seed']}; {host}",
             f"{sum(p['lost'] for p in report['parts'].values())} hosts lost on the way"]
    if len(commits) > 1:
        lines.append(f"parts of several commits: {', '.join(commits)}")
    for kind in ("pv", "nopv"):
        said = {without_stamps(p["spinlocks"].get(kind) or "") for p in report["parts"].values()}
        lines += [f"{kind} guests say: {text}" for text in sorted(said - {""})]
    return bullets(lines + left_out(report))


def without_stamps(log):
    """Lines of a kernel's log as one, without their times."""
    return " ".join(re.sub(r"\[ *[0-9.]+\]", "", log).split())


def memory(report):
    return "/".join(sorted({part["memory"] for part in report["parts"].values()}))


def left_out(report):
    """What was not measured, and why."""
    reasons = {}
    for name, part in report["parts"].items():
        for mode, why in part["unavailable"].items():
            reasons.setdefault((mode, why), []).append(name)
    lines = [f"mode {mode} is left out: {'; '.join(why.splitlines())} (in {len(names)} parts)"
             for (mode, why), names in reasons.items()]
    marks = {mark for p in report["parts"].values() for mark in p["marks"]}
    missing = [mark for mark in MARKS if mark not in marks]
    if missing and any(p["part"]["kind"] != "overhead" for p in report["parts"].values()):
        lines.append(f"{ALL} is without the classes of marks that the guest's module does not "
                     f"have: {', '.join(missing)}")
    return lines + [f"part {name} was not measured: {why.splitlines()[0]}"
                    for name, why in report["failed"].items()]


def mode_list():
    return bullets(f"`{name}`: {mode.about}" for name, mode in MODES.items())


def throughput_sections(summary):
    blocks = []
    for vms in sorted({one["vms"] for one in summary["cells"]}):
        cells = [one for one in summary["cells"] if one["vms"] == vms]
        groups = [one for one in summary["heavy"] if one["vms"] == vms]
        free = bench_targets.find(groups, mode=FREE)
        blocks += [f"## {vms} VM{'s' if vms > 1 else ''}",
                   f"Throughput of all VMs; the modes as a part of {STOCK}:",
                   throughput_table(cells),
                   "The lock-heavy set, each mode; what a class of marks captures more than "
                   "the free marks alone is its own:", ablation_table(groups, free),
                   "The same by kind of section; BWW has none, it is the halts above:",
                   problems_table(groups),
                   "By workload, all rounds added up:", counters_table(cells)]
    return blocks


def markdown(report, summary, found, plots=()):
    blocks = [f"# Critical sections, kernel {report['kernel']}", head(report), "## Modes",
              mode_list(), "## Targets", targets_table(found),
              "Ratios are of two modes in the same round; medians over the rounds, 95 % "
              "intervals by drawing the rounds anew. docs/bench.md tells what each is."]
    blocks += [f"![{about}]({name}.svg)" for name, about in plots]
    blocks += throughput_sections(summary)
    if any(one["latency"] for one in summary["cells"]):
        blocks += ["## Latency", "Median over rounds and VMs (least to largest):",
                   latency_table(summary["cells"])]
    if summary["fairness"]:
        blocks += ["## Fairness", "Two equal VMs under the same endless load:",
                   fairness_table(summary)]
    if summary["overhead"]:
        blocks += ["## Modules loaded, no VM enabled", overhead_table(summary)]
    blocks += ["## The paper's figures",
               f"Ours are {ALL}, or {FREE} where that was not run, of {STOCK} (PV) and of "
               f"{NOPV} (HVM).",
               literature_table(bench_targets.paper_rows(summary)), "Where it differs:",
               bullets(bench_targets.PAPER_DIFFERS), "## The debooster's figures (2025)",
               literature_table(bench_targets.debooster_rows(summary)), "Where it differs:",
               bullets(bench_targets.DEBOOSTER_DIFFERS)]
    return "\n\n".join(blocks) + "\n"


def save(report, folder):
    """Write report.json, in one piece or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / "report.new"
    new.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    new.rename(folder / "report.json")


def write(report, folder):
    """Write all files of a report; returns its targets."""
    summary = bench_results.summarise(report)
    found = bench_targets.targets(summary)
    folder.mkdir(parents=True, exist_ok=True)
    plots, why = bench_draw.draw(report, summary, folder)
    if why:
        print(f"plots are missing: {why}")
    (folder / "report.md").write_text(markdown(report, summary, found, plots))
    save({**report, "summary": summary, "targets": found}, folder)
    return found
