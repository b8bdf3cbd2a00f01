# SPDX-License-Identifier: GPL-2.0
"""A guest moves to another QEMU, to a file and back, or to an earlier state."""
import struct

from bare import check_works
from common import counters, registered, wait_gone, who
from guest import GuestError
from job import test
from load import Load

CLUSTER = 1 << 16


def hold_locks(guest):
    guest.insmod("ecs_hold", hold_us=2000, gap_us=500, shared=0)


def lock_holder(t, **options):
    """A registered guest that is extended, and threads that compete with it."""
    t.insmod_host(enable_all=1)
    guest = t.guest(ecs=True, ecs_params={"watch_s": 1}, **options)
    hold_locks(guest)
    Load(threads=2)
    t.wait_for(lambda: counters(t, who(guest))["granted"] > 5, "it gets extensions")
    return guest


def migrated(guest):
    state = guest.qmp("query-migrate")
    if state.get("status") == "failed":
        raise GuestError(f"{guest.name}: migration failed: {state}")
    return state.get("status") == "completed"


def send(t, guest, uri):
    guest.qmp("migrate-set-parameters", **{"downtime-limit": 20000, "max-bandwidth": 1 << 30})
    guest.qmp("migrate", uri=uri)
    t.wait_for(lambda: migrated(guest), "the guest is sent", timeout=90)


def target(t, source, *words):
    """A QEMU that waits for a guest like this one."""
    return t.guest("target", wait=False, kernel=source.kernel,
                   extra_args=("-incoming", "defer", *words))


def arrived(t, guest):
    """It runs here and answers."""
    t.wait_for(lambda: guest.qmp("query-status")["status"] == "running", "it runs", timeout=60)
    # Asked, the agent says hello once more: that is no boot.
    hellos = guest.expected_boots = guest.boots + 1
    guest.send("HELLO?\n")
    guest.wait_boot(hellos)
    guest.run("true")
    return guest


def move(t, source, *words):
    uri = f"unix:{source.dir}/migrate"
    there = target(t, source, *words)
    there.qmp("migrate-incoming", uri=uri)
    send(t, source, uri)
    return there


def check_served(t, guest, message):
    t.wait_for(lambda: registered(t, guest) == 2, f"{message}: registered", timeout=40)
    check_works(t, who(guest), message)
    got = counters(t, who(guest))
    t.check_eq((got["bad_cookie"], got["bad_count"], got["bad_msr"]), (0, 0, 0),
               f"{message}: offences of an honest guest")
    t.check_eq(guest.run("cat /sys/module/ecs_guest/parameters/registered")[1].strip(), "2",
               f"{message}: the guest's own count")


@test(timeout=400, when="all")
def test_live(t):
    """A guest moves to a host with ecs, to one without, and gets ecs there later."""
    one = lock_holder(t)
    two = arrived(t, move(t, one))
    # What is left behind keeps its registrations; they are of no more use.
    t.check(counters(t, who(one))["granted"] > 0, "the one left behind is not known")
    check_served(t, two, "on the target")
    one.kill()
    wait_gone(t, one)

    # It arrives with all that the first host had written, and nobody is there.
    three = move(t, two, "-S")
    t.rmmod_host()
    three.monitor("cont")
    arrived(t, three)
    t.wait_for(lambda: three.run("cat /sys/module/ecs_guest/parameters/registered")[1]
               .strip() == "0", "it sees that it is not registered", timeout=30)
    two.kill()
    three.rmmod("ecs_hold")
    three.rmmod("ecs_guest")
    rc, out = three.run("insmod /ko/ecs_guest.ko", check=False)
    t.check(rc != 0 and "No such device" in out, f"it loaded without a host: {out}")
    t.insmod_host(enable_all=1)
    three.insmod("ecs_guest", watch_s=1)
    hold_locks(three)
    check_served(t, three, "on a host that got ecs")


@test(timeout=300, when="all")
def test_without(t):
    """A registered guest arrives at a host that has no ecs yet, and registers there."""
    one = lock_holder(t)
    two = move(t, one, "-S")
    t.rmmod_host()
    one.kill()
    two.monitor("cont")
    arrived(t, two)
    two.run("sleep 3")
    t.insmod_host(enable_all=1)
    check_served(t, two, "once ecs is there")


@test(timeout=300, when="all")
def test_file(t):
    """A guest is saved to a file, its QEMU ends, and another one restores it."""
    one = lock_holder(t)
    saved = f"{one.dir}/saved"
    one.monitor("stop")
    send(t, one, f"file:{saved}")
    one.kill()
    two = target(t, one)
    two.qmp("migrate-incoming", uri=f"file:{saved}")
    t.wait_for(lambda: migrated(two), "it is restored", timeout=90)
    two.monitor("cont")
    check_served(t, arrived(t, two), "restored")


def qcow2(path, size=1 << 30):
    """An empty image that can hold snapshots: header, refcounts, no data."""
    header = struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, 16, size, 0,
                         size >> 29, 3 * CLUSTER, CLUSTER, 1, 0, 0, 0, 0, 0, 4, 104)
    table = struct.pack(">Q", 2 * CLUSTER)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    with open(path, "wb") as file:
        for content in (header, table, counts, b""):
            file.write(content.ljust(CLUSTER, b"\0"))


@test(timeout=300, when="all")
def test_snapshot(t):
    """A running VM is set back to what it was: the old registrations are void."""
    disk = "/run/ktest/snapshots"
    qcow2(disk)
    guest = lock_holder(t, extra_args=("-drive", f"if=none,id=snap,format=qcow2,file={disk}"))
    guest.run("echo before >/tmp/mark")
    t.check_eq(guest.monitor("savevm one").strip(), "", "answer to savevm")
    guest.run("echo after >/tmp/mark")
    for _ in range(3):
        drops = counters(t, who(guest))["drops"]
        t.check_eq(guest.monitor("loadvm one").strip(), "", "answer to loadvm")
        arrived(t, guest)
        t.check_eq(guest.run("cat /tmp/mark")[1].strip(), "before", "the mark in the guest")
        t.check(counters(t, who(guest))["drops"] >= drops + 2, "the old ones were not dropped")
        check_served(t, guest, "set back")
