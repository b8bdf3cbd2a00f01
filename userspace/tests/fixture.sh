# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fixture.sh: made-up hosts below $1: "host" in order, "bare" with nothing,
# "secure" with Secure Boot, "sick" with all that doctor can complain of; guests:
# "guest" where all works, "guest_..." with one thing changed, or several.
# Sourced by run.sh.

# process DIR PID ARGUMENT...
process() {
	local dir=$1/proc/$2 pid=$2
	shift 2
	mkdir -p "$dir/fd"
	if [ $# -gt 0 ]; then
		printf '%s\0' "$@" >"$dir/cmdline"
	else
		: >"$dir/cmdline"
	fi
	printf 'Name:\tx\nUmask:\t0022\nTgid:\t%s\nPid:\t%s\n' "$pid" "$pid" \
		>"$dir/status"
	ln -s /dev/null "$dir/fd/0"
	ln -s 'socket:[4711]' "$dir/fd/3"
}

# vm DIR PID ARGUMENT...
vm() {
	process "$@"
	ln -s /dev/kvm "$1/proc/$2/fd/10"
	ln -s anon_inode:kvm-vm "$1/proc/$2/fd/11"
	ln -s anon_inode:kvm-vcpu:0 "$1/proc/$2/fd/12"
}

# threads DIR PID [TID NAME]...: besides the first one
threads() {
	local task=$1/proc/$2/task
	mkdir -p "$task/$2"
	echo qemu-system-x86 >"$task/$2/comm"
	shift 2
	while [ $# -gt 0 ]; do
		mkdir -p "$task/$1"
		echo "$2" >"$task/$1/comm"
		shift 2
	done
}

# QEMU with and without names of threads, and other VMMs
make_threads() {
	local host=$1
	threads "$host" 1001 1101 'CPU 0/KVM' 1102 'CPU 1/KVM' \
		1103 'IO mon_iothread' 1104 'CPU 9/TCG' 1105 'CPU 99999/KVM'
	threads "$host" 1002 1201 qemu-system-x86 1202 qemu-system-x86
	threads "$host" 1005 1501 'CPU 0/KVM' 1502 'CPU 1/KVM' \
		1503 'CPU 2/KVM' 1504 'CPU 3/KVM'
	threads "$host" 1011 1511 vmm 1512 vcpu0 1513 vcpu1 1514 vcpu1x
	threads "$host" 1014 1541 fc_api 1542 'fc_vcpu 0'
	threads "$host" 1016 1561 'CPU 0/KVM' 1562 'CPU 0/KVM' 1563 'CPU 1/KVM'
}

make_processes() {
	local host=$1 qemu=/usr/bin/qemu-system-x86_64
	local pid=$host/proc
	vm "$host" 1001 $qemu -name guest=web,debug-threads=on -m 1024 \
		-uuid 11111111-aaaa-4000-8000-000000000001 -smp 2
	vm "$host" 1002 $qemu -uuid 22222222-bbbb-4000-8000-000000000001 -name db
	vm "$host" 1003 $qemu -name twin
	vm "$host" 1004 $qemu -name guest=twin
	vm "$host" 1005 $qemu -m 64
	process "$host" 1006 $qemu -name tcg -accel tcg
	process "$host" 1007 sleep 100
	process "$host" 1008
	vm "$host" 1009 $qemu -name "$(printf 'ev\033[31m\nil\377')"
	vm "$host" 1011 $qemu -name guest=db2 \
		-smbios type=1,uuid=22222222-BBBB-4000-8000-000000000002
	process "$host" 1012 find / -name solo
	vm "$host" 1013 $qemu -name solo
	vm "$host" 1014 $qemu -name 4711
	process "$host" 1015 $qemu -name halfway
	ln -s anon_inode:kvm-vcpu:0 "$pid/1015/fd/12"
	ln -s anon_inode:kvm-vm-stats "$pid/1015/fd/13"
	vm "$host" 1016 $qemu -name büro
	# a thread of web, as /proc shows it to those who ask for it
	mkdir -p "$pid/1101"
	printf 'Name:\tCPU 0/KVM\nTgid:\t1001\nPid:\t1101\n' >"$pid/1101/status"
	make_threads "$host"
	# one that ends just now
	mkdir -p "$pid/1200"
	mkdir -p "$pid/self"
	printf 'Name:\tecsctl\nCapEff:\t000001ffffffffff\n' >"$pid/self/status"
}

config() {
	local option
	for option in MODULES=y KVM=m PREEMPT_NOTIFIERS=y KALLSYMS=y KPROBES=y \
		TRACEPOINTS=y FUNCTION_TRACER=y DYNAMIC_FTRACE=y \
		DYNAMIC_FTRACE_WITH_ARGS=y HIGH_RES_TIMERS=y; do
		echo "CONFIG_$option"
	done
}

make_host() {
	local host=$1
	mkdir -p "$host"/proc/sys/kernel "$host"/sys/module/{kvm,kvm_amd} \
		"$host"/sys/module/ecs_host "$host"/boot \
		"$host"/lib/modules/6.1.0-test/build "$host"/usr/sbin \
		"$host"/var/lib/dkms/ecs/0.0.0/6.1.0-test
	echo 6.1.0-test >"$host/proc/sys/kernel/osrelease"
	echo 1 >"$host/proc/sys/kernel/ftrace_enabled"
	config >"$host/boot/config-6.1.0-test"
	: >"$host/usr/sbin/dkms"
	make_processes "$host"
}

# the module is not loaded, and the configuration is gzip'ed in proc
make_secure() {
	local host=$1
	local efi=$host/sys/firmware/efi/efivars
	make_host "$host"
	rm -r "${host:?}/sys/module/ecs_host" "${host:?}/boot"
	config | gzip -9 >"$host/proc/config.gz"
	mkdir -p "$efi" "$host/sys/kernel/security"
	printf '\006\000\000\000\001' \
		>"$efi/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	echo 'none [integrity] confidentiality' \
		>"$host/sys/kernel/security/lockdown"
}

make_sick() {
	local host=$1
	make_host "$host"
	rm -r "${host:?}/sys/module/kvm_amd" "${host:?}/lib" \
		"${host:?}/var/lib/dkms/ecs/0.0.0"
	echo 0 >"$host/proc/sys/kernel/ftrace_enabled"
	mkdir -p "$host/sys/module/module/parameters"
	echo N >"$host/sys/module/module/parameters/sig_enforce"
	config | grep -v -e KPROBES -e WITH_ARGS >"$host/boot/config-6.1.0-test"
	echo '# CONFIG_KPROBES is not set' >>"$host/boot/config-6.1.0-test"
	printf 'Name:\tecsctl\nCapEff:\t0000000000000000\n' \
		>"$host/proc/self/status"
}

# params DIR NAME TEXT...: parameters of ecs_guest
params() {
	local dir=$1/sys/module/ecs_guest/parameters
	shift
	while [ $# -gt 0 ]; do
		printf '%s\n' "$2" >"$dir/$1"
		shift 2
	done
}

# idle STATE ERRNO: the file "polls"
idle() {
	printf '%s\n' "driver $1 $2" 'polls 0' 'caught 0' 'left 0' 'polled_ns 0' \
		'halts 0'
}

make_guest() {
	local guest=$1
	mkdir -p "$guest/sys/module/ecs_guest/parameters" \
		"$guest/sys/devices/system/cpu"
	echo 0.0.0-test >"$guest/sys/module/ecs_guest/version"
	echo 0-3 >"$guest/sys/devices/system/cpu/online"
	params "$guest" registered 4 watch_s 5 mark_mutex Y mark_rwsem Y \
		mark_percpu_rwsem Y mark_rcu Y mark_wait Y \
		hints_offered 'preempted overcommit' \
		hints $'0 0 1\n1 1 1\n2 0 0\n3 1 0' \
		marks $'mutex on 0\nrwsem on 0\npercpu_rwsem on 0\nrcu on 0
wait on 0\nheld 3\nclipped 1\nlost 0\nmutex_taken 4321\nrwsem_taken 98765
percpu_rwsem_taken 2\nrcu_taken 18446744073709551615' \
		boost Y boost_kthreads N boost_cpus 0,2-3 boosted 3 \
		boost_requests 12 boost_refusals 2 boost_sbt_us 300 \
		boost_usbt_us 2000 release_ms 1000 poll Y poll_ns 200000 \
		polls $'driver on 0\npolls 1200\ncaught 900\nleft 20
polled_ns 61234567890\nhalts 700'
}

# guest_with ROOT NAME PARAMETER TEXT...: guest_NAME, like guest but for these
guest_with() {
	local guest=$1/guest_$2
	make_guest "$guest"
	shift 2
	params "$guest" "$@"
}

# What a kernel lacks, what was switched off, what an older or newer module says,
# and what no module says.
make_guests() {
	local root=$1 marks
	make_guest "$root/guest"
	marks=$(cat "$root/guest/sys/module/ecs_guest/parameters/marks")
	guest_with "$root" poor registered 3 watch_s 0 hints_offered none \
		hints $'0 0 0\n1 0 0\n2 0 0' mark_rcu N boost N boost_cpus '' \
		boosted 0 boost_kthreads Y polls "$(idle off -16)" poll N marks $'mutex off -16\nrwsem off -2
percpu_rwsem off -95\nrcu off 0\nwait off 0\nheld 0\nclipped 0\nlost 7\nmutex_taken 0\nrwsem_taken 0
percpu_rwsem_taken 0\nrcu_taken 0'
	guest_with "$root" silent mark_mutex N mark_wait N poll N \
		polls "$(idle off 0)" \
		marks $'mutex off 0\nrwsem off 0\npercpu_rwsem off -12\nrcu on 0
wait off 0\nheld 0\nclipped 0\nlost 4294967295\nmutex_taken 7\nrwsem_taken 8
percpu_rwsem_taken 0\nrcu_taken 9'
	guest_with "$root" uncounted preempt_count N mark_rcu Y \
		marks "${marks/rcu on 0/rcu off -2}"
	guest_with "$root" newer hints_offered 'preempted load' \
		polls "$(idle on 0)"$'\npolls_of_others 3' \
		marks $'semaphore off -2\n'"$marks"$'\nspilt 5 of 7\n\033[31m\nmutexes on 0'
	guest_with "$root" older
	rm "$root/guest_older/sys/module/ecs_guest/parameters/boost_refusals"
	guest_with "$root" oldest marks "${marks%lost*}"
	guest_with "$root" many registered 600
	echo 0-599 >"$root/guest_many/sys/devices/system/cpu/online"
	seq -f '%.0f 0 1' 0 599 | head -c 4095 \
		>"$root/guest_many/sys/module/ecs_guest/parameters/hints"
	guest_with "$root" bad_mark marks "mutex maybe 0 $marks"
	guest_with "$root" bad_error marks "${marks/mutex on 0/mutex off 2}"
	guest_with "$root" bad_counter marks "${marks/held 3/held}"
	guest_with "$root" bad_poll polls "$(idle asleep 0)"
	guest_with "$root" bad_polls polls "$(idle on 0)0x"
	guest_with "$root" older_poll polls 'driver on 0'
	guest_with "$root" bad_number boost_sbt_us -300
	guest_with "$root" bad_registered registered $'4\n4'
	guest_with "$root" bad_flag mark_rcu perhaps
	guest_with "$root" bad_hint hints $'0 0 1\n1 2 0\n2 0 0'
	guest_with "$root" bad_hint_end hints $'0 0 1\n1 0'
	guest_with "$root" bad_offered hints_offered ''
	guest_with "$root" bad_cpus boost_cpus 3-0
	guest_with "$root" bad_online
	: >"$root/guest_bad_online/sys/devices/system/cpu/online"
}

make_hosts() {
	make_host "$1/host"
	make_secure "$1/secure"
	make_sick "$1/sick"
	make_guests "$1"
	mkdir -p "$1/bare"
}
