#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Clocks, sleeping, and the time limit.

# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load lib

setup_file() {
	build_guest clock
	build_guest console
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	GUEST=$(image clock)
	# Only a hang is too long.
	generous_ns=$(($(sized 10 100) * 1000000000))
}

host_ns() {
	date +%s%N
}

# Sleeping

@test "a sleep of 50 ms lasts at least that long, for guest and host" {
	for _ in {1..5}; do
		before=$(host_ns)
		run_guest clock sleep 50000000
		after=$(host_ns)
		ended_with 0
		slept=$(cat out)
		((slept >= 50000000 && slept < generous_ns))
		((after - before >= 50000000 && after - before < generous_ns))
	done
}

@test "short sleeps are as long as they say, too" {
	for ns in 0 1 999 1000000 1234567; do
		run_guest clock sleep "$ns"
		ended_with 0
		slept=$(cat out)
		((slept >= ns && slept < generous_ns))
	done
}

@test "TIMER_ABSTIME sleeps until then, and not at all when that is past" {
	before=$(host_ns)
	run_guest clock sleep-until 100000000
	ended_with 0
	(($(host_ns) - before >= 300000000))
}

@test "an invalid time or clock is EINVAL" {
	run_guest clock invalid
	ended_with 0
}

@test "a sleeping guest takes no CPU time" {
	seconds=$(sized 1 20)
	TIMEFORMAT='%U %S'
	{ time "${TENDER[@]}" "$GUEST" sleep "${seconds}000000000" >out; } 2>cpu
	((seconds * 1000000000 <= $(cat out)))
	# Less than 20 % of the time slept.
	awk -v s="$seconds" '{ exit !($1 + $2 < 0.2 * s) }' cpu
}

@test "a guest that waits for input takes no CPU time" {
	seconds=$(sized 1 20)
	TIMEFORMAT='%U %S'
	sleep "$seconds" | {
		{ time "${TENDER[@]}" "$(image console)" copy; } 2>cpu
	}
	awk -v s="$seconds" '{ exit !($1 + $2 < 0.2 * s) }' cpu
}

# Clocks

@test "the monotonic clock never goes back" {
	run_guest clock monotonic "$(sized 1000000 50000)"
	ended_with 0
	run_guest clock monotonic-across-calls "$(sized 2000 100)"
	ended_with 0
}

@test "the wall clock is the host's" {
	before=$(host_ns)
	run_guest clock wall
	after=$(host_ns)
	ended_with 0
	told=$(cat out)
	((told >= before - 1000000000 && told <= after + 1000000000))
}

@test "an interval is as long for the guest as for the host" {
	mkfifo in out
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" "$GUEST" \
		tick <in >out 3>&- &
	pid=$!
	exec {to}>in {from}<out
	read -r -t "$LIMIT_SECONDS" -u "$from"
	ask() {
		before=$(host_ns)
		echo >&"$to"
		read -r -t "$LIMIT_SECONDS" -u "$from" monotonic wall
		after=$(host_ns)
	}
	ask # once, so that it is all in memory
	ask
	before_1=$before after_1=$after monotonic_1=$monotonic wall_1=$wall
	sleep "$(sized 1 10)"
	ask
	exec {to}>&- {from}<&-
	wait "$pid"
	shortest=$((before - after_1)) longest=$((after - before_1))
	slack=$((longest / 500)) # 0.2 %
	for guest in $((monotonic - monotonic_1)) $((wall - wall_1)); do
		echo "$shortest <= $guest <= $longest"
		((guest >= shortest - slack && guest <= longest + slack))
	done
}

# The time limit

# The last run was ended by --timeout=1, in a while, with one line.
timed_out() {
	ended_with 124 || return
	[ "$(wc -l <err)" -eq 1 ] && says err 'time limit' || return
	((after - before >= 1000000000 && after - before < generous_ns)) &&
		return
	echo "took $((after - before)) ns"
	return 1
}

run_limited() {
	before=$(host_ns)
	run_tender --timeout=1 "$@"
	after=$(host_ns)
}

@test "a time limit ends a busy loop with status 124 and one line" {
	run_limited "$GUEST" spin
	timed_out
	[ "$(cat out)" = spinning ]
}

@test "a time limit ends a guest that sleeps for ever" {
	run_limited "$GUEST" sleep-forever
	timed_out
	[ "$(cat out)" = asleep ]
}

@test "a time limit ends a guest that waits for input" {
	mkfifo in
	exec {to}<>in
	run_limited "$(image console)" answer <&"$to"
	exec {to}>&-
	timed_out
	[ "$(cat out)" = ready ]
}

@test "a time limit ends a guest that is stuck in a full pipe" {
	mkfifo pipe
	exec {pipe}<>pipe
	before=$(host_ns)
	status=0
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" \
		--timeout=1 "$(image console)" lines-at-once 400000 20 \
		1>&"$pipe" 2>err || status=$?
	after=$(host_ns)
	exec {pipe}>&-
	timed_out
}

@test "a time limit ends a guest that makes hypercalls all the time" {
	before=$(host_ns)
	status=0
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" \
		--timeout=1 "$(image console)" yes >/dev/null 2>err ||
		status=$?
	after=$(host_ns)
	timed_out
}

@test "a time limit of a fraction of a second is kept" {
	before=$(host_ns)
	run_tender --timeout=0.25 "$GUEST" spin
	after=$(host_ns)
	ended_with 124
	((after - before >= 250000000 && after - before < generous_ns))
}

@test "a guest that ends in time has its own status" {
	run_tender --timeout=1000 "$GUEST" sleep 1000000
	ended_with 0
	[ ! -s err ]
}
