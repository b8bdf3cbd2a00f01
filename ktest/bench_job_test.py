# SPDX-License-Identifier: GPL-2.0
"""The benchmark's job against guests and a host that are not there."""
import json
import unittest
from unittest import mock

import bench_job
import bench_modes
import bench_read_test
from bench_modes import ALL, ALONE, FREE, MODES, NOPV, POLL, STOCK
from bench_work import WORKLOADS
from common import who
from guest import GuestError
from job import Failed

RATES = {STOCK: 100.0, NOPV: 80.0, FREE: 150.0, "ecs-rwsem": 175.0, ALL: 200.0, POLL: 160.0}


def text_of(rate):
    return f"scale: rate={rate} seconds=4.0 operations=1\n"


class Guest:
    """Remembers what it is told, and knows how fast it is."""
    pids = iter(range(1000, 99999))

    def __init__(self, t, name, cmdline, missing):
        self.t, self.name, self.cmdline, self.missing = t, name, cmdline, missing
        self.pid, self.paused, self.module = next(self.pids), False, False
        self.marks = dict.fromkeys(set(bench_modes.MARKS) - set(missing), "?")
        self.ran, self.host, self.polls = 0, (), False

    def insmod(self, name):
        if not self.t.loaded:
            raise GuestError("No such device")
        self.module = True

    def qmp(self, command):
        self.paused = {"stop": True, "cont": False}[command]

    def mode(self):
        on = {mark for mark, state in self.marks.items() if state == "1"}
        if self.host[:1] == bench_modes.OBSERVE[:1] and not on and not self.polls:
            return NOPV if "nopvspin" in self.cmdline else STOCK
        return next(name for name, mode in bench_modes.MODES.items()
                    if name not in (STOCK, NOPV, ALONE)
                    and mode.host in (self.host, self.host + bench_modes.UNTOLD)
                    and mode.poll == self.polls and set(mode.marks) - set(self.missing) == on)

    def run(self, command, timeout=60, check=True):
        if self.paused:
            raise AssertionError(f"{self.name} stands still and is told: {command}")
        if "[ -e " in command:
            mark = command.split("mark_")[1].split()[0]
            return (3, "") if mark in self.missing else (0, "")
        if f"{bench_job.PARAMETERS}/poll" in command:
            self.polls = command.split()[-2] == "1"
        elif "mark_" in command:
            for one in command.split("; "):
                _, state, file = one.split()[:3]
                self.marks[file.split("mark_")[1]] = state
        elif "dmesg" in command:
            return 0, "PV spinlocks " + ("disabled" if self.cmdline else "enabled")
        elif command == "rmmod ecs_guest":
            self.module = False
        elif "scale" in command:
            return 0, self.load()
        return 0, ""

    def load(self):
        self.ran += 10 ** 9
        mode = self.mode() if self.module and self.t.followed else None
        self.t.loads.append((self.name, mode, self.t.loaded))
        return text_of(RATES.get(mode, 100.0))

    def start(self, command, timeout):
        done = mock.Mock()
        done.wait.return_value = self.run(command)
        return done


class Host:
    """The `t` of a job."""

    def __init__(self, missing=()):
        self.missing, self.guests = missing, []
        self.loaded = self.followed = False
        self.loads, self.said, self.looks = [], [], 0

    def start_guests(self, number, name, smp, mem, image, cmdline):
        new = [Guest(self, f"{name}{n}", cmdline, self.missing) for n in range(number)]
        self.guests += new
        return new

    def run_all(self, guests, command, timeout=60):
        others = [guest for guest in self.guests if guest not in guests]
        if "-s 4 " in command:
            awake = [guest.name for guest in others if not guest.paused]
            if awake:
                raise AssertionError(f"{awake} are not stopped")
        return [guest.run(command) for guest in guests]

    def insmod_host(self):
        self.loaded = True

    def rmmod_host(self):
        self.loaded = False

    def ecsctl(self, command, *words):
        for guest in self.guests:
            if who(guest) in words:
                if guest.paused:
                    raise AssertionError("enabled while it stands still")
                guest.host = tuple(words[sum(w.startswith("pid:") for w in words):])
                self.followed = True

    def ecsctl_json(self, command, *words):
        if command == "version":
            return {"module": "test"}
        self.looks += 1
        count = {"req_tick": 50, "req_wakeup": 30, "sched_out": 100, "preempted": 40,
                 "preempted_in_section": 3,
                 "req_in_section": 20, "granted": 18, "refused_budget": 1, "refused_spent": 1,
                 "ended_release": 15, "ended_yield": 3, "ext_max_ns": 7}
        times = self.looks
        state = {"counters": {name: value * times for name, value in count.items()},
                 "ext": {"buckets": [{"below_ns": 1024, "count": 10 * times},
                                     {"below_ns": None, "count": times}]},
                 "late": {"buckets": [{"below_ns": 512, "count": times}]}}
        return {"vms": [state for word in words]}

    def progress(self, *words):
        self.said.append(" ".join(map(str, words)))

    log = progress


def run(part, missing=(), rounds=2, first=0):
    """The job on a host that is not there: (host, data)."""
    host = Host(missing)
    with mock.patch.object(bench_job, "run_ns", lambda guest: guest.ran), \
            mock.patch.object(bench_job.time, "sleep"), \
            mock.patch.object(bench_job.bench_boots, "keep") as keep:
        data = bench_job.bench(host, {"modes": list(bench_modes.MODES), **part}, first,
                               rounds, 4)
    assert keep.call_count == rounds - first and keep.call_args.args == (data,)
    json.dumps(data, allow_nan=False)
    return host, data


def throughput(vms=2, **more):
    return {"kind": "throughput", "workload": "unix", "vms": vms, **more}


class Throughput(unittest.TestCase):
    def test_modes(self):
        host, data = run(throughput())
        self.assertEqual([w["mode"] for w in data["windows"]],
                         [*bench_modes.MODES, *reversed(bench_modes.MODES)])
        self.assertEqual([w["round"] for w in data["windows"]],
                         [0] * len(MODES) + [1] * len(MODES))
        for window in data["windows"]:
            running = 1 if MODES[window["mode"]].one else 2
            self.assertEqual(window["rates"], [RATES.get(window["mode"], 100.0)] * running)
            self.assertEqual(window["run_ns"], [10 ** 9] * running)
        self.assertEqual(data["marks"], list(bench_modes.MARKS))
        self.assertEqual(data["spinlocks"], {"pv": "PV spinlocks enabled",
                                             "nopv": "PV spinlocks disabled"})
        # What ran was in the mode that it is counted for, in the guests of its kind.
        ran = host.loads[4:]		# without warming up: two of each kind
        self.assertEqual([mode for _, mode, _ in ran],
                         [mode for w in data["windows"] for mode in
                          ([STOCK] if w["mode"] == ALONE else [w["mode"]] * 2)])
        for name, mode, _ in ran:
            self.assertEqual(name.startswith("nopv"), mode == NOPV)
        self.assertFalse(any(guest.paused for guest in host.guests))

    def test_goes_on(self):
        _, data = run(throughput(modes=[STOCK, FREE]), rounds=3, first=1)
        self.assertEqual([w["round"] for w in data["windows"]], [1, 1, 2, 2])

    def test_counted(self):
        _, data = run(throughput(vms=4), rounds=1)
        window = data["windows"][0]
        self.assertEqual(window["counters"]["granted"], 4 * 18)
        self.assertNotIn("ext_max_ns", window["counters"])
        self.assertEqual(window["ext"][0], [1024, 40])
        self.assertEqual(len(window["ext"]), 2)
        self.assertIn("avoided 72 of 80", bench_job.describe(window))

    def test_only_the_guests_it_needs(self):
        host, data = run(throughput(modes=[STOCK, ALL]))
        self.assertEqual([guest.name for guest in host.guests], ["vm0", "vm1"])
        self.assertEqual(list(data["spinlocks"]), ["pv"])

    def test_one_alone(self):
        host, _ = run(throughput(vms=4, modes=[STOCK, ALONE]), rounds=2)
        self.assertEqual([name for name, _, _ in host.loads[4:]],
                         ["vm0", "vm1", "vm2", "vm3", "vm0"] + ["vm0", "vm0", "vm1", "vm2", "vm3"])
        self.assertFalse(any(guest.paused for guest in host.guests))

    def test_missing_marks(self):
        _, data = run(throughput(), missing=("mutex", "rcu"))
        self.assertEqual(set(data["unavailable"]), {"ecs-mutex", "ecs-rcu"})
        self.assertIn("no mark_rcu", data["unavailable"]["ecs-rcu"])
        self.assertEqual(data["marks"], ["rwsem", "percpu_rwsem"])
        self.assertEqual(len(data["windows"]), 2 * (len(MODES) - 2))
        self.assertIn(ALL, {window["mode"] for window in data["windows"]})

    def test_no_marks_at_all(self):
        _, data = run(throughput(modes=[STOCK, FREE, "ecs-rwsem"]), missing=bench_modes.MARKS)
        self.assertEqual({w["mode"] for w in data["windows"]}, {STOCK, FREE})

    def test_a_load_that_fails(self):
        with mock.patch.dict(RATES, {STOCK: 0.0}), self.assertRaises(Failed) as caught:
            run(throughput())
        self.assertIn("unix: nothing was done", str(caught.exception))

    def test_resumed_after_an_error(self):
        host = Host()
        with mock.patch.object(bench_job, "run_ns", lambda guest: guest.ran), \
                mock.patch.object(bench_job, "throughput") as measure:
            def fail(job, mode, seconds):
                job.switch(mode)
                if mode == FREE:
                    raise GuestError("lost")
                return {}
            measure.side_effect = fail
            with mock.patch.dict(bench_job.MEASURE, {"throughput": measure}), \
                    self.assertRaises(GuestError):
                bench_job.bench(host, {**throughput(), "modes": [NOPV, FREE]}, 0, 1, 4)
        self.assertFalse(any(guest.paused for guest in host.guests))

    def test_every_workload_is_read(self):
        for name, work in WORKLOADS.items():
            host = Host()
            text = bench_read_test.OUTPUT[work.reads]
            with mock.patch.object(bench_job, "run_ns", lambda guest: guest.ran), \
                    mock.patch.object(bench_job.bench_boots, "keep"), \
                    mock.patch.object(Guest, "run", lambda *_, **__: (0, text)):
                data = bench_job.bench(host, {**throughput(), "workload": name,
                                              "modes": [STOCK]}, 0, 1, 4)
            self.assertGreater(data["windows"][0]["rates"][0], 0)


class Others(unittest.TestCase):
    def test_overhead(self):
        part = {"kind": "overhead", "workload": "unix", "vms": 2,
                "modes": list(bench_modes.OVERHEAD_MODES)}
        host, data = run(part)
        self.assertEqual([w["mode"] for w in data["windows"]],
                         ["absent", "loaded", "loaded", "absent"])
        self.assertEqual([loaded for _, _, loaded in host.loads[2::2]],
                         [False, True, True, False])
        self.assertFalse(host.loaded or any(guest.module for guest in host.guests))
        self.assertIsNone(data["ecs"])
        self.assertNotIn("counters", data["windows"][0])

    def test_fairness(self):
        part = {"kind": "fairness", "workload": "unix", "vms": 2,
                "modes": list(bench_modes.FAIRNESS_MODES)}
        host, data = run(part, rounds=1)
        self.assertEqual([mode for _, mode, _ in host.loads[2:]], [STOCK, STOCK, ALL, STOCK])
        for window in data["windows"]:
            self.assertEqual(len(window["samples"]), 5)
            self.assertIn("share of the first", bench_job.describe(window))
