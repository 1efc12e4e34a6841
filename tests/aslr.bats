#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Where the parts of a guest's memory are, from start to start.

bats_require_minimum_version 1.5.0
load lib

setup_file() {
	build_guest aslr
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return
}

# Where $1 was in each of some starts, with these options: a line for each.
places() {
	local i

	for ((i = 0; i < 8; i++)); do
		"${TENDER[@]}" "${@:2}" "$(image aslr)" tell |
			sed -n "s/^$1 //p"
	done
}

@test "the stack is elsewhere at each start" {
	[ "$(places stack | sort -u | wc -l)" -ge 7 ]
	[ "$(places stack_end | sort -u | wc -l)" -ge 4 ]
}

@test "the heap is elsewhere at each start" {
	[ "$(places heap_start | sort -u | wc -l)" -ge 4 ]
	[ "$(places heap | sort -u | wc -l)" -ge 4 ]
}

@test "--no-aslr puts everything where it always is" {
	local part

	for part in stack stack_end heap heap_start text data; do
		places "$part" --no-aslr >seen
		[ "$(wc -l <seen)" -eq 8 ]
		[ "$(sort -u seen | wc -l)" -eq 1 ]
	done
	[ "$(places stack_end --no-aslr --mem=32M | sort -u)" = 0x2000000 ]
}

@test "a trap report names functions, with --no-aslr and without" {
	run_tender "$(image aslr)" trap
	ended_with 139
	reported "at 0x0 (null page)" store_nowhere
	says err '#1 .* main+0x'
	run_tender --no-aslr "$(image aslr)" trap
	ended_with 139
	reported "at 0x0 (null page)" store_nowhere
	says err '#1 .* main+0x'
}

@test "the least memory that is enough for an image always is" {
	local i

	for ((i = 0; i < 10; i++)); do
		run_tender --mem=2M "$(image aslr)" trap
		ended_with 139
	done
}
