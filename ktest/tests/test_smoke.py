# SPDX-License-Identifier: GPL-2.0
"""The harness itself: guests boot, run, share CPUs, reboot, die."""
import time

import hotplug
from job import test


@test(timeout=120, quick=True, pairs="mixed")
def test_smoke(t):
    """Two guests on two CPUs really share them; a reboot and a kill go well."""
    one, two = t.start_guests(2, smp=2)
    t.check_eq(one.run("nproc")[1].strip(), "2", "CPUs of the guest")
    t.check_eq(len(one.vcpu_tids()), 2, "vCPU threads")
    t.check_eq(one.run("exit 3", check=False)[0], 3, "exit status")
    t.check_eq(one.run("sleep 20", timeout=1, check=False)[0], 124, "status of a timeout")
    background = one.start("sleep 1; echo done")

    before = one.steal(), two.steal()
    began = time.monotonic()
    t.run_all([one, two], "stress-ng --cpu 2 --futex 1 -t 5 -q", timeout=60)
    t.log(f"stress-ng: {time.monotonic() - began:.1f} s")
    for guest, earlier in zip((one, two), before):
        stolen = guest.steal() - earlier
        t.log(f"{guest.name}: {stolen} ticks stolen")
        t.check(stolen > 0, f"no time was stolen from {guest.name}")
    t.check_eq(background.wait(10), (0, "done\n"), "background command")

    one.insmod("ecs_hold", hold_us=100, gap_us=50)
    t.wait_for(lambda: int(one.run("cat /sys/module/ecs_hold/parameters/count")[1]) > 100,
               "ecs_hold holds its lock")
    one.rmmod("ecs_hold")

    boot_id = one.boot_id
    began = time.monotonic()
    one.reboot()
    t.log(f"reboot: {time.monotonic() - began:.1f} s")
    t.check(one.boot_id != boot_id, "the guest did not reboot")
    one.run("true")
    two.kill()
    t.check(not two.alive(), "the killed guest lives")


@test(timeout=150, quick=True)
def test_hotplug_machine(t):
    """A guest on q35 takes a vCPU and gives it back."""
    vm = t.guest("hot", **hotplug.GUEST)
    hotplug.plug(vm)
    hotplug.unplug(t, vm)
    vm.run(f"[ ! -e {hotplug.ONLINE} ]")
