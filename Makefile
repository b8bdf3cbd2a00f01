# SPDX-License-Identifier: GPL-2.0-only
#
# make help lists the targets. Kernel objects are described in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
DESTDIR ?=
PREFIX ?= /usr/local

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
DKMS ?= dkms
DKMS_FLAGS ?=
# With DESTDIR, for a package: the sources only, dkms is run where that is installed.
DKMS_TOP := $(DESTDIR)/usr/src
DKMS_SRC := $(DKMS_TOP)/ecs-$(VERSION)
DKMS_FILES := Kbuild dkms.conf LICENSE common ecs_host ecs_guest

.PHONY: all
all: modules ecsctl

.PHONY: help
help:
	@echo 'make               modules for the running kernel (KDIR=...) and ecsctl'
	@echo 'make install       both modules by dkms for the running kernel, ecsctl, its manual,'
	@echo '                   udev rule (PREFIX=; DESTDIR=: the sources of the modules only)'
	@echo 'make uninstall     all of that away'
	@echo 'make demo          two over-committed guests, ecs off and on (KERNEL=6.1|6.12)'
	@echo 'make bench         throughput of over-committed guests, by workload and class of marks'
	@echo '                   (KERNEL= WORKLOADS= VMS= MODES= ROUNDS= SECONDS= OUT= RESUME=1; docs/bench.md)'
	@echo 'make bench-rt      wakeup latency of a guest beside hogs: fair, fifo, deadline, boosted'
	@echo '                   (KERNEL= ROUNDS= SECONDS= MODES= PARTS= OUT=; docs/bench-rt.md)'
	@echo 'make bench-cost    instructions that ecs_guest adds to lock paths, on 6.1 and 6.12'
	@echo '                   (BOOTS= OUT=; docs/cost.md)'
	@echo 'make test          unit, property, ABI, fuzz corpus, ecsctl and nested tests on 6.1 and 6.12'
	@echo 'make test-all      the same, each nested test on each kernel, and the rare ones'
	@echo 'make soak-reload   each module loaded and unloaded 200 times under load (KERNEL=)'
	@echo 'make test-hostile  a guest and a VMM that attack the host, at length'
	@echo 'make test-quick    make test, shorter'
	@echo 'make test-debug    the nested tests with a kernel full of checks, as host and as guest'
	@echo '                   (KERNEL= TESTS= DEBUG=debug|kcsan; docs/kernels.md)'
	@echo 'make classes       nested: each of the six problems that eCS is against, provoked (KERNEL=)'
	@echo 'make soak          ten million locks of each kind that is marked, on 6.1 and 6.12 (STEPS=)'
	@echo 'make test-matrix   the core of the nested tests on every kernel and pair of them, 5.10, too;'
	@echo '                   the least of them on the rt and cloud flavours'
	@echo 'make fuzz          libFuzzer on the pure files of module and ecsctl (SECONDS= TARGET=)'
	@echo 'make fuzz-ioctl    random calls of /dev/ecs in a virtual machine (SECONDS= SEED= KERNEL=)'
	@echo '                   (docs/fuzz.md)'
	@echo 'make check         static checks: sparse, cppcheck, clang-format, ...'
	@echo 'make clean'

.PHONY: modules
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: ecsctl
ecsctl:
	$(MAKE) -C userspace/ecsctl

# The sources as dkms wants them, without what a build has left in the tree.
.PHONY: dkms-source
dkms-source:
	rm -rf $(DKMS_SRC)
	install -d $(DKMS_SRC)
	cp -r $(DKMS_FILES) $(DKMS_SRC)/
	find $(DKMS_SRC) \( -name '*.o' -o -name '*.ko' -o -name '*.mod*' -o -name '.*.cmd' \) -delete

# By force: dkms would install what it has built of a version before, whatever the sources
# are now, and nothing where another version is newer. Forced, it takes away first what it
# has for this kernel: so we build in a tree apart to see whether it can.
.PHONY: install-modules
install-modules: dkms-source
	tree=$$(mktemp -d) && trap 'rm -rf "$$tree"' EXIT && \
		$(DKMS) build -m ecs -v $(VERSION) $(DKMS_FLAGS) --dkmstree "$$tree"
	$(DKMS) build -m ecs -v $(VERSION) --force $(DKMS_FLAGS)
	$(DKMS) install -m ecs -v $(VERSION) --force $(DKMS_FLAGS)

.PHONY: install
install: ecsctl $(if $(DESTDIR),dkms-source,install-modules)
	$(MAKE) -C userspace/ecsctl install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

.PHONY: uninstall
uninstall:
ifeq ($(DESTDIR),)
	$(DKMS) status -m ecs | sed -nE 's|^ecs[/, ]+([^,: ]+).*|\1|p' | sort -u | \
		while read -r version; do \
			$(DKMS) remove -m ecs -v $$version --all; \
			rm -rf $(DKMS_TOP)/ecs-$$version; \
		done
endif
	rm -rf $(DKMS_SRC)
	$(MAKE) -C userspace/ecsctl uninstall PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

.PHONY: setup
setup:
	@ktest/setup.sh

.PHONY: demo
demo: setup
	ktest/demo.py --kernel $(KERNEL)

# WORKLOADS, VMS, MODES, ROUNDS, SECONDS, OUT and RESUME are optional.
.PHONY: bench
bench: setup
	@ktest/install.sh gnuplot-nox dbench pbzip2 apache2-bin wrk
	ktest/bench.py --kernel $(KERNEL) $(if $(WORKLOADS),--workloads '$(WORKLOADS)') \
		$(if $(VMS),--vms '$(VMS)') $(if $(MODES),--modes '$(MODES)') \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(OUT),--out '$(OUT)') $(if $(RESUME),--resume)

# ROUNDS, SECONDS, MODES, PARTS and OUT are optional.
.PHONY: bench-rt
bench-rt: setup
	@ktest/install.sh gnuplot-nox
	ktest/bench_rt.py --kernel $(KERNEL) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(MODES),--modes '$(MODES)') \
		$(if $(PARTS),--parts '$(PARTS)') $(if $(OUT),--out '$(OUT)')

# BOOTS and OUT are optional. Nothing is nested here.
.PHONY: bench-cost
bench-cost: setup
	ktest/bench_cost.py $(if $(BOOTS),--boots $(BOOTS)) $(if $(OUT),--out '$(OUT)')

# One line sums all suites up; each of them prints its own.
.PHONY: test
test: setup
	ktest/all.sh

.PHONY: test-all
test-all: setup
	ktest/all.sh --all

.PHONY: soak-reload
soak-reload: setup
	ktest/run --host $(KERNEL) --guest $(KERNEL) reload_host_200 reload_guest_200

.PHONY: test-hostile
test-hostile: setup
	ktest/run hostile.

.PHONY: test-quick
test-quick: setup
	ktest/all.sh --quick

# DEBUG is the kind of the kernel: debug (KASAN, lockdep, ...) or kcsan. Building
# it takes some minutes, once. TESTS names some of the tests.
DEBUG ?= debug
.PHONY: test-debug
test-debug: setup
	ktest/run --debug $(KERNEL)-$(DEBUG) --all $(TESTS)

.PHONY: classes
classes: setup
	ktest/run --host $(KERNEL) --guest $(KERNEL) class.

.PHONY: soak
soak: setup
	ktest/soak.py $(if $(STEPS),--steps $(STEPS))

# cache.py lists the kernels.
.PHONY: test-matrix
test-matrix: setup
	ktest/run --matrix

# SECONDS for each target and TARGET, a list of them, are optional.
.PHONY: fuzz
fuzz:
	@ktest/install.sh gcc make pkg-config libjson-c-dev clang libclang-rt-14-dev
	@$(MAKE) --no-print-directory -C ktest/fuzz fuzz $(if $(SECONDS),SECONDS=$(SECONDS)) \
		$(if $(TARGET),TARGET='$(TARGET)')

# SECONDS and SEED are optional.
.PHONY: fuzz-ioctl
fuzz-ioctl: setup
	ktest/fuzz_ioctl.py --kernel $(KERNEL) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(SEED),--seed $(SEED))

.PHONY: check
check:
	ktest/check/setup.sh
	ktest/check/run
	ktest/bench.py --selftest
	ktest/bench_rt.py --selftest
	ktest/bench_cost.py --selftest

.PHONY: clean
clean:
	$(MAKE) -C userspace/ecsctl clean
	rm -rf build
	-[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
