#!/usr/bin/env bats
# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # a test is a process of its own
# SPDX-License-Identifier: ISC
# The process vCPU: what is left in the guest's process, and who dies with
# whom. escape.bats has what a guest tries, process_host.bats what hosts allow.

load lib
load tools/refuse

setup_file() {
	build_guest robust
	build_guest escape
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
	"${CC:-gcc}" -O1 -Wall -Wextra -Werror -D_GNU_SOURCE \
		"$REPO/tests/tools/two_sides.c" \
		-o "$BATS_FILE_TMPDIR/two_sides"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	TENDER=("${HVT_TENDER:-$BIN/tender}" --cpu=process)
}

teardown() {
	exec 9>&- || true
	[ -z "${tender-}" ] || kill -9 "$tender" 2>/dev/null || true
}

# Starts a tender in the background, as $tender, with its guest in $guest;
# returns when the guest's own code runs.
start() {
	"${TENDER[@]}" "$@" </dev/null >out 2>err 3>&- &
	tender=$!
	for _ in {1..500}; do
		guest=$(pgrep -P "$tender" || true)
		[ -n "$guest" ] && grep -q '^00010000' "/proc/$guest/maps" &&
			! grep -q '^[57][0-9a-f]\{11\}-' "/proc/$guest/maps" &&
			return
		sleep 0.02
	done
	return 1
}

start_spinning() {
	start "$(image robust)" spin
}

# Starts a guest that does nothing but hypercalls.
start_calling() {
	start "$(image escape)" calls 0
}

is_running() {
	for _ in {1..200}; do
		grep -q '^State:.*\(running\|sleeping\|tracing\)' \
			"/proc/$1/status" && return
		sleep 0.02
	done
	return 1
}

is_gone() {
	for _ in {1..500}; do
		[ -e "/proc/$1" ] || return 0
		# Dead, and only waiting for its parent to say so.
		grep -q '^State:.*zombie' "/proc/$1/status" 2>/dev/null &&
			return 0
		sleep 0.02
	done
	return 1
}

# Waits for the tender to end; sets $status.
finish() {
	status=0
	wait "$tender" || status=$?
	tender=
}

# Of lines "START END ACCESS", joins those that touch and have the same access:
# so the kernel may join or split mappings.
joined() {
	sort | awk '$1 == end && $3 == access { end = $2; next }
		{ if (end) print start, end, access }
		{ start = $1; end = $2; access = $3 }
		END { print start, end, access }'
}

# What the boot protocol says about memory of $2 bytes, for the image $1.
memory_map() {
	local address bytes access end stack

	printf '%08x %08x r--\n' 0x10000 0x11000
	while read -r address _ bytes access; do
		end=$(((address + bytes + 4095) & ~4095))
		printf '%08x %08x %s\n' $((address & ~4095)) "$end" "$access"
	done < <("$BIN/imgbuild" inspect "$1" | sed 's/^segments:/ /' |
		grep '^ *0x')
	stack=$(($2 / 8 < 8 << 20 ? $2 / 8 : 8 << 20))
	printf '%08x %08x rw-\n' "$end" $(($2 - stack - 4096))
	printf '%08x %08x rw-\n' $(($2 - stack)) "$2"
}

@test "the guest's process has guest memory mapped, as the memory map says, and nothing else" {
	for mib in 2 64 1024; do
		start --no-aslr --mem="${mib}M" "$(image escape)" calls 0
		grep -v '^ffffffffff600000-ffffffffff601000 .*\[vsyscall\]$' \
			"/proc/$guest/maps" >maps
		# Shared with the tender, and with nobody by a name.
		says_not maps ' [r-][w-][x-]p '
		sed 's|.*/dev/zero (deleted)$||' maps | says_not - '/\|\['
		sed 's/-/ /; s/s .*//' maps | joined >have
		memory_map "$(image escape)" $((mib << 20)) | joined >want
		[ "$(wc -l <want)" -ge 4 ]
		diff want have
		kill -9 "$tender"
		is_gone "$guest"
	done
}

@test "the guest's process has no descriptor, whatever the tender was given" {
	exec 7<"$(image hello)" 8>file 900<"$(image robust)"
	truncate -s 64K disk.img
	ulimit -Sn 100
	start --disk=disk.img "$(image robust)" spin
	[ -e "/proc/$tender/fd/7" ] && [ -e "/proc/$tender/fd/900" ]
	[ -z "$(ls "/proc/$guest/fd")" ]
	[ -z "$(ls "/proc/$guest/fdinfo")" ]
}

@test "the guest's process may make no system call, and gain no right" {
	start_spinning
	says "/proc/$guest/status" '^Seccomp:[[:space:]]*2$'
	says "/proc/$guest/status" '^NoNewPrivs:[[:space:]]*1$'
	says "/proc/$guest/status" "^TracerPid:[[:space:]]*$tender\$"
	says "/proc/$guest/status" '^Threads:[[:space:]]*1$'
}

@test "nothing of the environment or the arguments is in the guest's process" {
	export SECRET_OF_THE_TENDER=1
	start "$(image robust)" spin secret-of-the-guest
	[ "$(wc -c <"/proc/$guest/environ")" -eq 0 ]
	[ "$(wc -c <"/proc/$guest/cmdline")" -eq 0 ]
	[ "$(wc -c <"/proc/$tender/environ")" -gt 0 ]
	[ "$(wc -c <"/proc/$tender/cmdline")" -gt 0 ]
	[ "$(cat "/proc/$guest/comm")" = tender ]
}

@test "what the auxiliary vector of the guest's process points to is gone" {
	start_spinning
	pointers=0
	for value in $(od -An -v -t x8 "/proc/$guest/auxv"); do
		((16#$value >= 1 << 36 && 16#$value < 1 << 47)) || continue
		pointers=$((pointers + 1))
		! dd if="/proc/$guest/mem" bs=1 count=1 status=none \
			skip=$((16#$value)) iflag=skip_bytes 2>dd.err |
			grep -q . || return 1
		says dd.err 'Input/output error'
	done
	[ "$pointers" -ge 4 ]
}

@test "the tender lies above all of guest memory, and is read-only after its start" {
	start_spinning
	file=$(realpath "${TENDER[0]}")
	grep "$file\$" "/proc/$tender/maps" >maps
	while IFS='- ' read -r start _ access _; do
		((16#$start >= 64 << 30))
		[[ $access != *w*x* ]]
	done <maps
	# Headers, constants, and constants that hold addresses.
	[ "$(grep -c ' r--p ' maps)" -ge 3 ]
}

# Prints on which CPUs the process $1 may run, such as 0-3.
cpus_of() {
	sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$1/status"
}

@test "a guest that computes may soon run on every CPU that the tender may" {
	all=$(cpus_of $$)
	[[ $all == *[-,]* ]] || skip "one CPU"
	start_spinning
	for _ in {1..200}; do
		[ "$(cpus_of "$guest")" != "$all" ] || break
		sleep 0.05
	done
	[ "$(cpus_of "$guest")" = "$all" ]
	[ "$(cpus_of "$tender")" = "$all" ]
}

# Waits until the tender and the guest may run on one CPU only, the same.
share_cpu() {
	for _ in {1..200}; do
		sleep 0.05
		one=$(cpus_of "$tender")
		[[ $one == *[-,]* || $one != "$(cpus_of "$guest")" ]] || return 0
	done
	return 1
}

@test "a guest that makes one call behind the other is on the tender's CPU" {
	[[ $(cpus_of $$) == *[-,]* ]] || skip "one CPU"
	start_calling
	share_cpu
}

@test "when the tender is killed, the guest's process is gone" {
	start_spinning
	kill -9 "$tender"
	is_gone "$guest"
}

@test "when the guest's process is killed, the tender says so and ends" {
	for how in start_spinning start_calling; do
		"$how"
		kill -9 "$guest"
		finish
		ended_with 125
		[ "$(cat err)" = "tender: process vCPU: the guest's process was \
killed (signal 9); is the host out of memory?" ]
	done
}

@test "when the tender has ended, its guest's process is no zombie either" {
	# In a PID namespace, as in a container, whose init reaps nobody.
	# shellcheck disable=SC2016 # expanded by the inner shell
	script='
		"$@" hello.hvt
		"$@" escape.hvt read 0
		"$@" --timeout=0.1 robust.hvt spin
		for dir in /proc/[0-9]*; do
			echo "process ${dir#/proc/}"
		done
		:'
	unshare -Urpf --mount-proc true 2>/dev/null ||
		skip "no PID namespaces"
	cp "$(image hello)" "$(image escape)" "$(image robust)" .
	unshare -Urpf --mount-proc sh -c "$script" - "${TENDER[@]}" \
		>out 2>err
	[ "$(grep -c '^tender: ' err)" -eq 2 ]
	[ "$(grep '^process' out)" = "process 1" ]
}

@test "no signal sent to the guest's process reaches the guest" {
	for how in start_spinning start_calling; do
		"$how"
		for signal in {1..8} {10..31} {34..64}; do
			kill -s "$signal" "$guest"
		done
		sleep 0.1
		is_running "$guest"
		[ ! -s err ]
		kill -9 "$tender"
		is_gone "$guest"
	done
}

@test "a tender that was stopped and continued goes on" {
	TENDER+=(--timeout=1)
	start_calling
	kill -STOP "$tender" "$guest"
	sleep 0.2
	kill -CONT "$guest"
	kill -CONT "$tender"
	finish
	ended_with 124
}

# two_sides MODE COUNT ARGUMENT-OF-THE-TENDER...
two_sides() {
	local seed=$RANDOM

	echo "seed $seed"
	"${alone[@]}" "$BATS_FILE_TMPDIR/two_sides" "$1" "$2" "$seed" \
		"${TENDER[@]}" "${@:3}" </dev/null 3>&-
}

@test "killed at any moment, neither side leaves a process or a lock behind" {
	truncate -s 64K disk.img
	# With a /dev/shm of its own, where others have one too.
	# shellcheck disable=SC2016 # expanded by the inner shell
	alone=(unshare -rm sh -c 'mount -t tmpfs none /dev/shm && "$@" &&
		[ -z "$(ls -A /dev/shm)" ]' -)
	"${alone[@]}" true || alone=()
	two_sides kill "$(sized 1000 30)" --disk=disk.img "$(image escape)" \
		calls 0
	run_tender --disk=disk.img "$(image hello)"
	ended_with 0
}

@test "a signal from elsewhere does not disturb what is about to be a guest" {
	# A terminal that is resized sends one to the whole process group.
	two_sides disturb "$(sized 300 20)" "$(image hello)"
}

@test "a SIGSEGV from elsewhere makes no guest of what is not locked in yet" {
	two_sides fault "$(sized 200 20)" "$(image escape)" calls 0
}

@test "the signals that its parent ignores or blocks are no matter to the tender" {
	command -v perl >/dev/null || skip "no perl"
	cat >rude.pl <<-'END'
		use POSIX;
		$SIG{$_} = 'IGNORE' for grep { !/^(KILL|STOP|NUM|RTM)/ } keys %SIG;
		my $all = POSIX::SigSet->new();
		$all->fillset();
		POSIX::sigprocmask(SIG_BLOCK, $all);
		exec @ARGV;
	END
	plain=("${TENDER[@]}")
	TENDER=(perl rude.pl "${plain[@]}")
	run_tender "$(image hello)"
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
	run_tender "$(image escape)" read 0
	ended_with 139
	run_tender "$(image escape)" call syscall 39
	ended_with 132
	TENDER_NO_SYSEMU=1 run_tender "$(image escape)" call syscall 39
	ended_with 132
	run_tender --timeout=0.2 "$(image escape)" calls 0
	ended_with 124
	start_spinning
	kill -9 "$guest"
	finish
	ended_with 125
	says err 'killed (signal 9)'
}

@test "a limit on CPU time counts for the guest, too" {
	(
		ulimit -St 1
		run_tender "$(image robust)" spin
		# As for any program: killed by SIGXCPU.
		ended_with 152
	)
}

@test "a limit on memory is told, whatever there is no room for" {
	failed=0
	for ((kib = 64 << 10; kib <= 160 << 10; kib += $(sized 4096 16384))); do
		(
			ulimit -v "$kib"
			run_tender "$(image hello)"
			ended_with 0 && exit
			ended_with 125 && [ "$(wc -l <err)" -eq 1 ] &&
				says err '^tender: .*no room .*less --mem.*ulimit -v' &&
				exit 9
		) || { [ $? -eq 9 ] && failed=$((failed + 1)); } || return 1
	done
	# Both ends were seen.
	[ "$failed" -gt 0 ]
	[ "$(cat out)" = "Hello, world" ]
}

@test "a limit on processes is told" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to become somebody else"
	find_nobody
	cp "$(image hello)" .
	# A number that nobody else has, and so no process yet.
	refuses 125 'process vCPU: no room for one more process' 'ulimit -u' \
		setpriv --reuid=54321 --regid=54321 --clear-groups \
		prlimit --nproc=1 ./tender --cpu=process hello.hvt
}

@test "a prohibition of executable memory is told" {
	command -v perl >/dev/null || skip "no perl"
	# prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), of Linux 6.3
	deny='exit 77 if syscall(157, 65, 1, 0, 0, 0); exec @ARGV'
	perl -e "$deny" true || skip "this kernel has no such prohibition"
	refuses 125 'process vCPU: .*executable' 'MemoryDenyWriteExecute' \
		perl -e "$deny" "${TENDER[@]}" "$(image hello)"
}

@test "--cpu names a vCPU that there is, or is refused" {
	run_tender --cpu=quantum "$(image hello)"
	ended_with 125
	says err "^tender: --cpu=quantum: expected auto, kvm or process$"
}
