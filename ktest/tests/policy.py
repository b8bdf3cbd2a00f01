# SPDX-License-Identifier: GPL-2.0
"""Scheduling policies with all that belongs to them, which Python's os does not have."""
import ctypes
import os
import struct

SCHED_SETATTR, SCHED_GETATTR = 314, 315
LAYOUT = "IIQiIQQQ"
libc = ctypes.CDLL(None, use_errno=True)


def set_policy(tid, policy, priority=0, times=(0, 0, 0), nice=0):
    """sched_setattr(); times are runtime, deadline and period in nanoseconds."""
    attr = struct.pack(LAYOUT, 48, policy, 0, nice, priority, *times)
    if libc.syscall(SCHED_SETATTR, tid, attr, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"sched_setattr({tid}, {policy}): {os.strerror(error)}")


def policy_of(tid):
    """sched_getattr(): policy, nice and runtime, which is the fair class' slice."""
    attr = ctypes.create_string_buffer(48)
    if libc.syscall(SCHED_GETATTR, tid, attr, len(attr), 0):
        error = ctypes.get_errno()
        raise OSError(error, f"sched_getattr({tid}): {os.strerror(error)}")
    _, policy, _, nice, _, runtime, _, _ = struct.unpack(LAYOUT, attr.raw)
    return policy, nice, runtime
