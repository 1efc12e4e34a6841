#!/usr/bin/env bats
# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # a test is a process of its own
# SPDX-License-Identifier: ISC
# What is left to the tender while a guest runs.
#
# build/test/tender is the tender with one addition: it makes the system call
# in HVT_PROBE, in its sandbox, before the guest starts.

bats_require_minimum_version 1.5.0

load lib
load tools/container
load tools/refuse

setup_file() {
	build_guest sandbox
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
	"${CC:-gcc}" -O1 -Wall -Wextra -Werror -D_GNU_SOURCE \
		"$REPO/tests/tools/without.c" -o "$BATS_FILE_TMPDIR/without"
	truncate -s 1M "$BATS_FILE_TMPDIR/disk" "$BATS_FILE_TMPDIR/ro"
	echo '#include <asm/unistd_64.h>' | "${CC:-gcc}" -E -dM - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' \
			>"$BATS_FILE_TMPDIR/calls"
}

setup() {
	require_cpu
	[ -z "${HVT_TENDER-}" ] || skip "a tender without a sandbox"
	cd "$BATS_TEST_TMPDIR" || return 1
	CPU=${TEST_CPU:-kvm}
	GUEST_ARGS=()
	PROBE_OPTIONS=()
}

teardown() {
	[ -n "${tender-}" ] || return 0
	kill -9 "$tender" 2>/dev/null || true
	wait "$tender" 2>/dev/null || true
}

# Makes a system call in the sandbox: probe NAME [ARGUMENT...], where both
# disks are there. A name with "x32:" or "int80:" is one of another kind.
probe() {
	local name=${1##*:} number

	number=$(sed -n "s/^$name //p" "$BATS_FILE_TMPDIR/calls")
	[ -n "$number" ] || { echo "no system call $name"; return 1; }
	case $1 in
	x32:*) number=$((number + 0x40000000)) ;;
	int80:*) number="int80 $number" ;;
	esac
	status=0
	HVT_PROBE="$number ${*:2}" timeout --foreground -s KILL 60 \
		"$REPO/build/test/tender" "--cpu=$CPU" \
		--disk="$BATS_FILE_TMPDIR/disk" \
		--disk="$BATS_FILE_TMPDIR/ro,ro" "${PROBE_OPTIONS[@]}" \
		"$(image hello)" </dev/null >out 2>err || status=$?
}

# The call returns, whatever it does.
allowed() {
	probe "$@" || return
	if ! grep -q '^probe: ' err; then
		echo "not allowed: $* (status $status)"
		return 1
	fi
}

# The call ends the tender, as a shell shows it.
kills() {
	probe "$@" || return
	if [ "$status" -ne 159 ] || grep -q '^probe: ' err; then
		echo "does not kill: $* (status $status, $(cat err))"
		return 1
	fi
}

# only INDEX VALUE... -- NAME ARGUMENT...: the call is allowed, and not with
# any of the values in place of the argument.
only() {
	local index=$1 values=() value call

	shift
	while [ "$1" != -- ]; do
		values+=("$1")
		shift
	done
	shift
	allowed "$@" || return
	for value in "${values[@]}"; do
		call=("$@")
		call[index + 1]=$value
		kills "${call[@]}" || return
	done
}

# Starts a guest that waits, with these options; sets $tender.
start_guest() {
	"${TENDER[@]}" "$@" "$(image sandbox)" "${GUEST_ARGS[@]}" \
		</dev/null >out 2>err 3>&- &
	tender=$!
	until grep -qs here out; do
		kill -0 "$tender" || { cat err; return 1; }
		sleep 0.02
	done
}

# The field $1 of the tender's status, or of the process $3, is $2.
field_is() {
	local now

	now=$(awk -v "name=$1:" '$1 == name { print $2 }' \
		"/proc/${3:-$tender}/status")
	[ "$now" = "$2" ] || { echo "$1 is $now, not $2"; return 1; }
}

# --- Rules

@test "the console is read and written, and no other descriptor" {
	only 0 0 3 vcpu disk0 -1 0x100000000 -- write 1 buffer 0
	allowed write 2 buffer 0
	only 0 1 2 3 vcpu disk0 -- read 0 buffer 0
	allowed poll buffer 0 0
	allowed ppoll buffer 0 buffer 0 0
}

@test "a disk is read and written as one, a read-only disk only read" {
	only 0 0 1 vcpu symbols -- preadv disk0 vector 1 0 0
	allowed preadv disk1 vector 1 0 0
	only 0 0 1 2 vcpu disk1 -- pwritev disk0 vector 1 0 0
	only 0 1 disk1 -- fdatasync disk0
	only 0 1 disk1 -- fallocate disk0 3 0 4096
	only 1 0 1 2 8 16 32 64 -- fallocate disk0 3 0 4096
	kills read disk0 buffer 0
	kills write disk0 buffer 0
	kills pread64 disk0 buffer 0 0
	kills pwrite64 disk0 buffer 0 0
	kills preadv2 disk0 vector 1 0 0 0
	kills pwritev2 disk0 vector 1 0 0 0
	kills lseek disk0 0 0
	kills ftruncate disk0 0
	kills fsync disk0
	kills fcntl disk0 1
}

@test "a debug file is read as one" {
	only 0 0 1 disk0 -- pread64 symbols buffer 1 0
	kills pwrite64 symbols buffer 1 0
	kills mmap 0 4096 1 2 symbols 0
}

@test "the vCPU on KVM runs, and has its registers read and written" {
	[ "$CPU" = kvm ] || skip "the other vCPU"
	# KVM_RUN, and KVM_GET_SREGS.
	only 0 0 1 disk0 -- ioctl vcpu 0xae80 0
	only 2 1 buffer 0x100000000 -- ioctl vcpu 0xae80 0
	only 0 0 1 disk0 -- ioctl vcpu 0x8138ae83 buffer
	# KVM_CREATE_VM, KVM_CREATE_VCPU, KVM_SET_USER_MEMORY_REGION,
	# KVM_SET_MSRS, KVM_SET_SIGNAL_MASK, KVM_SET_CPUID2, KVM_SET_XCRS,
	# TIOCSTI.
	only 1 0xae01 0xae41 0x4020ae46 0x4008ae89 0x4004ae8b 0x4008ae90 \
		0x4188aea7 0x5412 -- ioctl vcpu 0x8138ae83 buffer
	# There is no other process to talk to.
	kills ptrace 12 1 0 buffer
	kills wait4 -1 0 0 0
	kills kill self 19
	kills sched_setaffinity 0 8 buffer
	kills timer_settime 7 0 buffer 0
}

@test "the vCPU that is a process is traced, and no other process" {
	[ "$CPU" = process ] || skip "the other vCPU"
	only 0 1 2 4 5 8 9 13 15 16 17 24 0x4200 0x4205 0x4206 0x420d \
		-- ptrace 12 guest 0 buffer
	only 1 1 self 0 -1 -- ptrace 12 guest 0 buffer
	allowed ptrace 6 guest 80 0
	allowed ptrace 14 guest 0 buffer
	allowed ptrace 0x4202 guest 0 buffer
	only 0 1 self 0 -1 -- kill guest 19
	only 1 0 1 2 15 17 18 64 -- kill guest 19
	probe kill self 24
	ended_with 152
	kills kill 1 24
	kills kill guest 24
	kills kill self 15
	only 0 1 self -- sched_setaffinity guest 8 buffer
	allowed sched_setaffinity 0 8 buffer
	only 0 guest 1 self -- sched_getaffinity 0 8 buffer
	only 0 7 8 -- timer_settime timer 0 buffer 0
	# WNOHANG, and the usage of others: would wait for ever if allowed.
	kills wait4 guest 0 1 0
	kills wait4 -1 0 0x40000000 0
	kills wait4 guest 0 0x40000000 buffer
	kills process_vm_readv guest vector 1 vector 1 0
	kills process_vm_writev guest vector 1 vector 1 0
	kills ioctl vcpu 0xae80 0
}

@test "memory is mapped privately, and never to be executed" {
	only 2 4 5 6 7 -- mmap 0 4096 3 0x22 -1 0
	only 3 0x21 0x02 0x12 0x8022 0x100122 -- mmap 0 4096 3 0x22 -1 0
	only 2 4 5 7 0x1000001 -- mprotect buffer 0 3
	only 2 0 3 10 12 14 15 16 17 -- madvise 0 0 4
	allowed munmap 0x10000 4096
	allowed brk 0
	kills mremap buffer 4096 8192 1
	kills pkey_mprotect buffer 0 3 0
	kills remap_file_pages buffer 0 0 0 0
	kills memfd_create buffer 0
	kills userfaultfd 0
}

@test "time, chance and the own end are left" {
	allowed clock_gettime 0 buffer
	allowed getrandom buffer 8 0
	allowed getpid
	allowed getcpu buffer 0 0
	allowed restart_syscall
	probe exit_group 33
	ended_with 33
	kills clock_settime 0 buffer
	kills setitimer 0 buffer 0
	kills nanosleep buffer 0
}

@test "a network's socket carries frames, and names nobody" {
	command -v passt >/dev/null || skip "no passt"
	PROBE_OPTIONS=(--net=user)
	# MSG_DONTWAIT, and with it MSG_NOSIGNAL.
	only 0 0 1 vcpu disk0 -- recvfrom net0 buffer 0 0x40 0 0
	only 3 0 1 2 0x41 -- recvfrom net0 buffer 0 0x40 0 0
	only 4 buffer -- recvfrom net0 buffer 0 0x40 0 0
	only 5 buffer -- recvfrom net0 buffer 0 0x40 0 0
	only 2 0 0x40 0x4000 0x4041 -- sendmsg net0 buffer 0x4040
	only 0 1 disk0 vcpu -- sendmsg net0 buffer 0x4040
	allowed shutdown net0 2
	kills shutdown net0 0
	kills sendto net0 buffer 0 0x4040 buffer 16
	kills recvmsg net0 buffer 0x40
	kills connect net0 buffer 16
	kills getpeername net0 buffer buffer
	kills setsockopt net0 1 2 buffer 4
	kills read net0 buffer 1
	kills write net0 buffer 1
	kills fcntl net0 2 0
}

# --- All the rest

@test "no file is opened, made, renamed or looked at" {
	for call in open openat openat2 creat mkdir mkdirat mknod mknodat link \
		symlink rename renameat2 unlink unlinkat truncate stat fstat \
		newfstatat statx access faccessat readlink chmod fchmod chown \
		utimensat getdents64 chdir fchdir chroot mount umount2 \
		pivot_root open_tree fsopen fsmount name_to_handle_at \
		open_by_handle_at inotify_init1 fanotify_init getxattr; do
		kills "$call" buffer 0 0 0
	done
}

@test "nothing is connected, listened to, sent or received" {
	for call in socket socketpair connect bind listen accept4 sendto \
		recvfrom sendmsg recvmsg setsockopt pipe2 eventfd2 epoll_create1 \
		timerfd_create signalfd4 io_uring_setup io_setup splice tee \
		vmsplice sendfile copy_file_range dup dup2 dup3; do
		kills "$call" 1 1 0 0
	done
}

@test "nothing is started, signalled or looked into" {
	for call in fork vfork clone clone3 execve execveat tkill tgkill \
		rt_sigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd kcmp \
		process_madvise perf_event_open bpf setns unshare \
		init_module finit_module kexec_load reboot; do
		kills "$call" 0 0 0 0
	done
}

@test "no right is taken back" {
	for call in setuid setgid setresuid setresgid setgroups capset prctl \
		arch_prctl seccomp prlimit64 setrlimit setpriority personality \
		ioperm iopl modify_ldt landlock_create_ruleset keyctl \
		add_key request_key rt_sigaction; do
		kills "$call" 0 0 0 0
	done
}

@test "system calls of other kinds end the tender" {
	kills int80:write 1 0 0
	kills int80:exit_group 0
	kills x32:write 1 buffer 0
	kills x32:getpid
}

@test "each rule has a comment beside the code that needs it, and the reverse" {
	# Between calls are commas; what follows on, of or where is prose.
	cat "$REPO"/tender/*.c | tr '\n\t' '  ' |
		grep -o '/\* *seccomp: [^*]*' |
		sed 's/.*seccomp: //; s/;/\n/g' |
		sed 's/ \(on\|of\|where\) .*//; s/[, ][, ]*/\n/g' |
		grep . | sort -u >said
	sed -n 's/^	ALLOW[_A-Z]*(\([A-Z_]*, \)\?\([a-z0-9_]*\)[,)].*/\2/p' \
		"$REPO/tender/sandbox_rules.c" | sort -u >ruled
	grep -ow 'KVM_[A-Z_]*\|SIG[A-Z]*\|SIOC[A-Z]*' "$REPO/tender/sandbox_rules.c" |
		sort -u >>ruled
	sort -u ruled -o ruled
	[ "$(wc -l <ruled)" -gt 20 ]
	diff said ruled
}

# --- The state of the process

@test "a filter is in force, no privilege is left, and none can be had" {
	start_guest
	field_is Seccomp 2
	field_is NoNewPrivs 1
	for set in CapInh CapPrm CapEff CapAmb; do
		field_is "$set" 0000000000000000
	done
	[ "$EUID" -ne 0 ] || field_is CapBnd 0000000000000000
	# What is not dumpable belongs to root.
	[ "$(stat -c %u "/proc/$tender/fd")" -eq 0 ]
}

@test "a tender of root's becomes nobody's, and so does the guest's process" {
	[ "$EUID" -eq 0 ] || skip "not root"
	start_guest
	field_is Uid 65534
	field_is Gid 65534
	[ "$(awk '/^Groups:/ { print NF }' "/proc/$tender/status")" -eq 1 ]
	[ "$CPU" = process ] || return 0
	child=$(pgrep -P "$tender")
	field_is Uid 65534 "$child"
	field_is CapEff 0000000000000000 "$child"
}

# A guest with one disk, and descriptors of others, has exactly what it needs.
has_only_its_own() {
	exec 7<"$(image hello)" 900<"$(image hello)"
	start_guest --disk="$BATS_FILE_TMPDIR/disk"
	for fd in "/proc/$tender/fd"/*; do
		echo "$((${fd##*/} < 3 ? ${fd##*/} : 3)) $(readlink "$fd")"
	done | sed 's/ .*\// /' | sort >open
	printf '%s\n' '0 null' '1 out' '2 err' '3 disk' '3 sandbox.hvt.debug' \
		>expected
	if [ "$CPU" = process ]; then
		echo '3 anon_inode:[pidfd]' >>expected
	else
		echo '3 anon_inode:kvm-vcpu:0' >>expected
	fi
	sort expected | diff - open
}

@test "only what the guest needs is open" {
	[ "$EUID" -eq 0 ] || skip "not root"
	has_only_its_own
}

@test "only what the guest needs is open where there is no close_range" {
	[ "$EUID" -eq 0 ] || skip "not root"
	TENDER=("$BATS_FILE_TMPDIR/without" close_range -- "${TENDER[@]}")
	has_only_its_own
}

# The tender sees nothing of the host, in namespaces of its own.
sees_nothing() {
	unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null ||
		skip "no namespaces"
	start_guest
	for space in mnt ipc uts; do
		[ "$(readlink "/proc/$tender/ns/$space")" != \
			"$(readlink "/proc/self/ns/$space")" ]
	done
	[ "$EUID" -eq 0 ] || skip "not root"
	[ -z "$(ls -A "/proc/$tender/root/")" ]
	[ "$(wc -l <"/proc/$tender/mounts")" -eq 1 ]
	run ! touch "/proc/$tender/root/file"
}

@test "the host's files are out of sight, and its other namespaces" {
	sees_nothing
}

@test "so they are where the root directory cannot be changed, as an initramfs" {
	TENDER=("$BATS_FILE_TMPDIR/without" pivot_root -- "${TENDER[@]}")
	sees_nothing
}

@test "guest memory is not executable, and no memory is writable as well" {
	start_guest
	[ -r "/proc/$tender/maps" ] || skip "not root"
	grep -q ' rw' "/proc/$tender/maps"
	run ! grep -q ' .wx' "/proc/$tender/maps"
}

@test "guest memory has nobody's memory on either side, and is in no core file" {
	start_guest
	[ -r "/proc/$tender/smaps" ] || skip "not root"
	# Guest memory is the one mapping, or several, with the flag "dd".
	awk '/^[0-9a-f]+-/ { n++; what[n] = $2 }
		/^VmFlags:/ { memory[n] = / dd/ }
		END {
			while (!memory[++first] && first < n);
			for (last = first; memory[last + 1]; last++)
				if (what[last + 1] !~ /^rw-/)
					exit 1
			print first, last, n, what[first - 1], what[last + 1]
			exit !(memory[first] && what[first - 1] == "---p" &&
				what[last + 1] == "---p")
		}' "/proc/$tender/smaps"
	says_not "/proc/$tender/smaps" '^VmFlags:.* mg'
}

# Kilobytes of the field $1 of the tender's status.
kib_of() {
	awk -v "name=$1:" '$1 == name { print $2 }' "/proc/$tender/status"
}

@test "a guest that calls without end does not make the tender grow" {
	GUEST_ARGS=(busy)
	start_guest --mem=16M
	before=$(kib_of VmHWM)
	sleep 1
	after=$(kib_of VmHWM)
	echo "$before KiB, then $after KiB"
	# Guest memory, of the process vCPU only what the tender touches; and
	# not 2 MiB for all the rest.
	((after < 16384 + 2048))
	((after - before < 64))
}

@test "limits are what the guest needs" {
	ulimit -c unlimited 2>/dev/null || true
	start_guest
	grep -q '^Max core file size *0 *0 ' "/proc/$tender/limits"
	grep -q '^Max open files *64 *64 ' "/proc/$tender/limits"
	grep -q '^Max locked memory *0 *0 ' "/proc/$tender/limits"
}

@test "an ordinary user's tender is in the sandbox as well" {
	find_nobody
	cp "$(image sandbox)" .
	[ "$CPU" = process ] || "${AS_NOBODY[@]}" test -w /dev/kvm ||
		skip "no KVM for ordinary users"
	"${AS_NOBODY[@]}" ./tender "--cpu=$CPU" sandbox.hvt </dev/null >out \
		2>err 3>&- &
	tender=$!
	until grep -qs here out; do
		kill -0 "$tender"
		sleep 0.02
	done
	field_is Seccomp 2
	field_is NoNewPrivs 1
	field_is CapEff 0000000000000000
	[ "$(stat -c %u "/proc/$tender/fd")" -eq 0 ]
}

@test "a time limit comes through the sandbox" {
	run_tender --timeout=0.2 "$(image sandbox)"
	ended_with 124
}

@test "a report has its names, though no file can be opened any more" {
	cat >trap.c <<-'END'
	int main(void) { __builtin_trap(); }
	END
	"$BIN/imgbuild" trap.c -o trap.hvt
	run_tender trap.hvt
	ended_with 132
	says err '  #0 .* main+0x'
}

# --- Choices

@test "--sandbox=strict adds a network namespace" {
	unshare -Urmn true 2>/dev/null || skip "no namespaces"
	start_guest --sandbox=strict
	[ ! -s err ]
	[ "$(readlink "/proc/$tender/ns/net")" != \
		"$(readlink /proc/self/ns/net)" ]
}

@test "where the host refuses namespaces or Landlock, strict starts no guest" {
	for call in unshare landlock_create_ruleset; do
		status=0
		"$BATS_FILE_TMPDIR/without" "$call" -- "${TENDER[@]}" \
			"$(image hello)" >out 2>err || status=$?
		ended_with 0
		[ ! -s err ]
		refuses 125 'sandbox: ' '' "$BATS_FILE_TMPDIR/without" "$call" \
			-- "${TENDER[@]}" --sandbox=strict "$(image hello)"
	done
}

@test "without namespaces, Landlock and the filter remain" {
	TENDER=("$BATS_FILE_TMPDIR/without" unshare -- "${TENDER[@]}")
	start_guest
	field_is Seccomp 2
	field_is CapEff 0000000000000000
	[ "$(stat -c %u "/proc/$tender/fd")" -eq 0 ]
}

@test "a host without seccomp filters runs no guest in a sandbox" {
	[ "$CPU" = kvm ] || skip "that vCPU needs it by itself"
	refuses 125 'sandbox: filter' 'see --sandbox' \
		"$BATS_FILE_TMPDIR/without" seccomp -- "${TENDER[@]}" \
		"$(image hello)"
}

@test "--sandbox=off says so, and is off" {
	start_guest --sandbox=off
	[ "$(wc -l <err)" -eq 1 ]
	says err '^tender: the sandbox is off'
	field_is Seccomp 0
}

@test "a container with the default seccomp profile has its tender in one, too" {
	[ "$CPU" = process ] || skip "no KVM in there"
	make_container
	# shellcheck disable=SC2016 # for the shell in there
	run_contained sh -c 'tender --cpu=process /images/sandbox.hvt & t=$!
		sleep 1; cat /proc/$t/status; ls /proc/$t/fd; kill -9 $t'
	says out '^Seccomp_filters:[[:space:]]*2$'
	says out '^NoNewPrivs:[[:space:]]*1$'
	says out '^CapEff:[[:space:]]*0*$'
	run_contained tender --cpu=process /images/hello.hvt
	ended_with 0
}
