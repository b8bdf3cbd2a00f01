# SPDX-License-Identifier: GPL-2.0
"""A guest sleeps: suspend to memory and hibernation, as far as the kernel's own tests of
both go. They stop short of the firmware: woken from S3, a guest of the emulated host is
reset, without a module of ours as well; and a guest without a disk has no place for an
image."""
from bare import GENEROUS, check_works
from common import counters, registered, who
from job import test
from load import Load

DEPTHS = ("freezer", "devices", "platform", "processors", "core")


def check_extended(t, vm, message):
    """It is extended while it holds locks and others compete.

    Only now: the kernel's tests of hibernation count loops for some seconds, which last
    much longer for one that is preempted meanwhile.
    """
    vm.insmod("ecs_hold", hold_us=1000, gap_us=500, shared=0)
    load = Load(threads=2)
    check_works(t, who(vm), message, seconds=40)
    load.kill()
    vm.rmmod("ecs_hold")


def check_back(t, vm, withdrawn, message):
    got = counters(t, who(vm))
    t.check_eq(got["withdrawals"], withdrawn + 2, f"{message}: withdrawn before")
    t.wait_for(lambda: registered(t, vm) == 2, f"{message}: registered again")
    t.check_eq((got["bad_cookie"], got["bad_msr"]), (0, 0), f"{message}: offences")
    check_extended(t, vm, message)


def awake(t, **options):
    t.insmod_host()
    vm = t.guest(ecs=True, ecs_params={"watch_s": 1}, **options)
    t.ecsctl("enable", who(vm), *GENEROUS)
    check_extended(t, vm, "before")
    return vm


def nap(vm, depth, state):
    """Starts to sleep: the kernel goes as far as `depth`, stays 5 s and comes back."""
    return vm.start(f"echo {depth} > /sys/power/pm_test && echo {state} > /sys/power/state", 120)


@test(timeout=400, when="all")
def test_memory(t):
    """Suspend to memory, at each depth, and the host module goes meanwhile."""
    vm = awake(t, machine="q35", extra_args=("-global", "ICH9-LPC.disable_s3=0"))
    vm.run("echo deep > /sys/power/mem_sleep")
    for depth in DEPTHS:
        withdrawn = counters(t, who(vm))["withdrawals"]
        nap(vm, depth, "mem").wait(120, check=True)
        check_back(t, vm, withdrawn, f"suspended up to {depth}")
    asleep = nap(vm, "freezer", "mem")
    t.wait_for(lambda: registered(t, vm) == 0, "withdrawn while it sleeps")
    t.rmmod_host()
    t.check(not asleep.ended.is_set(), "it woke before the module was gone")
    asleep.wait(120, check=True)
    t.insmod_host(enable_all=1)
    t.wait_for(lambda: t.ecsctl("show", who(vm), check=False)[0] == 0
               and registered(t, vm) == 2, "registered with a new module", timeout=40)


@test(timeout=400, when="all")
def test_hibernation(t):
    """Hibernation up to the image, at each depth."""
    vm = awake(t)
    for depth in DEPTHS:
        withdrawn = counters(t, who(vm))["withdrawals"]
        nap(vm, depth, "disk").wait(120, check=True)
        check_back(t, vm, withdrawn, f"hibernation up to {depth}")
