# SPDX-License-Identifier: GPL-2.0
"""Unit tests of what reads the workloads' output: ktest/bench.py --selftest"""
import unittest

import bench_read
import bench_work

STRESS_NG = """\
stress-ng: info:  [28216] dispatching hogs: 2 mutex
stress-ng: metrc: [28216] stressor       bogo ops real time  usr time  sys time   bogo ops/s
stress-ng: metrc: [28216]                           (secs)    (secs)    (secs)   (real time)
stress-ng: metrc: [28216] mutex            458732      2.00      0.18      1.69    448240.99
stress-ng: metrc: [28216] mutex                611.12 nanosecs per mutex (geometic mean of 2)
"""
LINE = "scale: rate=1234.5000 seconds=4.0010 operations=4939 least=2000 most=2939\n"
REPEAT = ("repeat: rate=2.5000 seconds=4.0000 operations=10 p50_us=400000 p99_us=510000 "
          "max_us=510001\n")
DBENCH = """\
dbench version 4.00 - Copyright Andrew Tridgell 1999-2004
failed to create barrier semaphore
   2  cleanup   3 sec
 NTCreateX      52258     0.028    66.817
Throughput 516.09 MB/sec  2 clients  2 procs  max_latency=48.117 ms
"""
WRK = """\
Running 2s test @ http://127.0.0.1:80/index.html
  2 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   736.85us    1.07ms  12.61ms   90.58%
    Req/Sec     7.81k     1.79k   15.24k    85.00%
  Latency Distribution
     50%  393.00us
     75%  690.00us
     90%    1.72ms
     99%    5.47ms
  31359 requests in 2.02s, 15.07MB read
Requests/sec:  15555.65
Transfer/sec:      7.48MB
"""
OUTPUT = {"stress_ng": STRESS_NG, "line": LINE, "dbench": DBENCH, "wrk": WRK}


class Read(unittest.TestCase):
    def test_stress_ng(self):
        self.assertEqual(bench_read.stress_ng(STRESS_NG),
                         {"rate": 458732 / 2, "latency": None})
        with self.assertRaises(ValueError):
            bench_read.stress_ng(STRESS_NG + STRESS_NG.replace("mutex", "pipe"))

    def test_line(self):
        self.assertEqual(bench_read.line("noise\n" + LINE),
                         {"rate": 1234.5, "latency": None})
        self.assertEqual(bench_read.line(REPEAT), {"rate": 2.5, "latency": {
            "p50_us": 400000, "p99_us": 510000, "max_us": 510001}})

    def test_dbench(self):
        got = bench_read.dbench(DBENCH)
        self.assertEqual(got["rate"], 516.09)
        self.assertAlmostEqual(got["latency"]["max_us"], 48117)

    def test_wrk(self):
        self.assertEqual(bench_read.wrk(WRK), {"rate": 15555.65, "latency": {
            "p50_us": 393, "p99_us": 5470, "max_us": 12610}})
        self.assertEqual(bench_read.span_us("1.20s"), 1_200_000)
        self.assertEqual(bench_read.span_us("1.00m"), 60_000_000)

    def test_errors_of_the_server(self):
        with self.assertRaises(ValueError):
            bench_read.wrk(WRK + "  Non-2xx or 3xx responses: 31359\n")

    def test_broken(self):
        for reader, text in OUTPUT.items():
            for cut in ("", "sh: not found\n", text[:len(text) // 2]):
                with self.assertRaises(ValueError, msg=f"{reader}: {cut}"):
                    bench_read.read(reader, [text, cut])

    def test_nothing_done(self):
        for reader, text in (("line", LINE.replace("1234.5000", "0.0000")),
                             ("dbench", DBENCH.replace("516.09", "0")),
                             ("wrk", WRK.replace("15555.65", "0.00"))):
            with self.assertRaises(ValueError):
                bench_read.read(reader, [text, text])
            got = bench_read.read(reader, [text, OUTPUT[reader]])
            self.assertEqual((got[0]["rate"], got[1]["rate"] > 0), (0, True))


class Work(unittest.TestCase):
    def test_all_can_be_read(self):
        for name, work in bench_work.WORKLOADS.items():
            self.assertIn(work.reads, bench_read.READERS, name)
            self.assertIn("{seconds}", work.command, name)
            self.assertIn(" 7 ", work.command.format(seconds=7) + " ", name)

    def test_programs_are_in_the_image(self):
        there = {path.rsplit("/", 1)[-1] for path in bench_work.PROGRAMS}
        there |= {path.rsplit("/", 1)[-1].removesuffix(".c") for path in bench_work.SOURCES}
        for name, work in bench_work.WORKLOADS.items():
            words = work.command.split() + work.prepare.split()
            self.assertTrue(there & set(words), name)

    def test_sets(self):
        heavy = [name for name, work in bench_work.WORKLOADS.items() if work.heavy]
        self.assertNotIn("cpu", heavy)
        self.assertIn("mmap", heavy)
