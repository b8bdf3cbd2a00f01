# SPDX-License-Identifier: GPL-2.0
"""Run one job inside L1 and tell the outside how it went.

Started by l1_init.sh. The job is in job.json of the log share; what there is
to say goes out as JSON lines through the virtio-serial port "ktest", with a
heartbeat that tells a slow L1 from a dead one.
"""
import importlib.util
import json
import os
import pathlib
import signal
import sys
import threading
import time
import traceback

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / name) for name in ("", "tests")]

import cache  # noqa: E402
from context import Context  # noqa: E402
import kinds  # noqa: E402
import splats  # noqa: E402
from guest import GuestError, GuestLost, LOGS  # noqa: E402
from job import Failed, Skip, TimedOut  # noqa: E402


class Port:
    """The way out. Writers of several threads take turns."""

    def __init__(self):
        ports = pathlib.Path("/sys/class/virtio-ports")
        name = next(p.name for p in ports.iterdir()
                    if (p / "name").read_text().strip() == "ktest")
        self.file = open(f"/dev/{name}", "wb", buffering=0)
        self.lock = threading.Lock()

    def say(self, kind, **content):
        data = json.dumps({"kind": kind, **content}).encode() + b"\n"
        with self.lock:
            while data:
                data = data[self.file.write(data):]

    def beat(self):
        """Thread: heartbeats, ahead of whatever load the test makes."""
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK,
                                  os.sched_param(1))
        except OSError:
            pass
        while True:
            self.say("beat")
            time.sleep(2)


def load(target):
    """The function of "path/to/file.py:function", relative to ktest/."""
    path, _, name = target.partition(":")
    path = cache.KTEST / path
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def out_of_time(_signal, _frame):
    raise TimedOut()


def reset_by_themselves(guests):
    """Their names. One that is at it just now is counted as soon as it answers again."""
    for guest in guests:
        if guest.process.poll() is None:
            try:
                guest.run("true", timeout=20)
            except GuestError:
                pass
    return [guest.name for guest in guests if guest.boots > guest.expected_boots]


def run(job, context):
    """(outcome, detail, data) of the job."""
    try:
        data = load(job["target"])(context, **job["args"])
        return "ok", "", data
    except Skip as reason:
        return "skip", str(reason), None
    except TimedOut:
        return "timeout", f"after {job['timeout']} s\n{traceback.format_exc()}", None
    except Exception as error:
        signal.alarm(0)
        if isinstance(error, (Failed, GuestError)):
            where = traceback.extract_tb(error.__traceback__)
            lines = [f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in where[1:]]
            detail = f"{error}\n  at {', '.join(lines)}"
        else:
            # The test is broken, or what it read of a guest that was gone is nonsense.
            detail = traceback.format_exc()
        reset = reset_by_themselves(context.guests)
        if reset:
            detail = f"guests that reset by themselves: {', '.join(reset)}\n{detail}"
        lost = reset or isinstance(error, GuestLost)
        return "lost-vm" if lost else "not ok", detail, None


def main():
    job = json.loads((LOGS / "job.json").read_text())
    port = Port()
    threading.Thread(target=port.beat, daemon=True).start()
    if job.get("seed"):
        os.environ["ECS_SEED"] = job["seed"]
    port.say("booted", uptime=float(pathlib.Path("/proc/uptime").read_text().split()[0]))
    kinds.be_patient(job["kernel"], job["guest_kernel"])
    context = Context(job["kernel"], job["guest_kernel"], port.say)

    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(job["timeout"])
    outcome, detail, data = run(job, context)
    signal.alarm(0)
    try:
        wrong = context.finish()
    except Exception:
        wrong = [splats.Complaint(traceback.format_exc())]
    detail = "\n".join([detail, *(one.text for one in wrong)]).strip()
    outcome = splats.verdict(outcome, wrong)
    port.say("result", outcome=outcome, detail=detail, data=data)
    time.sleep(0.2)


if __name__ == "__main__":
    main()
