# SPDX-License-Identifier: GPL-2.0
"""A guest (L2) under test: its QEMU, its monitor and commands run inside.

Lives in L1, beside the test. The first process of the guest is l2/init.c,
which says how commands and their results travel.
"""
import base64
import json
import os
import pathlib
import re
import socket
import subprocess
import threading
import time
import uuid

import cache
from job import TimedOut
from kinds import memory, of, patient

CMDLINE = ("console=ttyS0 loglevel=5 panic=-1 no_timer_check mitigations=off reboot=t "
           "random.trust_cpu=on cryptomgr.notests lsm= audit=0 rcupdate.rcu_expedited=1")
# Not SeaBIOS: QEMU places the initramfs of a microvm at the very end of memory,
# where SeaBIOS has its ACPI tables; what survives hangs on the image's length.
MICROVM = ("-M", "microvm,acpi=on,rtc=on,pic=off,pit=off", "-bios", "qboot.rom")
LOGS = pathlib.Path("/run/ktest/log")


class GuestError(Exception):
    """The guest did not do what it was asked."""


class GuestLost(GuestError):
    """The guest does not answer, was reset, or does not come up."""


# Registers of a vCPU that the emulator has left with the host's address behind VMRUN for
# its own (measured.md, Lost hosts): it faults there for ever.
ASTRAY = re.compile(r"RIP=([0-9a-f]+) RFL=0001[0-9a-f]{4}[^#]*?CR2=\1\b")


class Job:
    """A command in the guest, running or ended."""

    def __init__(self, guest, number, command):
        self.guest, self.number, self.command = guest, number, command
        self.ended = threading.Event()
        self.rc, self.out = None, ""

    def wait(self, timeout=None, check=False):
        """(exit status, output); the status is None if the guest went away.

        A guest that is silent is lost, whether this limit is the first to pass or the
        test's own."""
        try:
            late = None if self.ended.wait(patient(timeout)) else GuestError(
                f"{self.guest.name}: it cannot be killed, and all else goes on: {self.command}")
        except TimedOut as over:
            late = over
        if late:
            try:
                silent = self.guest.is_silent()
            except TimedOut:	# it comes once
                silent = self.guest.is_silent()
            if not silent:
                raise late
            raise GuestLost(f"{self.guest.name}: no answer to: {self.command}") from late
        if check and self.rc is None:
            raise GuestLost(f"{self.guest.name}: gone or reset during: {self.command} "
                            f"(QEMU {self.guest.process.poll()}, boots {self.guest.boots})")
        if check and self.rc != 0:
            raise GuestError(f"{self.guest.name}: status {self.rc} of: "
                             f"{self.command}\n{self.out}")
        return self.rc, self.out

    def kill(self):
        self.guest.send(f"KILL {self.number}\n")

    def end(self, rc, out):
        self.rc, self.out = rc, out
        self.ended.set()


class Guest:
    """One QEMU process with a Linux guest; starts at once, wait_boot() waits.

    machine   "microvm" (quick boot), or "q35", "pc", or a full -M value
    smp       number, or a full -smp value ("2,maxcpus=4")
    image     name of the initramfs: "l2", or another one that build.py makes
    """

    def __init__(self, name, smp=2, mem="384M", kernel=None, cmdline="", extra_args=(),
                 machine="microvm", cpu="host", image="l2", qemu_wrapper=()):
        self.name, self.kernel = name, kernel
        self.uuid = str(uuid.uuid4())
        self.dir = pathlib.Path(f"/run/ktest/{name}-{self.uuid[:8]}")
        self.dir.mkdir(parents=True)
        self.console_path = LOGS / f"{name}.console"
        self.boots = 0
        self.expected_boots = 1
        self.boot_id = None
        self.crash_expected = False
        self.astray = False	# whatever it complains of, it is not to blame
        self.silent = False	# it was asked, and did not answer
        self.changed = threading.Condition()
        self.jobs, self.next_job = {}, 1

        qemu = cache.Qemu()
        binary, bus, board = qemu.binary, "pci", ("-M", machine)
        if machine == "microvm":
            board, bus = MICROVM, "device"
            small = qemu.binary + "-microvm"
            binary = small if os.path.exists(small) else binary
        command = [
            *qemu_wrapper, binary, *qemu.args, "-nodefaults", "-no-user-config",
            "-display", "none", "-name", f"guest={name},debug-threads=on",
            "-uuid", self.uuid, *board, "-accel", "kvm", "-cpu", cpu,
            "-smp", str(smp), "-m", memory(mem, kernel),
            "-kernel", str(cache.Kernel(kernel).vmlinux),
            "-initrd", str(cache.BUILD / kernel / f"{image}.cpio"),
            "-append", f"{CMDLINE} {of(kernel).cmdline} {cmdline}",
            "-chardev", f"file,id=con,path={self.console_path},append=on",
            "-serial", "chardev:con",
            "-chardev", f"socket,id=port,path={self.dir}/port,server=on,wait=off",
            "-device", f"virtio-serial-{bus}",
            "-device", "virtserialport,chardev=port,name=ktest,nr=1",
            "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off", *extra_args]
        self.errors = open(LOGS / f"{name}.qemu", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
            env={**os.environ, **qemu.env})
        self.pid = self.process.pid
        self.port = self._connect("port")
        self.qmp_file = None
        threading.Thread(target=self._read_port, daemon=True).start()

    def _connect(self, which):
        sock = socket.socket(socket.AF_UNIX)
        give_up = time.monotonic() + patient(30)
        while True:
            try:
                sock.connect(str(self.dir / which))
                return sock
            except OSError:
                if self.process.poll() is not None or time.monotonic() > give_up:
                    raise GuestError(f"{self.name}: QEMU did not start: "
                                     f"{pathlib.Path(self.errors.name).read_text()}")
                time.sleep(0.02)

    def _read_port(self):
        """Thread: take what the agent says, until QEMU is gone."""
        with self.port.makefile("rb") as lines:
            try:
                for line in lines:
                    self._take(line.decode(errors="replace").split())
            except OSError:
                pass
        self._lose_jobs()
        with self.changed:
            self.boot_id = None
            self.changed.notify_all()

    def _take(self, words):
        if words[:1] == ["HELLO"] and len(words) == 2:
            self._lose_jobs()
            with self.changed:
                self.boot_id = words[1]
                self.boots += 1
                self.changed.notify_all()
        elif words[:1] == ["EXIT"] and len(words) in (3, 4):
            job = self.jobs.pop(int(words[1]), None)
            if job:
                text = base64.b64decode(words[3] if len(words) == 4 else "")
                job.end(int(words[2]), text.decode(errors="replace"))

    def _lose_jobs(self):
        """Nobody will answer for the commands of an earlier boot."""
        while self.jobs:
            self.jobs.popitem()[1].end(None, "")

    def send(self, line):
        try:
            self.port.sendall(line.encode())
        except OSError:
            self._lose_jobs()

    def wait_boot(self, boots=1, timeout=90):
        """Wait for the agent of the boots-th boot; returns the guest."""
        with self.changed:
            def done():
                return self.boots >= boots and self.boot_id or self.process.poll() is not None
            up = self.changed.wait_for(done, patient(timeout))
            if not up or not self.boot_id:
                self.dump()
                raise GuestLost(f"{self.name}: boot {boots} did not come up, QEMU "
                                f"{self.process.poll()}\n{self.console()[-2000:]}")
        return self

    def start(self, command, timeout=60):
        """Run a shell command in the guest, in the background: a Job."""
        job = Job(self, self.next_job, command)
        self.next_job += 1
        self.jobs[job.number] = job
        text = base64.b64encode(command.encode()).decode()
        self.send(f"RUN {job.number} {int(patient(timeout))} {text}\n")
        return job

    def run(self, command, timeout=60, check=True):
        """Run a shell command in the guest: (exit status, output)."""
        return self.start(command, timeout).wait(timeout + 30, check)

    def is_silent(self):
        """Is it lost? What its vCPUs do is kept."""
        self.dump()
        if not self.astray:
            job = self.start("true", 10)
            self.silent = not (job.ended.wait(patient(20)) and job.rc == 0)
        return self.astray or self.silent

    def insmod(self, name, **params):
        """Load a module of the project, or one of ktest/modules, in the guest."""
        words = " ".join(f"{key}={value}" for key, value in params.items())
        return self.run(f"insmod /ko/{name}.ko {words}")

    def rmmod(self, name):
        return self.run(f"rmmod {name}")

    def reboot(self, how="reboot -f", timeout=90):
        """Reboot by a command inside, or by None: reset from outside."""
        boots = self.expected_boots = self.boots + 1
        if how is None:
            self.qmp("system_reset")
            return self.wait_boot(boots, timeout)
        job = self.start(how)
        try:
            return self.wait_boot(boots, timeout)
        except GuestLost as error:
            if job.rc:
                raise GuestError(f"{self.name}: status {job.rc} of: {how}\n{job.out}") from error
            raise

    def qmp(self, command, **arguments):
        """Run one QMP command; returns its "return" value."""
        if not self.qmp_file:
            self.qmp_file = self._connect("qmp").makefile("rw")
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        self.qmp_file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp_file.flush()
        while True:
            line = self.qmp_file.readline()
            answer = json.loads(line) if line else {"error": {"desc": "QEMU is gone"}}
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise GuestError(f"{self.name}: {command}: {answer['error']['desc']}")

    def monitor(self, line):
        """Run one line of the human monitor ("system_reset", "stop", "info cpus")."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def dump(self):
        """The guest does not answer: keep what its vCPUs and their threads do."""
        text = []
        try:
            for tid in self.vcpu_tids():
                task = pathlib.Path(f"/proc/{self.pid}/task/{tid}")
                text += [f"{tid}: {(task / name).read_text()}" for name in
                         ("stat", "schedstat", "stack")]
            text += [self.monitor("info registers -a"), self.monitor("info lapic"),
                     self.monitor("info registers -a")]
        except (GuestError, OSError) as error:
            text.append(str(error))
        self.astray = any(map(ASTRAY.search, text))
        (LOGS / f"{self.name}.stuck").write_text("\n".join(text))

    def vcpu_tids(self):
        """Host thread ids of the vCPUs, in order."""
        found = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            match = re.match(r"CPU (\d+)/KVM", (task / "comm").read_text())
            if match:
                found[int(match[1])] = int(task.name)
        return [found[n] for n in sorted(found)]

    def steal(self):
        """Steal ticks of the whole guest."""
        return int(self.run("cat /proc/stat")[1].split("\n")[0].split()[8])

    def dmesg(self):
        return self.run("dmesg")[1]

    def console(self):
        try:
            return self.console_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def expect_crash(self):
        """This guest is going to be crashed: do not look for splats in it."""
        self.crash_expected = True

    def alive(self):
        return self.process.poll() is None

    def kill(self, timeout=30):
        """SIGKILL its QEMU and wait until it is gone."""
        if self.alive():
            self.process.kill()
        self.process.wait(patient(timeout))


def run_all(guests, command, timeout=60, check=True):
    """Run a command in several guests at the same time: [(rc, out)]."""
    jobs = [guest.start(command, timeout) for guest in guests]
    return [job.wait(timeout + 30, check) for job in jobs]
