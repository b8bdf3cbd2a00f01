# SPDX-License-Identifier: GPL-2.0
"""Take a bug out of the cached QEMU that loses emulated hosts.

When VMRUN injects an interrupt, QEMU's helper_vmrun() stores its vector as pending exception
of the CPU and then delivers it by itself (do_interrupt_x86_hardirq()). The store is left
behind: if another thread interrupts the CPU before something else overwrites it, the vector
is delivered once more, wherever the CPU is by then, in the guest or in the host. The mended
copy has a no-operation in the place of that store. docs/measured.md, "Lost hosts".
"""
import re
import struct

CALL = 0xe8
BEFORE = 96	# bytes ahead of the call that are searched
# mov %r32, disp32(%r64), the displacement negative: the CPU is ahead of its env.
STORE = re.compile(rb"\x89[\x80-\x83\x85-\x8b\x8d-\x93\x95-\x9b\x9d-\xa3\xa5-\xab\xad-\xb3\xb5-\xbb"
                   rb"\xbd-\xbf]..\xff\xff", re.DOTALL)
NOP = b"\x66\x0f\x1f\x44\x00\x00"


class Elf:
    """As much of a 64-bit one as it takes: addresses, and symbols for others to link with."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("no 64-bit ELF")
        self.data = data
        at, = struct.unpack_from("<Q", data, 40)
        size, number = struct.unpack_from("<HH", data, 58)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, at + n * size)
                         for n in range(number)]

    def symbols(self):
        """{name: (address, size)} of the dynamic ones."""
        found = {}
        for _, kind, _, _, at, size, link, _, _, each in self.sections:
            if kind != 11:	# SHT_DYNSYM
                continue
            names = self.sections[link][4]
            for entry in range(at, at + size, each):
                name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", self.data, entry)
                end = self.data.index(b"\0", names + name)
                found[bytes(self.data[names + name:end]).decode()] = (value, length)
        return found

    def offset(self, address):
        """Where in the file it is."""
        for _, kind, _, start, at, size, *_ in self.sections:
            if start and kind == 1 and start <= address < start + size:
                return address - start + at
        raise ValueError("no such address")


def find(data):
    """Offset of the store in a QEMU's image; ValueError if it is not as it was."""
    elf = Elf(data)
    try:
        symbols = elf.symbols()
        vmrun, length = symbols["helper_vmrun"]
        deliver, _ = symbols["do_interrupt_x86_hardirq"]
    except KeyError as missing:
        raise ValueError(f"no symbol {missing}") from None
    start = elf.offset(vmrun)
    calls = [at for at in range(start, start + length - 4) if data[at] == CALL and
             vmrun + at - start + 5 + struct.unpack_from("<i", data, at + 1)[0] == deliver]
    stores = [match.start() for at in calls
              for match in STORE.finditer(bytes(data[at - BEFORE:at]))]
    if len(calls) != 1 or len(stores) != 1:
        raise ValueError(f"{len(calls)} deliveries, {len(stores)} stores")
    return calls[0] - BEFORE + stores[0]


def mend(path, mended):
    """Make a mended copy of the QEMU in a file. ValueError: there is none."""
    data = bytearray(path.read_bytes())
    at = find(data)
    data[at:at + len(NOP)] = NOP
    new = mended.with_name(f".{mended.name}.new")
    new.write_bytes(data)
    new.chmod(path.stat().st_mode)
    new.rename(mended)
