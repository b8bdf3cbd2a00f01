# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the soft-real-time benchmark's figures and report: ktest/bench_rt.py --selftest"""
import contextlib
import io
import json
import pathlib
import tempfile
import types
import unittest
from unittest import mock

import bench_boots
import bench_figures as figures
import bench_rt
import bench_rt_report as report
import machine
from tally import NO_END

CYCLICTEST = """\
# /dev/cpu_dma_latency set to 0us
# Histogram
000010 000003
000012 000000
000020 000005
# Total: 000000008
# Min Latencies: 00010
# Avg Latencies: 00021
# Max Latencies: 00175
# Histogram Overflows: 00002
# Histogram Overflow at cycle number:
# Thread 0: 00003 00004
"""
STRESS_NG = """\
stress-ng: info:  [2585] dispatching hogs: 1 fork, 1 cpu
stress-ng: metrc: [2585] stressor       bogo ops real time  usr time  sys time   bogo ops/s
stress-ng: metrc: [2585]                           (secs)    (secs)    (secs)   (real time)
stress-ng: metrc: [2585] fork                673      2.50      0.27      0.24       242.43
stress-ng: metrc: [2585] cpu                   0      0.00      1.62      0.00      1506.39
stress-ng: info:  [2585] successful run completed in 2.78s
"""
BOOST = {"counters": {"boosts": 4, "missed": 1, "wait_max_ns": 5000},
         "wait_boosted": {"buckets": [{"below_ns": 1024, "count": 3},
                                      {"below_ns": None, "count": 1}]},
         "wait_other": {"buckets": []}}


def window(mode, number, bins=None, rt=0.2, hogs=(0.9, 0.9), rate=100.0, boost=None):
    latency = bins and {"bins": sorted(map(list, bins.items())), "overflows": 0,
                        "avg_us": 0, "max_us": max(bins)}
    return {"mode": mode, "round": number, "position": 0, "seconds": 1, "latency": latency,
            "elapsed_ns": 10**9, "rt_ns": int(rt * 1e9), "boost": boost,
            "hogs_ns": [int(hog * 1e9) for hog in hogs],
            "hog_rates": {"compile.fork": rate, "cpu.cpu": 2 * rate}}


def part(kind, windows):
    plan = {"kind": kind, "about": "A test", "sbt_us": 3000, "usbt_us": 5000}
    plan.update({"period_us": 10000} if kind == "latency" else {"load": "--cpu 1"})
    return {"plan": plan, "windows": windows, "cpus": 2, "release": "6.12.0-test",
            "ecs": {}, "before": {}, "unavailable": {}, "seconds": 1, "boots": 1,
            "lost": 0, "lost_details": []}


def whole(kernel="6.12", **parts):
    return {"schema": 1, "kernel": kernel, "qemu": "0", "commit": None, "dirty": None,
            "began": "now", "machine": {"cpu": "none", "cpus": 2, "kernel": "0",
                                        "load": [0, 0, 0]},
            "settings": {"rounds": 2, "seconds": 1, "seed": 1, "modes": [], "hogs": {}},
            "parts": parts, "failed": {}}


def good():
    """Two rounds that meet all targets."""
    windows = []
    for number in (0, 1):
        windows += [window("fair", number, {1000: 40, 6000: 20}, rt=0.1, hogs=(0.95, 0.95)),
                    window("fifo", number, {200: 90, 300: 10}),
                    window("boost-pick", number, {210: 90, 310: 10}, boost=BOOST)]
    return part("latency", windows)


def named(found, words):
    return next(one for one in found if words in one["what"])


class Figures(unittest.TestCase):
    def test_cyclictest(self):
        got = figures.cyclictest(CYCLICTEST)
        self.assertEqual(got, {"bins": [[10, 3], [20, 5]], "overflows": 2, "avg_us": 21,
                               "max_us": 175})
        self.assertEqual(figures.histogram(got), {10: 3, 20: 5, 175: 2})

    def test_cyclictest_none(self):
        text = CYCLICTEST.replace("000003\n", "000000\n").replace("000005\n", "000000\n")
        text = text.replace("Total: 000000008", "Total: 000000000").replace("00002", "00000")
        got = figures.cyclictest(text)
        self.assertEqual((got["bins"], got["avg_us"], got["max_us"]), ([], None, None))
        self.assertEqual(figures.histogram(got), {})

    def test_cyclictest_broken(self):
        for text in ("", "cyclictest: not found", CYCLICTEST.replace("000003", "000004"),
                     CYCLICTEST[:CYCLICTEST.index("# Max")]):
            with self.assertRaises(ValueError):
                figures.cyclictest(text)

    def test_metrics(self):
        self.assertEqual(figures.metrics(STRESS_NG), {"fork": 673 / 2.5, "cpu": 0.0})
        with self.assertRaises(ValueError):
            figures.metrics("stress-ng: info:  [1] dispatching hogs: 1 fork")

    def test_percentile(self):
        bins = {at: 1 for at in range(1, 1001)}
        self.assertEqual([figures.percentile(bins, at) for at in (5000, 9900, 9990, 10000)],
                         [500, 990, 999, 1000])
        self.assertEqual(figures.percentile({7: 1}, 1), 7)
        self.assertIsNone(figures.percentile({}, 5000))

    def test_latencies(self):
        got = figures.latencies({100: 6, 500: 2}, 10, 500)
        self.assertEqual((got["wakeups"], got["periods"], got["served"], got["mean"]),
                         (8, 10, 0.6, 200))
        # One more than the period says is no reason for more than all.
        self.assertEqual(figures.latencies({100: 11}, 10, 500)["served"], 1)
        self.assertIsNone(figures.latencies({}, 10, 500)["mean"])
        self.assertEqual(figures.latencies({}, 10, 500)["served"], 0)

    def test_merged(self):
        self.assertEqual(figures.merged([{1: 2, 3: 4}, {3: 1}]), {1: 2, 3: 5})

    def test_later_than(self):
        self.assertEqual(figures.later_than({5: 3, 9: 1}), [(5, 0.25), (9, 0)])

    def test_order(self):
        modes = list("abcde")
        rounds = [figures.order(modes, number) for number in range(10)]
        self.assertEqual(rounds[0], modes)
        for even, odd in zip(rounds[::2], rounds[1::2]):
            self.assertEqual(even, odd[::-1])
            self.assertEqual(sorted(even), modes)
        self.assertEqual({order[0] for order in rounds[::2]}, set(modes))
        self.assertEqual(figures.order(["a"], 3), ["a"])

    def test_spread(self):
        self.assertEqual(figures.spread([3, None, 1, 2]),
                         {"median": 2, "min": 1, "max": 3, "rounds": 3})
        self.assertIsNone(figures.spread([None])["median"])

    def test_unknown(self):
        self.assertIsNone(figures.ratio(None, 1))
        self.assertIsNone(figures.ratio(1, 0))
        self.assertIsNone(figures.geometric_mean([1, None]))
        self.assertIsNone(figures.geometric_mean([]))
        self.assertEqual(figures.geometric_mean([2, 8]), 4)


class Boots(unittest.TestCase):
    """Rounds that were complete stay, whatever becomes of the machine."""

    def measure(self, boots, rounds=3):
        """With each boot: how many rounds it gets through, and how it ends."""
        asked = []

        def run(*_, logs, args, **__):
            complete, outcome = boots[len(asked)]
            asked.append(args["first"])
            data = {"windows": [window(mode, number) for number in
                                range(args["first"], args["first"] + complete)
                                for mode in args["modes"]]}
            logs.mkdir(parents=True)
            if complete:
                (logs / bench_boots.KEPT).write_text(json.dumps(data))
            return machine.Result(outcome, "why", data if outcome == "ok" else None)

        with tempfile.TemporaryDirectory() as out, mock.patch.object(machine, "run", run):
            options = types.SimpleNamespace(modes=["fair", "fifo"], rounds=rounds, seconds=4,
                                            kernel="6.12", out=pathlib.Path(out))
            return bench_rt.measure("video", options, lambda _: None), asked

    def check(self, result, rounds=3):
        self.assertEqual(result.outcome, "ok")
        self.assertEqual([(w["round"], w["mode"]) for w in result.data["windows"]],
                         [(n, m) for n in range(rounds) for m in ("fair", "fifo")])

    def test_one(self):
        result, asked = self.measure([(3, "ok")])
        self.check(result)
        self.assertEqual((asked, result.data["boots"], result.data["lost"]), ([0], 1, 0))

    def test_goes_on(self):
        result, asked = self.measure([(1, "lost-vm"), (0, "lost-vm"), (2, "ok")])
        self.check(result)
        self.assertEqual((asked, result.data["boots"], result.data["lost"]), ([0, 1, 1], 2, 2))

    def test_lost_after_the_last_round(self):
        result, asked = self.measure([(3, "lost-vm")])
        self.check(result)
        self.assertEqual((asked, result.data["lost"]), ([0], 1))

    def test_gives_up(self):
        result, asked = self.measure([(0, "lost-vm")] * bench_boots.BOOTS)
        self.assertEqual((result.outcome, len(asked)), ("lost-vm", bench_boots.BOOTS))

    def test_a_failure_is_none_to_go_on_after(self):
        result, asked = self.measure([(1, "lost-vm"), (1, "not ok")])
        self.assertEqual((result.outcome, asked), ("not ok", [0, 1]))


class Targets(unittest.TestCase):
    def test_all_met(self):
        found = report.targets(whole(video=good()))
        self.assertEqual([one["met"] for one in found], [True] * len(found))
        self.assertEqual(len(found), 7)
        mean = named(found, "boost-pick's mean")
        self.assertAlmostEqual(mean["median"], 220 / 210)
        self.assertAlmostEqual(mean["pooled"], 220 / 210)
        self.assertEqual((mean["rounds"], mean["rounds_met"]), (2, 2))

    def test_missed(self):
        video = good()
        for one in video["windows"]:
            if one["mode"] == "boost-pick":
                one["latency"]["bins"] = [[500, 50]]
        found = report.targets(whole(video=video))
        mean = named(found, "boost-pick's mean")
        self.assertFalse(mean["met"])
        self.assertAlmostEqual(mean["missed_by"], 500 / 210 - 1.1)
        self.assertEqual(mean["rounds_met"], 0)
        served = named(found, "serves in time")
        self.assertAlmostEqual(served["median"], 0.5)
        self.assertIn("**not met**, by 0.490", report.targets_table([{"part": "x", **served}]))

    def test_median_decides(self):
        one = report.target("x", 1, [0.9, 1.2, 1.3])
        self.assertEqual((one["met"], one["rounds_met"], one["missed_by"]), (True, 2, None))
        one = report.target("x", 1, [0.9, 1.2, 1.3], most=True)
        self.assertEqual((one["met"], one["rounds_met"]), (False, 1))

    def test_fair_only_where_it_is_bad(self):
        self.assertEqual(len(report.targets(whole("6.1", video=good()))), 5)

    def test_shares(self):
        video = good()
        video["windows"][2]["hogs_ns"] = [1_000_000_000, 800_000_000]
        video["windows"][5]["hogs_ns"] = [600_000_000, 1_000_000_000]
        found = report.targets(whole(video=video))
        hogs, used = named(found, "first of the hogs"), named(found, "all VMs together")
        # In the long run: 1.6 of 3.4, not the worse ones of the rounds.
        self.assertAlmostEqual(hogs["pooled"], 0.5 - 1.6 / 3.4)
        self.assertAlmostEqual(hogs["median"], (1 / 1.8 + 1 / 1.6 - 1) / 2)
        self.assertAlmostEqual(hogs["missed_by"], 0.5 - 1.6 / 3.4 - 0.02)
        self.assertAlmostEqual(used["pooled"], 3.8 / 4)
        self.assertEqual((hogs["met"], used["met"]), (False, False))

    def test_no_data(self):
        fair = part("latency", [window("fair", 0, {5: 1})])
        found = report.targets(whole(video=fair))
        self.assertEqual({one["met"] for one in found}, {None})
        self.assertIn("no data", report.targets_table(found))

    def test_nothing_woke(self):
        windows = [window("fifo", 0, {5: 1}), window("boost-pick", 0, {5: 1})]
        windows[1]["latency"].update(bins=[], max_us=None)
        found = report.targets(whole(video=part("latency", windows)))
        self.assertIsNone(named(found, "boost-pick's mean")["met"])
        self.assertEqual(named(found, "serves in time")["met"], False)

    def test_runaway(self):
        part_ = part("runaway", [
            window("fair", 0, rt=0.5, hogs=(0.75, 0.75)),
            window("fifo", 0, rt=0.95, hogs=(0.5, 0.5), rate=60.0),
            window("boost-pick", 0, rt=0.6, hogs=(0.7, 0.7), rate=50.0)])
        found = report.targets(whole(runaway=part_))
        self.assertEqual(len(found), 3)		# boost-fifo was not run
        bound = (1 - 3 / 8) * 0.97
        rate = named(found, "throughput")
        self.assertAlmostEqual(rate["bound"], bound)
        self.assertAlmostEqual(rate["median"], 0.5)
        self.assertFalse(rate["met"])
        self.assertAlmostEqual(named(found, "of that in fair")["median"], 0.5)
        strict = named(found, "the promise leave")
        self.assertAlmostEqual(strict["median"], 1.4 / 1.5)
        self.assertFalse(strict["met"])

    def test_promise_above_fair_share(self):
        self.assertAlmostEqual(report.left_by_sharing({"rt_cpu": 0.2, "hogs_cpu": 1.8}, 0.375),
                               1.625)
        self.assertEqual(report.left_by_sharing({"rt_cpu": 0, "hogs_cpu": 0.2}, 0.375), 0)

    def test_lost_stressor(self):
        self.assertEqual(report.rates_ratio({"a": 1.0}, {"a": 1.0, "b": 2.0}), 0)
        self.assertIsNone(report.rates_ratio({"a": 1.0}, {"a": 0.0}))


class Text(unittest.TestCase):
    def everything(self):
        video = good()
        video["before"] = {"alone": figures.cyclictest(CYCLICTEST)}
        video["unavailable"] = {"deadline": "status 1 of: chrt\nno"}
        runaway = part("runaway", [window("fair", 0), window("fifo", 0)])
        return whole(video=video, runaway=runaway)

    def test_markdown(self):
        one = self.everything()
        one["failed"]["audio"] = "lost-vm: L1 lost\nmore"
        text = report.markdown(one, report.summarise(one), report.targets(one))
        for words in ("# Soft real time, kernel 6.12", "part audio was not measured: lost-vm",
                      "deadline was not available: status 1 of: chrt; no\n",
                      "| boost-pick | 200 | 200 | 220 | 210 | 310 | 310 | 310 | 100.00 |",
                      "latency.svg", "The rt guest alone, no hogs: mean 48 us",
                      "| boost-pick | - | 8 | - | - | 2 |"):
            self.assertIn(words, text)
        self.assertNotIn("None", text)
        self.assertNotIn("\n\n\n", text)
        columns = None
        for line in text.splitlines():
            columns = line.count("|") if line.startswith("|") and columns is None else columns
            if not line.startswith("|"):
                columns = None
            self.assertIn(columns, (None, line.count("|")), line)

    def test_boosts(self):
        total = report.boost_totals(good(), "boost-pick")
        self.assertEqual(total["counters"], {"boosts": 8, "missed": 2, "wait_max_ns": 5000})
        self.assertEqual(total["wait_boosted"],
                         {"count": 8, "p50_ns": 1024, "p99_ns": NO_END})
        self.assertIsNone(total["wait_other"]["p50_ns"])
        self.assertIsNone(report.boost_totals(good(), "fair"))

    def test_data_files(self):
        files = report.data_files(self.everything())
        self.assertEqual(sorted(files), [f"latency-video-{mode}.dat" for mode in
                                         ("boost-pick", "fair", "fifo")])
        self.assertEqual(files["latency-video-fifo.dat"].splitlines()[1:], ["200 0.1", "300 0"])
        script = report.gnuplot_script(self.everything())
        for name in files:
            self.assertIn(name, script)

    def test_write_again(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            folder = pathlib.Path(folder)
            report.write(self.everything(), folder)
            first = (folder / "report.md").read_text()
            raw = json.loads((folder / "report.json").read_text())
            self.assertEqual(set(raw) - set(self.everything()), {"summary", "targets"})
            report.write(raw, folder)
            self.assertEqual((folder / "report.md").read_text(), first)

    def test_nothing_measured(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            empty = whole(video=part("latency", []))
            report.write(empty, pathlib.Path(folder))
            self.assertNotIn("latency.svg", (pathlib.Path(folder) / "report.md").read_text())
