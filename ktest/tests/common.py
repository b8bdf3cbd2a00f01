# SPDX-License-Identifier: GPL-2.0
"""What the tests share: counters of a VM and how they grow."""
import os

ENDED = ("ended_release", "ended_yield", "ended_cap", "ended_forced", "ended_off")
# Of everything random in the tests and the guests' loads; ECS_SEED=n is another one.
SEED = int(os.environ.get("ECS_SEED", 20181218))


def who(vm):
    """How ecsctl is told of a VM: of what has its pid, or by the name that it is."""
    return vm if isinstance(vm, str) else f"pid:{vm.pid}"


def show(t, vm):
    return t.ecsctl_json("show", who(vm))["vms"][0]


def counters(t, vm):
    return show(t, vm)["counters"]


KIND_TOTALS = {		# what the counters of all kinds of sections add up to
    "captured": ("req_in_section",), "deferred": ("granted",),
    "avoided": ("ended_release", "ended_yield"), "preempted": ("preempted_in_section",)}
# What a request in a section comes to, while there is no extension.
OUTCOMES = ("granted", "would_grant", "refused_budget", "refused_spent", "refused_sleep")


def check_sums(t, vm):
    """The kinds of a VM and of its vCPUs add up to their counters."""
    for one in (vm, *vm["vcpu_list"]):
        found, name = one["counters"], one.get("vcpu", "all")
        for what, names in KIND_TOTALS.items():
            t.check_eq(sum(kind[what] for kind in one["kinds"].values()),
                       sum(found[name] for name in names), f"vCPU {name}: {what}")
        t.check_eq(sum(found[name] for name in OUTCOMES), found["req_in_section"],
                   f"vCPU {name}: outcomes of requests")


def gained_kinds(t, guest, seconds):
    """By how much the counters of each kind of section grow in some seconds."""
    before = show(t, guest)["kinds"]
    t.sh(f"sleep {seconds}")
    after = show(t, guest)
    check_sums(t, after)
    return {kind: difference(after["kinds"][kind], before[kind]) for kind in before}


def difference(after, before):
    return {name: after[name] - before[name] for name in after}


def gained(t, guest, seconds):
    """By how much the counters of a guest grow in some seconds."""
    before = counters(t, guest)
    t.sh(f"sleep {seconds}")
    return difference(counters(t, guest), before)


def registered(t, guest):
    """On how many vCPUs the host has a registration of the guest."""
    return show(t, guest)["registered"]


def wait_registered(t, guest, vcpus=2, timeout=20):
    """The host's module may only just have come, and not know the VM yet."""
    t.wait_for(lambda: t.ecsctl("show", who(guest), check=False)[0] == 0
               and registered(t, guest) == vcpus, f"{vcpus} vCPUs are registered", timeout)


def wait_gone(t, vm):
    """The host's module has noticed that a VM is no more."""
    t.wait_for(lambda: t.ecsctl("show", who(vm), check=False)[0] == 3, "the VM is gone")


def hog(guest, seconds=600):
    """Keep all CPUs of a guest busy, outside of the kernel."""
    guest.start(f"stress-ng --cpu 0 --cpu-method int64 -t {seconds} -q", seconds + 10)


def threads_ns(pid, tids):
    """CPU time of some threads of a process, from the scheduler's own account."""
    total = 0
    for tid in tids:
        with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def run_ns(guest):
    """CPU time of a guest's vCPU threads."""
    return threads_ns(guest.pid, guest.vcpu_tids())


def kernel_load(guest, seconds):
    """A mixed load that takes many kernel locks, in the background."""
    return guest.start(f"cd /tmp; stress-ng --seed {SEED} --mmap 1 --mmap-bytes 2m "
                       f"--dentry 1 --fork 1 --pipe 1 -t {seconds} -q", seconds + 30)
