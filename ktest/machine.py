# SPDX-License-Identifier: GPL-2.0
"""L1: the virtual machine that plays the KVM host, for the length of one job.

    outcome = machine.run("tests/test_smoke.py:test_smoke", "6.12", logs=path)

boots L1 with that kernel, runs the function in it (see l1.py, context.py) and
returns a Result. Anything else on the host may use it for a job of its own:
`show` gets every line that the job says by t.progress(), as it is said.
"""
import ctypes
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import cache
import kinds
import splats

CMDLINE = ("console=ttyS0 loglevel=5 no_timer_check mitigations=off panic=-1 oops=panic "
           "tsc=reliable unknown_nmi_panic sysrq_always_enabled random.trust_cpu=on "
           "cryptomgr.notests lsm= audit=0")
# Five-level paging would make every nested walk longer.
CPU = "max,+svm,-la57"
MEMORY = {False: "6G", True: "8G"}	# of L1, by whether its kernel is a debug one
# The limits below grow where a kernel is slow (kinds.py).
SILENCE = 45		# seconds without a heartbeat: L1 hangs
BOOT = 60		# seconds for L1 to come up
FINISH = 90		# seconds for cleaning up after the job's own timeout
SYSRQ = "9tq"		# everything goes to the console: tasks and run queues, timers
TRIES = 3		# one, and two more for a lost L1
LOSSES = 5		# of so many tests one may lose a machine, and it is the emulator's fault
FEW_LOSSES = 3		# however few tests there were


@dataclasses.dataclass
class Result:
    """How a job ended."""
    outcome: str		# ok, not ok, skip, timeout, lost-vm
    detail: str = ""
    data: object = None		# what the function returned
    boot_seconds: float = 0
    seconds: float = 0
    lost: int = 0		# how often L1 was lost before
    lost_details: list = dataclasses.field(default_factory=list)


def die_with_parent():
    """In the child: no QEMU outlives the one who started it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class L1:
    """One boot of L1."""

    def __init__(self, kernel, logs, cmdline="", extra_args=()):
        self.kernel = cache.Kernel(kernel)
        self.logs = logs
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="ktest-"))
        self.qemu = cache.Qemu()
        self.command = [
            self.qemu.emulator, *self.qemu.args, "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-M", "q35", "-accel", "tcg,thread=multi",
            "-cpu", CPU, "-smp", "2", "-m", MEMORY[kinds.is_debug(kernel)],
            "-kernel", str(self.kernel.vmlinux),
            "-initrd", str(cache.BUILD / kernel / "l1.cpio"),
            "-append", " ".join((
                CMDLINE, kinds.of(kernel).cmdline, cmdline, f"ktest.top={cache.TOP}", f"ktest.build={cache.BUILD}",
                f"ktest.cache={cache.root()}", f"ktest.kernel={kernel}",
                f"ktest.release={self.kernel.release}")),
            "-serial", f"file:{logs}/l1.console",
            "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,"
                       "multidevs=remap",
            "-virtfs", f"local,path={logs},mount_tag=log,security_model=none",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=port,path={self.sockets}/port,server=on,wait=off",
            "-device", "virtserialport,chardev=port,name=ktest",
            "-qmp", f"unix:{self.sockets}/qmp,server=on,wait=off", *extra_args]

    def __enter__(self):
        with open(self.logs / "l1.qemu", "wb") as errors:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                env={**os.environ, **self.qemu.env}, preexec_fn=die_with_parent)
        # QEMU's main loop delivers every timer of L1: it goes first. Not so
        # the vCPU threads, hence the reset for what it starts.
        try:
            os.sched_setscheduler(self.process.pid, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK,
                                  os.sched_param(50))
        except PermissionError:
            pass
        self.port = self.connect("port")
        self.pending = b""
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def connect(self, which):
        sock = socket.socket(socket.AF_UNIX)
        give_up = time.monotonic() + 20
        while True:
            try:
                sock.connect(str(self.sockets / which))
                return sock
            except OSError:
                if self.process.poll() is not None or time.monotonic() > give_up:
                    text = (self.logs / "l1.qemu").read_text(errors="replace")
                    raise RuntimeError(f"QEMU did not start: {text}") from None
                time.sleep(0.02)

    def messages(self):
        """What L1 says, as dictionaries; None at every second of silence."""
        with selectors.DefaultSelector() as ready:
            ready.register(self.port, selectors.EVENT_READ)
            while True:
                if not ready.select(1):
                    yield None
                    continue
                data = self.port.recv(1 << 16)
                if not data:
                    return
                *lines, self.pending = (self.pending + data).split(b"\n")
                for line in lines:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        yield {"kind": "log", "text": f"garbled: {line[:200]!r}", "at": 0}

    def poke(self):
        """Make a hung L1 say where it hangs: its registers go to a file; its tasks,
        run queues and timers to the console, if it can still say them; and an NMI
        panics it, with a trace."""
        try:
            qmp = self.connect("qmp").makefile("rw")

            def ask(command, **arguments):
                qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
                qmp.flush()
                while True:
                    answer = json.loads(qmp.readline() or '{"return": ""}')
                    if "event" not in answer:
                        return answer.get("return", "")

            qmp.readline()
            ask("qmp_capabilities")
            (self.logs / "l1.registers").write_text(
                ask("human-monitor-command", **{"command-line": "info registers -a"}))
            for key in SYSRQ:
                ask("human-monitor-command", **{"command-line": f"sendkey alt-sysrq-{key}"})
                time.sleep(1)
            ask("inject-nmi")
            self.process.wait(10)
        except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired):
            pass

    def console(self):
        try:
            return (self.logs / "l1.console").read_text(errors="replace")
        except FileNotFoundError:
            return ""


@contextlib.contextmanager
def alone():
    """One L1 at a time on this machine: two would only slow and starve each other."""
    with open(cache.root() / "vm.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_once(job, logs, cmdline="", extra_args=(), show=None):
    """Boot L1 once and run the job: a Result."""
    with alone():
        return boot_and_run(job, logs, cmdline, extra_args, show)


def boot_and_run(job, logs, cmdline, extra_args, show):
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    (logs / "job.json").write_text(json.dumps(job))
    began = time.monotonic()
    result = None
    booted = 0
    why = "its QEMU ended"
    slow = kinds.slowness(job["kernel"], job["guest_kernel"])
    with L1(job["kernel"], logs, cmdline, extra_args) as l1, open(logs / "log", "w") as log:
        heard = began
        for message in l1.messages():
            now = time.monotonic()
            if message is None:
                limit = (booted + job["timeout"] + FINISH * slow if booted
                         else began + BOOT * slow)
                if booted and now - heard > SILENCE * slow or now > limit:
                    why = f"hung, silent for {now - heard:.0f} s"
                    l1.poke()
                    break
                continue
            heard = now
            if message["kind"] == "booted":
                booted = now
            elif message["kind"] == "result":
                result = Result(message["outcome"], message["detail"], message["data"])
                break
            elif message["kind"] in ("log", "progress"):
                log.write(f"{message['at']:8.2f} {message['text']}\n")
                log.flush()
                if show and message["kind"] == "progress":
                    show(message["text"])
        if not result:
            try:
                l1.process.wait(5)	# the last words of a panic
            except subprocess.TimeoutExpired:
                pass
    if not result:
        console = l1.console()
        trace = splats.find(console)
        detail = splats.excerpt(console, trace) if trace else console[-2000:]
        ours = splats.ours(console)
        if splats.loaded(console):
            why += " with ecs_host loaded"
        result = Result("not ok" if ours else "lost-vm",
                        f"L1 {'crashed in ecs' if ours else 'lost'}: {why}\n{detail}")
    result.boot_seconds = booted - began if booted else 0
    result.seconds = time.monotonic() - began
    return result


def too_many_lost(lost, tests):
    """More machines than the emulator loses, so that the loss may be ours?"""
    return lost > max(FEW_LOSSES, tests // LOSSES)


def run(target, kernel, guest_kernel=None, args=None, timeout=120, logs=None, cmdline="",
        extra_args=(), show=None, tries=TRIES):
    """Run a job in L1, again if L1 gets lost. Needs build.everything() before."""
    guest_kernel = guest_kernel or kernel
    job = {"target": target, "args": args or {},
           "timeout": timeout * kinds.slowness(kernel, guest_kernel),
           "kernel": kernel, "guest_kernel": guest_kernel, "seed": os.environ.get("ECS_SEED")}
    logs = pathlib.Path(logs or cache.BUILD / "job").resolve()
    lost = []
    while True:
        result = run_once(job, logs, cmdline, extra_args, show)
        if result.outcome != "lost-vm" or len(lost) + 1 == tries:
            break
        lost.append(result.detail)
        kept = logs.with_name(f"{logs.name}.lost{len(lost)}")
        shutil.rmtree(kept, ignore_errors=True)
        logs.rename(kept)
    result.lost, result.lost_details = len(lost), lost
    return result
