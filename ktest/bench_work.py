# SPDX-License-Identifier: GPL-2.0
"""What the benchmark runs in its guests, and what their image needs for it.

A workload is a command that loads both vCPUs of a guest for some seconds and
says how much it got done; bench_read.py reads that.
"""
import dataclasses
import pathlib

from common import SEED

VCPUS = 2		# of each guest
MODULES = "/usr/lib/apache2/modules"
CLIENT = "/usr/share/dbench/client.txt"
URL = "http://127.0.0.1:80/index.html"
SITE = "/tmp/site"

APACHE = f"""\
ServerRoot {SITE}
ServerName bench
PidFile {SITE}/pid
ErrorLog {SITE}/log
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
Listen 127.0.0.1:80
User nobody
Group nogroup
DocumentRoot {SITE}/files
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MaxKeepAliveRequests 0
"""

# The guest's image: programs of the distribution, our own, and further files.
IMAGE = "l2-bench"
PROGRAMS = ("/usr/bin/stress-ng", "/usr/bin/hackbench", "/usr/bin/dbench", "/usr/bin/pbzip2",
            "/usr/sbin/apache2", f"{MODULES}/mod_mpm_event.so",
            f"{MODULES}/mod_authz_core.so", "/usr/bin/wrk")
SOURCES = ("l2/scale.c", "l2/index.c", "l2/repeat.c")
FILES = {
    "etc/passwd": b"root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    "etc/apache2/apache2.conf": APACHE.encode(),
    CLIENT.lstrip("/"): pathlib.Path(CLIENT),
}


@dataclasses.dataclass(frozen=True)
class Work:
    """One workload.

    about    what it does
    command  in a guest's /tmp; {seconds} is how long
    reads    which reader of bench_read.py has its output
    unit     of the rate
    prepare  a command that is run in each guest once, before
    heavy    lock-heavy: counts for the geometric mean
    wakes    its tasks mostly wait to be woken by each other (BWW)
    """
    about: str
    command: str
    reads: str
    unit: str = "operations"
    prepare: str = ""
    heavy: bool = True
    wakes: bool = False


def stressor(options, about, **more):
    return Work(about, f"stress-ng --seed {SEED} {options} -t {{seconds}} --metrics-brief "
                "--temp-path /tmp", "stress_ng", "bogo operations", **more)


def scale(bench, about, options="", **more):
    return Work(about, f"scale {options}-n {VCPUS} -s {{seconds}} {bench}", "line", **more)


WORKLOADS = {
    # Threads that share an address space; each malloc and free is an mmap and
    # munmap here, so they contend for mmap_lock and shoot down each other's TLB.
    "mmap": stressor("--malloc 1 --malloc-pthreads 2 --malloc-thresh 4096 "
                     "--malloc-bytes 64k", "mmap and munmap by threads"),
    "dentry": stressor("--dentry 2 --dentries 256", "dentries: spinlocks, RCU walks"),
    "inode": stressor("--dir 2 --dir-dirs 64", "directories made and removed"),
    "fork": stressor("--fork 2", "fork and exit"),
    "pthread": stressor("--pthread 1 --pthread-max 8", "threads started and ended"),
    "pipe": stressor("--pipe 2", "a pipe to another process", wakes=True),
    "sock": stressor("--sockpair 2", "a socket pair to another process", wakes=True),
    "futex": stressor("--futex 2", "wait and wake by futex", wakes=True),
    "sem": stressor("--sem 2", "POSIX semaphores of several threads", wakes=True),
    "sem-sysv": stressor("--sem-sysv 2", "System V semaphores"),
    "cpu": stressor("--cpu 2 --cpu-method int64", "computes only", heavy=False),
    "hackbench": Work(
        "groups of processes that talk over sockets",
        "repeat -s {seconds} hackbench -g 1 -f 4 -l 50", "line", "runs", wakes=True),
    "dbench": Work(
        "a file server's calls, 2 clients, in memory",
        f"mkdir -p db && dbench -c {CLIENT} -D db -t {{seconds}} 2; status=$?; rm -rf db; "
        "exit $status", "dbench", "MB"),
    "pbzip2": Work(
        "parallel compression of 400 kB", "repeat -s {seconds} pbzip2 -k -f -1 -p2 text",
        "line", "runs", heavy=False,
        prepare="od -x /bin/busybox | head -c 400000 >/tmp/text"),
    "web": Work(
        "Apache, a file of 300 bytes, 8 connections by wrk in the same guest",
        f"wrk -t 1 -c 8 -d {{seconds}} --latency {URL}", "wrk", "requests",
        prepare=f"busybox ip link set lo up && mkdir -p {SITE}/files && "
                f"head -c 300 /dev/zero | tr '\\0' x >{SITE}/files/index.html && "
                f"apache2 -k start && for i in 1 2 3 4 5 6 7 8 9; do "
                f"wrk -t 1 -c 1 -d 1 {URL} && exit; done"),
    "index": Work("an index of words built in memory, threads", "index -s {seconds}", "line",
                  "documents"),
    "page-fault": scale("page-fault", "first touches of memory, threads"),
    "map": scale("mmap", "mmap and munmap of a page, threads"),
    "create": scale("create", "files made and unlinked in one directory", "-p "),
    "pipe-common": scale("pipe", "one pipe for all processes", "-p "),
    "unix": scale("unix", "a byte to and fro between processes", "-p ", wakes=True),
    "bucket": scale("futex", "one futex bucket's lock, threads"),
    "brk": scale("brk", "the break moved, threads"),
    "poll": scale("poll", "poll of 64 descriptors, threads"),
}
