# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the benchmark's targets, report and plots: ktest/bench.py --selftest"""
import contextlib
import copy
import io
import json
import pathlib
import tempfile
import unittest

import bench_draw
import bench_report
import bench_results
import bench_targets
from bench_cases import fair_part, good, measured, part, rounds, whole
from bench_modes import FREE, STOCK
from tally import NO_END


def verdicts(report):
    return {one["what"]: one["met"]
            for one in bench_targets.targets(bench_results.summarise(report))}


def said(report, words):
    return next(one for one in bench_targets.targets(bench_results.summarise(report))
                if words in one["what"])


class Targets(unittest.TestCase):
    def test_all_met(self):
        self.assertEqual(set(verdicts(good()).values()), {True})
        self.assertEqual(len(verdicts(good())), 8)

    def test_no_data(self):
        self.assertEqual(set(verdicts(whole()).values()), {None})

    def test_gain(self):
        report = whole(measured("mmap", 2, (100, 100), (149, 149)))
        one = said(report, "geometric mean")
        self.assertEqual((one["met"], one["got"]), (False, 1.49))
        # What happens at 4:1 or under-committed is not 2:1.
        four = whole(measured("mmap", 4, (1,), (9,)))
        self.assertIsNone(said(four, "lock-heavy set, 2:1")["met"])

    def test_loss_only_beyond_the_interval(self):
        noisy = whole(measured("mmap", 2, (100, 100, 100, 100), (90, 91, 99, 120)))
        self.assertTrue(said(noisy, "over-committed")["met"])
        sure = whole(measured("mmap", 2, (100,) * 4, (90, 91, 92, 93)),
                     measured("fork", 4, (100,) * 4, (150,) * 4))
        one = said(sure, "over-committed")
        self.assertFalse(one["met"])
        self.assertIn("worst is mmap, 2 VMs", one["what"])
        self.assertIn("mmap with 2 VMs", one["detail"])
        self.assertIsNone(said(sure, "loses, 1 VM")["met"])

    def test_avoided(self):
        report = whole(measured("mmap", 2, (1,), (1,)))
        self.assertTrue(said(report, "avoided")["met"])
        for one in report["parts"]["mmap-2vm"]["windows"]:
            one["counters"]["granted"] += 1
        self.assertFalse(said(report, "avoided")["met"])

    def test_pure(self):
        self.assertFalse(said(whole(measured("cpu", 2, (100,) * 4, (103,) * 4)), "pure")["met"])
        self.assertTrue(said(whole(measured("cpu", 2, (100,) * 3, (100, 101, 90))),
                             "pure")["met"])
        one = said(whole(measured("cpu", 2, (100,) * 4, (100, 101.5, 103, 99))), "pure")
        self.assertTrue(one["met"])
        rough = said(whole(measured("cpu", 2, (100,) * 4, (99, 103, 104, 108))), "pure")
        self.assertIsNone(rough["met"])
        self.assertEqual(bench_report.verdict(rough), "undecided")

    def test_fair(self):
        self.assertFalse(said(whole(fair_part(200, 200)), "10 s")["met"])
        one = whole(fair_part(0, 0, 40))	# only the worst second is bad
        self.assertTrue(said(one, "10 s")["met"])
        self.assertFalse(said(one, "worst second")["met"])

    def test_literature(self):
        self.assertEqual(bench_targets.unknown_workloads(), set())
        summary = bench_results.summarise(good())
        rows = {(row["load"], row["figure"]): row for row in bench_targets.paper_rows(summary)}
        self.assertEqual(rows["Apache", "throughput, over-committed, of HVM"]["theirs"], "1.6")
        self.assertEqual(rows["Apache", "throughput, over-committed, of HVM"]["got"]["median"],
                         3.6)
        self.assertEqual(rows["Apache", "preemptions avoided, %"]["got"], 95)
        self.assertIsNone(rows["Metis", "preemptions avoided, %"]["got"])
        # Nothing was measured at 1 VM for it.
        self.assertIsNone(rows["Psearchy", "throughput, under-committed, of PV"]["got"])
        # What is installed stands in for all of it, where that was not run.
        report = good()
        report["parts"]["dbench-4vm"] = part("throughput", "dbench", 4,
                                             rounds(STOCK, (10, 10, 10), 4)
                                             + rounds(FREE, (30, 30, 30), 4))
        installed = bench_targets.debooster_rows(bench_results.summarise(report))[2]
        self.assertEqual(installed["got"]["median"], 3)
        four = bench_targets.debooster_rows(summary)[2]
        self.assertEqual((four["vms"], four["theirs"], four["got"]), (4, "1.067", None))

    def test_installed(self):
        report = good()
        report["parts"]["mmap-2vm"]["windows"] += rounds(FREE, (80, 80, 80))
        found = bench_targets.targets(bench_results.summarise(report))
        free = [one for one in found if FREE in one["what"]]
        self.assertEqual([one["met"] for one in free], [False, True, False, None, None])
        self.assertEqual(found[:5], free)


class Text(unittest.TestCase):
    def everything(self):
        report = good()
        report["parts"]["web-2vm"]["windows"][0]["latencies"] = [
            {"p50_us": 1.0, "p99_us": 2.0, "max_us": 3.0}, None]
        report["parts"]["mmap-2vm"]["windows"] += rounds(FREE, (110, 110, 110))
        report["parts"]["mmap-2vm"]["unavailable"] = {"ecs-rcu": "no mark_rcu"}
        report["failed"]["fork-4vm"] = "lost-vm: L1 lost\nmore"
        return report

    def test_markdown(self):
        report = self.everything()
        for stamp, one in enumerate(report["parts"].values()):
            one["spinlocks"] = {"pv": f"[    0.{stamp}] kvm-guest: PV spinlocks enabled"}
        summary = bench_results.summarise(report)
        text = bench_report.markdown(report, summary, bench_targets.targets(summary))
        self.assertEqual(text.count("pv guests say"), 1)
        for words in ("# Critical sections, kernel 6.12", "| ecs-all | rcu | RRP | ",
                      "part fork-4vm was not measured: lost-vm: L1 lost\n",
                      "mode ecs-rcu is left out: no mark_rcu (in 1 parts)",
                      "does not have: mutex, percpu_rwsem, rcu", "## 1 VM\n", "## 2 VMs\n",
                      "pv guests say: kvm-guest: PV spinlocks enabled", "| web | 2 | stock | 1 ",
                      "| ecs-free | LHP (spinlocks", "## Fairness", "no VM enabled",
                      "| 95.0 | 1 / 2 / 2 | 1 / 1 / 1 | 50.0 / 50.0 |",
                      "| Metis | throughput, over-committed, of PV | 1.3 | no counterpart |",
                      "| mmap | 100.00 |"):
            self.assertIn(words, text)
        self.assertNotIn("None", text)
        self.assertNotIn("\n\n\n", text)
        columns = None
        for line in text.splitlines():
            if not line.startswith("|"):
                columns = None
                continue
            columns = columns or line.count("|")
            self.assertEqual(columns, line.count("|"), line)

    def test_no_end(self):
        self.assertEqual(bench_report.span({"p50": 1024, "p99": 2048, "max": NO_END}),
                         "1 / 2 / no end")

    def test_write_again(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            folder = pathlib.Path(folder)
            bench_report.write(self.everything(), folder)
            first = (folder / "report.md").read_text()
            raw = json.loads((folder / "report.json").read_text())
            self.assertEqual(set(raw) - set(self.everything()), {"summary", "targets"})
            bench_report.write(raw, folder)
            self.assertEqual((folder / "report.md").read_text(), first)
            self.assertIn("throughput-2-VM-ecs-all.dat", (folder / "throughput.gp").read_text())

    def test_nothing_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            bench_report.write(whole(), pathlib.Path(folder))
            self.assertNotIn(".svg", (pathlib.Path(folder) / "report.md").read_text())

    def test_commits(self):
        report = copy.deepcopy(good())
        next(iter(report["parts"].values()))["commit"] = "abc"
        self.assertIn("parts of several commits: abc, unknown", bench_report.head(report))

    def test_plot_data(self):
        report = self.everything()
        summary = bench_results.summarise(report)
        script, files = bench_draw.throughput(report, summary)
        self.assertEqual(sorted(files), ["throughput-1-VM-ecs-all.dat", "throughput-2-VM-ecs-all.dat",
                                         "throughput-2-VM-ecs-free.dat"])
        first = files["throughput-1-VM-ecs-all.dat"].splitlines()[1].split()
        self.assertEqual((first[1], first[-1]), ("1.21", '"unix"'))
        self.assertIn("'unix' ", script)
        _, files = bench_draw.extensions(report, summary)
        self.assertEqual(files["extensions-1-VM-ecs-all.dat"].splitlines()[1:], ["1.024 0.1", "2.048 0"])
        script, files = bench_draw.fairness(report, summary)
        self.assertEqual(sorted(files), ["fairness-one.dat", "fairness-stock.dat"])
        self.assertEqual(files["fairness-stock.dat"].splitlines()[2],
                         '2.000 0.5 0.5 0.5 "stock"')
        self.assertIn('"ecs-free"', bench_draw.ablation(report, summary)[1]["ablation-2-VM.dat"])
