# SPDX-License-Identifier: GPL-2.0
"""A guest is known to the host exactly while it wants to be."""
import pathlib
import re

import hotplug
from common import counters, hog, registered, show, wait_gone, wait_registered, who
from job import test

TRACING = pathlib.Path("/sys/kernel/tracing")
# ECS_ABI_MSR_...
ID, PAGE = 0x45435300, 0x45435302


@test(timeout=120, quick=True, pairs="mixed")
def test_comes_and_goes(t):
    """Load, unload, CPU offline and online, suspend: each withdraws and returns."""
    t.insmod_host()
    vm = t.guest(ecs=True)
    t.check_eq(registered(t, vm), 2, "registered after load")
    widths = [vcpu["pc_width"] for vcpu in show(t, vm)["vcpu_list"]]
    t.check(set(widths) <= {4, 8}, f"no preempt count published: {widths}")
    known = "/sys/module/ecs_guest/parameters/registered"
    t.check_eq(vm.run(f"cat {known}")[1].strip(), "2", "the guest's own count")

    online = "/sys/devices/system/cpu/cpu1/online"
    vm.run(f"echo 0 > {online}")
    t.check_eq(registered(t, vm), 1, "registered with a CPU offline")
    vm.run(f"echo 1 > {online}")
    t.check_eq(registered(t, vm), 2, "registered with it back")

    withdrawn = counters(t, vm)["withdrawals"]
    vm.run("echo freezer > /sys/power/pm_test && echo freeze > /sys/power/state",
           timeout=60)
    t.check_eq(counters(t, vm)["withdrawals"], withdrawn + 2, "withdrawn for suspend")
    t.check_eq(registered(t, vm), 2, "registered after resume")

    vm.rmmod("ecs_guest")
    t.check_eq(registered(t, vm), 0, "registered after unload")
    t.check_eq(counters(t, vm)["drops"], 0, "the host had to drop")
    vm.insmod("ecs_guest")
    t.check_eq(registered(t, vm), 2, "registered after loading again")
    t.check_eq(counters(t, vm)["bad_msr"], 0, "offences of an honest guest")


@test(timeout=150, newest=True)
def test_reboots(t):
    """Reboot, reset from outside and panic: nothing stays registered."""
    t.insmod_host()
    vm = t.guest(ecs=True)
    t.ecsctl("enable", who(vm))

    vm.reboot()
    t.check_eq(registered(t, vm), 0, "registered after reboot")
    t.check_eq(counters(t, vm)["withdrawals"], 2, "withdrawn by the reboot notifier")

    vm.insmod("ecs_guest")
    vm.reboot(how=None)
    t.check_eq(registered(t, vm), 0, "registered after a reset from outside")
    t.check(counters(t, vm)["drops"] > 0, "the host dropped nothing at reset")

    vm.insmod("ecs_guest")
    t.check_eq(registered(t, vm), 2, "registered in the third boot")
    vm.expect_crash()
    withdrawn = counters(t, vm)["withdrawals"]
    vm.reboot(how="echo c > /proc/sysrq-trigger")
    t.check_eq(registered(t, vm), 0, "registered after a panic")
    t.check(counters(t, vm)["withdrawals"] > withdrawn, "the panic withdrew nothing")
    t.check_eq(show(t, vm)["mode"], "on", "the VM's mode over reboots")


@test(timeout=120, newest=True)
def test_no_kvmclock(t):
    """Nothing of KVM's clock is written at the reset of a VM without it. A machine whose
    slots stay as they are, which would end the registration, too."""
    t.insmod_host()
    # Nor has it anything to find out with how fast its clock is.
    mhz = re.search(r"^cpu MHz\s*: ([\d.]+)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    vm = t.guest(ecs=True, cpu="host,-kvmclock",
                 cmdline=f"tsc_early_khz={int(float(mhz[1]) * 1000)}")
    t.ecsctl("enable", who(vm))
    t.check_eq(registered(t, vm), 2, "registered")
    vm.reboot(how=None)
    t.check_eq(registered(t, vm), 0, "registered after a reset from outside")
    t.check_eq(counters(t, vm)["drops"], 2, "dropped at reset")


@test(timeout=150)
def test_vcpu_unplug(t):
    """A vCPU that is unplugged while registered leaves no trace."""
    t.insmod_host()
    vm = t.guest("hot", **hotplug.GUEST, ecs=True)
    t.ecsctl("enable", who(vm))
    for _ in range(2):
        hotplug.plug(vm)
        wait_registered(t, vm)
        hotplug.unplug(t, vm)
        t.check_eq(registered(t, vm), 1, "registered without its vCPU")
    t.check_eq(counters(t, vm)["drops"], 0, "the guest did not withdraw it first")


@test(timeout=120, quick=True)
def test_no_host(t):
    """Without ecs on the host the guest module refuses in one line, no harm done."""
    vm = t.guest()
    rc, out = vm.run("insmod /ko/ecs_guest.ko", check=False)
    t.check(rc != 0 and "No such device" in out, f"it loaded, or said: {out}")
    # The guest's insmod tries both system calls that load a module.
    lines = {line.split("] ", 1)[1] for line in vm.dmesg().splitlines()
             if "ecs_guest: " in line and "taint" not in line and "verification" not in line}
    t.check_eq(lines, {"ecs_guest: no host with ecs here: nothing to do"}, "the guest's log")


@test(timeout=150)
def test_host_reload(t):
    """The guest notices that the host's module came anew, and registers again."""
    t.insmod_host()
    vm = t.guest(ecs=True, ecs_params={"watch_s": 1})
    t.ecsctl("enable", who(vm))
    t.rmmod_host()
    vm.run("sleep 3")
    t.insmod_host(enable_all=1)
    vm.start("stress-ng --cpu 1 -t 20 -q")
    wait_registered(t, vm, timeout=40)
    t.check_eq(show(t, vm)["mode"], "on", "mode by enable_all")


@test(timeout=150, newest=True)
def test_deaf_host(t):
    """Of a host without ecs that answers any MSR with 0 nothing is wanted but who it is."""
    ignore = pathlib.Path("/sys/module/kvm/parameters/ignore_msrs")
    t.insmod_host()
    # A processor that comes up there finds more answers than there are registers.
    t.allow_splat(r"unchecked MSR access error: RDMSR from 0x852 |Call Trace:")
    vm = t.guest(ecs=True, ecs_params={"watch_s": 1})
    ignore.write_text("1")
    t.rmmod_host()
    vm.start("stress-ng --cpu 1 -t 60 -q")
    # A registration may be under way.
    vm.run("sleep 2")
    # Not KVM's own messages, which it limits.
    msr = TRACING / "events/kvm/kvm_msr"
    (msr / "filter").write_text(f"ecx >= {ID:#x} && ecx <= {PAGE:#x}")
    (msr / "enable").write_text("1")
    vm.run("sleep 10")
    online = "/sys/devices/system/cpu/cpu1/online"
    for _ in range(4):
        vm.run(f"echo 0 > {online}; echo 1 > {online}")
    (msr / "enable").write_text("0")
    seen = [f"msr_{way} {msr:x} " for way in ("read", "write") for msr in (ID, PAGE)]
    text = (TRACING / "trace").read_text()
    seen = {what: text.count(what) for what in seen}
    t.log(seen)
    t.check(seen[f"msr_read {ID:x} "] > 4, f"it does not look for its host any more: {seen}")
    t.check_eq(seen[f"msr_write {PAGE:x} "], 0, "it tells a foreign host where its page is")
    ignore.write_text("0")
    t.insmod_host()
    wait_registered(t, vm, timeout=40)


@test(timeout=120)
def test_names(t):
    """A VM is found by name, UUID and pid; a wrong name changes nothing."""
    t.insmod_host()
    vm = t.guest(ecs=True)
    state = show(t, vm)
    t.check_eq(state["mode"], "off", "mode of a VM nobody spoke of")
    rc, _, err = t.ecsctl("enable", "nosuch", check=False)
    t.check_eq(rc, 3, f"status for a wrong name ({err.strip()})")
    rc, _, err = t.ecsctl("enable", str(vm.pid), check=False)
    t.check_eq(rc, 1, f"status for a bare number ({err.strip()})")
    for name in (vm.name, vm.uuid, who(vm)):
        t.ecsctl("enable", name)
        t.check_eq(show(t, vm)["mode"], "on", f"mode after enable {name}")
        t.ecsctl("disable", name)
        t.check_eq(show(t, vm)["mode"], "off", f"mode after disable {name}")
    vm.kill()
    wait_gone(t, vm)


def inflate(t, vm, megabytes):
    """Make the guest give memory back until it has so much."""
    vm.qmp("balloon", value=megabytes << 20)
    t.wait_for(lambda: vm.qmp("query-balloon")["actual"] >> 20 == megabytes,
               f"{megabytes} MB are left", timeout=60, every=1)


@test(timeout=150, when="all")
def test_balloon(t):
    """A balloon takes some of the guest's memory and gives it back: its pages stay."""
    t.insmod_host()
    vm = t.guest(ecs=True, mem="512M", extra_args=("-device", "virtio-balloon-device"))
    size = vm.qmp("query-balloon")["actual"] >> 20
    t.ecsctl("enable", who(vm))
    before = counters(t, vm)
    hog(vm, 100)
    for _ in range(2):
        inflate(t, vm, size - 16)
        t.check_eq(registered(t, vm), 2, "registered with a balloon")
        inflate(t, vm, size)
    after = counters(t, vm)
    t.check_eq([after[name] - before[name] for name in ("registrations", "drops", "bad_cookie")],
               [0, 0, 0], "registrations, drops and foreign pages meanwhile")
    t.check_eq(registered(t, vm), 2, "registered without it")
    vm.rmmod("ecs_guest")
    t.check_eq(counters(t, vm)["withdrawals"], before["withdrawals"] + 2, "withdrawn at last")
