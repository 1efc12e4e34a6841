#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The process vCPU: what is left in the guest's process, and who dies with whom.

load lib

setup_file() {
	build_guest robust
	build_guest console
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	TENDER=("$BIN/tender" --cpu=process)
}

teardown() {
	[ -z "${tender-}" ] || kill -9 "$tender" 2>/dev/null || true
}

# Starts a guest that spins, in $guest, under the tender $tender.
start_spinning() {
	"${TENDER[@]}" "$(image robust)" spin </dev/null >out 2>err 3>&- &
	tender=$!
	for _ in {1..200}; do
		guest=$(pgrep -P "$tender" || true)
		[ -n "$guest" ] && grep -q 'R (running)' "/proc/$guest/status" &&
			! grep -q libc "/proc/$guest/maps" && return
		sleep 0.05
	done
	return 1
}

# The same with one that makes hypercalls all the time.
start_calling() {
	"${TENDER[@]}" "$(image console)" yes </dev/null >/dev/null 2>err 3>&- &
	tender=$!
	for _ in {1..200}; do
		guest=$(pgrep -P "$tender") && return
		sleep 0.05
	done
	return 1
}

is_gone() {
	for _ in {1..200}; do
		[ -e "/proc/$1" ] || return 0
		# Dead, and only waiting for its parent to say so.
		grep -q '^State:.*zombie' "/proc/$1/status" 2>/dev/null &&
			return 0
		sleep 0.05
	done
	return 1
}

@test "the guest's process has nothing mapped but guest memory" {
	start_spinning
	grep -v '\[vsyscall\]$' "/proc/$guest/maps" >maps
	# Boot info, three segments, heap and stack; all below --mem.
	[ "$(wc -l <maps)" -le 6 ]
	while IFS='- ' read -r start end access _; do
		((16#$start >= 0x10000 && 16#$end <= 64 << 20))
		[[ $access != *w*x* ]]
	done <maps
	says_not maps 'libc\|\[vdso\]\|\[vvar\]\|\[stack\]\|\[heap\]\|tender'
}

@test "the guest's process has no descriptor and may make no system call" {
	start_spinning
	[ -z "$(ls "/proc/$guest/fd")" ]
	says "/proc/$guest/status" '^Seccomp:[[:space:]]*2$'
	says "/proc/$guest/status" '^NoNewPrivs:[[:space:]]*1$'
}

@test "nothing of the environment or the arguments is in the guest's process" {
	export SECRET_OF_THE_TENDER=1
	start_spinning
	! grep -aq SECRET_OF_THE_TENDER "/proc/$guest/environ" || return 1
}

@test "the tender lies above all of guest memory, and is read-only after its start" {
	start_spinning
	file=$(realpath "$BIN/tender")
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
	start_spinning
	kill -9 "$guest"
	status=0
	wait "$tender" || status=$?
	ended_with 125
	says err '^tender: .*killed (signal 9)'
}

@test "signals sent to the guest's process do not reach the guest" {
	start_spinning
	for signal in TERM INT SEGV USR1 ILL FPE BUS TRAP SYS; do
		kill -s "$signal" "$guest"
		sleep 0.02
	done
	[ -e "/proc/$guest" ]
	grep -q 'R (running)' "/proc/$guest/status"
}

# Runs hello $1 times in a process group that is told all the time that its
# window has another size, which nobody need know.
hello_in_a_storm() {
	local i storm

	trap '' WINCH
	while :; do kill -WINCH 0; done &
	storm=$!
	for ((i = 0; i < $1; i++)); do
		"${TENDER[@]}" "$(image hello)" </dev/null || break
	done >out 2>err
	kill -9 "$storm"
}

@test "signals sent to the guest's process while it is made change nothing" {
	count=$(sized 100 10)
	set -m # a process group of its own
	hello_in_a_storm "$count" 3>&- &
	wait $!
	[ ! -s err ]
	[ "$(grep -c "Hello, world" out)" -eq "$count" ]
}

@test "killed at any moment, neither side leaves a process behind" {
	count=$(sized 200 10)
	for ((i = 0; i < count; i++)); do
		"${TENDER[@]}" "$(image robust)" spin </dev/null >out 2>err \
			3>&- &
		tender=$!
		sleep "0.00$((RANDOM % 10))"
		guest=$(pgrep -P "$tender" || true)
		if [ $((i % 2)) -eq 0 ] || [ -z "$guest" ]; then
			kill -9 "$tender"
		else
			kill -9 "$guest"
		fi
		wait "$tender" || true
		[ -z "$guest" ] || is_gone "$guest"
	done
	tender=
}

@test "an ordinary user without KVM runs the same image, and is told" {
	chmod 755 . "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	[ "$(id -u)" -eq 0 ] || skip "needs root to become somebody else"
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	! "${nobody[@]}" test -w /dev/kvm || skip "anyone may use /dev/kvm"
	"${nobody[@]}" test -r "$(image hello)" || skip "cannot be reached"
	status=0
	"${nobody[@]}" "$BIN/tender" "$(image hello)" >out 2>err || status=$?
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
	[ "$(wc -l <err)" -eq 1 ]
	says err '^tender: without KVM.*no permission on /dev/kvm'
}

@test "the guest runs inside an unprivileged user namespace" {
	unshare -U true 2>/dev/null || skip "no user namespaces"
	status=0
	unshare -U "${TENDER[@]}" "$(image hello)" >out 2>err || status=$?
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
}

@test "--check says what the host offers, and that a guest can run" {
	status=0
	"$BIN/tender" --check >out 2>err || status=$?
	ended_with 0
	says out '^process  *yes, [0-9.]* us a hypercall'
	says out '^kvm '
	says out '^ptrace '
	says out '^user namespaces '
	says out '^large pages '
	says out '^passt '
	says out '^Guests run'
}

@test "--cpu names a vCPU that there is, or is refused" {
	status=0
	"$BIN/tender" --cpu=quantum "$(image hello)" >out 2>err || status=$?
	ended_with 125
	says err "^tender: --cpu=quantum: expected auto, kvm or process$"
}
