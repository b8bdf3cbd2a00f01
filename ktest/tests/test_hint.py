# SPDX-License-Identifier: GPL-2.0
"""The guest is told of the host's load while it is true, and only when allowed to."""
import os
import pathlib

from bare import Bare
from common import counters, difference, hog, show, who
from job import test
from load import Load
from policy import set_policy

PARAMETERS = "/sys/module/ecs_guest/parameters"
# No process is made for a sample: that would be most of what the guest does.
SAMPLE = """read -r now rest < /proc/uptime; end=$((${{now%.*}} + {seconds}))
none=0 load=0 preempted=0 both=0
while [ ${{now%.*}} -lt $end ]; do
	while read -r cpu p o; do
		case $p$o in
		00) none=$((none + 1)) ;;
		01) load=$((load + 1)) ;;
		10) preempted=$((preempted + 1)) ;;
		11) both=$((both + 1)) ;;
		*) exit 1 ;;
		esac
	done < {parameters}/hints
	read -r now rest < /proc/uptime
done
echo $none $load $preempted $both"""


def offered(guest):
    """The hints that the guest sees offered."""
    return guest.run(f"cat {PARAMETERS}/hints_offered")[1].split()


class Seen:
    """What a guest sees of the hints of all its CPUs in some seconds, from inside."""

    def __init__(self, t, guest, seconds=3):
        _, out = guest.run(SAMPLE.format(seconds=seconds, parameters=PARAMETERS), timeout=90)
        self.none, load, preempted, both = map(int, out.split())
        self.total = self.none + load + preempted + both
        self.preempted = preempted + both
        self.overcommitted = load + both
        t.log(f"{guest.name}: {self.total} samples, {self.preempted} preempted, "
              f"{self.overcommitted} overcommitted")
        t.check(self.total > 0, "nothing was sampled")

    def check_none(self, t, when):
        t.check_eq(self.none, self.total, f"samples without a hint {when}")


NOTHING = {"hint_preempted": 0, "hint_overcommit": 0}


def told(t, guest):
    """What the host counts of the hints."""
    now = counters(t, guest)
    return {name: now[name] for name in NOTHING}


def pair(t, **ecs_params):
    """Two guests of 2 vCPUs on 2 CPUs, both computing: (one, other)."""
    t.insmod_host()
    one, other = t.start_guests(2, ecs=True, ecs_params=ecs_params)
    hog(one)
    hog(other)
    return one, other


@test(timeout=180, quick=True, pairs="mixed")
def test_hint_words(t):
    """Nothing by default; both hints when switched on; nothing when switched off."""
    one, other = pair(t)
    t.ecsctl("enable", who(one), "--observe")
    t.check_eq(show(t, one)["params"]["hints"], [], "hints of a VM by default")
    t.check_eq(offered(one), ["none"], "offered by default")
    Seen(t, one).check_none(t, "by default")
    t.check_eq(told(t, one), NOTHING, "told by default")

    t.ecsctl("set", who(one), "--hints", "all")
    t.check_eq(offered(one), ["preempted", "overcommit"], "offered when switched on")
    t.check_eq(offered(other), ["none"], "offered to the neighbour")
    t.wait_for(lambda: Seen(t, one).preempted, "a vCPU sees another one preempted", 60)
    t.wait_for(lambda: Seen(t, one).overcommitted, "others are seen to want a CPU", 60)
    t.check(all(told(t, one).values()), "the host does not count what it tells")
    t.check_eq(told(t, other), NOTHING, "told to the neighbour")
    Seen(t, other).check_none(t, "in the neighbour")

    t.ecsctl("set", who(one), "--hints", "none")
    t.check_eq(offered(one), ["none"], "offered when switched off")
    before = told(t, one)
    Seen(t, one).check_none(t, "when switched off")
    t.check_eq(told(t, one), before, "told when switched off")


@test(timeout=180, newest=True)
def test_hint_each(t):
    """Each hint has its own switch, and a VM that is off is told nothing."""
    one, _ = pair(t)
    t.ecsctl("enable", who(one), "--hints", "preempted")
    t.check_eq(offered(one), ["preempted"], "offered")
    t.wait_for(lambda: Seen(t, one).preempted, "a preempted vCPU is seen", 60)
    t.check_eq(Seen(t, one).overcommitted, 0, "the other hint, not switched on")

    t.ecsctl("set", who(one), "--hints", "overcommit")
    t.check_eq(offered(one), ["overcommit"], "offered")
    t.wait_for(lambda: Seen(t, one).overcommitted, "others are seen to want a CPU", 60)
    t.check_eq(Seen(t, one).preempted, 0, "the other hint, switched off")

    t.ecsctl("disable", who(one))
    t.check_eq(offered(one), ["none"], "offered by a VM that is off")
    Seen(t, one).check_none(t, "while the VM is off")
    t.ecsctl("enable", who(one))
    t.check_eq(show(t, one)["params"]["hints"], ["overcommit"], "hints after off and on")
    t.check_eq(offered(one), ["overcommit"], "offered again")


@test(timeout=240, newest=True)
def test_hint_fresh(t):
    """The hint goes when the neighbour stops, while this guest computes on."""
    one, other = pair(t)
    t.ecsctl("enable", who(one), "--hints", "all")

    def wanted():
        seen = Seen(t, one)
        return seen.overcommitted / seen.total

    # A stale word would say the same before and after. Alone is not quite alone: the
    # host's own threads run now and then.
    for _ in range(2):
        t.wait_for(lambda: wanted() > 0.5, "others want the CPUs", 60)
        other.monitor("stop")
        t.wait_for(lambda: wanted() < 0.5, "nobody wants the CPUs any more", 60)
        other.monitor("cont")


@test(timeout=120, newest=True)
def test_hint_now(t):
    """A vCPU that runs on and on is told when the hint is switched on, not when it stops."""
    t.insmod_host()
    # Of a higher class than who waits, so that nothing ever takes its CPU away.
    pathlib.Path("/proc/sys/kernel/sched_rt_runtime_us").write_text("-1")
    bare, _ = Bare(vcpus=1), Load(cpu=1)
    t.sh(f"taskset -ap 2 {bare.pid}")
    t.ecsctl("enable", bare.vm, "--observe")
    set_policy(bare.tids()[0], os.SCHED_FIFO, 1)
    os.sched_setaffinity(0, {0})
    for _ in range(20):
        before = counters(t, bare.vm)
        t.ecsctl("set", bare.vm, "--hints", "overcommit")
        got = difference(counters(t, bare.vm), before)
        if got["sched_out"] == 0:
            break
        t.ecsctl("set", bare.vm, "--hints", "none")
    # The module's way out needs that CPU, too.
    bare.kill()
    t.check_eq(got["sched_out"], 0, "switches of a vCPU that is FIFO")
    t.check_eq(got["hint_overcommit"], 1, "times that it was told")


@test(timeout=240, newest=True)
def test_hint_unload(t):
    """Unloading the host's module under load leaves no hint set."""
    # Without its watch the guest believes in its registration, and shows the words.
    one, _ = pair(t, watch_s=0)
    for _ in range(3):
        t.ecsctl("enable", who(one), "--hints", "all")
        t.wait_for(lambda: Seen(t, one).overcommitted, "the guest is told", 60)
        t.rmmod_host()
        t.check_eq(offered(one), ["none"], "offered without a host")
        Seen(t, one).check_none(t, "after unload")
        t.insmod_host()
        one.rmmod("ecs_guest")
        one.insmod("ecs_guest", watch_s=0)


@test(timeout=120, newest=True)
def test_hint_errors(t):
    """A wrong name is one error and changes nothing."""
    t.insmod_host()
    vm = t.guest(ecs=True)
    t.ecsctl("enable", who(vm), "--hints", "preempted")
    for wrong in ("load", "preempted,", "", "all,none"):
        rc, _, err = t.ecsctl("set", who(vm), "grace=1ms", "--hints", wrong, check=False)
        t.check_eq((rc, err.count("\n")), (1, 1), f"status and lines for {wrong!r} ({err.strip()})")
    after = show(t, vm)
    t.check_eq(after["params"]["hints"], ["preempted"], "hints after the errors")
    t.check(after["params"]["grace_ns"] != 1_000_000, "the rest of a wrong command was done")
