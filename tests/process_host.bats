#!/usr/bin/env bats
# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # a test is a process of its own
# SPDX-License-Identifier: ISC
# The process vCPU on hosts that allow less than others: ordinary users, user
# namespaces, containers. yama.bats has the sysctl that restricts ptrace.

load lib
load tools/container
load tools/refuse

setup_file() {
	build_guest escape
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
	"${CC:-gcc}" -O1 -Wall -Wextra -Werror -D_GNU_SOURCE \
		"$REPO/tests/tools/without.c" -o "$BATS_FILE_TMPDIR/without"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	TENDER=("${HVT_TENDER:-$BIN/tender}" --cpu=process)
}

# Runs a command as an ordinary user, with ./tender and the images in reach.
as_ordinary_user() {
	find_nobody
	cp "$(image hello)" "$(image escape)" .
	"${AS_NOBODY[@]}" "$@"
}

# These arguments make the tender run the guest hello.
says_hello() {
	status=0
	"$@" >out 2>err || status=$?
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
}

@test "an ordinary user runs a guest" {
	says_hello as_ordinary_user ./tender --cpu=process hello.hvt
	[ ! -s err ]
}

@test "an ordinary user's guest is locked in as well" {
	status=0
	as_ordinary_user ./tender --cpu=process escape.hvt call syscall 57 \
		>out 2>err || status=$?
	ended_with 132
	status=0
	TENDER_NO_SYSEMU=1 as_ordinary_user ./tender --cpu=process escape.hvt \
		call syscall 57 >out 2>err || status=$?
	ended_with 132
	says err 'system call instruction'
}

@test "an ordinary user without KVM runs the same image, and is told" {
	find_nobody
	! "${AS_NOBODY[@]}" test -w /dev/kvm || skip "anyone may use /dev/kvm"
	says_hello as_ordinary_user ./tender hello.hvt
	[ "$(wc -l <err)" -eq 1 ]
	says err '^tender: without KVM.*/dev/kvm'
}

@test "the guest runs inside a user namespace" {
	unshare -U true 2>/dev/null || skip "no user namespaces"
	says_hello unshare -U "${TENDER[@]}" "$(image hello)"
	says_hello unshare -Ur "${TENDER[@]}" "$(image hello)"
}

@test "the guest runs inside a user namespace of an ordinary user" {
	as_ordinary_user unshare -Ur true 2>/dev/null ||
		skip "no user namespaces for ordinary users"
	says_hello as_ordinary_user unshare -U ./tender --cpu=process hello.hvt
	says_hello as_ordinary_user unshare -Ur ./tender --cpu=process hello.hvt
	says_hello as_ordinary_user unshare -Urpf --mount-proc \
		./tender --cpu=process hello.hvt
	[ ! -s err ]
}

@test "the tender may be a container's first process" {
	unshare -Urpf true 2>/dev/null || skip "no PID namespaces"
	says_hello unshare -Urpf --mount-proc "${TENDER[@]}" "$(image hello)"
	run_tender --timeout=0.2 "$(image escape)" calls 0
	ended_with 124
	[ ! -s out ] || says out '^before$'
}

# --- Containers with a profile of which something is missing

# The command is refused: as refuses() has it, with a profile without the
# system calls of the list $1.
refused_without() {
	# shellcheck disable=SC2086 # a list
	refuses 125 'process vCPU: ' "$2" "$BATS_FILE_TMPDIR/without" $1 -- \
		"${TENDER[@]}" "$(image hello)"
}

@test "a profile without ptrace is told, and what to do" {
	refused_without ptrace 'needs ptrace.*allow ptrace in the seccomp profile'
	refused_without kill:ptrace 'a seccomp profile ended the guest'
}

@test "a profile without ptrace is told to a tender that ignores its children" {
	command -v perl >/dev/null || skip "no perl"
	# shellcheck disable=SC2016 # for perl
	TENDER=(perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "${TENDER[@]}")
	refused_without ptrace 'needs ptrace'
}

@test "a tender that is traced with its children is told to be so" {
	command -v strace >/dev/null || skip "no strace"
	refuses 125 'process vCPU: needs ptrace' 'strace -f' \
		strace -f -o trace "${TENDER[@]}" "$(image hello)"
	says_hello strace -o trace "${TENDER[@]}" "$(image hello)"
}

@test "a profile without seccomp or prctl is told, and no guest runs unlocked" {
	refused_without seccomp 'allow seccomp in the profile'
	refused_without prctl 'allow it in the container'
	refused_without kill:seccomp 'a seccomp profile ended the guest'
}

@test "a profile without what nobody needs is no matter" {
	for call in close_range rseq 'close_range rseq'; do
		# shellcheck disable=SC2086 # a list
		says_hello "$BATS_FILE_TMPDIR/without" $call -- \
			"${TENDER[@]}" "$(image hello)"
		[ ! -s err ]
	done
}

@test "without close_range, too, the guest's process has no descriptor" {
	exec 7<"$(image hello)" 900<"$(image escape)"
	ulimit -Sn 100
	# Without its own sandbox, the tender keeps them.
	"$BATS_FILE_TMPDIR/without" close_range -- "${TENDER[@]}" -q \
		--sandbox=off "$(image escape)" calls 0 </dev/null >out 2>err 3>&- &
	tender=$!
	until [ -s out ] || [ -s err ]; do sleep 0.02; done
	[ -e "/proc/$tender/fd/7" ] && [ -e "/proc/$tender/fd/900" ]
	left=$(ls "/proc/$(pgrep -P "$tender")/fd")
	kill -9 "$tender"
	[ -z "$left" ]
}

# --- --check

@test "--check says what the host offers, and that a guest can run" {
	status=0
	"$BIN/tender" --check >out 2>err || status=$?
	ended_with 0
	[ ! -s err ]
	says out '^process  *yes, [0-9.]* us a hypercall'
	says out '^kvm '
	says out '^ptrace '
	says out '^Guests run'
}

# What the host has, as asked in another way: "yes", or "no" with advice.
answer() {
	"$@" >/dev/null 2>&1 && echo 'yes$' || echo 'no: .'
}

@test "--check tells the truth about namespaces, large pages and passt" {
	"$BIN/tender" --check >out
	says out "^user namespaces  *$(answer unshare -U true)"
	says out "^large pages  *$(answer grep '\[always\]\|\[madvise\]' \
		/sys/kernel/mm/transparent_hugepage/enabled)"
	says out "^passt  *$(answer env PATH=/usr/bin:/usr/local/bin:/bin \
		sh -c 'command -v passt')"
	# A limit of this kernel's, which a child of ours cannot raise again.
	unshare -U -r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec "$@"' - "$BIN/tender" --check >out ||
		skip "no user namespaces here"
	says out '^user namespaces  *no: .*max_user_namespaces'
}

@test "--check says what KVM makes guests of, and how long a call takes" {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || skip "no /dev/kvm to use"
	"$BIN/tender" --check >out
	if ! grep -qw hypervisor /proc/cpuinfo; then
		kind=hardware
	elif grep -qwE 'vmx|svm' /proc/cpuinfo; then
		kind=nested
	else
		kind=para-virtual
	fi
	says out "^kvm  *yes, $kind, [0-9.]* us a hypercall"
	says out '^Guests run on KVM here\.$'
}

@test "--check says that no guest can run where there is neither KVM nor ptrace" {
	find_nobody
	! "${AS_NOBODY[@]}" test -w /dev/kvm || skip "anyone may use /dev/kvm"
	cp "$BATS_FILE_TMPDIR/without" .
	status=0
	"${AS_NOBODY[@]}" ./without ptrace -- ./tender --check >out 2>err ||
		status=$?
	ended_with 125
	[ "$(grep -c '^tender: ' err)" -eq 1 ]
	says err 'needs ptrace'
	says out '^process  *no: '
	says out '^kvm  *no: '
	says out '^No guest can run here\.$'
}

# --- A container, with the profile that container engines have by default

@test "a container with the default seccomp profile runs a guest" {
	make_container
	run_contained tender --cpu=process /images/hello.hvt
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
	[ ! -s err ]
	# The profile was in force: the shell has one, the guest one more.
	run_contained grep Seccomp_filters /proc/self/status
	says out '^Seccomp_filters:[[:space:]]*1$'
}

@test "a container with the default seccomp profile needs no --cpu" {
	make_container
	run_contained tender /images/hello.hvt
	ended_with 0
	says err '^tender: without KVM.*/dev/kvm is not there'
	[ "$(cat out)" = "Hello, world" ]
}

@test "a guest in such a container is locked in as elsewhere" {
	make_container
	for call in 'syscall 57' 'syscall 336' 'int80 2'; do
		# shellcheck disable=SC2086 # a list
		run_contained tender --cpu=process /images/escape.hvt call $call
		ended_with 132
		says err 'system call instruction'
	done
	run_contained tender --cpu=process /images/escape.hvt read 0
	ended_with 139
}

@test "--check tells the truth in such a container" {
	make_container
	run_contained unshare -U true
	namespaces=$([ "$status" -eq 0 ] && echo yes || echo no:)
	run_contained tender --check
	ended_with 0
	[ ! -s err ]
	says out '^kvm  *no: /dev/kvm is not there'
	says out '^process  *yes, [0-9.]* us a hypercall'
	says out "^user namespaces  *$namespaces"
	says out '^Guests run here, in a process'
}

@test "a container of which the profile lacks ptrace is told so" {
	make_container ptrace
	run_contained tender --cpu=process /images/hello.hvt
	ended_with 125
	[ "$(wc -l <err)" -eq 1 ]
	says err '^tender: process vCPU: needs ptrace.*allow ptrace in the seccomp'
	run_contained tender --check
	ended_with 125
	says out '^process  *no: '
	says out '^No guest can run here\.$'
}
