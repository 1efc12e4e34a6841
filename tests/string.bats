#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What the runtime has in place of musl's.

load lib

setup_file() {
	build_guest string
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "memmove is right for every overlap and length up to 200" {
	run_guest string
	ended_with 0
	[ "$(cat out)" = $((134 * 201 * 600)) ]
}
