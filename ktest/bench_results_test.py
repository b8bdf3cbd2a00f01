# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the benchmark's results: ktest/bench.py --selftest"""
import statistics
import unittest

import bench_figures
import bench_results
import tally
from bench_cases import COUNTERS, fair_part, good, measured, rounds, whole
from bench_modes import ABSENT, ALL, ONE, STOCK


class Figures(unittest.TestCase):
    def test_interval(self):
        low, high = bench_figures.interval(
            [[1, 2, 3, 4, 5]], lambda groups: statistics.median(groups[0]), 1)
        self.assertTrue(1 <= low < 3 < high <= 5, (low, high))
        again = bench_figures.estimate([1, 2, 3, 4, 5], 1)
        self.assertEqual(again, bench_figures.estimate([1, 2, 3, 4, 5], 1))
        self.assertEqual((again["median"], again["rounds"]), (3, 5))

    def test_interval_narrows(self):
        def width(values):
            one = bench_figures.estimate(values, 1)
            return one["high"] - one["low"]
        self.assertLess(width([1, 2, 3, 4, 5] * 20), width([1, 2, 3, 4, 5]))
        self.assertEqual(width([7, 7, 7]), 0)
        # What one draw in forty or less gives is outside, on both sides.
        one = bench_figures.estimate([*[5] * 30, 1, 9], 1)
        self.assertEqual((one["low"], one["high"]), (5, 5))
        low, high = bench_figures.interval([[0, 1] * 50], lambda g: sum(g[0]), 1)
        self.assertTrue(36 < low < 44 and 56 < high < 64, (low, high))

    def test_too_few(self):
        self.assertEqual(bench_figures.estimate([None, 4], 1),
                         {"median": 4, "low": None, "high": None, "rounds": 1})
        self.assertIsNone(bench_figures.estimate([], 1)["median"])
        self.assertEqual(bench_figures.mean_of_medians([[None]], 1),
                         {"median": None, "low": None, "high": None, "groups": 0})

    def test_mean_of_medians(self):
        one = bench_figures.mean_of_medians([[1, 2, 99], [8, 8, 8], [None]], 1)
        self.assertAlmostEqual(one["median"], 4)
        self.assertEqual(one["groups"], 2)
        self.assertTrue(one["low"] <= 4 <= one["high"])


class Tally(unittest.TestCase):
    def state(self, times):
        return {"counters": {"granted": 5 * times, "ext_max_ns": 9},
                "kinds": {"lock": {"captured": 7 * times, "avoided": times}},
                "ext": {"buckets": [{"below_ns": 1024, "count": times},
                                    {"below_ns": None, "count": 1}]},
                "late": {"buckets": []}}

    def test_add_up(self):
        total = tally.add_up(tally.empty(), [(self.state(1), self.state(4))] * 2)
        self.assertEqual(total["counters"], {"granted": 30, "lock.captured": 42,
                                             "lock.avoided": 6})
        self.assertEqual(tally.kinds(total["counters"]), {"lock": {"captured": 42, "avoided": 6}})
        self.assertEqual(total["ext"], {1024: 6, tally.NO_END: 0})

    def test_percentiles(self):
        self.assertEqual(tally.percentiles({1024: 98, 2048: 1, 4096: 1, 8192: 0}),
                         {"p50": 1024, "p99": 2048, "max": 4096})
        self.assertEqual(tally.percentiles({}), {"p50": 0, "p99": 0, "max": 0})

    def test_avoided(self):
        self.assertEqual(tally.avoided(COUNTERS), (95, 100))
        self.assertIsNone(tally.percent(0, 0))


class Results(unittest.TestCase):
    def test_ratio_is_of_the_same_round(self):
        one = measured("mmap", 2, (100, 10, 50), (200, 20, 100))
        cell = bench_results.cell(one, ALL)
        self.assertEqual(cell["ratio"], {"median": 2, "low": 2, "high": 2, "rounds": 3})
        self.assertEqual(cell["rate"]["median"], 100)
        self.assertIsNone(cell["ratio_nopv"]["median"])

    def test_round_without_stock(self):
        one = measured("mmap", 2, (100, 100), (200, 200, 900))
        self.assertEqual(bench_results.cell(one, ALL)["ratio"]["rounds"], 2)

    def test_counted(self):
        cell = bench_results.cell(measured("mmap", 2, (1,), (1, 1)), ALL)
        self.assertEqual((cell["captured"], cell["avoided"], cell["requests"]), (240, 190, 200))
        self.assertEqual(cell["avoided_part"], 0.95)
        self.assertEqual(cell["asked"], 1000)
        self.assertEqual(cell["kinds"]["rcu"],
                         {"captured": 40, "deferred": 32, "avoided": 32, "preempted": 10})
        self.assertEqual((cell["captured_s"], cell["halts_s"]), (30, 150))
        self.assertEqual(cell["ext_ns"], {"p50": 1024, "p99": 2048, "max": 2048})
        self.assertEqual(cell["late_ns"]["p99"], 512)

    def test_shares(self):
        windows = rounds(ALL, (1, 1), vms=2)
        self.assertEqual(bench_results.shares(windows), [0.5, 0.5])
        windows[0]["run_ns"] = [6, 2]
        windows[1]["run_ns"] = [3, 1]
        self.assertEqual(bench_results.shares(windows), [0.75, 0.25])

    def test_latency(self):
        windows = rounds(ALL, (1, 1), latency={"max_us": 7.0})
        windows[0]["latencies"] = [{"max_us": 1.0}, None]
        self.assertEqual(bench_results.latency(windows),
                         {"max_us": {"median": 7, "min": 1, "max": 7, "rounds": 3}})
        self.assertIsNone(bench_results.latency(rounds(ALL, (1,))))

    def test_groups(self):
        report = whole(measured("mmap", 2, (1, 1), (2, 2)), measured("fork", 2, (1, 1), (8, 8)),
                       measured("cpu", 2, (1, 1), (1, 1)), measured("mmap", 4, (1, 1), (3, 3)))
        one = bench_results.group(report, 2, ALL, bench_results.heavy)
        self.assertEqual(one["workloads"], ["mmap", "fork"])
        self.assertAlmostEqual(one["ratio"]["median"], 4)
        self.assertEqual(one["captured"], 4 * 120)
        self.assertIsNone(bench_results.group(report, 1, ALL, bench_results.heavy))
        self.assertEqual({(g["vms"], g["mode"])
                          for g in bench_results.groups(report, bench_results.heavy)},
                         {(2, STOCK), (2, ALL), (4, STOCK), (4, ALL)})

    def test_fairness(self):
        got = bench_results.fairness(whole(fair_part(0, 100)))[ONE]
        self.assertAlmostEqual(got["whole"]["max"], 100 / 2050)
        self.assertAlmostEqual(got["second"]["max"], 100 / 1050)
        self.assertAlmostEqual(got["share"]["max"], 2100 / 4100)
        self.assertAlmostEqual(got["by_second"][0]["max"], 1100 / 2100)
        self.assertEqual(got["by_second"][1]["max"], 0.5)

    def test_overhead(self):
        one, = bench_results.overhead(good())
        self.assertEqual(one["ratio"]["median"], 1.0)
        self.assertEqual(one[ABSENT]["median"], 10)
