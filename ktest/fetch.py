# SPDX-License-Identifier: GPL-2.0
"""Fetch distribution kernels and a newer QEMU into the cache, unpacked.

Nothing is installed: the distribution's own apt downloads the packages under
a private configuration (its own sources, lists, state and cache), so that the
system's apt is neither read for state nor changed, and dpkg-deb unpacks them.
What is in the cache is used as it is, without any network access, until
--refresh.
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

CODENAME = "bookworm"
# bookworm's QEMUs (7.2, and 10.0 in backports) have lost an L1 now and then: one
# processor no longer took interrupts. Their #VMEXIT changes interrupt_request
# without the lock or an atomic, which may lose what another thread has just
# set; that this was the cause is likely, not proved. The next release has a
# newer QEMU; it runs with that release's C library.
QEMU_SUITES = ("trixie", "trixie-backports")
META = {
    "5.10": ("linux-image-amd64", "linux-headers-amd64"),
    "6.1": ("linux-image-amd64", "linux-headers-amd64"),
    "6.1-rt": ("linux-image-rt-amd64", "linux-headers-rt-amd64"),
    "6.1-cloud": ("linux-image-cloud-amd64", "linux-headers-cloud-amd64"),
    "6.12": ("linux-image-6.12-amd64", "linux-headers-6.12-amd64"),
    "6.12-rt": ("linux-image-6.12-rt-amd64", "linux-headers-6.12-rt-amd64"),
    "6.12-cloud": ("linux-image-6.12-cloud-amd64", "linux-headers-6.12-cloud-amd64"),
}
# Of an older release than the machine's; it may be in the archive of old ones only.
SUITES = {"5.10": ("bullseye", "bullseye-security")}
ARCHIVE = ("http://archive.debian.org/debian", "http://archive.debian.org/debian-security")
QEMU_NEEDS = re.compile(r"(lib|qemu|seabios|ipxe|zlib)")
QEMU_BINARIES = ("qemu-system-x86_64", "qemu-system-x86_64-microvm")
QEMU_FIRMWARE = ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")
QEMU_LIBS = "usr/lib/x86_64-linux-gnu"


def run(*command, **kwargs):
    return subprocess.run(command, check=True, text=True, **kwargs)


def output(*command, **kwargs):
    return run(*command, stdout=subprocess.PIPE, **kwargs).stdout


def system_mirrors():
    """(archive URI, security URI) as this machine reaches Debian."""
    found = []
    etc = pathlib.Path("/etc/apt")
    parts = sorted((etc / "sources.list.d").glob("*"))
    for path in [etc / "sources.list", *parts]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = re.sub(r"(?m)^\s*#.*$\n?", "", path.read_text())
        if path.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                uris = re.search(r"(?mi)^URIs:\s*(.+)$", stanza)
                suites = re.search(r"(?mi)^Suites:\s*(.+)$", stanza)
                if uris and suites:
                    found.append((uris[1].split()[0], suites[1].split()))
        else:
            for uri, suite in re.findall(
                    r"(?m)^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", text):
                found.append((uri, [suite]))
    archive = security = None
    for uri, suites in found:
        if f"{CODENAME}-security" in suites or "debian-security" in uri:
            security = security or uri
        elif CODENAME in suites:
            archive = archive or uri
    archive = archive or "http://deb.debian.org/debian"
    return archive, security or "http://deb.debian.org/debian-security"


class Apt:
    """apt with a configuration of its own, below the cache directory."""

    def __init__(self, suites, mirrors=None):
        self.dir = cache.root() / "apt" / suites[0]
        for sub in ("lists/partial", "cache/archives/partial"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        (self.dir / "status").write_text("")
        archive, security = mirrors or system_mirrors()
        keyring = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
        signed = f" signed-by={keyring}" if keyring.exists() else ""
        (self.dir / "sources.list").write_text("".join(
            f"deb [arch=amd64{signed}] "
            f"{security if suite.endswith('-security') else archive} {suite} main\n"
            for suite in suites))
        # The system's apt.conf is still read: it may name a proxy.
        self.options = [word for key, value in {
            "Dir::Etc::sourcelist": self.dir / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": self.dir,
            "Dir::State::lists": self.dir / "lists",
            "Dir::State::status": self.dir / "status",
            "Dir::Cache": self.dir / "cache",
            "APT::Sandbox::User": "root",
            "APT::Default-Release": suites[-1] if suites[-1].endswith("-backports") else "",
            # What is in the archive is not signed anew.
            "Acquire::Check-Valid-Until": "false" if mirrors else "true",
        }.items() for word in ("-o", f"{key}={value}")]
        run("apt-get", *self.options, "-qq", "update")

    def depends(self, package):
        text = output("apt-cache", *self.options, "depends", "--no-recommends",
                      "--no-suggests", "--no-conflicts", "--no-breaks",
                      "--no-replaces", "--no-enhances", package)
        return re.findall(r"(?m)^\s+\|?(?:Pre)?Depends: (\S+)", text)

    def closure(self, package):
        """The package and all that it needs, as on an empty system."""
        text = output("apt-get", *self.options, "-s", "--no-install-recommends",
                      "install", package)
        return re.findall(r"(?m)^Inst (\S+)", text)

    def version(self, package):
        text = output("apt-cache", *self.options, "show", "--no-all-versions", package)
        return re.search(r"(?m)^Version: (\S+)", text)[1]

    def unpack(self, packages, where):
        """Download packages and unpack them."""
        where.mkdir(parents=True, exist_ok=True)
        debs = self.dir / "debs"
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir()
        run("apt-get", *self.options, "-qq", "download", *packages, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            run("dpkg-deb", "-x", str(deb), str(where))
        shutil.rmtree(debs)


def apt_of_kernel(name):
    """apt where this kernel series is, if that is not the machine's own release."""
    try:
        return Apt(SUITES[name])
    except subprocess.CalledProcessError:
        return Apt(SUITES[name], ARCHIVE)


def use_compiler(headers):
    """Where the kernel's own compiler is lacking, let it be this machine's.

    The release that a kernel is from may have another gcc than this one. Who builds
    modules there has the right one; for the tests this one does.
    """
    path = headers / ".kernelvariables"
    text = path.read_text()
    own = re.search(r"\bgcc-\d+$", text, re.M)
    if own and not shutil.which(own[0]):
        path.write_text(text.replace(own[0], "gcc"))


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
    elif payload.startswith(b"\x28\xb5\x2f\xfd"):
        # The four bytes behind the frame are the size, no part of it.
        elf = subprocess.run(["zstd", "-dcq"], input=payload[:-4], check=True,
                             stdout=subprocess.PIPE).stdout
    elif payload.startswith(b"\x02\x21\x4c\x18"):
        elf = subprocess.run(["lz4", "-dcq"], input=payload[:-4], check=True,
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
    needed = [p for p in apt.depends(headers)
              if re.match(r"linux-(headers-.*-common|kbuild-)", p)]
    new = cache.root() / "kernels" / f".new-{name}"
    shutil.rmtree(new, ignore_errors=True)
    apt.unpack([image, headers, *needed], new)

    release = headers.removeprefix("linux-headers-")
    modules = new / "lib/modules" / release
    # What the packages say in absolute paths is said in relative ones, so
    # that the tree works wherever it lies.
    makefile = new / "usr/src" / headers / "Makefile"
    makefile.write_text(re.sub(
        r"include /usr/src/", "include $(dir $(lastword $(MAKEFILE_LIST)))../",
        makefile.read_text()))
    for link in ("build", "source"):
        path = modules / link
        if path.is_symlink():
            target = os.readlink(path)
            path.unlink()
            path.symlink_to("../../.." + target)
    use_compiler(new / "usr/src" / headers)
    run("depmod", "-b", str(new), release)
    extract_vmlinux(new / f"boot/vmlinuz-{release}", new / "vmlinux")
    info = {"release": release, "package": image, "version": apt.version(image)}
    (new / "info.json").write_text(json.dumps(info, indent=1) + "\n")
    replace(new, cache.root() / "kernels" / name)


def fetch_qemu(apt):
    """A newer QEMU, with libraries and loader of its own."""
    new = cache.root() / ".qemu-new"
    shutil.rmtree(new, ignore_errors=True)
    base = new / "root"
    newer = Apt(QEMU_SUITES)
    newer.unpack([p for p in newer.closure("qemu-system-x86") if QEMU_NEEDS.match(p)], base)
    apt.unpack(["patchelf"], new / "tools")
    loader = cache.root() / "qemu/root" / QEMU_LIBS / "ld-linux-x86-64.so.2"
    for name in QEMU_BINARIES:
        run(str(new / "tools/usr/bin/patchelf"), "--force-rpath",
            "--set-rpath", f"$ORIGIN/../../{QEMU_LIBS}",
            "--set-interpreter", str(loader), str(base / "usr/bin" / name))
    shutil.rmtree(new / "tools")
    info = {"version": newer.version("qemu-system-x86"), "loader": str(loader),
            "firmware": [f for f in QEMU_FIRMWARE if (base / f).is_dir()]}
    (new / "info.json").write_text(json.dumps(info, indent=1) + "\n")
    replace(new, cache.root() / "qemu")
    output(cache.Qemu().binary, "--version")


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
    if not cache.Qemu().cached:
        say(f"# notice: using the system's QEMU ({tried.read_text().strip()}); "
            "a newer one is faster and steadier (--refresh tries again)")


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if word != "--refresh"] or cache.KERNELS
    ensure(names, refresh="--refresh" in sys.argv[1:])
    for kernel in map(cache.Kernel, names):
        print(f"{kernel.name}: {kernel.release}")
    print(f"qemu: {cache.Qemu().version}")
