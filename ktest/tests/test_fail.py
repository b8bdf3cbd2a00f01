# SPDX-License-Identifier: GPL-2.0
"""Allocations fail, one after the other: what was asked for is refused, nothing stays."""
import pathlib

import cache
from bare import check_works, contended, known, pins
from common import registered
from job import test
from load import Load
from marked import kinds_of, lock, switch

DEBUG = pathlib.Path("/sys/kernel/debug")
MOST = 120		# allocations to fail of one operation, at equal distances
# A page that is not there is complained of at length; of splats only traces are allowed.
TRACES = (r"Call Trace:",)
# The kernel's account of a module's trace events does not bear it: it warns of the memory
# that it did not get, and, when the module goes, of the file that was only half made.
EVENTS = r"WARNING: .* at kernel/trace/trace_events\.c:\d+ event_(?:define_fields|file_put)\+"
# And its account of static keys: it goes on without them in that module.
KEYS = r"WARNING: .* at kernel/jump_label\.c:\d+ jump_label_(?:module_notify|del_module)\+"

# Any allocation may fail, also of a single page, and in silence.
SETTINGS = (("failslab/verbose", 0), ("failslab/ignore-gfp-wait", "N"),
            ("fail_page_alloc/verbose", 0), ("fail_page_alloc/ignore-gfp-wait", "N"),
            ("fail_page_alloc/min-order", 0))


def prepare(t, guest=None):
    do = guest.run if guest else t.sh
    if guest:
        do(f"mount -t debugfs none {DEBUG}", check=False)
    for name, value in SETTINGS:
        if do(f"test -e {DEBUG / name}", check=False)[0]:
            t.skip(f"no {name}: this kernel lacks CONFIG_FAULT_INJECTION_DEBUG_FS")
        do(f"echo {value} > {DEBUG / name}")
    for pattern in TRACES:
        t.allow_splat(pattern)


def fail(t, step, *words, guest=None):
    program = "fail" if guest else str(cache.BUILD / "l1-fail")
    rc, out = (guest.run if guest else t.sh)(" ".join([program, str(step), *map(str, words)]),
                                             timeout=550, check=False)
    t.check_eq(rc, 0, f"{words[0]}: {out}")
    return out.strip()


def one_by_one(t, *words, between=None, guest=None):
    number = int(fail(t, 0, *words, guest=guest))
    t.check(number > 0, f"{words[0]} needs no memory")
    if between:
        between()
    done = fail(t, number // MOST + 1, *words, guest=guest)
    t.progress(f"{number} allocations, {done}")
    t.check(": 0 times refused" not in done, f"nothing failed: {done}")


@test(timeout=600, when="all")
def test_load(t):
    """Loading the module fails at each allocation, and then succeeds."""
    prepare(t)
    t.allow_splat(EVENTS)
    one_by_one(t, "load", t.module("ecs_host"), "''")
    t.insmod_host()
    contended(t)


@test(timeout=600, when="all")
def test_use(t):
    """A VM is switched on, a guest registers, with each allocation failing."""
    prepare(t)
    t.insmod_host()
    pinned = pins()
    one_by_one(t, "enable")
    one_by_one(t, "register")
    t.wait_for(lambda: not known(t), "no VM is known")
    t.wait_for(lambda: pins() == pinned, "no page is pinned")
    bare, _ = contended(t)
    check_works(t, bare.vm, "afterwards")


@test(timeout=600, when="all")
def test_boost(t):
    """The first boost, which follows the scheduler, fails at each allocation."""
    prepare(t)
    t.insmod_host(boost_limit=90)

    def reload():
        t.rmmod_host()
        t.insmod_host(boost_limit=90)
    one_by_one(t, "boost", between=reload)
    load = Load(threads=2)
    # All that can be promised: nothing is left of those that failed.
    t.ecsctl("boost", load.vm, "--sbt", "9ms", "--usbt", "1ms")
    t.rmmod_host()


@test(timeout=600, when="all", images=("fail",))
def test_guest(t):
    """In a guest: the module is loaded, each class is marked, each allocation failing."""
    t.insmod_host()
    guest = t.guest(image="fail")
    prepare(t, guest)
    pinned = pins()
    t.allow_splat(KEYS)
    one_by_one(t, "load", "/ko/ecs_guest.ko", "mark_wait=0", guest=guest)
    t.check_eq(registered(t, guest), 0, "registered when it is unloaded")
    t.wait_for(lambda: pins() == pinned, "no page is pinned")
    guest.insmod("ecs_guest")
    for kind in kinds_of(t):
        one_by_one(t, "mark", kind, guest=guest)
        t.check_eq(registered(t, guest), 2, f"registered after {kind}")
        switch(guest, **{kind: 1})
    lock(t, guest, kinds_of(t), "afterwards")
