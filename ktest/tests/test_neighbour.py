# SPDX-License-Identifier: GPL-2.0
"""Others trace or patch the functions that the host module hooks: what can be shared is
shared, what cannot is refused in one line, and the rest works."""
import pathlib
import re

from bpf import FENTRY, FEXIT, Program
from bare import Bare, check_works, contended, open_grants
from common import counters, difference
from job import test
from load import Load, boosts

RESCHED, MSR = "resched_curr", "kvm_set_msr_common"
WAKEUP = {"6.1": "check_preempt_curr"}	# else wakeup_preempt
HITS = pathlib.Path("/sys/module/ecs_neighbour/parameters/hits")
SHARED = ("observe", "probe", "return")		# with who redirects a function
ALONE = ("modify", "post", "direct")		# not
ENABLED = pathlib.Path("/proc/sys/kernel/ftrace_enabled")


def settle(t, kind, *names):
    """The neighbour's insmod: (status, what it said)."""
    return t.sh(f"insmod {t.module('ecs_neighbour')} kind={kind} names={','.join(names)}",
                check=False)


def leave(t):
    t.sh("rmmod ecs_neighbour")


def all_of(t):
    """Of each kind of hook one: redirecting, observing, of the scheduler's and KVM's."""
    return RESCHED, MSR, WAKEUP.get(t.kernel, "wakeup_preempt"), "kvm_vcpu_reset"


def lost(t):
    """Names of the hooks that are missing and needed, by ecsctl doctor."""
    findings = t.ecsctl_json("doctor", check=False)["findings"]
    return sorted(re.match(r"(\S+) is missing", f["text"])[1] for f in findings
                  if f["check"] == "hook" and f["result"] != "ok")


def hit(t, message):
    before = int(HITS.read_text())
    t.wait_for(lambda: int(HITS.read_text()) > before, f"{message}: the neighbour sees calls")


@test(timeout=400, when="all")
def test_shared(t):
    """Tracers, kprobes and kretprobes on the same functions, both orders."""
    for kind in SHARED:
        rc, out = settle(t, kind, *all_of(t))
        t.check_eq(rc, 0, f"{kind} before ecs: {out}")
        t.insmod_host(boost_limit=90)
        t.check_eq(lost(t), [], f"{kind} before ecs: hooks that are missing")
        bare, hog = contended(t)
        hit(t, f"{kind} before ecs")
        leave(t)
        check_works(t, bare.vm, f"{kind} gone")
        rc, out = settle(t, kind, *all_of(t))
        t.check_eq(rc, 0, f"{kind} after ecs: {out}")
        check_works(t, bare.vm, f"{kind} after ecs")
        hit(t, f"{kind} after ecs")
        # A new VM registers by a function that the neighbour probes, too.
        Bare().kill()
        t.ecsctl("boost", hog.vm, "--sbt", "1ms", "--usbt", "9ms", "--backend", "pick")
        t.wait_for(lambda: all(b["counters"]["boosts"] for b in boosts(t, hog)), "boosts")
        t.rmmod_host()
        hit(t, f"ecs gone before {kind}")
        leave(t)
        bare.kill()
        hog.kill()


@test(timeout=400, when="all")
def test_first(t):
    """Who redirects resched_curr before ecs: boosts and hints work, enable is refused."""
    for kind in ALONE:
        rc, out = settle(t, kind, RESCHED)
        t.check_eq(rc, 0, f"{kind}: {out}")
        t.insmod_host(boost_limit=90)
        t.check(RESCHED in lost(t), f"{kind}: the doctor does not say what is missing")
        text = t.ecsctl("doctor", check=False)[1]
        t.check("something else has hooked it" in text, f"{kind}: the doctor says {text}")
        bare, load = Bare(), Load(busy_us=500, period_us=7000)
        rc, _, text = t.ecsctl("enable", bare.vm, check=False)
        t.check(rc != 0 and len(text.strip().splitlines()) == 1, f"{kind}: enable: {rc} {text}")
        t.ecsctl("boost", load.vm, "--sbt", "1ms", "--usbt", "9ms", "--backend", "pick")
        t.wait_for(lambda: boosts(t, load)[0]["counters"]["boosts"], f"{kind}: boosts")
        hit(t, kind)
        bare.kill()
        load.kill()
        t.rmmod_host()
        leave(t)
    t.insmod_host()
    t.check_eq(lost(t), [], "hooks that are missing once the neighbours are gone")
    contended(t)


@test(timeout=300, when="all")
def test_first_msr(t):
    """Who redirects KVM's MSR function before ecs: it is not loaded, and says why."""
    for kind in ALONE:
        rc, out = settle(t, kind, MSR)
        t.check_eq(rc, 0, f"{kind}: {out}")
        said = len(t.kmsg().splitlines())
        rc, out = t.sh(f"insmod {t.module('ecs_host')}", check=False)
        t.check(rc != 0, f"{kind}: it loaded")
        lines = [line for line in t.kmsg().splitlines()[said:] if "ecs_host: " in line]
        t.check(len(lines) == 1 and "cannot be hooked" in lines[0] and MSR in lines[0],
                f"{kind}: it said {lines}")
        t.check(not pathlib.Path("/dev/ecs").exists(), f"{kind}: /dev/ecs is there")
        leave(t)
    t.insmod_host()
    contended(t)


@test(timeout=300, when="all")
def test_second(t):
    """Who would redirect what ecs does is refused by the kernel, and ecs goes on."""
    t.insmod_host()
    bare, _ = contended(t)
    for kind in ALONE:
        for name in (RESCHED, MSR):
            rc, out = settle(t, kind, name)
            t.check(rc != 0 and "busy" in out.lower(), f"{kind} on {name}: {rc} {out}")
        check_works(t, bare.vm, f"after {kind} was refused")
        t.check_eq(lost(t), [], f"hooks that are missing after {kind}")
    Bare().kill()
    t.rmmod_host()


@test(timeout=400, when="all")
def test_bpf(t):
    """BPF programs at the entry and the exit of resched_curr, both orders."""
    if not pathlib.Path("/sys/kernel/btf/vmlinux").exists():
        t.skip("this kernel does not describe its types")
    pathlib.Path("/proc/sys/kernel/bpf_stats_enabled").write_text("1")
    for where in (FENTRY, FEXIT):
        before = Program(RESCHED, where)
        t.insmod_host()
        t.check_eq(lost(t), [], "hooks that are missing after a BPF program")
        bare, hog = contended(t)
        runs = before.runs()
        check_works(t, bare.vm, "after a BPF program")
        t.check(before.runs() > runs, "the BPF program that came first does not run")
        before.close()
        check_works(t, bare.vm, "once that is gone")
        after = Program(RESCHED, where)
        check_works(t, bare.vm, "before a BPF program")
        t.check(after.runs() > 0, "the BPF program that came second does not run")
        t.rmmod_host()
        runs = after.runs()
        t.wait_for(lambda after=after, runs=runs: after.runs() > runs, "it runs on")
        after.close()
        bare.kill()
        hog.kill()


@test(timeout=300, when="all")
def test_switch(t):
    """kernel.ftrace_enabled=0: before, ecs is not loaded; afterwards it is refused."""
    ENABLED.write_text("0")
    rc, out = t.sh(f"insmod {t.module('ecs_host')}", check=False)
    t.check(rc != 0 and "cannot be hooked" in t.kmsg(), f"{rc} {out}")
    ENABLED.write_text("1")
    t.insmod_host()
    bare, _ = contended(t)
    try:
        ENABLED.write_text("0")
        t.check(False, "ftrace was switched off under the module")
    except OSError as error:
        t.log(error)
    t.check_eq(ENABLED.read_text().strip(), "1", "kernel.ftrace_enabled")
    check_works(t, bare.vm, "afterwards")
    t.rmmod_host()
    ENABLED.write_text("0")
    ENABLED.write_text("1")


@test(timeout=300, when="all")
def test_tracers(t):
    """The kernel's own tracers come and go on our functions while graces are given."""
    t.insmod_host()
    bare, _ = contended(t)
    root = pathlib.Path("/sys/kernel/tracing")
    before = counters(t, bare.vm)
    for tracer in ("function", "function_graph"):
        (root / "set_ftrace_filter").write_text("\n".join(all_of(t)) + "\n")
        for _ in range(3):
            (root / "current_tracer").write_text(tracer)
            check_works(t, bare.vm, f"with tracer {tracer}")
            t.check(RESCHED in (root / "trace").read_text(), f"{tracer} saw nothing")
            (root / "current_tracer").write_text("nop")
        (root / "set_ftrace_filter").write_text("")
    gain = difference(counters(t, bare.vm), before)
    t.check(gain["granted"] > 0 and open_grants(gain) <= 2, f"it came to a stand: {gain}")


@test(timeout=200, when="all")
def test_dead(t):
    """Once ftrace has shut itself down the module is called for ever: it is not freed."""
    t.insmod_host()
    bare, hog = contended(t)
    rc, out = settle(t, "kill")
    t.check_eq(rc, 0, f"ftrace cannot be shut down: {out}")
    t.host_stays()
    rmmod = pathlib.Path("/proc") / t.sh("rmmod ecs_host >/dev/null 2>&1 & echo $!")[1].strip()
    t.wait_for(lambda: "shut itself down" in t.kmsg(), "rmmod says that it waits")
    before = bare.run_ns()
    # Each round of it passes what was hooked.
    t.wait_for(lambda: bare.run_ns() > before + 10 ** 9, "the VM runs on")
    hog.kill()
    bare.kill()
    t.check(t.host_loaded() and rmmod.exists(), "ecs_host is gone")
