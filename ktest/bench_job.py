# SPDX-License-Identifier: GPL-2.0
"""The part of the benchmark that runs in the nested host.

See bench.py for what is measured. One call is one part of it, in one boot: one
workload, one number of VMs, all modes in turns, as many rounds as wanted.
"""
import os
import time

import bench_boots
import bench_figures
import bench_modes
import bench_read
import tally
from bench_modes import ALL, MARKS, MODES, POLL_NS, name_of
from bench_work import IMAGE, VCPUS, WORKLOADS
from common import run_ns, who
from guest import GuestError
from job import Failed

MEMORY = "448M"
WARM_UP = 2		# seconds of the workload before the first round
PATIENCE = 90		# seconds that a load may take beyond its own
KINDS = ("pv", "nopv")
PARAMETERS = "/sys/module/ecs_guest/parameters"


class Bench:
    """The guests of one part, and what is done with them."""

    def __init__(self, t, part, nopv):
        """Boot them; `nopv`: also as many without PV spinlocks."""
        self.t, self.part = t, part
        self.work = WORKLOADS[part["workload"]]
        self.marks, self.paused = [], []
        self.guests = {"pv": self.boot("vm", "")}
        if nopv:
            self.guests["nopv"] = self.boot("nopv", "nopvspin")
        # What the kernels say of their spinlocks.
        self.spinlocks = {
            kind: guests[0].run("dmesg | grep -i 'pv spinlocks'", check=False)[1].strip()
            for kind, guests in self.guests.items()}
        if self.work.prepare:
            for guests in self.guests.values():
                t.run_all(guests, self.work.prepare, timeout=PATIENCE)

    def boot(self, name, cmdline):
        return self.t.start_guests(self.part["vms"], name=name, smp=VCPUS, mem=MEMORY,
                                   image=IMAGE, cmdline=cmdline)

    def insmod(self):
        for guests in self.guests.values():
            for guest in guests:
                guest.insmod("ecs_guest")

    # Marks.

    def mark(self, guests, on):
        """Switch the classes of marks in these guests."""
        command = "; ".join(f"echo {int(mark in on)} >{PARAMETERS}/mark_{mark} || exit 1"
                            for mark in self.marks)
        if command:
            self.t.run_all(guests, command)

    def find_marks(self):
        """Which classes the guests' module has: {class: why not}."""
        missing = {}
        for mark in MARKS:
            file = f"{PARAMETERS}/mark_{mark}"
            for guests in self.guests.values():
                status, out = guests[0].run(
                    f"[ -e {file} ] || exit 3; echo 1 >{file} && echo 0 >{file}", check=False)
                if status:
                    missing[mark] = (f"the guest's module has no mark_{mark}" if status == 3
                                     else f"mark_{mark} cannot be switched: {out.strip()}")
        self.marks = [mark for mark in MARKS if mark not in missing]
        return missing

    def poll(self, guests, on):
        """Have idle CPUs of these guests poll, or not."""
        self.t.run_all(guests, f"echo {POLL_NS} >{PARAMETERS}/poll_ns && "
                               f"echo {int(on)} >{PARAMETERS}/poll")

    # Modes.

    def run_only(self, guests):
        """These run, all others stand still."""
        others = [guest for some in self.guests.values() for guest in some
                  if guest not in guests]
        for guest in others:
            if guest not in self.paused:
                guest.qmp("stop")
                self.paused.append(guest)
        for guest in [guest for guest in self.paused if guest in guests]:
            guest.qmp("cont")
            self.paused.remove(guest)

    def resume(self):
        """At the end: a guest that stands still cannot be asked for its log."""
        while self.paused:
            self.paused.pop().qmp("cont")

    def switch(self, name):
        """Into a mode: the guests that run in it."""
        mode = MODES[name]
        guests = self.guests[KINDS[mode.nopv]]
        if mode.one:
            guests = guests[:1]
        self.run_only(guests)
        self.mark(guests, mode.marks)
        self.poll(guests, mode.poll)
        self.t.ecsctl("enable", *map(who, guests), *mode.host)
        return guests

    def states(self, guests):
        return self.t.ecsctl_json("show", *map(who, guests))["vms"]

    # Measuring.

    def command(self, seconds):
        return f"cd /tmp; {{ {self.work.command.format(seconds=seconds)}; }} 2>&1"

    def load(self, guests, seconds):
        """What the load in all of them says."""
        return [text for _, text in self.t.run_all(guests, self.command(seconds),
                                                   timeout=seconds + PATIENCE)]

    def run(self, guests, seconds):
        """The same, read: [{"rate", "latency"}]."""
        try:
            return bench_read.read(self.work.reads, self.load(guests, seconds))
        except ValueError as error:
            raise Failed(f"{self.part['workload']}: {error}") from None

    def measure(self, guests, seconds):
        """The same, with the CPU time that each VM had meanwhile."""
        began, ran = time.monotonic_ns(), [run_ns(guest) for guest in guests]
        got = self.run(guests, seconds)
        return {"rates": [one["rate"] for one in got],
                "latencies": [one["latency"] for one in got],
                "elapsed_ns": time.monotonic_ns() - began,
                "run_ns": [run_ns(guest) - before for guest, before in zip(guests, ran)]}

    def counted(self, guests, measure):
        """What measure() gives, and what the host counted meanwhile."""
        before = self.states(guests)
        figures = measure()
        total = tally.add_up(tally.empty(), list(zip(before, self.states(guests))))
        return {**figures, "counters": total["counters"],
                **{which: sorted([at, count] for at, count in total[which].items() if count)
                   for which in ("ext", "late")}}


def throughput(run, mode, seconds):
    guests = run.switch(mode)
    return run.counted(guests, lambda: run.measure(guests, seconds))


def fairness(run, mode, seconds):
    """The share of each VM, second by second, under the same endless load."""
    guests = run.guests["pv"]
    run.mark(guests, ())
    run.t.ecsctl("enable", *map(who, guests), *bench_modes.OBSERVE)
    if mode == bench_modes.ONE:
        run.mark(guests[:1], MODES[ALL].marks)
        run.t.ecsctl("enable", who(guests[0]), *bench_modes.ON)

    def sample():
        jobs = [guest.start(run.command(seconds + 3), seconds + PATIENCE)
                for guest in guests]
        time.sleep(1.5)
        samples = [[run_ns(guest) for guest in guests]]
        for _ in range(seconds):
            time.sleep(1)
            samples.append([run_ns(guest) for guest in guests])
        for job in jobs:
            job.wait(seconds + 2 * PATIENCE, check=True)
        return {"samples": samples}
    return run.counted(guests, sample)


def overhead(run, mode, seconds):
    """With our modules, or without: they come and go from window to window."""
    guests = run.guests["pv"]
    if mode == bench_modes.LOADED:
        run.t.insmod_host()
        run.insmod()
    figures = run.measure(guests, seconds)
    if mode == bench_modes.LOADED:
        run.t.run_all(guests, "rmmod ecs_guest")
        run.t.rmmod_host()
    return figures


MEASURE = {"throughput": throughput, "fairness": fairness, "overhead": overhead}


def reasons(part, missing):
    """{mode: why} of those that ask for a class that is not there. All classes
    together are all that there are."""
    if part["kind"] != "throughput":
        return {}
    return {mode: missing[MODES[mode].marks[0]] for mode in part["modes"]
            if len(MODES[mode].marks) == 1 and MODES[mode].marks[0] in missing}


def describe(window):
    """A window in one line, for the terminal."""
    words = []
    if "rates" in window:
        words.append(f"{sum(window['rates']):10.1f} /s")
    if "samples" in window:
        first, last = window["samples"][0], window["samples"][-1]
        ran = [b - a for a, b in zip(first, last)]
        words.append(f"share of the first {100 * ran[0] / max(1, sum(ran)):.2f} %")
    counters = window.get("counters")
    if counters:
        kept, requests = tally.avoided(counters)
        words.append(f"in sections {counters['preempted_in_section']}, avoided {kept} "
                     f"of {requests}")
    return ", ".join(words)


def measure_rounds(run, figures, modes, numbers, seconds):
    """All modes, in turns, in these rounds: more windows for the figures of this boot."""
    windows = figures["windows"]
    for number in numbers if modes else ():
        for position, mode in enumerate(bench_figures.order(modes, number)):
            window = MEASURE[run.part["kind"]](run, mode, seconds)
            windows.append({"round": number, "position": position, "mode": mode,
                            "seconds": seconds, **window})
            run.t.progress(f"round {number + 1} of {numbers.stop} {mode:16} "
                           f"{describe(windows[-1])}")
        bench_boots.keep(figures)


def bench(t, part, first, rounds, seconds):
    """The raw figures of one part, from the first-th round on."""
    t.progress(f"booting for {name_of(part)}")
    modules = part["kind"] != "overhead"
    if modules:
        t.insmod_host()
    run = Bench(t, part, any(MODES[mode].nopv for mode in part["modes"] if mode in MODES))
    missing = {}
    try:
        if modules:
            run.insmod()
            missing = run.find_marks()
        unavailable = reasons(part, missing)
        for mode, why in unavailable.items():
            t.progress(f"mode {mode} is left out: {why}")
        modes = [mode for mode in part["modes"] if mode not in unavailable]
        for guests in run.guests.values():
            run.load(guests, WARM_UP)
        figures = {"cpus": os.cpu_count(), "release": os.uname().release,
                   "ecs": t.ecsctl_json("version") if modules else None, "memory": MEMORY,
                   "marks": run.marks, "unavailable": unavailable,
                   "spinlocks": run.spinlocks, "windows": []}
        measure_rounds(run, figures, modes, range(first, rounds), seconds)
        return figures
    finally:
        try:
            run.resume()
        except (GuestError, OSError) as error:
            t.log(f"a guest cannot be resumed: {error}")
