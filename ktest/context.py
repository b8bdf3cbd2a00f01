# SPDX-License-Identifier: GPL-2.0
"""The `t` that a test or a job gets: guests, the host module, checks, logs."""
import json
import pathlib
import subprocess
import time

import cache
import inspection
import splats
from guest import LOGS, Guest, GuestError, GuestLost, run_all
from job import Failed, Skip
from kinds import is_debug, patient

__all__ = ["Context", "GuestError"]


class Context:
    """Everything one run in L1 has; cleaned up by finish()."""

    def __init__(self, kernel, guest_kernel, say):
        self.kernel, self.guest_kernel = kernel, guest_kernel
        self.guests = []
        self.allowed = []
        self.stays = False
        self._say = say
        self._began = time.monotonic()
        self.ecsctl_path = cache.BUILD / "user/userspace/ecsctl/ecsctl"

    # What it says.

    def log(self, *words):
        """A line in the log of the test."""
        self._say("log", text=" ".join(map(str, words)), at=self._elapsed())

    def progress(self, *words):
        """A line that is also shown on the terminal, at once."""
        self._say("progress", text=" ".join(map(str, words)), at=self._elapsed())

    def _elapsed(self):
        return round(time.monotonic() - self._began, 2)

    # Checks.

    def skip(self, reason):
        raise Skip(reason)

    def check(self, condition, message):
        if not condition:
            raise Failed(message)

    def check_eq(self, got, wanted, message=""):
        if got != wanted:
            raise Failed(f"{message}: got {got!r}, wanted {wanted!r}")

    def wait_for(self, condition, message, timeout=20, every=0.2):
        """Wait until condition() is true; returns its value."""
        timeout = patient(timeout)
        give_up = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > give_up:
                raise Failed(f"after {timeout} s still not: {message}")
            time.sleep(every)

    def allow_splat(self, pattern):
        """Kernel log lines with this pattern are expected in this test."""
        self.allowed.append(pattern)

    def host_stays(self):
        """The host module cannot be removed at the end of this test, and should not."""
        self.stays = True

    # Guests.

    def guest(self, name="vm", wait=True, ecs=False, ecs_params=None, **options):
        """Start a guest; with ecs=True load ecs_guest in it."""
        options.setdefault("kernel", self.guest_kernel)
        taken = {guest.name for guest in self.guests}
        name = next(n for n in [name] + [f"{name}-{i}" for i in range(2, 99)]
                    if n not in taken)
        guest = Guest(name, **options)
        self.guests.append(guest)
        if wait or ecs:
            guest.wait_boot()
            self.log(f"guest {name} up after {time.monotonic() - guest.started:.1f} s")
        if ecs:
            guest.insmod("ecs_guest", **(ecs_params or {}))
        return guest

    def start_guests(self, number, name="vm", ecs=False, ecs_params=None, **options):
        """Start several guests at the same time and wait for all of them."""
        guests = [self.guest(f"{name}{n}", wait=False, **options) for n in range(number)]
        for guest in guests:
            guest.wait_boot()
            self.log(f"guest {guest.name} up after {time.monotonic() - guest.started:.1f} s")
            if ecs:
                guest.insmod("ecs_guest", **(ecs_params or {}))
        return guests

    def run_all(self, guests, command, **options):
        return run_all(guests, command, **options)

    # The host.

    def sh(self, command, timeout=60, check=True):
        """Run a shell command in L1: (exit status, output)."""
        done = subprocess.run(command, shell=True, text=True, timeout=patient(timeout),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, errors="replace")
        if check and done.returncode != 0:
            raise Failed(f"status {done.returncode} of: {command}\n{done.stdout}")
        return done.returncode, done.stdout

    def module(self, name):
        """File of a built module for the host's kernel, or None."""
        found = sorted((cache.BUILD / self.kernel).glob(f"**/{name}.ko"))
        return found[0] if found else None

    def insmod_host(self, **params):
        path = self.module("ecs_host")
        if not path:
            raise Failed("no ecs_host.ko was built")
        words = " ".join(f"{key}={value}" for key, value in params.items())
        self.sh(f"insmod {path} {words}")

    def rmmod_host(self, tries=1):
        """A guest that registers just then keeps the module: with more tries again."""
        for left in reversed(range(tries)):
            rc, out = self.sh("rmmod ecs_host", check=not left)
            if rc == 0:
                return
            if "in use" not in out:
                raise Failed(f"status {rc} of rmmod ecs_host\n{out}")
            time.sleep(0.01)

    def host_loaded(self):
        return pathlib.Path("/sys/module/ecs_host").exists()

    def ecsctl(self, *args, check=True, timeout=60):
        """Run ecsctl: (exit status, standard output, standard error)."""
        if not self.ecsctl_path.exists():
            raise Failed("no ecsctl was built")
        done = subprocess.run([str(self.ecsctl_path), *map(str, args)], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=patient(timeout),
                              errors="replace")
        if check and done.returncode != 0:
            raise Failed(f"status {done.returncode} of ecsctl {' '.join(map(str, args))}\n"
                         f"{done.stdout}{done.stderr}")
        return done.returncode, done.stdout, done.stderr

    def ecsctl_json(self, *args, **options):
        return json.loads(self.ecsctl("--json", *args, **options)[1])

    def kmsg(self):
        """The kernel log of L1."""
        return self.sh("dmesg")[1]

    # The end.

    def finish(self):
        """Kill the guests, unload the host module, look for splats.

        Returns what is wrong, as a list of splats.Complaint.
        """
        wrong, reported = [], set()
        for guest in self.guests:
            before = len(wrong)
            try:
                wrong += self._last_words(guest)
            except GuestLost as error:
                wrong.append(splats.Complaint(f"guest {guest.name}, at the end: {error}",
                                              lost=True))
            except (GuestError, OSError) as error:
                self.log(f"no kernel log of guest {guest.name}: {error}")
            if len(wrong) > before:
                reported.add(guest)
        for guest in self.guests:
            try:
                guest.kill()
            except subprocess.TimeoutExpired:
                wrong.append(splats.Complaint(f"the QEMU of {guest.name} cannot be killed",
                                              lost=guest.astray))
            if not guest.crash_expected and guest not in reported:
                wrong += self._splats(f"guest {guest.name}", guest.console(), guest.astray)
        if self.host_loaded() and not self.stays:
            try:
                self.sh("rmmod ecs_host", timeout=30)
            except (Failed, subprocess.TimeoutExpired) as error:
                wrong.append(splats.Complaint(f"ecs_host cannot be removed: {error}"))
        if is_debug(self.kernel):
            wrong += inspection.of_host(self)
        log = self.kmsg()
        (LOGS / "l1.dmesg").write_text(log)
        return wrong + self._splats("host", log)

    def _last_words(self, guest):
        """What is wrong in a guest that still answers."""
        if not guest.alive() or guest.crash_expected or not guest.boot_id or guest.silent:
            return []
        wrong = inspection.of_guest(self, guest) if is_debug(guest.kernel) else []
        log = guest.start("dmesg", timeout=5).wait(10)[1]
        (LOGS / f"{guest.name}.dmesg").write_text(log)
        return wrong + self._splats(f"guest {guest.name}", log)

    def _splats(self, where, log, astray=False):
        races = splats.races(log)
        if races:
            self.progress(f"{where}: {len(races)} data races, "
                          f"{sum(ours for _, _, ours in races)} of them ours")
        return splats.complaint(where, log, self.allowed, astray)
