# SPDX-License-Identifier: GPL-2.0
"""Fetch distribution kernels and a newer QEMU into the cache, unpacked.

Nothing is installed (packages.py). What is in the cache is used as it is, without any network
access, until --refresh.
"""
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cache
import mend_qemu
from packages import ARCHIVE, CODENAME, NEXT, Apt, output, relink, run

META = {
    "5.10": ("linux-image-amd64", "linux-headers-amd64"),
    "6.1": ("linux-image-amd64", "linux-headers-amd64"),
    "6.1-rt": ("linux-image-rt-amd64", "linux-headers-rt-amd64"),
    "6.1-cloud": ("linux-image-cloud-amd64", "linux-headers-cloud-amd64"),
    "6.12": ("linux-image-6.12-amd64", "linux-headers-6.12-amd64"),
    "6.12-rt": ("linux-image-6.12-rt-amd64", "linux-headers-6.12-rt-amd64"),
    "6.12-cloud": ("linux-image-6.12-cloud-amd64", "linux-headers-6.12-cloud-amd64"),
    "7.x": ("linux-image-amd64", "linux-headers-amd64"),
}
# Of another release than the machine's; an older one may be in the archive only.
SUITES = {"5.10": ("bullseye", "bullseye-security"), "7.x": NEXT}
# bookworm's QEMUs (7.2, and 10.0 in backports) have lost an L1 now and then: one
# processor no longer took interrupts. Their #VMEXIT changes interrupt_request
# without the lock or an atomic, which may lose what another thread has just
# set; that this was the cause is likely, not proved. The next release has a
# newer QEMU; it runs with that release's C library.
QEMU_NEEDS = re.compile(r"(lib|qemu|seabios|ipxe|zlib)")
QEMU_BINARIES = ("qemu-system-x86_64", "qemu-system-x86_64-microvm")
QEMU_FIRMWARE = ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")
# What compiles C, without what compiled programs may want, and writes BTF. Of the
# assembler and the linker the machine's own do.
GCC_NEEDS = re.compile(r"(gcc-\d+|cpp-\d+|libgcc-\d+-dev|libc6$|zlib1g|pahole"
                       r"|lib(bpf|bz2|dw|elf|gcc-s1|gmp|isl|jansson|lzma|mpc|mpfr|stdc|zstd))")
GCC = "usr/bin/x86_64-linux-gnu-{}"
GCC_PROGRAMS = ("cc1", "collect2", "lto-wrapper")
# What unpacks a kernel that begins like this.
PACKERS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4"}


def apt_of_kernel(name):
    """apt where this kernel series is, if that is not the machine's own release."""
    try:
        return Apt(SUITES[name])
    except subprocess.CalledProcessError:
        return Apt(SUITES[name], ARCHIVE)


def compiler(name):
    """The root of a newer release's compiler and of that release's C library."""
    root = cache.root() / "compilers" / name
    if not root.exists():
        new = root.with_name(f".new-{name}")
        shutil.rmtree(new, ignore_errors=True)
        newer = Apt(NEXT)
        newer.unpack([p for p in newer.closure(name, "pahole") if GCC_NEEDS.match(p)], new)
        inner = new / "usr/libexec/gcc/x86_64-linux-gnu" / name.removeprefix("gcc-")
        relink(Apt((CODENAME,)), [new / "usr/bin/pahole", new / GCC.format(name),
                                  *(inner / program for program in GCC_PROGRAMS)], root)
        replace(new, root)
    return root


def has_loader(path):
    """Is it a program, which may need another C library than this machine's?"""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF" and b"/ld-linux-x86-64.so.2\0" in file.read(4096)


def use_compiler(kernel, headers, newer):
    """Where the kernel's own compiler is lacking, find another one.

    The release that a kernel is from may have another gcc than this one. An older gcc
    than its own does not know all options of the kernel, and the programs that came with
    the headers want a newer C library: they get their own. A newer gcc does: for the
    tests this machine's will do.
    """
    path = headers / ".kernelvariables"
    text = path.read_text()
    own = re.search(r"(\$\(CROSS_COMPILE\))(gcc-\d+)$", text, re.M)
    if not own or shutil.which(own[2]):
        return
    if not newer:
        path.write_text(text.replace(own[0], own[1] + "gcc"))
        return
    root = compiler(own[2])
    path.write_text(text.replace(own[0], str(root / GCC.format(own[2])))
                    + f"PAHOLE = {root}/usr/bin/pahole\n")
    programs = (kernel / "usr/lib").glob("linux-kbuild-*/**/*")
    relink(Apt((CODENAME,)), filter(has_loader, programs), root)


def replace(new, old):
    """Put the finished directory in place of an earlier one."""
    shutil.rmtree(old, ignore_errors=True)
    old.parent.mkdir(parents=True, exist_ok=True)
    new.rename(old)


def extract_vmlinux(bzimage, vmlinux):
    """Unpack the ELF kernel of a bzImage.

    Booted through its PVH entry it needs no decompression in the guest, which
    under emulation costs seconds at every boot.
    """
    data = bzimage.read_bytes()
    sectors = data[0x1F1] or 4
    start = (sectors + 1) * 512 + int.from_bytes(data[0x248:0x24C], "little")
    payload = data[start:start + int.from_bytes(data[0x24C:0x250], "little")]
    if payload.startswith(b"\xfd7zXZ"):
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload[:4] in PACKERS:
        # The four bytes behind the frame are the size, no part of it.
        elf = subprocess.run([PACKERS[payload[:4]], "-dcq"], input=payload[:-4], check=True,
                             stdout=subprocess.PIPE).stdout
    else:
        raise RuntimeError(f"{bzimage}: unknown compression {payload[:6]!r}")
    if not elf.startswith(b"\x7fELF"):
        raise RuntimeError(f"{bzimage}: no ELF inside")
    vmlinux.write_bytes(elf)


def fetch_kernel(apt, name):
    """Image, modules and headers of one kernel series, usable from the cache."""
    image_meta, headers_meta = META[name]
    image = next(p for p in apt.depends(image_meta) if p.startswith("linux-image-"))
    headers = next(p for p in apt.depends(headers_meta) if p.startswith("linux-headers-"))
    # From 7.2 on what an image has had is in packages of their own.
    needed = {p for package in (image, headers) for p in apt.depends(package)
              if re.match(r"linux-(base-\d|binary-|modules-|headers-.*-common|kbuild-)", p)}
    new = cache.root() / "kernels" / f".new-{name}"
    shutil.rmtree(new, ignore_errors=True)
    apt.unpack([image, headers, *needed], new)

    release = headers.removeprefix("linux-headers-")
    if not (new / "lib").exists():
        (new / "lib").symlink_to("usr/lib")
    modules = new / "lib/modules" / release
    kernel = new / f"boot/vmlinuz-{release}"
    if not kernel.exists():
        kernel.parent.mkdir(exist_ok=True)
        (modules / "vmlinuz").rename(kernel)
    # What the packages say in absolute paths is said in relative ones, so
    # that the tree works wherever it lies.
    makefile = new / "usr/src" / headers / "Makefile"
    beside = "$(dir $(lastword $(MAKEFILE_LIST)))../"
    text = makefile.read_text().replace("include /usr/src/", f"include {beside}")
    makefile.write_text(re.sub(r"KBUILD_OUTPUT=/usr/src/(\S+)",
                               rf"KBUILD_OUTPUT := $(abspath {beside}\1)", text))
    for link in ("build", "source"):
        path = modules / link
        target = os.readlink(path) if path.is_symlink() else ""
        if target.startswith("/"):
            path.unlink()
            path.symlink_to("../../.." + target)
    use_compiler(new, new / "usr/src" / headers, SUITES.get(name) == NEXT)
    run("depmod", "-b", str(new), release)
    extract_vmlinux(kernel, new / "vmlinux")
    info = {"release": release, "package": image, "version": apt.version(image)}
    (new / "info.json").write_text(json.dumps(info, indent=1) + "\n")
    replace(new, cache.root() / "kernels" / name)


def fetch_qemu(apt):
    """A newer QEMU, with libraries and loader of its own."""
    new = cache.root() / ".qemu-new"
    shutil.rmtree(new, ignore_errors=True)
    base = new / "root"
    newer = Apt(NEXT)
    newer.unpack([p for p in newer.closure("qemu-system-x86") if QEMU_NEEDS.match(p)], base)
    loader = relink(apt, [base / "usr/bin" / name for name in QEMU_BINARIES],
                    cache.root() / "qemu/root")
    info = {"version": newer.version("qemu-system-x86"), "loader": str(loader),
            "firmware": [f for f in QEMU_FIRMWARE if (base / f).is_dir()]}
    (new / "info.json").write_text(json.dumps(info, indent=1) + "\n")
    replace(new, cache.root() / "qemu")
    output(cache.Qemu().binary, "--version")


def mend(qemu, say):
    """A QEMU of the cache without the bug that loses emulated hosts."""
    if not qemu.cached or qemu.emulator == qemu.mended:
        return
    try:
        mend_qemu.mend(pathlib.Path(qemu.binary), pathlib.Path(qemu.mended))
    except ValueError as error:
        say(f"# notice: QEMU {qemu.version} is not as ktest/mend_qemu.py knows it ({error}): "
            "more hosts may be lost")


def ensure(kernels=cache.KERNELS, refresh=False, say=print):
    """Make sure that the cache holds these kernels, and QEMU if it can be had."""
    tried = cache.root() / "qemu-unavailable"
    if refresh:
        tried.unlink(missing_ok=True)
    debug = [k for k in kernels if k in cache.DEBUG_KERNELS]
    lacking = [k for k in kernels
               if k not in debug and (refresh or not cache.Kernel.present(k))]
    qemu = refresh or not (cache.Qemu().cached or tried.exists())
    for name in [name for name in lacking if name in SUITES]:
        say(f"# fetching kernel {name}")
        fetch_kernel(apt_of_kernel(name), name)
    lacking = [name for name in lacking if name not in SUITES]
    if lacking or qemu:
        apt = Apt((CODENAME, f"{CODENAME}-security"))
        for name in lacking:
            say(f"# fetching kernel {name}")
            fetch_kernel(apt, name)
        if qemu:
            say("# fetching QEMU")
            try:
                fetch_qemu(apt)
            except (OSError, subprocess.CalledProcessError) as error:
                shutil.rmtree(cache.root() / "qemu", ignore_errors=True)
                tried.write_text(f"{error}\n")
    for name in debug:
        import debug_kernel
        debug_kernel.build(name, refresh, say)
    mend(cache.Qemu(), say)
    if not cache.Qemu().cached:
        say(f"# notice: using the system's QEMU ({tried.read_text().strip()}); "
            "a newer one is faster and steadier (--refresh tries again)")


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if word != "--refresh"] or cache.KERNELS
    ensure(names, refresh="--refresh" in sys.argv[1:])
    for kernel in map(cache.Kernel, names):
        print(f"{kernel.name}: {kernel.release}")
    print(f"qemu: {cache.Qemu().described}")
