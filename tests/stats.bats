#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Numbers of a guest: statistics, metrics, profile.

load lib

setup_file() {
	build_guest debug -O1 -g
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || true
}

@test "--stats prints a table at the end, on standard error" {
	run_tender --stats "$(image debug)"
	ended_with 87
	says err '^time  *[0-9.]* ms: guest [0-9.]*, tender [0-9.]*$'
	says err '^console_write  *1  *[0-9.]*  *[0-9.]*  *[0-9.]*  *31$'
	says err '^exit  *1 '
	says_not out 'time'
}

@test "--stats=FILE is JSON that counts hypercalls and bytes" {
	run_tender --stats=stats.json "$(image debug)" random
	ended_with 0
	[ ! -s err ] || [ "${TEST_CPU:-kvm}" = process ]
	jq -e '.hypercalls.random | .count == 1 and .bytes == 8' stats.json
	jq -e '.hypercalls.console_write | .count == 1 and .bytes == 4' stats.json
	jq -e '.hypercalls | to_entries | all(.value.max_ns <= .value.total_ns)' \
		stats.json
	jq -e '.exits >= 3 and .guest_ns > 0 and .peak_memory_bytes > 0 and
		.guest_ns + .tender_ns <= .time_ns and .page_faults > 0' \
		stats.json
}

@test "a disk's bytes are counted" {
	truncate -s 1M disk.img
	"$BIN/imgbuild" "$REPO/samples/sha256sum.c" -o sum.hvt
	run_tender --disk=disk.img --stats=stats.json sum.hvt
	ended_with 0
	jq -e '.hypercalls.block_io.bytes >= 1048576' stats.json
}

@test "statistics of a trap are printed, too" {
	run_tender --stats=stats.json "$(image debug)" crash
	ended_with 139
	jq -e '.traps == 1' stats.json
}

@test "every=SECONDS prints them now and then" {
	run_tender --stats=every=0.1 --timeout=1 "$(image debug)" spin
	ended_with 124
	[ "$(grep -c '^time ' err)" -ge 3 ]
	for value in never -1 1x 0; do
		run_tender --stats=every="$value" "$(image debug)"
		ended_with 125
		says err 'expected a number of seconds'
	done
}

@test "a profile tells where the time goes, outermost function first" {
	run_tender --profile=folded --timeout=1.5 "$(image debug)" spin
	ended_with 124
	says folded '^_start;.*;spin [0-9]*$'
	[ "$(awk '/;spin / { spin += $NF } { all += $NF }
		END { print (spin > all * 0.9) }' folded)" -eq 1 ]
	# Stack, blank, count: nothing else.
	[ "$(grep -vc '^[^ ][^ ]* [1-9][0-9]*$' folded)" -eq 0 ]
}

# Asks for the metrics like Prometheus would; the body goes to the file $1.
scrape() {
	curl -s --max-time 10 --unix-socket metrics.sock \
		http://localhost/metrics >"$1"
}

@test "--metrics serves Prometheus's format on a socket for its owner alone" {
	command -v curl >/dev/null || skip "no curl"
	"${TENDER[@]}" --timeout=60 --metrics=unix:metrics.sock \
		"$(image debug)" sleep >out 2>err 3>&- &
	pid=$!
	for _ in {1..500}; do
		grep -q sleeping out && break
		sleep 0.02
	done
	[ "$(stat -c %a metrics.sock)" = 600 ]
	scrape first
	scrape second
	says first '^hvt_hypercalls_total{call="console_write"} 1$'
	says first '^hvt_hypercall_bytes_total{call="console_write"} 9$'
	# Each line is a comment or a sample; each name has a type before it.
	awk '/^# TYPE / { typed[$3] = 1; next }
		/^# HELP / { next }
		!/^[a-z_]+(\{[a-z]+="[a-z_?]+"\})? [0-9.]+$/ { bad = 1 }
		{ sub(/[{ ].*/, ""); if (!typed[$0]) bad = 1 }
		END { exit bad }' first
	up() { sed -n 's/^hvt_uptime_seconds //p' "$1"; }
	[ "$(printf '%s\n%s\n' "$(up first)" "$(up second)" |
		sort -n | tail -1)" = "$(up second)" ]
	kill -KILL "$pid"
	wait "$pid" || true
	# Nobody answers when the guest has gone.
	for _ in {1..500}; do
		scrape third || break
		sleep 0.02
	done
	if scrape third; then
		cat third
		return 1
	fi
}

@test "rubbish on the metrics socket harms nobody" {
	command -v curl >/dev/null || skip "no curl"
	"${TENDER[@]}" --timeout=60 --metrics=unix:metrics.sock \
		"$(image debug)" sleep >out 2>err 3>&- &
	pid=$!
	for _ in {1..500}; do
		[ ! -S metrics.sock ] || break
		sleep 0.02
	done
	head -c 100000 /dev/urandom |
		curl -s --max-time 5 --unix-socket metrics.sock telnet://x \
			>/dev/null 2>&1 || true
	scrape after
	says after '^hvt_exits_total'
}

@test "a value of --metrics that is no socket is refused" {
	for value in 9090 unix: metrics.sock; do
		run_tender --metrics="$value" "$(image debug)"
		ended_with 125
		says err 'expected unix:PATH'
	done
}
