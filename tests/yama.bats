#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The process vCPU under each kernel.yama.ptrace_scope. The sysctl is the whole
# machine's: it is put back after each test. Scope 3 cannot be left but by
# booting, so it is tried only where the machine is thrown away afterwards.

load lib
load tools/refuse

SCOPE=/proc/sys/kernel/yama/ptrace_scope

setup_file() {
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	before=''
	[ -e "$SCOPE" ] || skip "this kernel has no Yama"
	[ "$(id -u)" -eq 0 ] ||
		skip "needs root to change kernel.yama.ptrace_scope"
	before=$(cat "$SCOPE")
	find_nobody
	cp "$(image hello)" .
}

teardown() {
	[ -z "$before" ] || [ "$before" = "$(cat "$SCOPE")" ] ||
		echo "$before" >"$SCOPE" || [ "$(cat "$SCOPE")" -eq 3 ]
}

set_scope() {
	[ "$(cat "$SCOPE")" = "$1" ] || echo "$1" >"$SCOPE" ||
		skip "kernel.yama.ptrace_scope cannot be changed here"
}

runs() {
	status=0
	"$@" >out 2>err || status=$?
	ended_with 0
	[ "$(cat out)" = "Hello, world" ] && [ ! -s err ]
}

@test "under ptrace_scope 0 and 1 any user runs a guest" {
	for scope in 0 1; do
		set_scope "$scope"
		runs "${AS_NOBODY[@]}" ./tender --cpu=process hello.hvt
		runs ./tender --cpu=process hello.hvt
		./tender --check >out 2>err
		says out '^ptrace  *scope allows --cpu=process'
	done
}

@test "under ptrace_scope 2 ordinary users are refused, and told what to do" {
	set_scope 2
	refuses 125 'process vCPU: needs ptrace' \
		'forbids it to ordinary users.*ptrace_scope is 2.*set that to 1' \
		"${AS_NOBODY[@]}" ./tender --cpu=process hello.hvt
	"${AS_NOBODY[@]}" ./tender --check >out 2>err || true
	says out '^process  *no: '
	says out '^ptrace .*CAP_SYS_PTRACE.*kernel.yama.ptrace_scope=1'
	# Who has CAP_SYS_PTRACE is not refused: here root, or anybody in a
	# user namespace of his own.
	runs ./tender --cpu=process hello.hvt
	"${AS_NOBODY[@]}" unshare -Ur true 2>/dev/null ||
		skip "no user namespaces for ordinary users"
	runs "${AS_NOBODY[@]}" unshare -Ur ./tender --cpu=process hello.hvt
}

@test "under ptrace_scope 3 everybody is refused, and told what to do" {
	[ -n "${HVT_THROWAWAY-}" ] || [ "$(cat "$SCOPE")" -eq 3 ] ||
		skip "it would last until the next boot"
	set_scope 3
	for user in "${AS_NOBODY[*]}" ''; do
		# shellcheck disable=SC2086 # a list
		refuses 125 'process vCPU: needs ptrace' \
			'ptrace_scope is 3.*boot' \
			$user ./tender --cpu=process hello.hvt
	done
	./tender --check >out 2>err || true
	says out '^process  *no: '
	says out '^ptrace  *forbidden.*kernel.yama.ptrace_scope=1.*boot'
}
