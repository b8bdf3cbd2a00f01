# SPDX-License-Identifier: GPL-2.0
"""The part of the soft-real-time benchmark that runs in the nested host.

See bench_rt.py for what is measured. One call is one part of it, in one boot:
all modes in turns, as many rounds as wanted, beside the same guests.
"""
import os
import time

import bench_boots
import bench_figures
from common import SEED, run_ns, show, who
from guest import GuestLost, run_all
from job import Failed

LOAD = "/tmp/load"		# in a guest: .pid and .log of its stress-ng
FOREVER = 900		# seconds, for what is stopped when it is not needed any more
BEFORE = 3		# seconds of each thing that is measured before the rounds
# Of the deadline class, in ns: next to nothing of a CPU, but nothing that the thread of an
# idle guest uses up at once.
LEAST_RUNTIME, LEAST_PERIOD = 4000000, 4000000000
BOOST_LIMIT = 60	# percent of a CPU that may be promised
LIMIT_US = 50000		# the end of cyclictest's histogram


def start(guests, loads, options=""):
    """Start stress-ng in each guest and wait until it has: [job]."""
    jobs = [guest.start(
        f"cd /tmp; stress-ng --seed {SEED} {load} -t {FOREVER} --temp-path /tmp {options} "
        f">{LOAD}.log 2>&1 & echo $! >{LOAD}.pid; wait $!; status=$?; "
        f"cat {LOAD}.log; rm -f {LOAD}.log {LOAD}.pid; exit $status", FOREVER + 60)
        for guest, load in zip(guests, loads)]
    for guest, job in zip(guests, jobs):
        status, _ = guest.run(f"until grep -q dispatching {LOAD}.log 2>/dev/null; do "
                              "usleep 50000; done", check=False)
        if job.ended.is_set():
            raise Failed(f"{guest.name}: stress-ng ended at once: {job.out}")
        if status != 0:
            raise GuestLost(f"{guest.name}: stress-ng does not get going")
    return jobs


def finish(guests, jobs, seconds=120):
    """End the loads by the signal that makes stress-ng sum up: [its output]."""
    give_up = time.monotonic() + seconds
    while not all(job.ended.is_set() for job in jobs):
        if time.monotonic() > give_up:
            raise GuestLost("stress-ng does not end in a guest")
        run_all(guests, f"kill -INT $(cat {LOAD}.pid)", check=False)
        for job in jobs:
            job.ended.wait(5)
    return [job.wait(check=True)[1] for job in jobs]


def cyclictest(period_us, seconds):
    """The command; it prints empty bins, too."""
    return (f"cyclictest -q -t1 -p 80 -m -i {period_us} -D {seconds} -h {LIMIT_US} 2>&1 | "
            "grep -v ' 000000$'")


class Bench:
    """One part: its guests and what is to be done in them."""

    def __init__(self, t, part, hogs):
        self.t, self.part, self.hog_loads = t, part, hogs
        self.rt = t.guest("rt", wait=False, smp=1)
        self.hogs = [t.guest(f"hog-{name}", wait=False, smp=2) for name in hogs]
        for guest in (self.rt, *self.hogs):
            guest.wait_boot()
        self.tid = self.rt.vcpu_tids()[0]

    # The modes.

    def switch_on(self, mode):
        sbt, usbt = self.part["sbt_us"], self.part["usbt_us"]
        if mode == "fifo":
            self.t.sh(f"chrt -R -f -p 1 {self.tid}")
        elif mode == "deadline":
            period = self.part["period_us"] * 1000
            self.t.sh(f"chrt -R -d -T {sbt * 1000} -D {period} -P {period} -p 0 {self.tid}")
        elif mode.startswith("boost-"):
            self.t.ecsctl("boost", who(self.rt), "--sbt", f"{sbt}us", "--usbt", f"{usbt}us",
                          "--backend", mode.removeprefix("boost-"))

    def switch_off(self, mode):
        """The thread is an ordinary one again; returns what the module counted."""
        boost = None
        if mode.startswith("boost-"):
            boosts = show(self.t, self.rt)["boosts"]
            self.t.check(len(boosts) == 1 and boosts[0]["tid"] == self.tid,
                         f"not the one boost that was asked for: {boosts}")
            boost = boosts[0]
            self.t.ecsctl("unboost", who(self.rt))
        elif mode != "fair":
            if mode == "deadline":
                # A thread that is asleep when it leaves the class leaves its bandwidth
                # reserved (6.12): let that be next to nothing. One that is throttled then
                # stays so when it is in the class again, and never runs.
                self.t.sh(f"chrt -R -d -T {LEAST_RUNTIME} -D {LEAST_PERIOD} "
                          f"-P {LEAST_PERIOD} -p 0 {self.tid}")
            self.t.sh(f"chrt -o -p 0 {self.tid}")
        self.t.wait_for(lambda: os.sched_getscheduler(self.tid) == os.SCHED_OTHER,
                        "the vCPU thread is an ordinary one again")
        return boost

    def unavailable(self, modes):
        """{mode: why} of those that cannot be had here."""
        reasons = {}
        for mode in modes:
            try:
                self.switch_on(mode)
                self.switch_off(mode)
            except Failed as error:
                reasons[mode] = str(error)
                self.t.progress(f"mode {mode} is not available: {error}")
        return reasons

    # The loads.

    def start_hogs(self):
        return start(self.hogs, self.hog_loads.values(), "--metrics-brief")

    def finish_hogs(self, jobs):
        """{"hog.stressor": bogo operations a second}."""
        texts = finish(self.hogs, jobs)
        return {f"{name}.{stressor}": value for name, text in zip(self.hog_loads, texts)
                for stressor, value in bench_figures.metrics(text).items()}

    def look(self):
        return (time.monotonic_ns(), run_ns(self.rt), *map(run_ns, self.hogs))

    def watch(self, seconds):
        """CPU times over this time but its first second, when things start."""
        time.sleep(1)
        before = self.look()
        time.sleep(seconds - 1)
        elapsed, rt_ns, *hogs_ns = (b - a for a, b in zip(before, self.look()))
        return {"elapsed_ns": elapsed, "rt_ns": rt_ns, "hogs_ns": hogs_ns}

    # What is measured.

    def before(self, seconds):
        """What there is without any competition, and how late the host's own
        timers are beside the hogs. Also warms the guests up."""
        if self.part["kind"] != "latency":
            self.finish_hogs(self.start_hogs())
            return {}
        command = cyclictest(self.part["period_us"], seconds)
        alone = self.rt.run(command, seconds + 60)[1]
        jobs = self.start_hogs()
        host_timer = self.t.sh(command, seconds + 60)[1]
        self.finish_hogs(jobs)
        return {"seconds": seconds, "alone": bench_figures.cyclictest(alone),
                "host_timer": bench_figures.cyclictest(host_timer)}

    def serve(self, seconds):
        """The rt guest has something to do in time, beside the hogs."""
        hogs = self.start_hogs()
        job = self.rt.start(cyclictest(self.part["period_us"], seconds), seconds + 90)
        times = self.watch(seconds)
        text = job.wait(seconds + 120, check=True)[1]
        return {"latency": bench_figures.cyclictest(text), **times,
                "hog_rates": self.finish_hogs(hogs)}

    def run_away(self, seconds):
        """The rt guest takes all that it gets, before the hogs begin."""
        runaway = start([self.rt], [self.part["load"]])
        hogs = self.start_hogs()
        times = self.watch(seconds)
        rates = self.finish_hogs(hogs)
        finish([self.rt], runaway)
        return {"latency": None, **times, "hog_rates": rates}

    def window(self, mode, seconds):
        """One mode for some seconds: all figures of it, raw."""
        self.switch_on(mode)
        measure = self.serve if self.part["kind"] == "latency" else self.run_away
        figures = measure(seconds)
        return {"mode": mode, "seconds": seconds, **figures,
                "boost": self.switch_off(mode)}


def describe(window):
    """A window in one line, for the terminal."""
    words = []
    if window["latency"]:
        bins = bench_figures.histogram(window["latency"])
        got = bench_figures.latencies(bins, 0, 0)
        words.append(f"{got['wakeups']} wakeups")
        if bins:
            words.append(f"mean {got['mean']:.0f} us, p99 {got['p99']}, max {got['max']}")
    for name, ran in (("rt", window["rt_ns"]), ("hogs", sum(window["hogs_ns"]))):
        words.append(f"{name} {ran / window['elapsed_ns']:.2f} CPUs")
    return ", ".join(words)


def bench(t, part, modes, hogs, first, rounds, seconds):
    """The raw figures of one part, from the first-th round on."""
    t.progress(f"booting {1 + len(hogs)} guests")
    t.insmod_host(boost_limit=BOOST_LIMIT)
    run = Bench(t, part, hogs)
    reasons = run.unavailable(modes)
    modes = [mode for mode in modes if mode not in reasons]
    figures = {"cpus": os.cpu_count(), "release": os.uname().release,
               "ecs": t.ecsctl_json("version"), "unavailable": reasons,
               "before": run.before(BEFORE), "windows": []}
    for number in range(first, rounds if modes else first):
        for position, mode in enumerate(bench_figures.order(modes, number)):
            window = run.window(mode, seconds)
            figures["windows"].append({"round": number, "position": position, **window})
            t.progress(f"round {number + 1} of {rounds} {mode:10} {describe(window)}")
        bench_boots.keep(figures)
    return figures
