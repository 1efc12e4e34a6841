#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What the toolkit costs, where that is the same on every run: bench/expected.json
# has what it was when somebody last found it right. make bench-expected counts
# anew.

load lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	COUNTS=$REPO/scripts/counts.sh
	EXPECTED=$REPO/bench/expected.json
}

# The host of bench/expected.json is an ordinary one.
require_quick_host() {
	[ -z "${HVT_SLOW-}" ] || skip "page faults differ where KVM is emulated"
	[ -z "${HVT_TENDER-}" ] || skip "the tender is not as it is shipped"
}

unchanged() {
	"$COUNTS" count "$1" >counted
	cat counted
	"$COUNTS" compare "$EXPECTED" counted
}

@test "exits, system calls and page faults of KVM grew by 5 % at most" {
	require_quick_host
	require_cpu
	unchanged kvm
}

@test "exits, system calls and page faults of a process grew by 5 % at most" {
	require_quick_host
	unchanged process
}

@test "instructions of a hypercall in the tender grew by 5 % at most" {
	require_quick_host
	unchanged dispatch
}

@test "a count that grew, that is new or that is lost is told" {
	cat >old <<-'END'
		{"calls, kvm": 100, "lost, kvm": 1, "less, kvm": 9,
		"other, process": 1}
	END
	echo '{"calls, kvm": 105, "lost, kvm": 1, "less, kvm": 3}' >new
	"$COUNTS" compare old new
	echo '{"calls, kvm": 106, "new, kvm": 1, "less, kvm": 9}' >new
	run "$COUNTS" compare old new
	[ "$status" -eq 1 ]
	[ "$output" = "calls, kvm: 106, expected 100
lost, kvm: was not counted
new, kvm: is not expected" ]
}
