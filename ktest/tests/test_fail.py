# SPDX-License-Identifier: GPL-2.0
"""Allocations fail, one after the other: what was asked for is refused, nothing stays."""
import pathlib

import cache
from bare import check_works, contended, known, pins
from job import test
from load import Load

DEBUG = pathlib.Path("/sys/kernel/debug")
MOST = 120		# allocations to fail of one operation, at equal distances
# A page that is not there is complained of at length; of splats only traces are allowed.
TRACES = (r"Call Trace:",)
# The kernel's account of a module's trace events does not bear it: it warns of the memory
# that it did not get, and, when the module goes, of the file that was only half made.
EVENTS = r"WARNING: .* at kernel/trace/trace_events\.c:\d+ event_(?:define_fields|file_put)\+"


def prepare(t):
    """Any allocation may fail, also of a single page, and in silence."""
    for kind in ("failslab", "fail_page_alloc"):
        if not (DEBUG / kind).exists():
            t.skip(f"this kernel has no {kind}: it needs CONFIG_FAULT_INJECTION_DEBUG_FS")
        (DEBUG / kind / "verbose").write_text("0")
        (DEBUG / kind / "ignore-gfp-wait").write_text("N")
    (DEBUG / "fail_page_alloc/min-order").write_text("0")
    for pattern in TRACES:
        t.allow_splat(pattern)


def fail(t, step, *words):
    rc, out = t.sh(" ".join([str(cache.BUILD / "l1-fail"), str(step), *map(str, words)]),
                   timeout=550, check=False)
    t.check_eq(rc, 0, f"{words[0]}: {out}")
    return out.strip()


def one_by_one(t, *words, between=None):
    number = int(fail(t, 0, *words))
    if between:
        between()
    t.progress(f"{number} allocations, {fail(t, number // MOST + 1, *words)}")


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
