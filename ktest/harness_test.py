#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Unit tests of what the harness concludes from kernels' logs and names."""
import pathlib
import struct
import sys
import tempfile
import types
import unittest
import unittest.mock

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / name) for name in ("", "tests")]
sys.dont_write_bytecode = True

import bench_tool  # noqa: E402
import cache  # noqa: E402
import debug_kernel  # noqa: E402
import guest  # noqa: E402
from job import Failed, Skip, TimedOut  # noqa: E402
import kinds  # noqa: E402
import l1  # noqa: E402
import machine  # noqa: E402
import mend_qemu  # noqa: E402
import soak  # noqa: E402
import splats  # noqa: E402

RULE = "[   12.345678] " + "=" * 66


def race(*frames):
    return "\n".join((RULE, "[   12.345679] BUG: KCSAN: data-race in f / g", "",
                      "[   12.345680] read to 0xffffffffc0101234 of 4 bytes by task 7 on cpu 0:",
                      *(f"[   12.345681]  {frame}" for frame in frames), RULE))


def leak(*frames):
    return "\n".join(("unreferenced object 0xffff888005a6c000 (size 64):",
                      '  comm "insmod", pid 93, jiffies 4294901234',
                      "  backtrace (crc 0):", *(f"    {frame}" for frame in frames), ""))


KERNEL = "kthread+0x12/0x34"
OURS = "ecsh_vm_get+0x12/0x34 [ecs_host]"
NAMELESS = "0xffffffffc0101234"


class Splats(unittest.TestCase):
    def test_reports_of_debug_kernels(self):
        for line in ("BUG: KASAN: slab-use-after-free in f+0x1/0x2",
                     "UBSAN: shift-out-of-bounds in x.c:1:2",
                     "WARNING: possible circular locking dependency detected",
                     "[ BUG: Invalid wait context ]",
                     "ODEBUG: free active (active state 0) object: 1 object type: hrtimer",
                     "INFO: trying to register non-static key.",
                     "BUG: MAX_LOCKDEP_CHAINS too low!",
                     "WARNING: suspicious RCU usage",
                     "BUG: sleeping function called from invalid context at x.c:1"):
            self.assertEqual(len(splats.find(f"a\n[    1.0] {line}\nb")), 1, line)

    def test_what_is_none(self):
        for line in ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
                     "kasan: KernelAddressSanitizer initialized",
                     "Lock dependency validator: Copyright"):
            self.assertEqual(splats.find(line), [], line)

    def test_races(self):
        self.assertEqual(splats.find(race(KERNEL)), [])
        for frame in (OURS, NAMELESS):
            text = race(KERNEL, frame)
            self.assertTrue(splats.find(text), frame)
            self.assertEqual([mine for _, _, mine in splats.races(text)], [True])
        # The kernel's own, in what we call.
        self.assertEqual(splats.find(race(KERNEL, KERNEL, KERNEL, OURS)), [])
        self.assertTrue(splats.find(race(KERNEL, KERNEL, OURS)))
        self.assertEqual(splats.find(race("ktime_get_mono_fast_ns+0x1/0x2", OURS)), [])
        text = race(KERNEL) + "\nWARNING: after it\n" + race(OURS)
        self.assertEqual([mine for _, _, mine in splats.races(text)], [False, True])
        self.assertIn("WARNING: after it", [line for _, line in splats.find(text)])

    def test_a_race_cut_off(self):
        text = race(KERNEL).rsplit("\n", 1)[0]
        self.assertEqual([mine for _, _, mine in splats.races(text)], [False])

    def test_a_race_cut_off_hides_no_more(self):
        text = race(KERNEL).rsplit("\n", 1)[0] + "\nx" * splats.LONGEST
        self.assertTrue(splats.find(text + "\nWARNING: after it"))

    def test_whose_crash(self):
        mine = ("BUG: kernel NULL pointer dereference\nCode: 00 0f 0b <48> 89\nCall Trace:\n"
                "  ecsh_page_hint+0xa4/0xe0 [ecs_host]")
        self.assertTrue(splats.ours(mine))
        self.assertFalse(splats.ours("BUG: x\nModules linked in: ecs_host(OE) kvm_amd"))
        self.assertFalse(splats.ours(mine.replace("  ecsh", " ? ecsh")))
        self.assertTrue(splats.ours(mine + "\n ? ecsh_gate_leave+0x1/0x2 [ecs_host]"))
        for code in ("0f 01 d8 <58> 48", "0f 01 d8 58 <48> 89"):
            self.assertFalse(splats.ours(mine.replace("0f 0b <48> 89", code)), code)

    def test_an_interrupt_while_they_are_off(self):
        log = ("Kernel panic - not syncing: x\n </IRQ>\n <TASK>\n"
               " asm_sysvec_apic_timer_interrupt+0x1a/0x20\n"
               "RIP: 0010:filter_resched+0x156/0x170 [ecs_host]\nCode: 00 00 <84> c0\n"
               "RSP: 0018:ffffc9000045b968 EFLAGS: {}\n ecsh_page_hint+0xa4/0xe0 [ecs_host]\n")
        for flags, mine in (("00010096", False), ("00010296", True), ("00000202", True)):
            self.assertEqual(splats.ours(log.format(flags)), mine, flags)
        # Of another frame: what a system call interrupted, or an exception.
        for other in ("asm_exc_page_fault", "entry_SYSCALL_64_after_hwframe"):
            self.assertTrue(splats.ours(log.format("00010096").replace(
                "asm_sysvec_apic_timer_interrupt", other)), other)

    def test_what_is_a_crash(self):
        for line in ("Oops: stack guard page: 0000 [#1] PREEMPT SMP NOPTI",
                     "Kernel panic - not syncing: x", "traps: PANIC: double fault, error: 0x0"):
            self.assertTrue(splats.crashed(line), line)
        for line in ("watchdog: BUG: soft lockup - CPU#1 stuck for 27s!", "WARNING: CPU: 0 at x",
                     "BUG: KASAN: slab-use-after-free in f", "rcu: INFO: detected stalls",
                     "BUG: sleeping function called from invalid context at x.c:1"):
            self.assertFalse(splats.crashed(line), line)

    def test_leaks(self):
        text = leak(KERNEL) + leak(KERNEL, OURS) + leak(NAMELESS)
        mine, others = splats.leaks(text)
        self.assertEqual((len(mine), others), (2, 1))
        self.assertEqual(splats.leaks(""), ([], 0))


class Verdict(unittest.TestCase):
    PANIC = "[    1.0] Kernel panic - not syncing: x"
    WARNING = "[    1.0] WARNING: CPU: 0 at x"
    TRACE = f"[    1.1]  {OURS}"

    def check(self, outcome, *logs):
        """Each a kernel log, and is its guest astray?"""
        wrong = [one for log, astray in logs
                 for one in splats.complaint("guest", "\n".join(log), astray=astray)]
        return splats.verdict(outcome, wrong)

    def test_nothing_wrong(self):
        self.assertEqual(self.check("ok", (["all is well"], False)), "ok")

    def test_one_guest_excuses_no_other(self):
        astray, mine = ([self.WARNING, self.TRACE], True), ([self.WARNING, self.TRACE], False)
        for outcome in ("ok", "not ok", "lost-vm"):
            self.assertEqual(self.check(outcome, astray), "lost-vm")
            self.assertEqual(self.check(outcome, astray, mine), "not ok")

    def test_a_warning_excuses_no_crash_and_the_reverse(self):
        self.assertEqual(self.check("ok", ([self.WARNING], False)), "not ok")
        self.assertEqual(self.check("ok", ([self.PANIC], False)), "lost-vm")
        self.assertEqual(self.check("timeout", ([self.PANIC], False)), "timeout")

    def test_all_of_the_log_is_looked_at(self):
        log = [self.PANIC, *["[    1.0] x"] * 100, self.TRACE]
        self.assertEqual(self.check("lost-vm", (log, False)), "not ok")

    def test_silent_at_the_end(self):
        self.assertEqual(splats.verdict("ok", [splats.Complaint("silent", lost=True)]), "lost-vm")


class Astray(unittest.TestCase):
    STUCK = ("CPU#0\nRIP=ffffffff811d7317 RFL=00000202 [-------]\nCR0=80050033 "
             "CR2=0000000014b21ca8 CR3=1\n\nCPU#1\nRIP={} RFL={} [---Z-P-]\n"
             "CR0=80050033 CR2=ffffffffc04acc50 CR3=1\n")

    def test_it(self):
        for rip, flags, astray in (("ffffffffc04acc50", "00010246", True),
                                   ("ffffffffc04acc50", "00000246", False),
                                   ("ffffffff811d7317", "00010246", False)):
            found = guest.ASTRAY.search(self.STUCK.format(rip, flags))
            self.assertEqual(bool(found), astray, (rip, flags))


class Guest:
    """One that answers or not; the test's time may run out while it is asked."""

    name = "vm0"

    def __init__(self, silent, over=False):
        self.silent, self.over = silent, over

    def is_silent(self):
        if self.over:
            self.over = False
            raise TimedOut
        return self.silent


class Event:
    """One that does not come; the test's time may run out while it is awaited."""

    def __init__(self, over):
        self.over = over

    def wait(self, _timeout):
        if self.over:
            raise TimedOut
        return False


class Waiting(unittest.TestCase):
    """What is concluded from a command that does not end."""

    def check(self, asked, event, outcome):
        job = guest.Job(asked, 1, "true")
        job.ended = event
        with self.assertRaises(Exception) as raised:
            job.wait(60)
        self.assertIs(type(raised.exception), outcome)

    def test_the_waits_limit(self):
        self.check(Guest(True), Event(False), guest.GuestLost)
        self.check(Guest(False), Event(False), guest.GuestError)

    def test_the_tests_limit(self):
        self.check(Guest(True), Event(True), guest.GuestLost)
        self.check(Guest(False), Event(True), TimedOut)

    def test_the_one_right_after_the_other(self):
        self.check(Guest(True, over=True), Event(False), guest.GuestLost)
        self.check(Guest(False, over=True), Event(False), guest.GuestError)


class Outcome(unittest.TestCase):
    """Of a test that raises what it does, with a guest that has booted so often."""

    def outcome(self, error, boots):
        def body(_context):
            raise error

        one = types.SimpleNamespace(name="vm0", boots=boots, expected_boots=1, run=None,
                                    process=types.SimpleNamespace(poll=lambda: 0))
        context = types.SimpleNamespace(guests=[one])
        with unittest.mock.patch.object(l1, "load", lambda target: body):
            return l1.run({"target": "x", "args": {}, "timeout": 1}, context)

    def test_what_a_reset_guest_excuses(self):
        for error in (Failed("x"), guest.GuestError("x"), ValueError("x")):
            outcome, detail, _ = self.outcome(error, 1)
            self.assertEqual(outcome, "not ok", error)
            self.assertIn("x", detail)
            outcome, detail, _ = self.outcome(error, 2)
            self.assertEqual(outcome, "lost-vm", error)
            self.assertIn("guests that reset by themselves: vm0", detail)

    def test_the_others(self):
        self.assertEqual(self.outcome(guest.GuestLost("x"), 1)[0], "lost-vm")
        self.assertEqual(self.outcome(Skip("x"), 2)[:2], ("skip", "x"))
        self.assertEqual(self.outcome(TimedOut(), 2)[0], "timeout")


class Mended(unittest.TestCase):
    """An image with a dynamic symbol table and some code, as mend_qemu.py reads it."""

    STORE = bytes.fromhex("89b350c2ffff")	# mov %esi, -0x3db0(%rbx)
    OTHERS = bytes.fromhex("4489ab80340000" "48c78388340000ffffffff")
    BASE, CODE = 0x400000, 0x100

    def image(self, code, names=("helper_vmrun", "do_interrupt_x86_hardirq")):
        strings = b"\0" + b"".join(name.encode() + b"\0" for name in names)
        text = code + b"\x90" * 16
        symbols = bytes(24) + b"".join(struct.pack(
            "<IBBHQQ", strings.index(name.encode()), 0x12, 0, 1, address, size)
            for name, address, size in zip(names, (self.BASE + self.CODE,
                                                   self.BASE + self.CODE + len(code)),
                                           (len(code), 16)))
        parts, sections, at = [], [(0,) * 10], self.CODE
        for kind, data, each, link, address in ((1, text, 0, 0, self.BASE + self.CODE),
                                                (11, symbols, 24, 3, 0), (3, strings, 0, 0, 0)):
            sections.append((0, kind, 0, address, at, len(data), link, 0, 1, each))
            parts.append(data)
            at += len(data)
        header = bytearray(64)
        header[:6] = b"\x7fELF\x02\x01"
        struct.pack_into("<Q", header, 40, at)
        struct.pack_into("<HH", header, 58, 64, len(sections))
        return (bytes(header).ljust(self.CODE, b"\0") + b"".join(parts)
                + b"".join(struct.pack("<IIQQQQIIQQ", *section) for section in sections))

    def code(self, *ahead, calls=1):
        """Instructions, and calls of what lies right behind all of it."""
        code = b"".join(ahead).rjust(mend_qemu.BEFORE + 8, b"\x90")
        return code + b"".join(b"\xe8" + struct.pack("<i", 5 * left)
                               for left in reversed(range(calls)))

    def test_the_store_goes_and_nothing_else(self):
        image = self.image(self.code(self.STORE, self.OTHERS))
        with tempfile.TemporaryDirectory() as folder:
            old, new = (pathlib.Path(folder) / name for name in ("old", "new"))
            old.write_bytes(image)
            mend_qemu.mend(old, new)
            self.assertEqual(new.read_bytes(), image.replace(self.STORE, mend_qemu.NOP))
            self.assertEqual(old.read_bytes(), image)

    def test_what_is_not_as_it_was(self):
        for image in (self.image(self.code(self.OTHERS)),
                      self.image(self.code(self.STORE, self.STORE)),
                      self.image(self.code(self.STORE, calls=2)),
                      self.image(self.code(self.STORE), names=("helper_vmrun", "other")),
                      b"no image at all"):
            with self.assertRaises(ValueError):
                mend_qemu.find(image)


class Losses(unittest.TestCase):
    def test_too_many(self):
        for lost, tests, too_many in ((0, 1, False), (2, 1, False), (3, 2, False), (4, 2, True),
                                      (6, 85, False), (17, 85, False), (18, 85, True)):
            self.assertEqual(machine.too_many_lost(lost, tests), too_many, (lost, tests))


class Kinds(unittest.TestCase):
    def test_every_debug_kernel_has_a_kind_and_options(self):
        for name in cache.DEBUG_KERNELS:
            self.assertTrue(kinds.is_debug(name), name)
            self.assertIn(kinds.series(name), cache.KERNELS)
            self.assertTrue((debug_kernel.OPTIONS / f"{debug_kernel.parts(name)[1]}.config")
                            .exists(), name)
        debug, kcsan = map(debug_kernel.digest, ("6.12-debug", "6.12-kcsan"))
        self.assertNotEqual(debug, kcsan)

    def test_stock(self):
        for name in cache.KERNELS:
            self.assertFalse(kinds.is_debug(name))
            self.assertEqual(kinds.memory("384M", name), "384M")
        self.assertEqual(kinds.slowness(*cache.KERNELS), 1)

    def test_patience(self):
        try:
            kinds.be_patient("6.12", "6.12-debug")
            self.assertEqual(kinds.patient(10), 10 * kinds.of("6.12-debug").slow)
            self.assertIsNone(kinds.patient(None))
        finally:
            kinds.be_patient("6.12")
        self.assertEqual(kinds.patient(10), 10)


class Soak(unittest.TestCase):
    LOOK = "".join(f"{{0}} {kind} on 0\n" for kind in soak.KINDS) + (
        "{0} held {1}\n{0} clipped 19\n{0} lost 0\n")
    LOAD = "running 0 done 7 failed 2 slept 3 moved 4 compared 1 wrong 0 stale 0"

    def text(self, load=LOAD, held=5):
        words = load.split()
        return (self.LOOK.format("before", 6) + self.LOOK.format("before", 5) + "at 3\n"
                + "".join(f"load {name} {value}\n"
                          for name, value in zip(words[::2], words[1::2]))
                + self.LOOK.format("after", held) + self.LOOK.format("after", held) + "end\n")

    def wrong(self, kind="mutex", **more):
        return soak.complaints(kind, 7, soak.parse(self.text(**more)))

    def test_good(self):
        self.assertEqual(self.wrong(), [])
        self.assertEqual(self.wrong("rcu", load=self.LOAD.replace("slept 3", "slept 0")), [])

    def test_what_may_be_wrong(self):
        for old, new in (("done 7", "done 6"), ("compared 1", "compared 0"),
                         ("failed 2", "failed 0"), ("slept 3", "slept 0"),
                         ("moved 4", "moved 0"), ("wrong 0", "wrong 1"),
                         ("stale 0", "stale 1")):
            self.assertEqual(len(self.wrong(load=self.LOAD.replace(old, new))), 1, new)
        for held in (4, 6):
            self.assertEqual(self.wrong(held=held), ["locks seem held at rest"])
        text = self.text().replace("after lost 0", "after lost 1").replace(
            "after clipped 19", "after clipped 20").replace("before rcu on", "before rcu off")
        self.assertEqual(len(soak.complaints("mutex", 7, soak.parse(text))), 3)

    def test_cut_off(self):
        for text in ("", self.text()[:-4], "error insmod ecs_lock\n"):
            with self.assertRaises(ValueError):
                soak.parse(text)


if __name__ == "__main__":
    sys.exit(bench_tool.selftest("__main__"))
