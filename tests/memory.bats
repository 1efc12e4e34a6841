#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What guests have of the host's memory.

load lib

setup_file() {
	build_guest memory_return
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# KiB that the tender and the guest's process, if there is one, use.
used() {
	local pid sum=0

	for pid in "$tender" $(pgrep -P "$tender"); do
		sum=$((sum + $(awk '/^Pss:/ { n += $2 } END { print n }' \
			"/proc/$pid/smaps_rollup")))
	done
	echo $sum
}

reaches() {
	until grep -qx "$1" out; do
		kill -0 "$tender"
		sleep 0.02
	done
}

# Soon, as the guest may wait a second before it bothers.
uses_little() {
	for _ in {1..200}; do
		[ "$(used)" -ge 16000 ] || return 0
		sleep 0.02
	done
	echo "$(used) KiB are used"
	return 1
}

@test "what a program frees goes back to the host when it sleeps" {
	mkfifo input
	: >out
	# shellcheck disable=SC2153 # TENDER is of lib.bash
	"${TENDER[@]}" --mem=128M "$(image memory_return)" <input >out 2>err \
		3>&- &
	tender=$!
	exec 4>input
	for how in "" " in pieces"; do
		reaches "used$how"
		[ "$(used)" -gt 64000 ]
		echo >&4
		reaches "freed$how"
		uses_little
		echo >&4
	done
	wait $tender
	exec 4>&-
	[ "$(tail -n 1 out)" = "done" ]
}
