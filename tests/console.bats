#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The console: standard input, output and error of the tender.

load lib

setup_file() {
	build_guest console
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	GUEST=$(image console)
}

# The tender as it is, for a pipeline; it must end by itself.
tender() {
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" "$@"
}

# Copies its input, at first so that whoever writes it has to wait.
slowly() {
	sleep 0.3
	for _ in {1..20}; do
		dd bs=1000 count=10 iflag=fullblock status=none
		sleep 0.02
	done
	cat
}

# Reads one line from descriptor $1 into $line.
read_line() {
	IFS= read -r -t "$LIMIT_SECONDS" -u "$1" line
}

# Output

@test "stdout and stderr are the tender's own, and apart" {
	run_guest console both
	ended_with 0
	cmp out <(seq -f 'out %.0f' 0 99)
	cmp err <(seq -f 'err %.0f' 0 99)
}

@test "8 MB of lines, one write each, arrive whole and in order" {
	count=$(sized 8000 1000)
	run_guest console lines "$count" 1000
	ended_with 0
	cmp out <(seq -f %0999.0f 1 "$count")
	[ ! -s err ]
}

@test "8 MB of lines, 64 KiB to a write, arrive whole and in order" {
	count=$(sized 400000 100000)
	run_guest console lines-at-once "$count" 20
	ended_with 0
	cmp out <(seq -f %019.0f 1 "$count")
}

@test "8 MB of lines through a slow pipe arrive whole and in order" {
	count=$(sized 400000 100000)
	tender "$GUEST" lines-at-once "$count" 20 | slowly >out
	[ "${PIPESTATUS[0]}" -eq 0 ]
	cmp out <(seq -f %019.0f 1 "$count")
}

@test "a pipe that somebody made non-blocking loses nothing" {
	count=$(sized 400000 100000)
	perl -e 'use Fcntl;
		fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die;
		exec @ARGV' -- "${TENDER[@]}" "$GUEST" \
		lines-at-once "$count" 20 | slowly >out
	[ "${PIPESTATUS[0]}" -eq 0 ]
	cmp out <(seq -f %019.0f 1 "$count")
}

@test "writev of a thousand small pieces is one piece of output" {
	run_guest console vectors 100
	ended_with 0
	once=$(for i in {0..999}; do
		((i % 100 == 99)) || printf '%d ' "$i"
	done)
	for _ in {1..100}; do
		printf '%s ' "$once"
	done | sed 's/  */ /g' | cmp out -
}

@test "a full host disk is an error, not a loss" {
	status=0
	tender "$GUEST" lines 10 10 2>err >/dev/full || status=$?
	ended_with 1
}

@test "stdout is buffered by lines, into a pipe or file too" {
	tender "$GUEST" trap-after 2>/dev/null | cat >out || true
	[ "$(cat out)" = $'first words\nlast words' ]
	run_guest console trap-after
	ended_with 132
	[ "$(cat out)" = $'first words\nlast words' ]
}

@test "what was printed before a timeout is there" {
	run_tender --timeout=0.5 "$GUEST" spin-after
	ended_with 124
	[ "$(cat out)" = $'first words\nlast words' ]
}

@test "a program that wants full buffering gets it" {
	tender "$GUEST" buffered >all 2>&1
	[ "$(cat all)" = $'two\none\nthree\nfour' ]
}

@test "closing or misusing descriptors 0 to 2 fails as it should" {
	run_guest console closed
	ended_with 0
	[ "$(cat err)" = 'still here' ]
}

# A reader that goes away

@test "a guest that writes to a closed pipe ends with status 141" {
	tender "$GUEST" yes 2>err | head -n 1 >out
	[ "${PIPESTATUS[0]}" -eq 141 ]
	[ "$(cat out)" = y ]
	[ ! -s err ]
}

@test "a guest that ignores SIGPIPE gets EPIPE" {
	tender "$GUEST" yes-ignoring 2>err | head -n 1 >out
	[ "${PIPESTATUS[0]}" -eq 0 ]
	says err '^Broken pipe$'
}

@test "a guest that handles SIGPIPE gets the signal, then EPIPE" {
	tender "$GUEST" yes-handling 2>err | head -n 1 >out
	[ "${PIPESTATUS[0]}" -eq 0 ]
	says err '^Broken pipe$'
}

# Terminals

@test "isatty is false for pipes and files" {
	tender "$GUEST" terminals </dev/null 2>err | cat >out
	[ "$(cat out)" = '0 0 0' ]
}

@test "isatty is true for a terminal, for each descriptor by itself" {
	command -v script || skip "no script(1)"
	command=$(printf '%q ' "${TENDER[@]}" "$GUEST" terminals)
	script -qec "$command" log </dev/null >/dev/null
	says log '^1 1 1'
	script -qec "$command </dev/null" log </dev/null >/dev/null
	says log '^0 1 1'
	script -qec "$command 2>/dev/null" log </dev/null >/dev/null
	says log '^1 1 0'
	script -qec "$command >out 2>/dev/null" log </dev/null >/dev/null
	says out '^1 0 0$'
}

# Input

@test "10 MB through a pipe come back whole" {
	seq 1 "$(sized 1500000 200000)" | tee in | tender "$GUEST" copy >out
	cmp in out
}

@test "all byte values pass in and out unchanged" {
	for i in {0..255}; do
		printf '%b' "\\x$(printf %02x "$i")"
	done >in
	[ "$(wc -c <in)" -eq 256 ]
	for how in copy copy-by-stdio; do
		tender "$GUEST" "$how" <in >out
		cmp in out
	done
}

@test "at the end of input, read answers 0, and 0 again" {
	for input in 'echo text' true 'printf x'; do
		$input | tender "$GUEST" end-of-input >out
		[ "$(cat out)" = end ]
	done
}

@test "no input at all, /dev/null and a file are ends of input" {
	tender "$GUEST" end-of-input >out </dev/null
	[ "$(cat out)" = end ]
	tender "$GUEST" end-of-input >out <&-
	[ "$(cat out)" = end ]
	tender "$GUEST" end-of-input <"$BIN/tender" >out
	[ "$(cat out)" = end ]
}

@test "an answer comes to every line, while input stays open" {
	mkfifo in out
	tender "$GUEST" answer <in >out 3>&- &
	pid=$!
	exec {to}>in {from}<out
	read_line "$from"
	[ "$line" = ready ]
	for i in {1..20}; do
		echo "line $i" >&"$to"
		read_line "$from"
		[ "$line" = "got line $i" ]
	done
	exec {to}>&-
	read_line "$from"
	[ "$line" = end ]
	exec {from}<&-
	wait "$pid"
}

@test "bytes arrive as they are typed, not line by line" {
	mkfifo in out
	tender "$GUEST" pieces <in >out 3>&- &
	pid=$!
	exec {to}>in {from}<out
	read_line "$from"
	for piece in a bc def; do
		printf '%s' "$piece" >&"$to"
		read_line "$from"
		[ "$line" -eq ${#piece} ]
	done
	exec {to}>&- {from}<&-
	wait "$pid"
}

@test "a read that must not block answers EAGAIN" {
	mkfifo in
	exec {to}<>in
	run_guest console not-blocking <&"$to"
	exec {to}>&-
	ended_with 0
	[ "$(cat out)" = 'nothing there' ]
}

@test "a directory as input is an error, not a hang or a trap" {
	run_guest console copy </
	ended_with 1
}

# Descriptors

@test "with 0, 1 and 2 closed, no console byte gets onto a disk" {
	seq -f %015.0f 1 4096 >disk.img
	cp disk.img before.img
	for how in both copy yes-ignoring; do
		tender --timeout=1 --disk=disk.img "$GUEST" "$how" \
			<&- >&- 2>&- || true
		cmp disk.img before.img
	done
	tender --disk=disk.img "$GUEST" both <&- >&- 2>&-
	tender --disk=disk.img "$GUEST" both >&- 2>err
	[ "$(wc -l <err)" -eq 100 ]
	tender --disk=disk.img "$GUEST" both 2>&- >out
	[ "$(wc -l <out)" -eq 100 ]
	cmp disk.img before.img
}
