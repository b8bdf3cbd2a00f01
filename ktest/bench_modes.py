# SPDX-License-Identifier: GPL-2.0
"""The modes that the benchmark compares, and the parts that it has."""
import dataclasses

# An emulated nested CPU is some tens of times slower than a real one, and its
# sections are as much longer; the grace is scaled with them.
SETTINGS = {"grace": "4ms", "grace-sleep": "1ms", "recheck": "100us", "budget": "50%",
            "burst": "100ms"}
# For modes that are switched between: what one of them sets, each has to.
UNTOLD = ("--hints", "none")
TOLD = ("--hints", "overcommit")
EXTENDED, REFUSED = (("--waiters", word) for word in ("extend", "refuse"))
DIRECTED, OWN = (("--yield", word) for word in ("on", "off"))


def tuned(**others):
    return tuple(word for name, value in {**SETTINGS, **others}.items()
                 for word in (f"--{name}", value))


TUNED = tuned()
ON = TUNED + EXTENDED + DIRECTED
OBSERVE = ("--observe",) + EXTENDED + DIRECTED
# As the grace: what a real CPU polls for is over before an emulated one is woken.
POLL_NS = 10_000_000

# Classes of marks beyond the free ones: /sys/module/ecs_guest/parameters/mark_*
MARKS = ("mutex", "rwsem", "percpu_rwsem", "rcu")
SLEEPING = ("mutex", "rwsem", "percpu_rwsem")
ALL = "ecs-all"
FREE = "ecs-free"
POLL = "ecs-poll"
STOCK = "stock"
NOPV = "stock-nopv"
ALONE = "stock-alone"
REFUSE = "ecs-refuse"
ALL_REFUSE = "ecs-all-refuse"
ALL_LONG = "ecs-all-long"
UNDIRECTED = "ecs-undirected"
HINTS = "ecs-hints"


@dataclasses.dataclass(frozen=True)
class Mode:
    """host: words for `ecsctl enable`, which leaves alone what is not given: what one
    mode sets, each mode that it matters to has to set; marks: classes that are on in
    the guest; nopv: guests without PV spinlocks; poll: idle CPUs of the guest poll;
    one: the first guest runs, and the others stand still."""
    about: str
    host: tuple = ON + UNTOLD
    marks: tuple = ()
    nopv: bool = False
    poll: bool = False
    one: bool = False


def alone(mark):
    return "ecs-" + mark.replace("_", "-")


MODES = {
    STOCK: Mode("counted only: `ecsctl enable --observe`", OBSERVE + UNTOLD),
    NOPV: Mode("the same, guests booted with `nopvspin`", OBSERVE + UNTOLD, nopv=True),
    ALONE: Mode("the first VM has all CPUs and the others stand still: what all VMs together "
                "would get by co-scheduling, if switching cost nothing", OBSERVE + UNTOLD,
                one=True),
    FREE: Mode("as installed, the free marks: the guest's preempt count"),
    **{alone(mark): Mode(f"the free marks and `mark_{mark}`", marks=(mark,)) for mark in MARKS},
    ALL: Mode("the free marks and those of all sleeping locks", marks=SLEEPING),
    REFUSE: Mode("the free marks, and waiters are refused extensions",
                 TUNED + UNTOLD + REFUSED + DIRECTED),
    ALL_REFUSE: Mode(f"as {ALL}, and waiters are refused extensions",
                     TUNED + UNTOLD + REFUSED + DIRECTED, marks=SLEEPING),
    ALL_LONG: Mode(f"as {ALL}, and sections of sleeping locks have the whole grace, too",
                   tuned(**{"grace-sleep": SETTINGS["grace"]}) + UNTOLD + EXTENDED + DIRECTED,
                   marks=SLEEPING),
    UNDIRECTED: Mode("the free marks, and yields are left to KVM",
                     TUNED + UNTOLD + EXTENDED + OWN),
    HINTS: Mode("the free marks and both hints", ON + ("--hints", "all")),
    POLL: Mode("the free marks and `poll`, with the hint of overcommitment", ON + TOLD,
               poll=True),
}

# What the host module costs where nothing is enabled.
ABSENT, LOADED = "absent", "loaded"
OVERHEAD_MODES = {ABSENT: "no module of ours, in the host or a guest",
                  LOADED: "both modules loaded, no VM enabled"}

# Two equal VMs, one of which has all of ecs.
ONE = "one"
FAIRNESS_MODES = {STOCK: "both VMs counted only", ONE: f"the first VM as in {ALL}"}
FAIRNESS_SECONDS = 10

VMS = (1, 2, 4)		# of 2 vCPUs, on 2 CPUs
OVERHEAD_WORKLOADS = ("mmap", "fork", "unix", "cpu")
FAIRNESS_WORKLOAD = "dentry"


def parts(workloads, vms, modes, others):
    """[part]: one boot each; `others` are "overhead" and "fairness"."""
    found = [{"kind": "throughput", "workload": workload, "vms": number,
              "modes": [mode for mode in modes if number > 1 or not MODES[mode].one]}
             for number in vms for workload in workloads]
    if "fairness" in others:
        found.append({"kind": "fairness", "workload": FAIRNESS_WORKLOAD, "vms": 2,
                      "modes": list(FAIRNESS_MODES)})
    if "overhead" in others:
        found += [{"kind": "overhead", "workload": workload, "vms": 2,
                   "modes": list(OVERHEAD_MODES)} for workload in OVERHEAD_WORKLOADS]
    return found


def name_of(part):
    name = f"{part['workload']}-{part['vms']}vm"
    return name if part["kind"] == "throughput" else f"{part['kind']}-{name}"
