# SPDX-License-Identifier: GPL-2.0
"""Flavours of the kernels: both modules load there, do the least, and go again."""
import re

from common import registered
from job import test


def features(log):
    """The features that the host's module has said it has, latest first."""
    return int(re.findall(r"ecs_host: version \S+, features 0x([0-9a-f]+)", log)[-1], 16)


@test(timeout=150, quick=True, flavours="only")
def test_loads(t):
    """A guest registers and withdraws; where L1 is not of the flavour, ecs_host in a guest."""
    t.insmod_host()
    wanted = features(t.kmsg())
    vm = t.guest(ecs=True)
    t.check_eq(registered(t, vm), 2, "registered after load")
    if vm.run("test -e /ko/ecs_host.ko", check=False)[0] == 0:
        vm.insmod("ecs_host")
        # KVM's own module of the processor is not there, but all that is hooked is.
        t.check_eq(features(vm.dmesg()), wanted, "features of the host's module in the guest")
        vm.rmmod("ecs_host")
    vm.rmmod("ecs_guest")
    t.check_eq(registered(t, vm), 0, "registered after unload")
    t.rmmod_host()
    t.insmod_host()
    t.check_eq(features(t.kmsg()), wanted, "features when loaded again")
