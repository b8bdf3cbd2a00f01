# SPDX-License-Identifier: GPL-2.0
"""A guest, or a VMM, that does everything wrong: nobody else notices."""
import json
import os
import pathlib
import re
import subprocess
import time

import cache
from bare import pins
from common import (SEED, counters, difference, registered, run_ns, show, wait_gone,
                    wait_registered, who)
import hotplug
from job import test

CLIENT = str(cache.BUILD / "l1-hostile")
PARAMETERS = "/sys/module/ecs_hostile/parameters"
COUNTS = ("msr_ops", "mem_ops", "faults", "registered", "wrong")
CONTROL = "calm"	# no attack: what the measurement itself is worth
ATTACKS = ("msr", "header", "register", "same", "pc", "flap", "stuck", "host", "offers", "all")


def client(t, attack, cycles, *more, seed=SEED):
    """Run the small VMM: what it has done. It has found nothing that is wrong."""
    done = subprocess.run([CLIENT, attack, str(seed), str(cycles), *map(str, more)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    counts = re.search(r"^msr (\d+) vmm (\d+) wrong (\d+)$", done.stdout, re.M)
    t.check(counts, f"{attack}, seed {seed}: status {done.returncode}: "
            f"{done.stdout}{done.stderr}")
    t.log(attack, done.stdout.strip(), done.stderr)
    t.check_eq(int(counts[3]), 0, f"{attack}, seed {seed}, of what is known: {done.stderr}")
    return int(counts[1]) + int(counts[2])


def objects():
    """Bytes of kernel memory in objects in use, of the caches that are charged to a
    cgroup, as our records are; where they are not apart, of all general ones."""
    slabs = pathlib.Path("/sys/kernel/slab")
    total = 0
    for path in list(slabs.glob("kmalloc-cg-*")) or slabs.glob("kmalloc-*"):
        (path / "shrink").write_text("1")
        used = int((path / "objects").read_text().split()[0])
        total += used * int((path / "object_size").read_text())
    return total


def hostile_guest(t, name="hostile", attack="all", **options):
    """A guest with ecs_hostile in it."""
    params = {key: options.pop(key) for key in ("limited",) if key in options}
    guest = t.guest(name, **options)
    guest.insmod("ecs_hostile", seed=SEED, attack=attack, **params)
    return guest


def done_by(guest):
    """What the attackers of a guest count."""
    out = guest.run(f"cd {PARAMETERS}; cat {' '.join(COUNTS)}")[1]
    return dict(zip(COUNTS, map(int, out.split())))


def turn_to(guest, attack):
    guest.run(f"echo {attack} > {PARAMETERS}/attack")


def check_host(t, guest):
    """The host has counted each offence, and broken no promise. The guest is calm."""
    did, seen = done_by(guest), counters(t, guest)
    t.log(did, seen)
    t.progress(f"{did['msr_ops']} MSR accesses, {did['faults']} of them refused; "
               f"{did['mem_ops']} stores")
    t.check_eq(did["wrong"], 0, f"answers that break the contract: {guest.dmesg()[-1000:]}")
    t.check_eq(seen["bad_msr"], did["faults"], "offences that the host has counted")
    t.check_eq(seen["registrations"], did["registered"], "registrations")
    return did, seen


def check_gone(t, guest, before):
    """Nothing is left of a guest."""
    guest.kill()
    wait_gone(t, guest)
    t.check(who(guest)[4:] not in [str(vm["pid"]) for vm in t.ecsctl_json("list")["vms"]],
            "it is listed")
    t.wait_for(lambda: pins() == before, "none of its pages is pinned any more")


def pin_vcpus(*guests):
    """One vCPU of each guest on each CPU, so that nobody moves them about."""
    for guest in guests:
        for number, tid in enumerate(guest.vcpu_tids()):
            os.sched_setaffinity(tid, {number})


class Share:
    """CPU time of a VM, and how its requests inside sections fared, in some windows."""

    def __init__(self):
        self.ran = self.time = self.asked = self.granted = 0

    def of(self):
        return self.ran / self.time

    def served(self):
        return self.granted / max(self.asked, 1)

    def measure(self, t, guest, seconds):
        before, ran, began = counters(t, guest), run_ns(guest), time.monotonic_ns()
        t.sh(f"sleep {seconds}")
        self.ran += run_ns(guest) - ran
        self.time += time.monotonic_ns() - began
        gain = difference(counters(t, guest), before)
        self.asked += gain["req_in_section"]
        self.granted += gain["granted"]


@test(timeout=120)
def test_takes_away(t):
    """A VMM takes memory, files and threads away from what is registered."""
    t.insmod_host(enable_all=1)
    t.sh("mkdir -p /run/ramfs; mount -t ramfs ramfs /run/ramfs")
    before = pins()
    for attack, cycles, *more in (("answers", 1), ("places", 1), ("slots", 1), ("memory", 1), ("balloon", 1),
                                  ("threads", 1), ("ends", 6), ("clone", 1),
                                  ("file", 1, "/run/ramfs/memory")):
        client(t, attack, cycles, *more)
    t.check_eq(t.ecsctl_json("list")["vms"], [], "VMs that are gone")
    t.wait_for(lambda: pins() == before, "no page is pinned any more")


@test(timeout=400, when="all")
def test_leaks(t):
    """Over hundreds of VMs nothing is left behind."""
    t.insmod_host(enable_all=1)
    before = pins()
    seed, used, ops = SEED, [], 0
    for _ in range(3):
        for _ in range(12):
            seed += 1
            for attack in ("slots", "memory", "balloon", "threads", "churn"):
                ops += client(t, attack, 1, seed=seed)
            ops += client(t, "ends", 4, seed=seed)
        t.sh("sleep 2")
        used.append(objects())
    t.progress(f"{ops} operations; bytes in objects: {used}")
    t.check_eq(t.ecsctl_json("list")["vms"], [], "VMs that are gone")
    t.wait_for(lambda: pins() == before, "no page is pinned any more")
    # The first lot warms up; of the third some 100 records of a vCPU would be 200 kB.
    t.check(used[2] - used[1] < 65536, f"the host's memory grows: {used}")


@test(timeout=200, when="all")
def test_fresh_accounts(t):
    """New vCPUs and new threads bring no new budget."""
    t.insmod_host(enable_all=1)
    spin = subprocess.Popen(["taskset", "2", "sh", "-c", "while :; do :; done"])
    vmm = subprocess.Popen(["taskset", "2", CLIENT, "fresh", str(SEED), "40"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    vm = f"pid:{vmm.pid}"
    t.wait_for(lambda: t.ecsctl_json("list")["vms"], "it registers")
    t.ecsctl("set", vm, "budget=0%", "burst=1ms")
    first = last = counters(t, vm)
    while vmm.poll() is None:
        shown = t.ecsctl("--json", "show", vm, check=False)
        if shown[0] == 0:
            last = json.loads(shown[1])["vms"][0]["counters"]
        t.sh("sleep 0.2")
    spin.kill()
    t.check_eq(vmm.returncode, 0, "the VMM's exit status")
    gain = difference(last, first)
    t.log(gain)
    t.check(gain["registrations"] > 15 and gain["req_in_section"] > 15, "it did not get far")
    # The one that had been there before may have had something.
    t.check(gain["granted"] <= 2, f"vCPUs without any budget were extended: {gain}")

    vmm = subprocess.Popen([CLIENT, "boosts", str(SEED), "1"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    vmm.stdout.readline()
    t.ecsctl("limit", f"pid:{vmm.pid}", "--max-sbt", "100ms", "--min-usbt", "1ms")
    out, errors = vmm.communicate("\n", timeout=60)
    t.log(out, errors)
    t.check_eq(vmm.returncode, 0, errors)


@test(timeout=150, newest=True)
def test_crowd(t):
    """A VMM with more vCPUs than a host has use for has some of them boosted at most,
    however little each asks for, and then what it was before."""
    t.insmod_host()
    before = pins()
    vmm = subprocess.Popen([CLIENT, "crowd", str(SEED), "1"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    vmm.stdout.readline()
    t.ecsctl("limit", f"pid:{vmm.pid}", "--max-sbt", "100ms", "--min-usbt", "1ms")
    vmm.stdin.write("\n")
    vmm.stdin.flush()
    vmm.stdout.readline()
    boosts = t.ecsctl_json("show", f"pid:{vmm.pid}")["vms"][0]["boosts"]
    out, errors = vmm.communicate("\n", timeout=60)
    t.log(out, errors)
    granted, asked = map(int, re.search(r"granted (\d+) of (\d+)", out).groups())
    t.progress(f"{granted} of {asked} boosts")
    t.check_eq(vmm.returncode, 0, errors)
    t.check_eq(len(boosts), granted, "boosts that are shown")
    t.check_eq(granted, 32 * os.cpu_count(), "boosts that were granted")
    t.wait_for(lambda: pins() == before, "no page of it is pinned")


def neighbour(t, attack):
    """A guest that attacks so, and is calm in turns, takes nothing from the honest one."""
    t.insmod_host(enable_all=1)
    honest = t.guest("honest", ecs=True)
    honest.insmod("ecs_hold", hold_us=300, gap_us=100, shared=0)
    before = pins()
    hostile = hostile_guest(t, attack="calm")
    pin_vcpus(honest, hostile)
    t.sh("sleep 2")
    calm, attacked = Share(), Share()
    for _ in range(6):
        calm.measure(t, honest, 2)
        turn_to(hostile, attack)
        attacked.measure(t, honest, 4)
        turn_to(hostile, "calm")
        calm.measure(t, honest, 2)
    did, seen = check_host(t, hostile)
    ratio, served, usual = attacked.of() / calm.of(), attacked.served(), calm.served()
    t.progress(f"{attack}: CPU time of the honest VM {ratio:.4f} of that beside a calm one "
               f"({calm.of() / 2:.4f} of the host); of its requests in sections "
               f"{served:.3f} are deferred, else {usual:.3f}")
    if attack == "all":
        t.check(seen["bad_count"] > 0 and seen["bad_cookie"] > 0,
                f"bad counts or cookies were not seen: {seen}")
        t.check(did["msr_ops"] > 10000, f"only {did['msr_ops']} MSR accesses")
        t.check(did["msr_ops"] + did["mem_ops"] > 1_000_000, f"too few operations: {did}")
    if attack != CONTROL:
        t.check(did["msr_ops"] + did["mem_ops"] > 1000, f"hardly an attack: {did}")
        t.check(ratio >= 0.99, "the honest VM got less")
        t.check(attacked.granted and served >= usual / 2, "it was served worse")
    t.check_eq(registered(t, honest), 2, "registrations of the honest VM")
    t.check_eq(counters(t, honest)["bad_msr"], 0, "offences of the honest VM")
    check_gone(t, hostile, before)


def beside(attack):
    """The test of one attack: each has a host of its own, for that may get lost."""
    def run(t):
        neighbour(t, attack)
    run.__doc__ = f"A hostile guest takes nothing from the honest one beside it: {attack}."
    return test(timeout=240, when="all")(run)


globals().update({f"test_beside_{attack}": beside(attack) for attack in (*ATTACKS, CONTROL)})


@test(timeout=200, when="all")
def test_limits(t):
    """What a guest asks for beyond its limits it does not get, however often."""
    t.insmod_host(enable_all=1)
    honest = t.guest("honest", ecs=True)
    honest.insmod("ecs_hold", hold_us=300, gap_us=100, shared=0)
    before = pins()
    hostile = hostile_guest(t, attack="boost", limited=1)
    t.sh("sleep 3")
    t.check_eq(show(t, hostile)["boosts"], [], "boosts without permission")
    t.ecsctl("limit", who(hostile), "--max-sbt", "1ms", "--min-usbt", "4ms")
    alone, beside = Share(), Share()
    for _ in range(3):
        beside.measure(t, honest, 5)
        boosts = show(t, hostile)["boosts"]
        t.check(all(b["sbt_ns"] <= 1_000_000 and b["usbt_ns"] >= 4_000_000 for b in boosts),
                f"beyond the limits: {boosts}")
        turn_to(hostile, "calm")
        alone.measure(t, honest, 5)
        turn_to(hostile, "boost")
    turn_to(hostile, "calm")
    t.sh("sleep 1")
    did, seen = done_by(hostile), counters(t, hostile)
    t.progress(f"{did}, honest {beside.of() / 2:.4f}, beside a calm one {alone.of() / 2:.4f}")
    t.check_eq(did["wrong"], 0, f"answers that break the contract: {hostile.dmesg()[-1000:]}")
    t.check_eq(seen["bad_msr"], did["faults"], "offences that the host has counted")
    # It sleeps between its requests, so the honest one has more than half.
    t.check(beside.of() >= alone.of() * 0.99, "the honest VM got less")
    t.ecsctl("disable", who(hostile))
    t.check_eq(show(t, hostile)["boosts"], [], "boosts after disable")
    check_gone(t, hostile, before)


@test(timeout=200, newest=True)
def test_unloads(t):
    """The module goes, and comes back, while all vCPUs read what it offers, or register."""
    t.insmod_host()
    # No more vCPUs than CPUs: rmmod waits for each of them to let other tasks run.
    hostile = hostile_guest(t, attack="offers", smp=2)
    for attack in ("offers", "offers", "register", "register"):
        turn_to(hostile, attack)
        before = done_by(hostile)["msr_ops"]
        t.rmmod_host(tries=20)
        t.insmod_host()
        t.check(done_by(hostile)["msr_ops"] > before, f"no {attack} meanwhile")
    turn_to(hostile, "calm")


@test(timeout=240, when="all")
def test_unplugged(t):
    """A vCPU goes while it attacks, and comes back, and the guest is reset."""
    before = pins()
    t.insmod_host(enable_all=1)
    vm = hostile_guest(t, **hotplug.GUEST)
    for _ in range(2):
        vm.run("rmmod ecs_hostile")
        hotplug.plug(vm)
        vm.insmod("ecs_hostile", seed=SEED, attack="stuck")
        wait_registered(t, vm)
        hotplug.unplug(t, vm)
        t.check_eq(registered(t, vm), 1, "registered without its vCPU")
        turn_to(vm, "all")
        t.sh("sleep 2")
    turn_to(vm, "stuck")
    t.sh("sleep 1")
    drops = counters(t, vm)["drops"]
    vm.reboot(how=None)
    t.check_eq(registered(t, vm), 0, "registered after a reset")
    t.check(counters(t, vm)["drops"] > drops, "nothing was dropped")
    check_gone(t, vm, before)
