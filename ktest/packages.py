# SPDX-License-Identifier: GPL-2.0
"""The distribution's packages, unpacked somewhere and not installed.

The distribution's own apt downloads them under a private configuration (its own sources,
lists, state and cache), so that the system's apt is neither read for state nor changed,
and dpkg-deb unpacks them.
"""
import pathlib
import re
import shutil
import subprocess

import cache

CODENAME = "bookworm"
# The next release, for what this one has only in an older version.
NEXT = ("trixie", "trixie-backports")
ARCHIVE = ("http://archive.debian.org/debian", "http://archive.debian.org/debian-security")
LIBS = "usr/lib/x86_64-linux-gnu"


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

    def closure(self, *packages):
        """The packages and all that they need, as on an empty system."""
        text = output("apt-get", *self.options, "-s", "--no-install-recommends",
                      "install", *packages)
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


def relink(apt, programs, root):
    """Let programs run with the C library below root, by its absolute path.

    The programs are where they are now, root where it ends up.
    """
    tools = cache.root() / ".tools"
    apt.unpack(["patchelf"], tools)
    loader = root / LIBS / "ld-linux-x86-64.so.2"
    for program in programs:
        run(str(tools / "usr/bin/patchelf"), "--force-rpath", "--set-rpath", str(root / LIBS),
            "--set-interpreter", str(loader), str(program))
    shutil.rmtree(tools)
    return loader
