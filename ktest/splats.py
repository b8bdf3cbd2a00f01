# SPDX-License-Identifier: GPL-2.0
"""Find complaints of a kernel in its log, and tell whose fault a crash is."""
import re

SPLAT = re.compile("|".join((
    r"\bWARNING: ", r"\bBUG: ", r"\bOops\b", r"general protection", r"kernel BUG at",
    r"possible recursive locking", r"inconsistent lock state", r"circular locking",
    r"suspicious RCU usage", r"bad unlock balance", r"DEBUG_LOCKS_WARN_ON",
    r"rcu.*(?:detected stalls|self-detected stall|kthread starved|expedited stalls)",
    r"soft lockup", r"hard LOCKUP", r"blocked for more than \d+ seconds",
    r"[Uu]nable to handle", r"scheduling while atomic", r"sleeping function called",
    r"stack guard page", r"corrupted stack", r"kmemleak: \d+ new",
    r"Call Trace:", r"Kernel panic", r"refcount_t: ", r"list_(?:add|del) corruption",
    r"\b(?:UBSAN|KASAN|KCSAN|KFENCE|ODEBUG): ", r"double fault", r"stack segment",
    r"Kernel stack is corrupted", r"invalid opcode", r"unexpected IRQ trap",
)))

# A trace through our code; "Modules linked in:" alone would prove nothing.
OURS = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \[ecs_(?:host|guest)\b")
# Code run in module space where there is no module any more.
GONE = re.compile(r"RIP: 0010:0xffffffff[c-f]")
PANIC = re.compile(r"Kernel panic|\bOops\b|double fault|BUG: |general protection|"
                   r"corrupted stack|triple fault")


def find(text, allowed=()):
    """[(line number, line)] of the complaints in a kernel log."""
    allowed = [re.compile(pattern) for pattern in allowed]
    return [(number, line) for number, line in enumerate(text.splitlines(), 1)
            if SPLAT.search(line) and not any(a.search(line) for a in allowed)]


def excerpt(text, found, before=2, after=45):
    """The log around the first complaint."""
    lines = text.splitlines()
    first = found[0][0] - 1
    return "\n".join(lines[max(0, first - before):first + after])


def panicked(text):
    return bool(PANIC.search(text))


def loaded(text):
    """Was ecs_host in at the crash? That alone proves nothing."""
    return bool(re.search(r"Modules linked in:.*\becs_host\b", text))


def ours(text):
    """Is this crash one of the ecs modules'?"""
    return bool(OURS.search(text) or GONE.search(text))
