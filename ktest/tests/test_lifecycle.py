# SPDX-License-Identifier: GPL-2.0
"""Modules, guests and threads come and go under load."""
import time

from bare import Bare, contended, pins
from common import counters, kernel_load, registered, show, wait_gone, wait_registered
from job import test
from load import ahead, boosts


def loaded_pair(t, seconds=100):
    """Two registered guests under kernel-heavy load, both on."""
    t.insmod_host(enable_all=1)
    guests = t.start_guests(2, ecs=True, mem="512M")
    for guest in guests:
        kernel_load(guest, seconds)
    t.wait_for(lambda: all(counters(t, guest)["granted"] > 0 for guest in guests),
               "both guests get extensions", timeout=60)
    return guests


@test(timeout=180, quick=True)
def test_rmmod_host(t):
    """The host module goes under load, and the guests run on."""
    guests = loaded_pair(t, 60)
    t.rmmod_host()
    for guest in guests:
        guest.run("true", timeout=60)
    t.insmod_host()
    t.check_eq(t.ecsctl_json("list")["vms"] != [], True, "the VMs are still found")


@test(timeout=180)
def test_rmmod_guest(t):
    """The guest module goes under load and comes back."""
    one, two = loaded_pair(t, 60)
    for _ in range(3):
        one.rmmod("ecs_guest")
        t.check_eq(registered(t, one), 0, "registered after unload")
        one.insmod("ecs_guest")
        t.check_eq(registered(t, one), 2, "registered after load")
    t.check_eq(registered(t, two), 2, "the other guest's registrations")


def reload_host(t, cycles, seconds):
    """The host module goes and comes under load, for the whole test."""
    guests = t.start_guests(2, mem="512M")
    t.insmod_host(enable_all=1)
    for guest in guests:
        guest.insmod("ecs_guest", watch_s=1)
        kernel_load(guest, seconds)
    ahead()
    served, began = 0, time.monotonic()
    for cycle in range(cycles):
        t.rmmod_host()
        t.insmod_host(enable_all=1)
        if cycle % 5 == 4:
            for guest in guests:
                wait_registered(t, guest, timeout=60)
            served += sum(counters(t, guest)["req_tick"] for guest in guests)
        if cycle % 20 == 19:
            t.progress(f"{cycle + 1} times after {time.monotonic() - began:.0f} s, "
                       f"{served} requests seen in between")
    t.check(served > 0, "the module never did anything")


@test(timeout=420, when="all")
def test_reload_20(t):
    """The host module is loaded and unloaded 20 times under load."""
    reload_host(t, 20, 300)


@test(timeout=3600, when="named")
def test_reload_host_200(t):
    """The host module is loaded and unloaded 200 times under load."""
    reload_host(t, 200, 3500)


@test(timeout=3600, when="named")
def test_reload_guest_200(t):
    """The guest's module is loaded and unloaded 200 times under load, marks on."""
    t.insmod_host(enable_all=1)
    one, two = t.start_guests(2, mem="512M")
    for guest in (one, two):
        guest.insmod("ecs_guest")
        kernel_load(guest, 3500)
    ahead()
    pinned, began = pins(), time.monotonic()
    for cycle in range(200):
        one.rmmod("ecs_guest")
        t.check_eq(registered(t, one), 0, "registered after unload")
        one.insmod("ecs_guest", **({"mark_mutex": 1, "mark_rwsem": 1} if cycle % 4 == 3 else {}))
        t.check_eq(registered(t, one), 2, "registered after load")
        if cycle % 20 == 19:
            t.progress(f"{cycle + 1} times after {time.monotonic() - began:.0f} s")
    got = counters(t, one)
    t.check_eq((got["drops"], got["bad_msr"], got["bad_cookie"]), (0, 0, 0), "offences")
    t.check_eq(registered(t, two), 2, "the other guest's registrations")
    t.wait_for(lambda: pins() == pinned, "as many pages are pinned as before")


@test(timeout=180, quick=True, newest=True)
def test_sigkill(t):
    """QEMU is killed under load; its neighbour is still served."""
    one, two = loaded_pair(t)
    one.kill()
    wait_gone(t, one)
    before = counters(t, two)["sched_out"]
    three = t.guest("late", ecs=True)
    t.check_eq(registered(t, three), 2, "a new guest registers")
    t.check(counters(t, two)["sched_out"] > before, "the neighbour is no longer followed")


@test(timeout=180)
def test_paused(t):
    """A stopped process and a paused VM do not hold up anything."""
    one, two = loaded_pair(t)
    two.monitor("stop")
    one.process.send_signal(19)
    t.ecsctl("disable", "--all")
    t.check_eq(show(t, one)["mode"], "off", "mode of the stopped process")
    t.rmmod_host()
    one.process.send_signal(18)
    two.monitor("cont")
    for guest in (one, two):
        guest.run("true", timeout=60)


@test(timeout=120)
def test_kvm_absent(t):
    """Without kvm.ko the host module refuses with a clear line."""
    t.sh("rmmod kvm_amd kvm")
    t.sh("mount -t tmpfs none /lib/modules", check=False)
    rc, out = t.sh(f"insmod {t.module('ecs_host')}", check=False)
    t.check(rc != 0, "it loaded")
    t.check("kvm.ko is not loaded" in t.kmsg(), f"it did not say why: {out}")


@test(timeout=300, when="all")
def test_rmmod_promised(t):
    """The module goes while boosts have 90 % of all CPUs, and a VM most of the rest."""
    t.insmod_host(boost_limit=90)
    _, load = contended(t)
    t.ecsctl("boost", load.vm, "--sbt", "9ms", "--usbt", "1ms", "--backend", "pick")
    t.wait_for(lambda: all(b["counters"]["boosts"] > 20 for b in boosts(t, load)), "boosts")
    t.rmmod_host()


@test(timeout=300, when="all")
def test_kvm_amd(t):
    """kvm-amd goes and comes under the module, if no VM is in the way; kvm.ko stays."""
    t.insmod_host()
    bare = Bare()
    for name in ("kvm_amd", "kvm"):
        rc, out = t.sh(f"rmmod {name}", check=False)
        t.check(rc != 0 and "in use" in out, f"rmmod {name} under a VM: {rc} {out}")
    bare.kill()
    for _ in range(3):
        t.wait_for(lambda: t.sh("rmmod kvm_amd", check=False)[0] == 0, "kvm_amd goes")
        rc, out = t.sh("rmmod kvm", check=False)
        t.check(rc != 0 and "in use" in out, f"rmmod kvm under the module: {rc} {out}")
        t.sh("modprobe kvm_amd")
        bare, hog = contended(t)
        bare.kill()
        hog.kill()
    t.rmmod_host()
    t.wait_for(lambda: t.sh("rmmod kvm_amd", check=False)[0] == 0, "kvm_amd goes")
    t.sh("rmmod kvm")
