# SPDX-License-Identifier: GPL-2.0
"""Random calls of /dev/ecs by those who may change something and by those who may not."""
import grp
import os
import pathlib
import re
import subprocess
import time

import cache
from job import test
from load import Load

RULES = cache.TOP / "userspace/ecsctl/60-ecs.rules"
POWERLESS = ("member", "stranger", "nocap", "nsroot")


def follow_udev_rule():
    """Owner and mode of the device, as the rule that is installed gives them."""
    rule = RULES.read_text()
    mode = int(re.search(r'MODE="(\d+)"', rule)[1], 8)
    name = re.search(r'GROUP="(\w+)"', rule)[1]
    try:
        gid = grp.getgrnam(name).gr_gid
    except KeyError:	# a machine without such a group: any number will do
        gid = 36
    os.chown("/dev/ecs", 0, gid)
    os.chmod("/dev/ecs", mode)
    return gid


def insmod(t, **params):
    t.insmod_host(**params)
    return follow_udev_rule()


def state(t, loads):
    """All that somebody could have changed of these VMs."""
    def boost(b):
        return {key: b[key] for key in ("tid", "vcpu", "backend", "source", "sbt_ns",
                                        "usbt_ns", "borrow_ns")}
    return [{**{key: vm[key] for key in ("pid", "known", "mode", "params", "limit")},
             "boosts": [boost(b) for b in vm["boosts"]]}
            for vm in t.ecsctl_json("show", *(load.vm for load in loads))["vms"]]


def note(load, realtime=False):
    """What its threads are, for afterwards."""
    load.realtime = realtime
    load.before = {tid: (os.sched_getscheduler(tid), os.sched_getaffinity(tid))
                   for tid in load.tids}


def words(loads):
    return [f"{load.pid}{'rt' if load.realtime else ''}" for load in loads]


def start(who, seed, seconds, gid, loads):
    return subprocess.Popen(
        [str(cache.BUILD / "l1-ioctl_fuzz"), who, str(seed), str(seconds), str(gid),
         *words(loads)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)


def finish(t, who, seed, process, timeout):
    """How many calls it made; it failed if one of them went wrong."""
    out = process.communicate(timeout=timeout)[0]
    t.check(process.returncode == 0,
            f"ioctl_fuzz {who} {seed}: status {process.returncode}\n{out}")
    return sum(map(int, re.findall(r"(?m)^calls (\d+)$", out)))


def fuzz_as(t, who, seed, seconds, gid, loads):
    count = finish(t, who, seed, start(who, seed, seconds, gid, loads), seconds + 60)
    t.log(f"{who} {seed}: {count} calls")
    return count


def start_loads():
    loads = [Load(threads=2, busy_us=200, period_us=20000) for _ in range(3)]
    for tid in loads[2].tids:
        os.sched_setscheduler(tid, os.SCHED_RR, os.sched_param(2))
    for number, load in enumerate(loads):
        note(load, number == 2)
    return loads


def set_up(t, loads):
    """Something that could be changed."""
    one, two, _ = loads
    t.ecsctl("set", one.vm, "mode=on", "grace=300us", "hints=all")
    t.ecsctl("boost", one.vm, "--sbt", "200us", "--usbt", "5ms")
    t.ecsctl("limit", two.vm, "--max-sbt", "1ms", "--min-usbt", "2ms")


def check_nothing_left(t, loads):
    """Switched off: every thread is what it was."""
    t.ecsctl("disable", "--all")
    for vm in state(t, loads):
        t.check_eq((vm["mode"], vm["boosts"]), ("off", []), f"pid:{vm['pid']} afterwards")
    for load in loads:
        for tid, (policy, cpus) in load.before.items():
            t.check_eq(os.sched_getscheduler(tid), policy, f"policy of {tid}")
            # A move for a boost narrows it for a moment.
            t.wait_for(lambda tid=tid, cpus=cpus: os.sched_getaffinity(tid) == cpus,
                       f"affinity of {tid} is back", timeout=5)


def churn(t, seed, seconds, gid, loads):
    """The module comes and goes while others open the device and call."""
    process = start("churn", seed, seconds, gid, loads)
    until = time.monotonic() + seconds
    unloads = refused = 0
    while time.monotonic() < until and process.poll() is None:
        if t.sh("rmmod ecs_host", check=False)[0]:
            refused += 1
            continue
        unloads += 1
        insmod(t)
    count = finish(t, "churn", seed, process, seconds + 60)
    t.log(f"churn {seed}: {count} calls, {unloads} unloads, {refused} refused")
    t.check(unloads, "the module was never out of use")
    return count


def powerless(t, seed, seconds, gid, loads):
    """Whoever may change nothing changes nothing."""
    before = state(t, loads)
    count = 0
    for number, who in enumerate(POWERLESS):
        count += fuzz_as(t, who, seed + number, seconds, gid, loads)
        t.check_eq(state(t, loads), before, f"state after {who} {seed + number}")
    return count


def one_round(t, seed, seconds, gid, loads):
    set_up(t, loads)
    count = powerless(t, seed, seconds, gid, loads)
    count += fuzz_as(t, "refused", seed + 10, seconds, gid, loads)
    count += fuzz_as(t, "root", seed + 20, 2 * seconds, gid, loads)
    check_nothing_left(t, loads)
    count += churn(t, seed + 30, 2 * seconds, gid, loads)
    check_nothing_left(t, loads)
    return count


def fuzz(t, seconds, seed):
    """`make fuzz-ioctl`: rounds with new seeds, beside a guest that is served."""
    gid = insmod(t)
    guest = t.guest(ecs=True, ecs_params={"watch_s": 1})
    guest.start(f"stress-ng --mmap 1 --pipe 1 -t {seconds + 600} -q", seconds + 630)
    loads = start_loads()
    vcpus = Load.__new__(Load)	# of the guest: real ones
    vcpus.pid, vcpus.vm, vcpus.tids = guest.pid, f"pid:{guest.pid}", guest.vcpu_tids()
    note(vcpus)
    until = time.monotonic() + seconds
    count = rounds = 0
    while time.monotonic() < until:
        count += one_round(t, seed + 1000 * rounds, 10, gid, loads + [vcpus])
        rounds += 1
        t.progress(f"round {rounds}: {count} calls")
        guest.run("true", timeout=60)
    t.rmmod_host()
    return {"calls": count, "rounds": rounds}


@test(timeout=120, newest=True)
def test_fuzz(t):
    """Thousands of calls: exact errors, no change by the powerless, no trace left."""
    seed = int(os.environ.get("ECS_SEED") or time.time_ns() // 1000000)
    t.progress(f"seed {seed}")
    gid = insmod(t)
    loads = start_loads()
    count = one_round(t, seed, 2, gid, loads)
    t.rmmod_host()
    t.check(not pathlib.Path("/dev/ecs").exists(), "the device is still there")
    t.log(f"{count} calls")
    t.check(count > 5000, f"only {count} calls")
