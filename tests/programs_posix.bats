#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# More real programs, unmodified, that want much of POSIX: what they do in a
# guest is what they do on the host.

load lib
load programs

setup_file() {
	require_programs
}

# bc

# The same input, the same output: bc_is_the_same FILE.
bc_is_the_same() {
	"$NATIVE/bc" -lq <"$1" >want
	[ -s want ]
	run_tender "$GUEST/bc" -lq <"$1"
	ended_with 0
	diff want out || { echo "$1"; return 1; }
}

@test "bc computes as on the host: its own examples, and a thousand digits of pi" {
	local script count=0

	echo 'scale = 1000; 4 * a(1); e(1); 3 ^ 2000 % 10 ^ 40' >pi.b
	bc_is_the_same pi.b
	for script in "$GUEST"/bc-1.07/Test/*.b; do
		bc_is_the_same "$script" || return
		count=$((count + 1))
	done
	[ "$count" -gt 10 ]
}

# jq

@test "jq passes its own tests in a guest, as on the host" {
	local tests=$GUEST/jq-1.6/tests

	make_disk 16M "$tests"
	"$NATIVE/jq" -L "$tests/modules" --run-tests "$tests/jq.test" >want
	run_program jq -L /data/modules --run-tests /data/jq.test
	ended_with 0
	grep -Eq '^([0-9]+) of \1 tests passed' want
	diff want out
}

@test "jq filters ten thousand records from a pipe as on the host" {
	local filter='map(select(.n % 3 == 0) | {k: .s, v: (.n * 1.5)})
		| group_by(.k) | map({k: .[0].k, sum: (map(.v) | add)})'

	seq 10000 | awk '{print "{\"n\":" $1 ",\"s\":\"" $1 % 17 "\"}"}' >records
	"$NATIVE/jq" -s "$filter" <records >want
	run_tender --mem=256M "$GUEST/jq" -s "$filter" \
		< <(cat records)
	ended_with 0
	diff want out
}
