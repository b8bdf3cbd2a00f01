# SPDX-License-Identifier: GPL-2.0
"""Initramfs images, written directly in cpio's "newc" format.

An image is a mapping of path to content: bytes, a pathlib.Path to copy, or
a str, which is the target of a symbolic link. Directories come by themselves.
"""
import lzma
import pathlib
import re
import subprocess

APPLETS = ("sh mount umount mkdir insmod rmmod modprobe lsmod mknod cat echo ls sleep cp mv rm "
           "dmesg ps kill killall head tail grep sed awk cut tr wc sort uniq seq expr test true "
           "false yes dd sync reboot poweroff halt chroot switch_root mountpoint taskset nproc "
           "chrt nice renice time timeout top uptime free find xargs date env id ln chmod touch "
           "stat hostname uname sysctl od hexdump md5sum printf basename dirname pidof pgrep "
           "pkill setsid nohup tee which usleep df du readlink realpath [ devmem stty").split()


def busybox(image):
    """Add a static busybox and links for the applets the tests use."""
    image["bin/busybox"] = pathlib.Path("/bin/busybox")
    for applet in APPLETS:
        image[f"bin/{applet}"] = "busybox"


def program(image, path, libs):
    """Add a dynamically linked program with its loader and libraries.

    The libraries go where the loader looks first; `libs` collects the ones
    already added.
    """
    image["usr" + path.removeprefix("/usr")] = pathlib.Path(path)
    listing = subprocess.run(["ldd", path], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    for lib in re.findall(r"(/\S+) \(0x", listing):
        if lib in libs:
            continue
        libs.add(lib)
        keep = lib if "ld-linux" in lib else f"lib/x86_64-linux-gnu/{pathlib.Path(lib).name}"
        image[keep.lstrip("/")] = pathlib.Path(lib).resolve()


def module_chain(kernel, names):
    """Files of these modules and all they need, in loading order."""
    depends = {}
    by_name = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        depends[path] = needs.split()
        by_name[re.sub(r"\.ko.*", "", path.rsplit("/", 1)[-1]).replace("-", "_")] = path
    builtin = {re.sub(r"\.ko$", "", line.rsplit("/", 1)[-1]).replace("-", "_")
               for line in (kernel.modules / "modules.builtin").read_text().splitlines()}
    chain = []

    def add(path):
        for need in reversed(depends[path]):
            if need not in chain:
                add(need)
        if path not in chain:
            chain.append(path)

    for name in names:
        if name in by_name:
            add(by_name[name])
        elif name not in builtin:
            raise RuntimeError(f"{kernel.release}: no module {name}")
    return [kernel.modules / path for path in chain]


def modules(image, kernel, names, where="modules"):
    """Add modules, uncompressed, and a list of them in loading order."""
    order = []
    for path in module_chain(kernel, names):
        data = path.read_bytes()
        if path.suffix == ".xz":
            data = lzma.decompress(data)
        name = path.name.removesuffix(".xz")
        image[f"{where}/{name}"] = data
        order.append(f"/{where}/{name}\n")
    image[f"{where}/order"] = "".join(order).encode()


def write(image, target):
    """Write the image: not compressed, for unpacking is emulated work too."""
    folders = set()
    for path in image:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))
    entries = [(folder, 0o40755, b"") for folder in sorted(folders)]
    entries.append(("dev/console", 0o20600, b""))
    for path, content in image.items():
        if isinstance(content, str):
            entries.append((path, 0o120777, content.encode()))
        elif isinstance(content, pathlib.Path):
            entries.append((path, 0o100000 | content.stat().st_mode & 0o777,
                            content.read_bytes()))
        else:
            entries.append((path, 0o100755, content))
    if "dev" not in folders:
        entries.insert(0, ("dev", 0o40755, b""))
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(".new")
    with open(new, "wb") as out:
        for number, (path, mode, data) in enumerate(entries, 1):
            put(out, number, path, mode, data)
        put(out, 0, "TRAILER!!!", 0, b"")
    new.rename(target)
    return target


def put(out, number, path, mode, data):
    """One cpio record; the only device there is, is /dev/console (5, 1)."""
    name = path.encode() + b"\0"
    device = (5, 1) if mode & 0o170000 == 0o20000 else (0, 0)
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
    record = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    out.write(record + b"\0" * (-len(record) % 4) + data + b"\0" * (-len(data) % 4))
