# SPDX-License-Identifier: GPL-2.0
"""The smallest BPF program there is, at the entry or the exit of a kernel function.

Without a library: bpf(2), and the kernel's own description of its types for the
number of the function.
"""
import ctypes
import os
import pathlib
import re
import struct

BPF, PROG_LOAD, RAW_TRACEPOINT_OPEN = 321, 5, 17
TRACING, FENTRY, FEXIT = 26, 24, 25
NOTHING = struct.pack("<BBhiBBhi", 0xb7, 0, 0, 0, 0x95, 0, 0, 0)	# return 0
FUNC = 12
# Bytes behind a type: of each of its members, and in all.
MEMBERS = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
REST = {1: 4, 3: 12, 14: 4, 17: 4}
libc = ctypes.CDLL(None, use_errno=True)


def number_of(name):
    """What the types of vmlinux call a function."""
    data = pathlib.Path("/sys/kernel/btf/vmlinux").read_bytes()
    head, at, size, strings = struct.unpack_from("<4I", data, 4)
    at, end, number = head + at, head + at + size, 0
    wanted = data.index(b"\0" + name.encode() + b"\0", head + strings) + 1 - head - strings
    while at < end:
        text, info, _ = struct.unpack_from("<3I", data, at)
        kind = info >> 24 & 31
        number += 1
        if kind == FUNC and text == wanted:
            return number
        at += 12 + MEMBERS.get(kind, 0) * (info & 0xffff) + REST.get(kind, 0)
    raise LookupError(f"no function {name} in /sys/kernel/btf/vmlinux")


def bpf(command, attr):
    file = libc.syscall(BPF, command, attr, len(attr))
    if file < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return file


class Program:
    """Attached to a function, until close()."""

    def __init__(self, name, where):
        self.code, self.license = ctypes.create_string_buffer(NOTHING), ctypes.c_char_p(b"GPL")
        self.log = ctypes.create_string_buffer(4096)
        attr = struct.pack(
            "<2I2Q2IQ2I16s4IQ2IQ3I", TRACING, 2, ctypes.addressof(self.code),
            ctypes.cast(self.license, ctypes.c_void_p).value, 1, 4096,
            ctypes.addressof(self.log), 0, 0, b"nothing", 0, where, 0, 0, 0, 0, 0, 0, 0,
            number_of(name), 0)
        self.program = bpf(PROG_LOAD, attr)
        try:
            self.link = bpf(RAW_TRACEPOINT_OPEN, struct.pack("<Q2I", 0, self.program, 0))
        except OSError:
            os.close(self.program)
            raise

    def runs(self):
        """How often it ran, while kernel.bpf_stats_enabled is 1."""
        text = pathlib.Path(f"/proc/self/fdinfo/{self.program}").read_text()
        return int(re.search(r"run_cnt:\s+(\d+)", text)[1])

    def close(self):
        os.close(self.link)
        os.close(self.program)
