# SPDX-License-Identifier: GPL-2.0
"""The last look at a debug kernel, when the test is over: does lockdep still
watch, and did our modules leave memory behind?"""
import splats
from guest import GuestError, GuestLost

# An object that changed since the last scan, or is younger than five seconds, is no
# leak yet: hence two scans, and time before the second.
SCAN = """f=/sys/kernel/debug/kmemleak
[ -e $f ] || exit 0
echo scan >$f
sleep 6
echo scan >$f
cat $f"""
LOCKDEP = "grep -s debug_locks: /proc/lockdep_stats || true"
LIMIT = 120		# seconds for a scan, before the factor of the kernel
UNLOAD = """for m in ecs_yield ecs_lock ecs_hold ecs_guest; do
	[ ! -d /sys/module/$m ] || rmmod $m || exit 1
done"""


def leaks(t, where, text):
    mine, others = splats.leaks(text)
    t.log(f"{where}: {len(mine)} leaks of ours, {others} others")
    if others:
        t.log(text)
    return [splats.Complaint(f"{where}: kmemleak:\n{report}", report) for report in mine[:5]]


def lockdep(where, text):
    """Lockdep goes off for good with its first complaint, or when a table is full."""
    return [] if text.split()[1:] != ["0"] else [splats.Complaint(f"{where}: lockdep is off")]


def of_guest(t, guest):
    """What is wrong in a guest; its ecs modules go first."""
    where = f"guest {guest.name}"
    try:
        guest.run(UNLOAD)
        return (lockdep(where, guest.run(LOCKDEP)[1])
                + leaks(t, where, guest.run(SCAN, timeout=LIMIT)[1]))
    except GuestLost:
        raise
    except GuestError as error:
        return [splats.Complaint(f"{where}: last look: {error}")]


def of_host(t):
    """What is wrong in L1, where ecs_host is gone by now."""
    return (lockdep("host", t.sh(LOCKDEP)[1])
            + leaks(t, "host", t.sh(SCAN, timeout=LIMIT)[1]))
