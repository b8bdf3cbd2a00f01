# SPDX-License-Identifier: GPL-2.0
"""A guest sleeps: suspend to memory, and hibernation as far as a guest without a disk
can go: up to the image, which is not written, and back."""
from bare import GENEROUS, check_works
from common import counters, registered, who
from job import test
from load import Load


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


@test(timeout=300, when="all")
def test_memory(t):
    """Suspend to memory (S3): the VM stops, the host module may go, and it wakes."""
    vm = awake(t, machine="q35", extra_args=("-global", "ICH9-LPC.disable_s3=0"))
    for _ in range(2):
        withdrawn = counters(t, who(vm))["withdrawals"]
        asleep = vm.start("echo deep > /sys/power/mem_sleep; echo mem > /sys/power/state", 120)
        t.wait_for(lambda: vm.qmp("query-status")["status"] == "suspended", "it sleeps", 60)
        t.check_eq(registered(t, vm), 0, "registered while it sleeps")
        vm.qmp("system_wakeup")
        asleep.wait(120, check=True)
        check_back(t, vm, withdrawn, "awake")
    asleep = vm.start("echo mem > /sys/power/state", 120)
    t.wait_for(lambda: vm.qmp("query-status")["status"] == "suspended", "it sleeps", 60)
    t.rmmod_host()
    vm.qmp("system_wakeup")
    asleep.wait(120, check=True)
    t.insmod_host(enable_all=1)
    t.wait_for(lambda: t.ecsctl("show", who(vm), check=False)[0] == 0
               and registered(t, vm) == 2, "registered with a new module", timeout=40)


@test(timeout=400, when="all")
def test_hibernation(t):
    """Hibernation up to the image, at each depth that the kernel can be tested at."""
    vm = awake(t)
    for depth in ("freezer", "devices", "platform", "processors", "core"):
        withdrawn = counters(t, who(vm))["withdrawals"]
        vm.run(f"echo {depth} > /sys/power/pm_test && echo disk > /sys/power/state",
               timeout=120)
        check_back(t, vm, withdrawn, f"hibernation up to {depth}")
