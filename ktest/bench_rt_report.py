# SPDX-License-Identifier: GPL-2.0
"""From the raw figures of the soft-real-time benchmark (report.json) to tables,
targets and plots.

Pure functions of the report, but for draw(); see bench_rt_test.py. What is not
known is None all the way and a "-" in the end.
"""
import json

import bench_figures
import bench_plot
import bench_tool
from bench_figures import geometric_mean, ratio, spread
from bench_text import microseconds, number, percent, ranged, table
from tally import NO_END

WITHIN_FIFO = 1.10		# mean and p99, of those of static SCHED_FIFO
OVER_FAIR = 3.0		# how much better than the fair class, where it is bad
SERVED = 0.99		# of the periods that SCHED_FIFO serves in time
SLACK = 0.97		# of what a runaway must leave to the others
SHARES = 0.02		# by which long-run shares may move
EEVDF = "6.12"		# the kernel that has to be better than fair

BOOSTS = ("boost-pick", "boost-fifo")


# Figures.

def promised(part):
    """The part of a CPU that boosts take at most."""
    return part["sbt_us"] / (part["sbt_us"] + part["usbt_us"])


def deadline(part):
    """A period is served in time within its first half."""
    return part["period_us"] / 2


def expected(part, seconds):
    return int(seconds * 1_000_000 / part["period_us"])


def window_figures(window, part):
    """The figures of one mode in one round."""
    elapsed, hogs = window["elapsed_ns"], window["hogs_ns"]
    figures = {"rt_cpu": window["rt_ns"] / elapsed, "hogs_cpu": sum(hogs) / elapsed,
               "first": ratio(hogs[0], sum(hogs)), "rates": window["hog_rates"]}
    if window["latency"]:
        figures.update(bench_figures.latencies(
            bench_figures.histogram(window["latency"]),
            expected(part, window["seconds"]), deadline(part)))
    return figures


def rates_ratio(rates, other):
    """Throughput of the hogs, all stressors alike, as a part of another one's."""
    return geometric_mean(ratio(rates.get(name, 0.0), other[name]) for name in other)


def by_mode(part):
    """{mode: {round: figures}}; "rate" is the hogs' throughput, of that in the
    fair mode of the same round."""
    modes = {}
    for window in part["windows"]:
        figures = window_figures(window, part["plan"])
        modes.setdefault(window["mode"], {})[window["round"]] = figures
    for rounds in modes.values():
        for at, figures in rounds.items():
            fair = modes.get("fair", {}).get(at)
            figures["rate"] = rates_ratio(figures["rates"], fair["rates"]) if fair else None
    return modes


def pooled(part, mode):
    """Figures of the wakeups of all rounds together, and their histogram."""
    windows = [w for w in part["windows"] if w["mode"] == mode and w["latency"]]
    bins = bench_figures.merged(bench_figures.histogram(w["latency"]) for w in windows)
    periods = sum(expected(part["plan"], w["seconds"]) for w in windows)
    return bench_figures.latencies(bins, periods, deadline(part["plan"])), bins


def long_run(part, mode):
    """CPU figures of all rounds together."""
    windows = [w for w in part["windows"] if w["mode"] == mode]
    elapsed = sum(w["elapsed_ns"] for w in windows)
    hogs = [sum(times) for times in zip(*(w["hogs_ns"] for w in windows))]
    return {"rt_cpu": sum(w["rt_ns"] for w in windows) / elapsed,
            "hogs_cpu": sum(hogs) / elapsed, "first": ratio(hogs[0], sum(hogs))}


def boost_totals(part, mode):
    """What the module counted, summed up over the rounds; None if not a boost."""
    boosts = [w["boost"] for w in part["windows"] if w["mode"] == mode and w["boost"]]
    if not boosts:
        return None
    total = {"counters": {}}
    for name in boosts[0]["counters"]:
        values = [boost["counters"][name] for boost in boosts]
        total["counters"][name] = max(values) if "max" in name else sum(values)
    for which in ("wait_boosted", "wait_other"):
        bins = bench_figures.merged(
            {bucket["below_ns"] or NO_END: bucket["count"]
             for bucket in boost[which]["buckets"]} for boost in boosts)
        total[which] = {"count": sum(bins.values())}
        for name in ("p50", "p99"):
            total[which][f"{name}_ns"] = bench_figures.percentile(
                bins, bench_figures.PERCENTILES[name])
    return total


def is_latency(part):
    return part["plan"]["kind"] == "latency"


def names_of(part):
    names = ["rt_cpu", "hogs_cpu", "first", "rate"]
    if is_latency(part):
        names += ["mean", *bench_figures.PERCENTILES, "max", "served"]
    return names


def summarise(report):
    """{part: {mode: medians and spreads over the rounds, pooled figures}}."""
    result = {}
    for name, part in report["parts"].items():
        result[name] = {}
        for mode, rounds in by_mode(part).items():
            one = {figure: spread(figures[figure] for figures in rounds.values())
                   for figure in names_of(part)}
            if is_latency(part):
                one["pooled"] = pooled(part, mode)[0]
            one["boosts"] = boost_totals(part, mode)
            result[name][mode] = one
    return result


# Targets.

def target(what, bound, per_round, pooled=None, most=False, by="median"):
    """One target. `most`: the bound is an upper one. `pooled`: the same figure of
    all rounds in one. `by`: which of the two decides, "median" of the rounds or
    "pooled"."""
    known = [value for value in per_round if value is not None]
    result = {"what": what, "bound": bound, "most": most, **spread(known), "pooled": pooled,
              "by": by}
    got = result[by]

    def holds(value):
        return value <= bound if most else value >= bound
    return {**result, "met": None if got is None else holds(got),
            "missed_by": None if got is None or holds(got) else abs(got - bound),
            "rounds_met": sum(map(holds, known))}


def pairs(modes, mode, other):
    """[(figures, figures)] of two modes in the same rounds."""
    first, second = modes.get(mode, {}), modes.get(other, {})
    return [(first[number], second[number]) for number in sorted(first) if number in second]


def latency_targets(part, kernel):
    modes = by_mode(part)
    whole = {mode: pooled(part, mode)[0] for mode in modes}

    def ratios(mode, other, figure):
        got = [ratio(a[figure], b[figure]) for a, b in pairs(modes, mode, other)]
        both = [whole.get(m, {}).get(figure) for m in (mode, other)]
        return got, ratio(*both)

    found = []
    for figure in ("mean", "p99"):
        found.append(target(f"boost-pick's {figure}, of fifo's", WITHIN_FIFO,
                            *ratios("boost-pick", "fifo", figure), most=True))
    if kernel == EEVDF:
        for figure in ("mean", "p99"):
            found.append(target(f"fair's {figure}, of boost-pick's", OVER_FAIR,
                                *ratios("fair", "boost-pick", figure)))
    found.append(target("periods that boost-pick serves in time, of fifo's", SERVED,
                        *ratios("boost-pick", "fifo", "served")))
    return found + share_targets(part, modes)


def moved(figures, other):
    """How far the share of the first of the hogs is from another one's."""
    if figures["first"] is None or other["first"] is None:
        return None
    return abs(figures["first"] - other["first"])


def used(figures, other):
    """CPU time of all VMs together, of another one's."""
    return ratio(figures["rt_cpu"] + figures["hogs_cpu"], other["rt_cpu"] + other["hogs_cpu"])


def share_targets(part, modes):
    """Long-run shares: all rounds together decide."""
    both = pairs(modes, "boost-pick", "fair")
    whole = [long_run(part, mode) for mode in ("boost-pick", "fair")] if both else None
    return [
        target("share of the first of the hogs, boost-pick's less fair's", SHARES,
               [moved(*pair) for pair in both], moved(*whole) if both else None, most=True,
               by="pooled"),
        target("CPU time of all VMs together under boost-pick, of that in fair", 1 - SHARES,
               [used(*pair) for pair in both], used(*whole) if both else None, by="pooled")]


def left_by_sharing(fair, share):
    """CPU time left to the hogs if the rt guest gets what it gets by fair
    sharing, or what it was promised if that is more."""
    return max(0, fair["rt_cpu"] + fair["hogs_cpu"] - max(fair["rt_cpu"], share))


def runaway_targets(part):
    modes = by_mode(part)
    share = promised(part["plan"])
    bound = (1 - share) * SLACK
    found = []
    for mode in BOOSTS:
        both = pairs(modes, mode, "fair")
        if not both:
            continue
        found.append(target(f"throughput of the others beside a runaway by {mode}, of that "
                            "in fair", bound, [a["rate"] for a, _ in both]))
        found.append(target(f"their CPU time, {mode}, of that in fair", bound,
                            [ratio(a["hogs_cpu"], b["hogs_cpu"]) for a, b in both]))
        found.append(target(f"their CPU time, {mode}, of all that fair sharing and the "
                            "promise leave", SLACK,
                            [ratio(a["hogs_cpu"], left_by_sharing(b, share))
                             for a, b in both]))
    return found


def targets(report):
    """All targets of the parts that were run, each with its part's name."""
    found = []
    for name, part in report["parts"].items():
        these = (latency_targets(part, report["kernel"]) if is_latency(part)
                 else runaway_targets(part))
        found += [{"part": name, **one} for one in these]
    return found


# Markdown.

def verdict(one):
    if one["met"] is None:
        return "no data"
    if one["met"]:
        return "met"
    return f"**not met**, by {one['missed_by']:.3f}"


def targets_table(found):
    rows = []
    for one in found:
        rows.append((
            one["part"], one["what"], f"{'at most' if one['most'] else 'at least'} "
            f"{one['bound']:.3f}", ranged(one, number, 3), number(one["pooled"], 3),
            f"{one['rounds_met']} of {one['rounds']}",
            verdict(one) + (", pooled" if one["by"] == "pooled" else "")))
    return table(("part", "figure", "wanted", "median of the rounds", "all rounds in one",
                  "rounds that meet it", "verdict"), rows)


def latency_tables(summary):
    """Medians over rounds, and all wakeups pooled."""
    over = [(mode, *(ranged(one[name], number) for name in ("mean", "p50", "p99", "p999",
                                                            "max")),
             ranged(one["served"], percent)) for mode, one in summary.items()]
    whole = []
    for mode, one in summary.items():
        p = one["pooled"]
        whole.append((mode, p["wakeups"], p["periods"],
                      *(number(p[name]) for name in ("mean", "p50", "p99", "p999", "max")),
                      percent(p["served"], 2)))
    figures = ("mean us", "p50 us", "p99 us", "p99.9 us", "max us")
    return ("Wakeup latency in the guest; median over the rounds (least to largest):\n\n"
            + table(("mode", *figures, "in time %"), over)
            + "\n\nAll rounds pooled:\n\n"
            + table(("mode", "wakeups", "periods", *figures, "in time %"), whole))


def share_table(summary, cpus):
    def part_of_all(value):
        return percent(value / cpus)
    rows = []
    for mode, one in summary.items():
        rows.append((mode, ranged(one["rt_cpu"], part_of_all),
                     ranged(one["hogs_cpu"], part_of_all), ranged(one["first"], percent),
                     ranged(one["rate"], number, 3)))
    return table(("mode", f"rt guest, % of {cpus} CPUs", "hogs, %",
                  "the first hog's part of that, %", "hogs' throughput, of that in fair"), rows)


def boost_table(summary):
    """What the host module counted; nothing if no boost was run."""
    rows = []
    for mode, one in summary.items():
        total = one["boosts"]
        if not total:
            continue
        counters = total["counters"]
        rows.append((mode, *(counters.get(name, "-") for name in
                             ("wakes", "boosts", "too_early", "ended_sbt", "missed", "picks",
                              "kicks", "placed")),
                     *(f"{microseconds(total[which]['p50_ns'])}, "
                       f"{microseconds(total[which]['p99_ns'])}"
                       for which in ("wait_boosted", "wait_other")),
                     *(microseconds(counters.get(name)) for name in
                       ("wait_max_ns", "over_max_ns"))))
    if not rows:
        return ""
    return ("As the host module counted it, all rounds; waits are from wakeup to running on "
            "the host, p50 and p99 are upper ends of buckets:\n\n"
            + table(("mode", "wakes", "boosts", "too early", "ended by SBT", "missed", "picks",
                     "kicks", "placed", "boosted wait us", "other wait us", "longest us",
                     "over SBT us"), rows))


def before_text(part):
    """What the emulated machine itself costs."""
    lines = []
    for name, what in (("alone", "The rt guest alone, no hogs"),
                       ("host_timer", "Timers of the host itself, beside the hogs")):
        if name in part["before"]:
            bins = bench_figures.histogram(part["before"][name])
            got = bench_figures.latencies(bins, 0, 0)
            lines.append(f"{what}: mean {number(got['mean'])} us, p99 {number(got['p99'])}, "
                         f"max {number(got['max'])} ({got['wakeups']} wakeups).")
    return "\n".join(lines)


def part_section(name, part, summary):
    plan = part["plan"]
    load = (f"cyclictest, period {plan['period_us']} us, in time below {deadline(plan):.0f} us"
            if is_latency(part) else f"`stress-ng {plan['load']}` in the rt guest")
    load += "".join(f", and a hog {hog}: `stress-ng {what}`"
                    for hog, what in plan.get("more", {}).items())
    blocks = [
        f"## {name}",
        f"{plan['about']}: {load}; sbt {plan['sbt_us']} us, usbt {plan['usbt_us']} us "
        f"({100 * promised(plan):.1f} % of a CPU); {part['seconds']} s a window; "
        f"{part.get('boots', 1)} boots, {part['lost']} lost.",
        "\n".join(f"Mode {mode} was not available: {'; '.join(reason.splitlines())}"
                  for mode, reason in part["unavailable"].items())]
    if is_latency(part):
        blocks += [before_text(part), latency_tables(summary)]
    blocks += ["CPU time, median over the rounds:", share_table(summary, part["cpus"]),
               boost_table(summary)]
    return "\n\n".join(filter(None, blocks))


def plotted(report):
    return [name for name, part in report["parts"].items()
            if is_latency(part) and any(w["latency"] for w in part["windows"])]


def markdown(report, summary, found, plot=True):
    settings = report["settings"]
    about = [
        *bench_tool.about(report),
        f"{settings['rounds']} rounds of all modes in turns, seed {settings['seed']}",
        *(f"hog {name}: `stress-ng {load}`" for name, load in settings["hogs"].items())]
    missing = [f"- part {name} was not measured: {reason.splitlines()[0]}"
               for name, reason in report["failed"].items()]
    blocks = [f"# Soft real time, kernel {report['kernel']}",
              "\n".join([f"- {line}" for line in about] + missing),
              "## Targets", targets_table(found),
              "Ratios are of the two modes in the same round; their median decides, or where it "
              "says so all rounds in one. docs/bench-rt.md tells what each is."]
    blocks += [part_section(name, part, summary[name])
               for name, part in report["parts"].items()]
    if plot and plotted(report):
        blocks += ["## Wakeup latency", "![share of the wakeups that took longer](latency.svg)"]
    return "\n\n".join(blocks) + "\n"


# Plots.

def data_files(report):
    """{file name: text}: for each load and mode, the share of wakeups that took
    longer than a latency."""
    files = {}
    for name in plotted(report):
        part = report["parts"][name]
        for mode in by_mode(part):
            points = bench_figures.later_than(pooled(part, mode)[1])
            lines = [f"{at} {share:.6g}" for at, share in points]
            files[f"latency-{name}-{mode}.dat"] = "\n".join(
                ["# latency_us share_of_wakeups_that_took_longer", *lines]) + "\n"
    return files


def gnuplot_script(report):
    """The script, but for its terminal and output."""
    names = plotted(report)
    lines = ["set logscale xy", "set grid", "set key bottom left", "set yrange [0.0005:1]",
             "set linetype 5 linecolor rgb '#e51e10'",
             "set ylabel 'share of the wakeups that took longer'",
             "set xlabel 'wakeup latency in the guest, us'",
             f"set multiplot layout {max(1, len(names))},1"]
    for name in names:
        part = report["parts"][name]
        period = part["plan"]["period_us"]
        at = deadline(part["plan"])
        curves = ", \\\n     ".join(f"'latency-{name}-{mode}.dat' with steps linewidth 2 "
                                    f"title '{mode}'" for mode in by_mode(part))
        lines += [f"set title '{name}: period {period} us, kernel {report['kernel']}; "
                  "the line: its deadline'",
                  "unset arrow",
                  f"set arrow from {at:.0f}, graph 0 to {at:.0f}, graph 1 nohead dashtype 2",
                  f"plot {curves}"]
    lines.append("unset multiplot")
    return "\n".join(lines) + "\n"


def draw(report, folder):
    """All files of the plot: None, or why there is none."""
    names = plotted(report)
    if not names:
        return "there are no latencies to plot"
    return bench_plot.draw(folder, "latency", gnuplot_script(report), data_files(report),
                           height=450 * len(names))


def write(report, folder):
    """Write all files of a report; returns its targets."""
    folder.mkdir(parents=True, exist_ok=True)
    summary, found = summarise(report), targets(report)
    why = draw(report, folder)
    if why:
        print(f"no plots: {why}")
    (folder / "report.md").write_text(markdown(report, summary, found, plot=not why))
    whole = {**report, "summary": summary, "targets": found}
    text = json.dumps(whole, indent=1, allow_nan=False)
    (folder / "report.json").write_text(text + "\n")
    return found
