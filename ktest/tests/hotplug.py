# SPDX-License-Identifier: GPL-2.0
"""The second vCPU of a guest, which comes and goes."""

GUEST = {"machine": "q35", "smp": "1,maxcpus=2"}	# one that has room for it
ONLINE = "/sys/devices/system/cpu/cpu1/online"


def is_free(vm):
    return any("qom-path" not in slot for slot in vm.qmp("query-hotpluggable-cpus"))


def plug(vm):
    """Returns when the guest uses it."""
    slot = next(slot for slot in vm.qmp("query-hotpluggable-cpus") if "qom-path" not in slot)
    vm.qmp("device_add", driver=slot["type"], id="cpu1", **slot["props"])
    vm.run(f"for i in $(seq 80); do [ -e {ONLINE} ] && break; usleep 100000; done; "
           f"echo 1 > {ONLINE}; nproc | grep 2")


def unplug(t, vm):
    """Returns when the guest has given it back."""
    vm.qmp("device_del", id="cpu1")
    t.wait_for(lambda: is_free(vm), "QEMU has unplugged the vCPU")
