# SPDX-License-Identifier: GPL-2.0
"""The plots of the benchmark: data and gnuplot's script; see bench_plot.py."""
import bench_figures
import bench_plot
import bench_results
from bench_modes import ALL, ALONE, FREE, MODES, STOCK
from bench_work import WORKLOADS

COMPARED = (ALONE, FREE, ALL)	# by workload: co-scheduled, as installed, all marks
SHOWN = {"throughput": f"throughput of {', '.join(COMPARED)}, of {STOCK}",
         "ablation": f"each mode over the lock-heavy set, of {STOCK}",
         "fairness": "share of the first of two equal VMs, second by second",
         "extensions": "share of the extensions that were longer"}


def rows(points):
    """Lines of position, value, its interval and a label."""
    lines = ["# at value low high label"]
    for at, one, label in points:
        low, high = (one["median"] if one[end] is None else one[end] for end in ("low", "high"))
        lines.append(f'{at:.3f} {one["median"]:.5g} {low:.5g} {high:.5g} "{label}"')
    return "\n".join(lines) + "\n"


def bars(name, title, labels, series):
    """(script, {file: text}) of points with intervals, several beside each other;
    series: {title: {label: estimate}}."""
    files, curves = {}, []
    for number, (which, found) in enumerate(series.items()):
        shift = 0.18 * (number - (len(series) - 1) / 2)
        points = [(at + shift, found[label], label) for at, label in enumerate(labels)
                  if label in found and found[label]["median"] is not None]
        if points:
            file = f"{name}-{which.replace(' ', '-')}.dat"
            files[file] = rows(points)
            curves.append(f"'{file}' using 1:2:3:4 with yerrorbars pointtype 7 linewidth 2 "
                          f"title '{which}'")
    tics = ", ".join(f"'{label}' {at}" for at, label in enumerate(labels))
    lines = ["set grid ytics", "set key outside top right", f"set title '{title}'",
             f"set xrange [-0.6:{len(labels) - 0.4:.1f}]", f"set xtics rotate by -45 ({tics})",
             "set arrow from graph 0, first 1 to graph 1, first 1 nohead dashtype 2",
             "set ylabel 'throughput, of stock'", "plot " + ", \\\n     ".join(curves)]
    return "\n".join(lines) + "\n", files


def compared(report, only=COMPARED):
    """[(title of a curve, number of VMs, mode)]."""
    return [(f"{vms} VM {mode}", vms, mode) for vms in bench_results.numbers_of_vms(report)
            for mode in only]


def throughput(report, summary):
    cells = [one for one in summary["cells"] if one["mode"] in COMPARED]
    labels = [name for name in WORKLOADS if any(one["workload"] == name for one in cells)]
    series = {title: {one["workload"]: one["ratio"] for one in cells
                      if one["vms"] == vms and one["mode"] == mode}
              for title, vms, mode in compared(report)}
    return bars("throughput", f"throughput, kernel {report['kernel']}", labels, series)


def ablation(report, summary):
    labels = [mode for mode in MODES if mode != STOCK
              and any(one["mode"] == mode for one in summary["heavy"])]
    series = {f"{vms} VM": {one["mode"]: one["ratio"] for one in summary["heavy"]
                            if one["vms"] == vms}
              for vms in bench_results.numbers_of_vms(report)}
    return bars("ablation", f"lock-heavy set, kernel {report['kernel']}", labels, series)


def extensions(report, _summary):
    """Of all workloads together: the share of the extensions that were longer."""
    files, curves = {}, []
    for title, vms, mode in compared(report, (FREE, ALL)):
        windows = [window for part in bench_results.of_kind(report, "throughput").values()
                   if part["part"]["vms"] == vms for window in bench_results.of_mode(part, mode)]
        bins = bench_results.counts(windows)["ext"]
        if bins:
            points = bench_figures.later_than(bins)
            file = f"extensions-{title.replace(' ', '-')}.dat"
            files[file] = "# below_us share\n" + "".join(
                f"{at / 1000:.6g} {share:.6g}\n" for at, share in points)
            curves.append(f"'{file}' with steps linewidth 2 title '{title}'")
    lines = ["set logscale xy", "set grid", "set key bottom left",
             f"set title 'extensions, kernel {report['kernel']}'",
             "set xlabel 'length, us'", "set ylabel 'share that was longer'",
             "plot " + ", \\\n     ".join(curves)]
    return "\n".join(lines) + "\n", files


def fairness(report, summary):
    """Median, least and largest of the rounds, in each second."""
    files, curves = {}, []
    for number, (mode, found) in enumerate(summary["fairness"].items()):
        file = f"fairness-{mode}.dat"
        files[file] = rows((at + 1 + number / 10, {**one, "low": one["min"],
                                                   "high": one["max"]}, mode)
                           for at, one in enumerate(found["by_second"]))
        curves.append(f"'{file}' using 1:2:3:4 with yerrorlines pointtype 7 title '{mode}'")
    lines = ["set grid", "set key outside top right", "set xlabel 'second'",
             f"set title 'fairness, kernel {report['kernel']}'",
             "set ylabel 'share of the first VM'", "plot " + ", \\\n     ".join(curves)]
    return "\n".join(lines) + "\n", files


PLOTS = {"throughput": throughput, "ablation": ablation, "fairness": fairness,
         "extensions": extensions}


def draw(report, summary, folder):
    """Draw what there is data for: ([(name, about)], None or why one is missing)."""
    drawn, why = [], None
    for name, plot in PLOTS.items():
        script, files = plot(report, summary)
        failed = bench_plot.draw(folder, name, script, files, height=500) if files else None
        if failed:
            why = failed
        elif files:
            drawn.append((name, SHOWN[name]))
    return drawn, why
