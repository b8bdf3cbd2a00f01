# SPDX-License-Identifier: GPL-2.0
"""Build what the tests run: modules per kernel, ecsctl, the guest's agent, images.

All of it happens in copies below build/ktest, and only if sources changed:
the tree itself stays clean, and one kernel's objects never meet another's.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cache
import image
import kinds

SOURCES = ("Kbuild", "Makefile", "VERSION", "dkms.conf", "common", "ecs_host", "ecs_guest",
           "userspace", "ktest/modules", "ktest/hostile")
MADE = re.compile(r".*(\.o|\.ko|\.mod|\.mod\.c|\.cmd|\.order|\.symvers|\.a|\.d|\.swp|\.pyc)$")
L1_MODULES = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay", "kvm",
              "kvm_amd")
# Their further sources.
L1_PROGRAMS = {"load": (), "bare": (), "fail": ("fail_module.c", "fail_host.c"),
               "ioctl_fuzz": ()}
L2_MODULES = ("virtio_pci", "virtio_mmio", "virtio_console", "virtio_balloon")
# Not for guests: the host's, and what only ktest/bench_cost.py loads.
HOST = "ecs_host.ko"
NOT_IN_L2 = (HOST, "ecs_cost.ko", "ecs_guest_alone.ko")
L2_PROGRAMS = ("/usr/bin/stress-ng", "/usr/bin/cyclictest")
L2_FOLDERS = ("proc", "sys", "tmp", "run", "dev")


class BuildError(Exception):
    """A compiler or make said no; the text is theirs."""


def command(*words, log, **kwargs):
    """Run a build command; its output goes to a log file, and up if it fails."""
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace", **kwargs)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(done.stdout)
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, words))}\n{done.stdout}")
    return done.stdout


def sources():
    """{path below the top: content} of all that is compiled."""
    found = {}
    for name in SOURCES:
        top = cache.TOP / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            below = path.relative_to(cache.TOP)
            if (not path.is_file() or MADE.match(path.name)
                    or any(part.startswith("build") for part in below.parts[:-1])):
                continue
            content = path.read_bytes()
            if not content.startswith(b"\x7fELF"):
                found[str(below)] = content
    return found


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(part if isinstance(part, bytes) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()


def digest_of(files):
    return digest(*(part for item in sorted(files.items()) for part in item))


def sync(files, target):
    """Make target hold these files; what is as it should be keeps its time."""
    target.mkdir(parents=True, exist_ok=True)
    listing = target / ".sources"
    before = set(listing.read_text().split("\n")) if listing.exists() else set()
    for gone in before - set(files):
        if gone:
            (target / gone).unlink(missing_ok=True)
    for name, content in files.items():
        path = target / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            shutil.copymode(cache.TOP / name, path)
    listing.write_text("\n".join(sorted(files)))


def unless_done(stamp, wanted, build):
    """Run build() unless the stamp says that this very thing has been built."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    build()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def modules(kernel, files):
    """The project's modules and the tests' own, for one kernel."""
    tree = cache.BUILD / kernel.name / "tree"
    jobs = f"-j{os.cpu_count()}"

    def build():
        sync(files, tree)
        for folder, name in ((tree, "project"), (tree / "ktest/modules", "tests"),
                             (tree / "ktest/hostile", "hostile")):
            if (folder / "Kbuild").exists():
                out = command("make", jobs, "-C", str(kernel.headers), f"M={folder}",
                              *(["W=1"] if name == "project" else []), "modules",
                              log=cache.BUILD / kernel.name / f"make-{name}.log")
                warnings = re.findall(r"(?m)^\S+:\d.*\bwarning: .*$", out)
                for line in warnings:
                    print(f"# {kernel.name}: {line}")
                if warnings and name == "project":
                    raise BuildError(f"{kernel.name}: {len(warnings)} warnings")
    unless_done(cache.BUILD / kernel.name / "modules.stamp",
                digest(digest_of(files), kernel.build, tree), build)
    return {path.name: path for path in tree.rglob("*.ko")}


def userspace(files):
    """ecsctl, where userspace/ecsctl/Makefile is there."""
    tree = cache.BUILD / "user"
    files = {name: content for name, content in files.items()
             if not name.startswith("ktest/")}

    def build():
        sync(files, tree)
        if (tree / "userspace/ecsctl/Makefile").exists():
            command("make", f"-j{os.cpu_count()}", "-C", str(tree / "userspace/ecsctl"),
                    log=cache.BUILD / "make-ecsctl.log")
    unless_done(cache.BUILD / "user.stamp", digest_of(files), build)


def static(source, name, *more):
    """A static program of a source below ktest/, further ones and the headers beside it."""
    source = cache.KTEST / source
    target = cache.BUILD / name
    more = [source.parent / other for other in more]
    inputs = [source, *more, *sorted(source.parent.glob("*.h")),
              *sorted((cache.TOP / "common").glob("*.h")),
              *sorted((cache.KTEST / "unit").glob("*.h"))]
    wanted = digest(*(path.read_bytes() for path in inputs))
    unless_done(cache.BUILD / f"{name}.stamp", wanted, lambda: command(
        "gcc", "-O2", "-static", "-s", "-pthread", "-Wall", "-Wextra", "-o", str(target),
        str(source), *map(str, more), log=cache.BUILD / f"make-{name}.log"))
    return target


def l1_program(name):
    return static(f"l1/{name}.c", f"l1-{name}", *L1_PROGRAMS[name])


def agent():
    """The first process of a guest."""
    return static("l2/init.c", "l2-init")


def stub_library(path, user, target):
    """A library with the functions that `user` takes from it, empty.

    stress-ng is linked with some 13 MB of IPsec code that no test uses: more
    than all the rest of a guest's image.
    """
    def symbols(file, *options):
        out = subprocess.run(["nm", "-D", *options, file], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
        return {line.split()[-1].split("@")[0] for line in out.splitlines()}
    names = symbols(user, "--undefined-only") & symbols(path, "--defined-only")
    code = "".join(f"void {name}(void) {{}}\n" for name in sorted(names))
    command("gcc", "-shared", "-s", "-fno-builtin", "-w", "-x", "c", "-",
            f"-Wl,-soname,{pathlib.Path(path).name}", "-o", str(target), input=code,
            log=cache.BUILD / "make-stub.log")


def l1_image(kernel, kos):
    target = cache.BUILD / kernel.name / "l1.cpio"
    init = (cache.KTEST / "l1_init.sh").read_bytes()
    first = {f"modules/{name}": kos[name] for name in kinds.of(kernel.name).first}

    def build():
        content = {"init": init, **first}
        image.busybox(content)
        image.modules(content, kernel, L1_MODULES)
        content["modules/order"] = ("".join(f"/{path}\n" for path in first).encode()
                                    + content["modules/order"])
        image.write(content, target)
    unless_done(target.with_suffix(".stamp"),
                digest(init, kernel.build, L1_MODULES, image_code(),
                       *(path.read_bytes() for path in first.values())), build)


def l2_image(kernel, kos, name="l2", programs=L2_PROGRAMS, files=None):
    """A guest's image: agent, busybox, modules, these programs and further
    {path in the image: file or content}."""
    target = cache.BUILD / kernel.name / f"{name}.cpio"
    files = files or {}
    loaded = L2_MODULES
    if not kinds.of(kernel.name).hosts:	# then ecs_host can be loaded in guests only
        files = {f"ko/{HOST}": kos[HOST], **files}
        loaded += ("kvm",)

    def build():
        content = {"init": agent(), **files}
        content.update({f"{folder}/.keep": b"" for folder in L2_FOLDERS})
        image.busybox(content)
        image.modules(content, kernel, loaded)
        content.update({f"ko/{ko}": path for ko, path in kos.items()
                        if ko not in NOT_IN_L2})
        libs = set()
        for program in programs:
            image.program(content, program, libs)
        heavy = next((lib for lib in libs if "libIPSec_MB" in lib), None)
        if heavy:
            stub = cache.BUILD / pathlib.Path(heavy).name
            stub_library(heavy, "/usr/bin/stress-ng", stub)
            content[f"lib/x86_64-linux-gnu/{stub.name}"] = stub
        image.write(content, target)
    agent()
    parts = [digest(path.read_bytes()) for _, path in sorted(kos.items())]
    parts += [digest(path, one.read_bytes() if isinstance(one, pathlib.Path) else one)
              for path, one in sorted(files.items())]
    unless_done(target.with_suffix(".stamp"),
                digest(agent().read_bytes(), kernel.build, image_code(), programs, *parts),
                build)


def image_code():
    """The code that makes images is an input of them, too."""
    return (cache.KTEST / "image.py").read_bytes() + pathlib.Path(__file__).read_bytes()


def bench_image(kernel, kos):
    """The image of a guest that is measured: the tests' boot faster without it."""
    import bench_work
    files = {f"bin/{path.stem}": static(path, f"l2-{pathlib.Path(path).stem}")
             for path in map(pathlib.Path, bench_work.SOURCES)}
    l2_image(kernel, kos, bench_work.IMAGE, bench_work.PROGRAMS,
             {**files, **bench_work.FILES})


def kexec_image(kernel, kos):
    """The image of a guest that starts another kernel, with a smaller image of its own."""
    l2_image(kernel, {"ecs_guest.ko": kos["ecs_guest.ko"]}, "kexec-next", ())
    l2_image(kernel, kos, "kexec", (), {
        "bin/kexec": static("l2/kexec.c", "l2-kexec"),
        "next/kernel": kernel.dir / "boot" / f"vmlinuz-{kernel.release}",
        "next/initrd": cache.BUILD / kernel.name / "kexec-next.cpio"})


def fail_image(kernel, kos):
    """The image of a guest in which allocations fail."""
    l2_image(kernel, kos, "fail", (), {"bin/fail": l1_program("fail")})


IMAGES = {"kexec": kexec_image, "fail": fail_image}		# those that few tests need


def everything(kernels=cache.KERNELS, bench=False, images=()):
    """Bring all that the tests need up to date, with `bench` also the benchmark's
    guests, and the `images` by name; one builder at a time."""
    cache.BUILD.mkdir(parents=True, exist_ok=True)
    with open(cache.BUILD / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = sources()
        userspace(files)
        static("hostile/client.c", "l1-hostile", "vm.c", "guest.S")
        for program in L1_PROGRAMS:
            l1_program(program)
        for name in kernels:
            kernel = cache.Kernel(name)
            kos = modules(kernel, files)
            if kinds.of(name).hosts:
                l1_image(kernel, kos)
            l2_image(kernel, kos)
            if bench:
                bench_image(kernel, kos)
            for extra in images:
                IMAGES[extra](kernel, kos)


if __name__ == "__main__":
    try:
        everything(sys.argv[1:] or cache.KERNELS)
    except BuildError as error:
        sys.exit(str(error))
