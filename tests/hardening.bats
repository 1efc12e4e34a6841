#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What the compiler and the linker put into the host's programs.

bats_require_minimum_version 1.5.0

load lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	for program in tender imgbuild; do
		readelf -Whld "$BIN/$program" >"$program"
	done
}

@test "both programs are position-independent, so that they are anywhere" {
	for program in tender imgbuild; do
		says "$program" 'Type:.*DYN'
		says "$program" 'FLAGS_1.*PIE'
	done
}

@test "what need not change after the start is read-only then" {
	for program in tender imgbuild; do
		says "$program" GNU_RELRO
		says "$program" 'FLAGS_1.*NOW'
	done
}

@test "no segment is both writable and executable, nor is the stack" {
	for program in tender imgbuild; do
		says "$program" 'GNU_STACK.* RW '
		says_not "$program" ' RWE '
		says_not "$program" 'TEXTREL'
	done
}

@test "functions with arrays check for a smashed stack" {
	nm "$BIN/tender" | grep -q __stack_chk_fail
	nm -D "$BIN/imgbuild" | grep -q __stack_chk_fail
	# And not only where a library does.
	for object in "$REPO"/build/{tender/image_load,imgbuild/disk_dir}.o; do
		nm "$object" | grep -q __stack_chk_fail
	done
}

@test "copies of known sizes are checked, where the C library has that" {
	nm -D "$BIN/imgbuild" | grep -q '__[a-z]*_chk@'
}

# The linker marks a program so only when the C library's own files are, too.
@test "indirect branches of ours lead to marked places, and returns are shadowed" {
	for object in "$REPO"/build/{tender,imgbuild}/*.o; do
		readelf -Wn "$object" | grep -q 'x86 feature: IBT, SHSTK' ||
			{ echo "$object"; return 1; }
	done
}

@test "large frames are touched page by page" {
	# print_state() has 4 KiB, backed by a probe: `or` of nothing to it.
	objdump -d "$REPO/build/tender/log.o" |
		grep -q "orq *\\\$0x0,"
}
