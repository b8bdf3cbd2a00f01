# SPDX-License-Identifier: GPL-2.0
"""A kernel in a machine of its own, emulated and not nested: no host of ours, and
ecs_guest_alone in place of ecs_guest. Some fifty times faster than a guest of a guest.

Its first process is a script that writes what it finds to the second serial port.
"""
import os
import subprocess

import cache
import image
import machine
import splats

CMDLINE = ("console=ttyS0 loglevel=5 panic=-1 oops=panic no_timer_check mitigations=off "
           "random.trust_cpu=on cryptomgr.notests lsm= audit=0")
FOLDERS = ("proc", "sys", "dev")


def initramfs(kernel, script, modules):
    """An image with a script of ktest/ as its first process, and some of the tests'
    modules in its root."""
    content = {"init": (cache.KTEST / script).read_bytes(),
               "alone.sh": (cache.KTEST / "alone.sh").read_bytes()}
    image.busybox(content)
    content.update({f"{folder}/.keep": b"" for folder in FOLDERS})
    for name in modules:
        content[f"{name}.ko"] = (cache.BUILD / kernel.name / "tree/ktest/modules"
                                 / f"{name}.ko")
    return image.write(content, (cache.BUILD / kernel.name / script).with_suffix(".cpio"))


def boot(kernel, initrd, hardware, log, timeout, parse, cmdline=""):
    """Run it until it ends: parse(what its first process said).

    hardware   options of QEMU: clock, processors, memory
    log        where console and output go, each with a suffix of its own
    timeout    seconds; the emulator is killed then
    parse      raises ValueError if something is missing
    cmdline    more than CMDLINE; a variable without a dot is the first process's
    Raises RuntimeError, with what is known, also if the kernel complained.
    """
    console, output = (log.with_name(f"{log.name}.{what}") for what in ("console", "out"))
    log.parent.mkdir(parents=True, exist_ok=True)
    for path in (console, output):
        path.unlink(missing_ok=True)
    qemu = cache.Qemu()
    command = [
        qemu.binary, *qemu.args, "-nodefaults", "-no-user-config", "-display", "none",
        "-no-reboot", "-M", "q35", "-cpu", "max", *hardware,
        "-kernel", str(kernel.vmlinux), "-initrd", str(initrd),
        "-append", f"{CMDLINE} {cmdline}".strip(),
        "-serial", f"file:{console}", "-serial", f"file:{output}"]
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout,
                              env={**os.environ, **qemu.env},
                              preexec_fn=machine.die_with_parent).stdout
    except subprocess.TimeoutExpired:
        said = f"QEMU was killed after {timeout} s"
    text = console.read_text(errors="replace") if console.exists() else ""
    trace = splats.find(text)
    try:
        if trace:
            raise ValueError("the kernel complains")
        return parse(output.read_text() if output.exists() else "")
    except ValueError as error:
        detail = splats.excerpt(text, trace) if trace else text[-1000:]
        raise RuntimeError(f"{log.name}: {error}\n{said}{detail}") from None
