# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# What the suites share. Environment:
#
#   TEST_CPU   the vCPU to test, as for the tender's --cpu; default kvm
#   HVT_TENDER the tender to test; default bin/tender
#   HVT_SLOW   set on a machine so slow that sizes must shrink
#
# The tree may be read-only: everything is written to bats' own directories.

REPO=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BIN=$REPO/bin
GUESTS=$REPO/tests/guests

# More than any guest here takes, even where KVM is emulated.
LIMIT_SECONDS=${HVT_SLOW:+1200}
LIMIT_SECONDS=${LIMIT_SECONDS:-120}

TENDER=("${HVT_TENDER:-$BIN/tender}")
[ "${TEST_CPU:-kvm}" = kvm ] || TENDER+=("--cpu=$TEST_CPU")

# For setup(): a vCPU that cannot run here is a visible skip of each test.
require_cpu() {
	[ "${TEST_CPU:-kvm}" = kvm ] || return 0
	[ -e /dev/kvm ] || skip "no /dev/kvm"
	if ! { [ -r /dev/kvm ] && [ -w /dev/kvm ]; }; then
		skip "no permission on /dev/kvm"
	fi
}

# $1 normally, $2 on a slow machine.
sized() {
	echo "${HVT_SLOW:+$2}" | grep . || echo "$1"
}

# For setup_file(): compiles tests/guests/$1.c; the rest goes to imgbuild.
build_guest() {
	"$BIN/imgbuild" -Wall -Wextra -Werror -D_GNU_SOURCE \
		-I"$REPO/boot-protocol" -I"$REPO/guest-runtime" \
		"$GUESTS/$1.c" -o "$BATS_FILE_TMPDIR/$1.hvt" "${@:2}"
}

# The image that build_guest made.
image() {
	echo "$BATS_FILE_TMPDIR/$1.hvt"
}

# Runs the tender with these arguments to its end. Sets $status, and leaves
# what it said in the files out and err of the current directory.
run_tender() {
	status=0
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" "$@" \
		>out 2>err || status=$?
}

# Runs a guest of this file: run_guest NAME ARGUMENT...
run_guest() {
	run_tender "$(image "$1")" "${@:2}"
}

# The last run ended with one of these statuses.
ended_with() {
	local wanted

	for wanted in "$@"; do
		[ "$status" -ne "$wanted" ] || return 0
	done
	echo "status $status, expected $*"
	head -c 4000 out err
	return 1
}

# A file has a line like that: says(FILE, BASIC REGULAR EXPRESSION).
says() {
	grep -aq -e "$2" "$1" && return
	echo "$1: no '$2' in:"
	head -c 4000 "$1"
	return 1
}

# A file has no such line. ("! says" would never fail a test.)
says_not() {
	grep -aq -e "$2" "$1" || return 0
	echo "$1: '$2' in:"
	head -c 4000 "$1"
	return 1
}

# The tender reported one trap or violation, like that, with pc, registers
# and the function $2 in the backtrace.
reported() {
	[ "$(grep -c '^tender: ' err)" -eq 1 ] || { cat err; return 1; }
	says err "^tender: .*$1.*, pc 0x[0-9a-f]*$" &&
		says err '^  rip [0-9a-f]\{16\}' &&
		says err "^  #[0-9]* *[0-9a-f]\{16\} $2+0x"
}
