# SPDX-License-Identifier: GPL-2.0
"""The benchmark's command line, parts and resuming: ktest/bench.py --selftest"""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import bench
import bench_job_test
import bench_modes
import machine


def options(*words):
    return bench.arguments(list(words))


SMALL = ("--workloads", "unix overhead", "--vms", "1,2", "--modes", "ecs-free,ecs-all",
         "--rounds", "2")


class Machine:
    """Stands for machine.run(): the job runs on a host that is not there."""

    def __init__(self, lose=()):
        self.lose, self.names = lose, []

    def run(self, target, kernel, logs, tries, timeout, args, show):
        name, boot = logs.name.rsplit(".", 1)
        if boot == "1":
            self.names.append(name)
        if name in self.lose:
            return machine.Result("lost-vm", "L1 lost: its QEMU ended\nmore")
        part = dict(args["part"], workload="unix")
        return machine.Result("ok", data=bench_job_test.run(part, rounds=args["rounds"])[1])


def measure(words, report=None, lose=()):
    """(names of the parts that were run, the report)."""
    chosen = options(*words)
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(
            machine, "run", (fake := Machine(lose)).run), mock.patch.object(
                bench.bench_tool, "describe", lambda *_: {
                    "kernel": "6.12", "qemu": "0", "commit": None, "dirty": None,
                    "began": "now", "machine": {"cpu": "x", "cpus": 2, "kernel": "0",
                                                "load": [0, 0, 0]}}), \
            mock.patch.object(bench.bench_report.bench_draw, "draw",
                              lambda *_: ([], None)), \
            contextlib.redirect_stdout(io.StringIO()):
        chosen.out = pathlib.Path(folder)
        if report is not None:
            (chosen.out / "report.json").write_text(json.dumps(report))
        report = bench.take_up(chosen, bench.begin(chosen, (0, 0, 0)))
        bench.measure_all(bench.plan(chosen), chosen, report, lambda text: None)
        return fake.names, json.loads((chosen.out / "report.json").read_text())


class Options(unittest.TestCase):
    def test_default(self):
        chosen = options()
        self.assertEqual((chosen.rounds, chosen.vms), (5, [1, 2, 4]))
        parts = bench.plan(chosen)
        self.assertEqual(len(parts), len(bench.WORKLOADS) * 3 + 1
                         + len(bench_modes.OVERHEAD_WORKLOADS))
        names = list(map(bench_modes.name_of, parts))
        self.assertEqual(len(set(names)), len(names))
        self.assertGreater(bench.estimate(parts, chosen), 3600)

    def test_subset(self):
        chosen = options(*SMALL)
        self.assertEqual(chosen.modes, ["stock", "ecs-free", "ecs-all"])
        self.assertEqual([bench_modes.name_of(part) for part in bench.plan(chosen)][:3],
                         ["unix-1vm", "unix-2vm", "overhead-mmap-2vm"])

    def test_wrong(self):
        for words in (("--workloads", "nothing"), ("--vms", "3"), ("--modes", ""),
                      ("--rounds", "0"), ("--seconds", "1"), ("--kernel", "2.4")):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                options(*words)

    def test_fairness_has_its_own_time(self):
        part, = bench.plan(options("--workloads", "fairness"))
        self.assertEqual(bench.seconds_of(part, options("--seconds", "3")), 10)
        self.assertEqual(bench.seconds_of(part, options("--seconds", "30")), 30)


class Measure(unittest.TestCase):
    def test_all(self):
        names, report = measure(SMALL)
        self.assertEqual(len(names), 6)
        self.assertEqual(set(names), set(report["parts"]))
        self.assertEqual(report["parts"]["unix-2vm"]["lost"], 0)
        ratios = [cell["ratio"]["median"] for cell in report["summary"]["cells"]
                  if cell["mode"] == "ecs-all"]
        self.assertEqual(ratios, [2, 2])

    def test_resume(self):
        names, report = measure(SMALL, lose=("unix-2vm",))
        self.assertIn("lost-vm", report["failed"]["unix-2vm"])
        self.assertEqual(len(report["parts"]), 5)
        names, report = measure((*SMALL, "--resume"), report)
        self.assertEqual((names, report["failed"]), (["unix-2vm"], {}))
        self.assertEqual(measure((*SMALL, "--resume"), report)[0], [])

    def test_resume_with_another_mode(self):
        report = measure(SMALL)[1]
        names, _ = measure(("--workloads", "unix", "--vms", "1", "--rounds", "2",
                            "--modes", "ecs-rcu", "--resume"), report)
        self.assertEqual(names, ["unix-1vm"])

    def test_resume_of_another_setting(self):
        report = measure(SMALL)[1]
        with self.assertRaises(SystemExit) as caught:
            measure((*SMALL, "--rounds", "3", "--resume"), report)
        self.assertIn("rounds 2, not 3", str(caught.exception))

    def test_without_resume(self):
        names, _ = measure(SMALL, measure(SMALL)[1])
        self.assertEqual(len(names), 6)

    def test_hopeless(self):
        names, report = measure(("--workloads", "unix map brk poll", "--vms", "2"),
                                lose=("unix-2vm", "map-2vm", "brk-2vm", "poll-2vm"))
        self.assertEqual(len(names), 3)
        self.assertEqual(report["parts"], {})
