# SPDX-License-Identifier: GPL-2.0
"""A guest starts another kernel, by itself or because it has crashed."""
from bare import pins
from common import counters, registered, show, who
from job import test

NEXT = "/next/kernel /next/initrd"


def load(way, more=""):
    return f'kexec {way} {NEXT} "$(sed "s/crashkernel=[^ ]*//" /proc/cmdline) {more}"'


@test(timeout=300, when="all", images=("kexec",))
def test_kexec(t):
    """kexec withdraws all pages before the new kernel gets the memory."""
    t.insmod_host()
    pinned = pins()
    vm = t.guest(ecs=True, image="kexec", mem="640M")
    t.ecsctl("enable", who(vm))
    vm.reboot(how=load("now"), timeout=150)
    t.check_eq(registered(t, vm), 0, "registered in the new kernel")
    got = counters(t, who(vm))
    t.check_eq(got["withdrawals"], 2, "withdrawn by the reboot notifier")
    t.check_eq((got["drops"], got["bad_cookie"], got["bad_msr"]), (0, 0, 0), "other ends")
    t.check_eq(pins(), pinned, "pinned pages")
    vm.insmod("ecs_guest")
    t.check_eq(registered(t, vm), 2, "registered by the new kernel")
    t.check_eq(show(t, vm)["mode"], "on", "the VM's mode")


@test(timeout=300, when="all", images=("kexec",))
def test_crash(t):
    """A crash kernel starts; who crashed has withdrawn, the others stand still for ever."""
    t.insmod_host()
    vm = t.guest(ecs=True, image="kexec", mem="768M", cmdline="crashkernel=256M")
    t.ecsctl("enable", who(vm))
    vm.run(load("crash", "nr_cpus=1 reset_devices"), timeout=120)
    vm.expect_crash()
    vm.reboot(how="echo c > /proc/sysrq-trigger", timeout=150)
    vm.run("[ -s /proc/vmcore ]")
    state = show(t, vm)
    t.check_eq(state["counters"]["withdrawals"], 1, "withdrawn by the CPU that crashed")
    left = [v for v in state["vcpu_list"] if v["registered"]]
    t.check_eq(len(left), 1, "registrations of CPUs that stand still")
    t.sh("sleep 2")
    t.check_eq([v["run_ns"] for v in show(t, vm)["vcpu_list"] if v["registered"]],
               [v["run_ns"] for v in left], "run time of the CPU that stands still")
    vm.insmod("ecs_guest")
    t.check_eq(registered(t, vm), 2, "registered with the one that the crash kernel has")
    got = counters(t, who(vm))
    t.check_eq((got["bad_cookie"], got["bad_msr"]), (0, 0), "offences")
