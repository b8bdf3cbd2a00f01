# SPDX-License-Identifier: GPL-2.0
"""Many VMs at once."""
import os
import signal
import time

from bare import Bare, check_works, contended, known, pins
from job import test

VMS, VCPUS = 64, 4


def gone(t, pids):
    t.wait_for(lambda: not set(pids) & set(known(t)), "the killed VMs are gone", timeout=60)


@test(timeout=400, when="all")
def test_many(t):
    """64 VMs of 4 vCPUs register, are switched on and off, and die: nothing stays."""
    t.insmod_host()
    pinned, began = pins(), time.monotonic()
    many = Bare(VMS, VCPUS, "nap", timeout=200)
    t.log(f"{VMS} VMs of {VCPUS} vCPUs after {time.monotonic() - began:.1f} s")
    t.check_eq(pins() - pinned, VMS * VCPUS, "pinned pages")
    t.check_eq(known(t), many.pids, "VMs that are known")
    # One process for all of them: each has to look through /proc.
    t.ecsctl("enable", *many.vms, timeout=200)
    modes = {vm["pid"]: vm["mode"] for vm in t.ecsctl_json("list")["vms"]}
    t.check_eq(modes, {pid: "on" for pid in many.pids}, "modes")
    shown = {vm["pid"]: vm for vm in t.ecsctl_json("show", *many.vms, timeout=200)["vms"]}
    t.check_eq(sorted(shown), many.pids, "VMs that are shown")
    for pid, vm in shown.items():
        t.check_eq(vm["registered"], VCPUS, f"vCPUs of {pid} that are registered")
        t.check_eq([(v["vcpu"], v["tid"]) for v in vm["vcpu_list"]],
                   list(enumerate(many.tids(pid))), f"vCPUs of {pid} and their threads")
    t.sh("sleep 1")
    idle = [vm["pid"] for vm in t.ecsctl_json("show", *many.vms, timeout=200)["vms"]
            if not vm["counters"]["sched_out"]]
    t.check_eq(idle, [], "VMs that were never seen to leave a CPU")

    # Among all of them one that competes is served as ever.
    busy, _ = contended(t)
    check_works(t, busy.vm, "one among many")
    t.ecsctl("disable", "--all")
    modes = {vm["mode"] for vm in t.ecsctl_json("list")["vms"] if vm["known"]}
    t.check_eq(modes, {"off"}, "modes after disable --all")

    half = many.pids[::2]
    for pid in half:
        os.kill(pid, signal.SIGKILL)
    gone(t, half)
    t.check_eq(set(known(t)), {*many.pids, busy.pid} - set(half), "VMs that are left")
    busy.kill()
    many.kill()
    gone(t, [*many.pids, busy.pid])
    t.wait_for(lambda: pins() == pinned, "no page is pinned")
    t.rmmod_host()


@test(timeout=300, when="all")
def test_unload(t):
    """The module goes under 64 VMs of 4 vCPUs, half of them stopped, and comes again."""
    t.insmod_host(enable_all=1)
    pinned = pins()
    many = Bare(VMS, VCPUS, "nap", timeout=200)
    for pid in many.pids[::2]:
        os.kill(pid, signal.SIGSTOP)
    t.rmmod_host()
    t.check_eq(pins(), pinned, "pinned pages without the module")
    for pid in many.pids[::2]:
        os.kill(pid, signal.SIGCONT)
    t.insmod_host(enable_all=1)
    more = Bare(4, VCPUS, "nap")
    t.check_eq(known(t), more.pids, "VMs that are known to the new module")
    many.kill()
    t.check_eq(pins() - pinned, 4 * VCPUS, "pinned pages")
