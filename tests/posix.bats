#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The rest of POSIX: as Linux has it where it can be, and told where not.

load lib

setup_file() {
	build_guest events_posix "$GUESTS/events.c"
	build_guest events_here
	musl-gcc -static -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
		"$GUESTS/events_posix.c" "$GUESTS/events.c" \
		-o "$BATS_FILE_TMPDIR/events_posix"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# Cases print in a guest what they print on the host: same_as_linux CASE...
same_as_linux() {
	local case want

	for case; do
		mkdir "$case"
		want=0
		(
			ulimit -n 1024
			EVENTS_DIRECTORY=$PWD/$case exec timeout -s KILL \
				"$LIMIT_SECONDS" \
				"$BATS_FILE_TMPDIR/events_posix" "$case"
		) >"$case.want" 2>&1 3>&- </dev/null || want=$?
		[ "$want" -eq 0 ] || { cat "$case.want"; return 1; }
		run_tender "$(image events_posix)" "$case" </dev/null
		cat err >>out
		cmp -s "$case.want" out && ended_with 0 && continue
		echo "$case: Linux -, guest +"
		diff -U2 "$case.want" out | sed 1,2d | head -60
		return 1
	done
}

# A case of events_here passes.
passes() {
	run_tender "$(image events_here)" "$1" </dev/null
	ended_with 0 && says out '^done$'
}

@test "the table of system calls is up to date" {
	"$REPO/scripts/posix-table.sh" "$REPO/guest-runtime/syscall_list.h" \
		"$REPO/build/sysroot/include/bits/syscall.h" |
		diff -U1 "$REPO/guest-runtime/POSIX.md" -
}

@test "limits are told and set, and that of descriptors holds" {
	same_as_linux limits
}

@test "ranges of descriptors, vectors with flags, files in memory" {
	same_as_linux descriptors memory_files
}

@test "statx and the old calls for times tell and set what the others do" {
	same_as_linux attributes
}

@test "time that the guest sleeps is not time of the CPU" {
	same_as_linux times_used
}

@test "each thread has the time of the CPU that it used" {
	same_as_linux times_of_threads
}

@test "alarms are set and told by the call of that name" {
	same_as_linux alarms
}

@test "a program names itself, and has no children" {
	same_as_linux self
}

@test "memory is locked, resident and aligned as asked" {
	same_as_linux memory
}

@test "text is converted, locales are set, jumps land" {
	same_as_linux text jumps
}

@test "a stack is unwound frame by frame" {
	passes unwinding
}

@test "ids and names change as their rules say" {
	passes identity
}

@test "what would need a second process is ENOSYS, and the guest says so" {
	passes alone
	says err '^hvt: system call fork is not available (ENOSYS)$'
	says err '^hvt: system call execve is not available (ENOSYS)$'
	[ "$(grep -c 'system call clone ' err)" -eq 1 ]
}
