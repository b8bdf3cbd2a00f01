# SPDX-License-Identifier: GPL-2.0
"""An idle vCPU polls while nobody else wants its CPU of the host, and not else."""
import time

from common import counters, difference, registered, wait_registered, who
from job import test
from load import Load

PARAMETERS = "/sys/module/ecs_guest/parameters"
DRIVER = "/sys/devices/system/cpu/cpuidle/current_driver"
# An emulated nested CPU is some tens of times slower than a real one, and the more
# so on a machine that does other things, too.
MOST_NS = 100_000_000
# A byte to and fro between two shells, each on a CPU of its own; no process is made.
PLAYER = """cd /tmp; rm -f ping pong; mknod ping p; mknod pong p
taskset 1 sh -c 'exec 3<>ping 4<>pong; while read -r x <&3; do echo >&4; done' &
other=$!
taskset 2 sh -c 'exec 3<>pong 4<>ping; n=0; read -r now rest < /proc/uptime
end=$((${{now%.*}} + {seconds}))
while [ ${{now%.*}} -lt $end ]; do
	for i in 1 2 3 4 5 6 7 8; do echo >&4; read -r x <&3; n=$((n + 1)); done
	read -r now rest < /proc/uptime
done; echo $n'
kill $other"""


def poll(guest, value):
    guest.run(f"echo {value} > {PARAMETERS}/poll")


def polls(guest):
    """(is the driver on, why it could not be, {counter: value}) in the guest."""
    lines = [line.split() for line in guest.run(f"cat {PARAMETERS}/polls")[1].splitlines()]
    _, state, error = lines.pop(0)
    return state == "on", int(error), {name: int(value) for name, value in lines}


def alone(t, hints="overcommit", **params):
    """A guest of 2 vCPUs on 2 CPUs, which is told whether others want these."""
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={"poll_ns": MOST_NS, **params})
    t.ecsctl("enable", who(guest), "--observe", "--hints", hints)
    return guest


class Played:
    """Some seconds of ping-pong: rounds, and what guest and host counted."""

    def __init__(self, t, guest, seconds=4):
        self.on, _, before = polls(guest)
        host = counters(t, guest)
        self.rounds = int(guest.run(PLAYER.format(seconds=seconds), timeout=90)[1])
        host = difference(counters(t, guest), host)
        gain = difference(polls(guest)[2], before)
        self.polls, self.caught, self.left = gain["polls"], gain["caught"], gain["left"]
        self.halts = gain["halts"]
        self.slept = host["sched_out"] - host["preempted"]
        self.share = gain["polled_ns"] / 2 / seconds / 1e9	# of two CPUs
        t.log(f"polling {self.on}: {self.rounds / seconds:.0f} rounds/s, {self.polls} polls, "
              f"{self.caught} caught, {self.left} left, {self.share:.1%} of the time; "
              f"{self.halts} halts; the vCPUs slept {self.slept}, preempted {host['preempted']}")
        t.check(self.rounds > 0, "nothing was played")
        # One on each of the two CPUs may have been under way before.
        t.check(self.polls + 2 >= self.caught + self.left, "more polls ended than began")


TRACING = "/sys/kernel/tracing"
QUIET = "sched_wake_idle_without_ipi"


def watch_quiet(guest):
    """Have the guest trace each wakeup of an idle CPU that took no interrupt."""
    guest.run(f"{{ [ -d {TRACING}/events ] || mount -t tracefs tracefs {TRACING}; }} && "
              f"echo 1 > {TRACING}/events/sched/{QUIET}/enable")


def take_quiet(guest):
    """How many there were since this was last asked."""
    return int(guest.run(f"grep -c {QUIET}: {TRACING}/trace; echo > {TRACING}/trace")[1])


def total(played, name):
    return sum(getattr(one, name) for one in played)


@test(timeout=300, when="all")
def test_poll_alone(t):
    """Alone, a guest catches wakeups by polling, and halts for a fraction of them."""
    guest = alone(t)
    watch_quiet(guest)
    with_polls, without, quiet = [], [], 0
    for _ in range(3):
        poll(guest, "N")
        without.append(Played(t, guest))
        poll(guest, "Y")
        take_quiet(guest)
        with_polls.append(Played(t, guest))
        quiet += take_quiet(guest)
    t.progress(f"{total(without, 'rounds')} rounds without polling, "
               f"{total(with_polls, 'rounds')} with it; {total(with_polls, 'caught')} wakeups "
               f"caught, {quiet} of an idle CPU without an interrupt")
    t.check_eq(total(without, "polls"), 0, "polls while switched off")
    t.check_eq(total(without, "halts"), 0, "halts of the driver while switched off")
    t.check(total(with_polls, "caught") > total(with_polls, "polls") / 2,
            "most polls are in vain")
    t.check(quiet > total(with_polls, "caught") / 2, "who polls is woken by an interrupt")
    t.check(total(with_polls, "slept") * total(without, "rounds")
            < total(without, "slept") * total(with_polls, "rounds") / 2,
            "the vCPUs sleep as often for a round as they did without")
    for hints in ("none", "preempted"):
        t.ecsctl("set", who(guest), "--hints", hints)
        off = Played(t, guest)
        t.check_eq(off.polls, 0, f"polls with hints {hints}")
        t.check(off.halts > 0, "the driver is not in use")
    t.ecsctl("set", who(guest), "--hints", "all")
    t.check(Played(t, guest).caught > 0, "nothing is caught when the hint is back")


@test(timeout=300, newest=True)
def test_poll_others(t):
    """As soon as others come to its CPU a vCPU polls no more, and halts."""
    guest = alone(t, poll="Y")
    before = Played(t, guest)
    # They come and go: polls are under way when they do.
    now_and_then = [Load(1, 2000, 20000, cpu) for cpu in (0, 1)]
    some = Played(t, guest)
    t.check(some.left > 0, "no poll was ended by the hint")
    for one in now_and_then:
        one.kill()
    always = [Load(1, 1000, 0, cpu) for cpu in (0, 1)]
    t.wait_for(lambda: counters(t, guest)["hint_overcommit"], "the guest is told", 60)

    def beside(value):
        """What is played, and the part of their CPUs that the others have."""
        poll(guest, value)
        began, ran = time.monotonic(), sum(one.run_ns() for one in always)
        played = Played(t, guest)
        ran = sum(one.run_ns() for one in always) - ran
        share = ran / 2e9 / (time.monotonic() - began)
        t.log(f"polling {value}: the others have {share:.1%} of their CPUs")
        return played, share
    pairs = [(beside("N"), beside("Y")) for _ in range(2)]
    over = [played for _, (played, _) in pairs]
    t.check(total(over, "halts") > total(over, "polls"), "more polls than halts on busy CPUs")
    t.check(total(over, "share") / len(over) < before.share / 4, "it polls on busy CPUs")
    with_polls, without = (sum(one[which][1] for one in pairs) for which in (1, 0))
    t.check(with_polls > 0.9 * without, "the others have less of their CPUs")
    for one in always:
        one.kill()
    t.wait_for(lambda: Played(t, guest).share > before.share / 2, "it polls again, alone", 90)


@test(timeout=300, when="all")
def test_poll_switch(t):
    """Switched, unloaded and CPUs taken away while CPUs poll."""
    guest = alone(t, poll="Y", watch_s=1)
    play = guest.start(PLAYER.format(seconds=150), 240)

    def polling():
        return polls(guest)[2]["caught"]

    def gains(when):
        before = polling()
        t.wait_for(lambda: polling() > before, f"wakeups are caught {when}", 60)
    gains("at first")
    for _ in range(5):
        poll(guest, "N")
        poll(guest, "Y")
    gains("after switching")
    for _ in range(3):
        guest.run("echo 0 > /sys/devices/system/cpu/cpu1/online")
        guest.run("echo 1 > /sys/devices/system/cpu/cpu1/online")
    t.check_eq(registered(t, guest), 2, "registered after hotplug")
    guest.run("ls -d /sys/devices/system/cpu/cpu1/cpuidle/state1")
    # One player has lost its CPU for good.
    play.kill()
    play = guest.start(PLAYER.format(seconds=150), 240)
    gains("after hotplug")
    for _ in range(3):
        guest.rmmod("ecs_guest")
        t.check_eq(guest.run(f"cat {DRIVER}")[1].strip(), "none", "the driver after unload")
        guest.insmod("ecs_guest", poll="Y", poll_ns=MOST_NS, watch_s=1)
        gains("after a reload")
    t.rmmod_host()
    # The registration is not dropped in the guest before it looks.
    guest.run("sleep 3")
    before = polls(guest)[2]["polls"]
    guest.run("sleep 2")
    t.check_eq(polls(guest)[2]["polls"], before, "polls without a host")
    t.insmod_host(enable_all=1)
    wait_registered(t, guest, timeout=60)
    t.ecsctl("set", who(guest), "--hints", "overcommit")
    gains("with the host's module back")
    play.kill()


def late(guest, rounds=20):
    """How many timers were late that an interrupt of an idle CPU set, and how often that
    CPU polled meanwhile."""
    before = polls(guest)[2]["polls"]
    guest.run(f"insmod /ko/ecs_late.ko rounds={rounds}", timeout=120)
    count = int(guest.run("cat /sys/module/ecs_late/parameters/late")[1])
    guest.rmmod("ecs_late")
    return count, polls(guest)[2]["polls"] - before


@test(timeout=300, newest=True)
def test_poll_timers(t):
    """A timer that an interrupt sets while its CPU polls is on time."""
    guest = alone(t)
    without, with_polls = [], []
    for _ in range(2):
        poll(guest, "N")
        without.append(late(guest))
        poll(guest, "Y")
        with_polls.append(late(guest))
    t.progress(f"of 40 timers late: {sum(n for n, _ in without)} without polling, "
               f"{sum(n for n, _ in with_polls)} with it")
    t.check(all(times > 20 for _, times in with_polls), "the CPU did not poll")
    t.check(sum(n for n, _ in with_polls) <= sum(n for n, _ in without) + 4,
            "polling makes timers late")


@test(timeout=180, when="all")
def test_poll_refused(t):
    """A guest that has a cpuidle driver keeps it; wrong values change nothing."""
    t.insmod_host()
    guest = t.guest(ecs=True, ecs_params={"poll": 1}, cmdline="cpuidle_haltpoll.force=Y")
    t.check_eq(guest.run(f"cat {DRIVER}")[1].strip(), "haltpoll", "the guest's driver")
    t.check_eq(polls(guest)[:2], (False, -16), "polls of a guest with a driver")
    t.check_eq(registered(t, guest), 2, "registered all the same")
    lines = "dmesg | grep -c 'ecs_guest: no polling: the cpuidle driver haltpoll is in use'"
    t.check_eq(guest.run(lines)[1].strip(), "1", "lines that say why")
    t.check(guest.run(f"echo Y > {PARAMETERS}/poll", check=False)[0] != 0, "it was not refused")
    t.check_eq(guest.run(lines)[1].strip(), "2", "lines that say why, the second time")
    t.check_eq(guest.run(f"cat {PARAMETERS}/poll")[1].strip(), "N", "the parameter")
    t.check_eq(guest.run(f"cat {DRIVER}")[1].strip(), "haltpoll", "the driver afterwards")
    for wrong in ("999", "100000001", "-1", "x", "4294967496"):
        rc, _ = guest.run(f"echo {wrong} > {PARAMETERS}/poll_ns", check=False)
        t.check(rc != 0, f"poll_ns {wrong} was taken")
    t.check_eq(guest.run(f"cat {PARAMETERS}/poll_ns")[1].strip(), "200000", "poll_ns afterwards")
    guest.rmmod("ecs_guest")
    t.check_eq(guest.run(f"cat {DRIVER}")[1].strip(), "haltpoll", "the driver after unload")
