# SPDX-License-Identifier: GPL-2.0
"""Find complaints of a kernel in its log, and tell whose fault a crash is."""
import dataclasses
import re

SPLAT = re.compile("|".join((
    r"\bWARNING: ", r"\bBUG: ", r"\bOops\b", r"general protection", r"kernel BUG at",
    r"possible recursive locking", r"inconsistent lock state", r"circular locking",
    r"suspicious RCU usage", r"bad unlock balance", r"DEBUG_LOCKS_WARN_ON",
    r"rcu.*(?:detected stalls|self-detected stall|kthread starved|expedited stalls)",
    r"soft lockup", r"hard LOCKUP", r"blocked for more than \d+ seconds",
    r"[Uu]nable to handle", r"scheduling while atomic", r"sleeping function called",
    r"stack guard page", r"corrupted stack",
    r"trying to register non-static key", r"lockdep is turned off",
    r"turning off the locking correctness validator", r"kmemleak: Kernel memory leak detector dis",
    r"Call Trace:", r"Kernel panic", r"refcount_t: ", r"list_(?:add|del) corruption",
    r"\b(?:UBSAN|KASAN|KCSAN|KFENCE|ODEBUG): ", r"double fault", r"stack segment",
    r"Kernel stack is corrupted", r"invalid opcode", r"unexpected IRQ trap",
)))

# A trace through our code; "Modules linked in:" alone would prove nothing, nor does an
# address that the unwinder found on the stack and could not explain ("? ").
OURS = re.compile(r"(?m)^(?!.*\? [\w.]+\+0x).*\+0x[0-9a-f]+/0x[0-9a-f]+ "
                  r"\[ecs_(?:host|guest)\b")
# Code run in module space where there is no module any more.
GONE = re.compile(r"RIP: 0010:0xffffffff[c-f]")
# Stopped right behind VMRUN, or one instruction on, where the host can take neither an
# interrupt nor a fault: the emulator's doing, also without any module of ours (measured.md,
# Lost hosts). What lay on the stack says nothing then.
BEHIND_VMRUN = re.compile(r"Code: .* 0f 01 d8 (?:58 )?<")
# Where an interrupt came: its entry, and the flags of what it interrupted.
INTERRUPTED = re.compile(r"\basm_(?:sysvec_\w+|common_interrupt)\+.*\n(?:.*\n){0,3}?"
                         r".*\bEFLAGS: ([0-9a-f]{8})\b")
IF = 0x200
# The end of a kernel, not of a complaint.
CRASH = re.compile(r"Kernel panic|\bOops\b|double fault|general protection|"
                   r"stack guard page|corrupted stack|triple fault")
# A report of a data race or a leak that has to do with us: a function of ours, or
# of a module that is gone, whose addresses have no names any more.
OUR_FRAME = re.compile(r"\becs[hg]?_|\[ecs_|"
                       r"(?m:^(?:\[[ \d.]+\])?\s*(?:\[<\w+>\]\s*)?0xffffffff[a-f]\w{7}$)")
RACE = re.compile(r"BUG: KCSAN: ")
ACCESS = re.compile(r" of \d+ bytes by .*:$")
# The fast clock reads what is just being written and tries again: a latch.
LATCH = re.compile(r"\bktime_get_mono_fast_ns\+")
NEAR = 3	# frames from an access up: further out we have only called what races by itself
RULE = re.compile(r"={20,}")
LONGEST = 100	# lines of a report whose end is missing


@dataclasses.dataclass
class Complaint:
    """One thing that is wrong at the end of a job."""
    text: str
    log: str = ""		# the kernel log that it stands for, by which blame is found
    lost: bool = False		# of a machine that went astray or silent


def races(text):
    """The data races in a kernel log: [(first line number, last, is it ours)]."""
    lines, found, number = text.splitlines(), [], 0
    while number < len(lines):
        if RACE.search(lines[number]):
            limit = min(number + LONGEST, len(lines))
            end = next((n for n in range(number + 1, limit) if RULE.search(lines[n])),
                       limit - 1)
            near = [line for at in range(number, end) if ACCESS.search(lines[at])
                    and not LATCH.search(lines[at + 1])
                    for line in lines[at + 1:min(at + 1 + NEAR, end)]]
            found.append((number + 1, end + 1, any(map(OUR_FRAME.search, near))))
            number = end
        number += 1
    return found


def find(text, allowed=()):
    """[(line number, line)] of the complaints in a kernel log. Data races between
    others are none: a stock kernel has many."""
    allowed = [re.compile(pattern) for pattern in allowed]
    others = {number for first, last, ours_ in races(text) if not ours_
              for number in range(first, last + 1)}
    return [(number, line) for number, line in enumerate(text.splitlines(), 1)
            if SPLAT.search(line) and number not in others
            and not any(a.search(line) for a in allowed)]


def leaks(text):
    """What kmemleak shows, taken apart: (reports of ours, number of others)."""
    reports = re.split(r"(?m)^(?=unreferenced object )", text)
    reports = [report for report in reports if report.startswith("unreferenced")]
    mine = [report for report in reports if OUR_FRAME.search(report)]
    return mine, len(reports) - len(mine)


def complaint(where, text, allowed=(), astray=False):
    """What a kernel log has against us, as a list of one or no Complaint. An astray
    machine's is shown and blames nobody."""
    found = find(text, allowed)
    if not found:
        return []
    since = text.splitlines()[found[0][0] - 1:]
    return [Complaint(f"{where}: kernel complains:\n{excerpt(text, found)}",
                      "" if astray else "\n".join(since), astray)]


def verdict(outcome, wrong):
    """How a job ended that had this outcome, and at whose end these things are wrong.

    A guest that stands still complains of stalls: that is the same loss. So is one that
    crashes without a function of ours in the trace, as a host that does: the emulator
    mixes up their registers."""
    if not wrong or outcome == "timeout":
        return outcome
    if any(ours(one.log) for one in wrong):
        return "not ok"
    lost = outcome == "lost-vm" or any(one.lost or crashed(one.log) for one in wrong)
    return "lost-vm" if lost else "not ok"


def excerpt(text, found, before=2, after=45):
    """The log around the first complaint."""
    lines = text.splitlines()
    first = found[0][0] - 1
    return "\n".join(lines[max(0, first - before):first + after])


def crashed(text):
    """Has a kernel come to its end here, whoever's fault it is?"""
    return bool(CRASH.search(text))


def loaded(text):
    """Was ecs_host in at the crash? That alone proves nothing."""
    return bool(re.search(r"Modules linked in:.*\becs_host\b", text))


def ours(text):
    """Is this crash one of the ecs modules'?"""
    return bool((OURS.search(text) or GONE.search(text)) and not BEHIND_VMRUN.search(text)
                and not unmasked(text))


def unmasked(text):
    """Was an interrupt taken while they were off? No processor does, so whatever comes of
    it is the emulator's doing."""
    return any(not int(flags, 16) & IF for flags in INTERRUPTED.findall(text))
