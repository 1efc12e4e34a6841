#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What the tender says of a guest that went wrong, and how.

load lib

setup_file() {
	cd "$GUESTS" || return 1
	"$BIN/imgbuild" -O1 -g -D_GNU_SOURCE debug.c \
		-o "$BATS_FILE_TMPDIR/debug.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

line_of() {
	grep -n "$1" "$GUESTS/debug.c" | head -1 | cut -d: -f1
}

@test "each frame of a report has function, file and line" {
	run_guest debug crash
	ended_with 139
	says err "^  #0  [0-9a-f]* crash+0x[0-9a-f]* debug.c:$(line_of 'return \*nowhere')$"
	says err "^  #1  [0-9a-f]* crash+0x[0-9a-f]* debug.c:$(line_of 'return crash(depth')$"
	says err "^  #[3-5]  [0-9a-f]* main+0x[0-9a-f]* debug.c:$(line_of 'return crash(0)')$"
}

@test "a function without a frame does not hide who called it" {
	run_guest debug leaf
	ended_with 139
	says err '^  #0  [0-9a-f]* strlen+'
	says err "^  #1  [0-9a-f]* measure+0x[0-9a-f]* debug.c:$(line_of 'strlen(text)')$"
	says err '^  #2  [0-9a-f]* main+'
}

@test "a backtrace of a thread goes back to its first function, and ends there" {
	build_guest thread_crash
	run_guest thread_crash
	ended_with 139
	says err '^  #0  [0-9a-f]* fall+0x[0-9a-f]* .*thread_crash.c:8$'
	says err '^  #1  [0-9a-f]* start+'
	[ "$(grep '^  #' err | tail -1 | grep -c ' thread_begin+')" -eq 1 ]
}

@test "names of another build are not believed" {
	cp "$(image debug)" a.hvt
	"$BIN/imgbuild" -O2 "$GUESTS/crash.c" -o b.hvt
	cp b.hvt.debug a.hvt.debug
	run_tender a.hvt crash
	ended_with 139
	says err '^tender: a.hvt.debug: damaged, or of another build'
	says err '^  #0  [0-9a-f]* ?$'
}

@test "a stack overflow is called that" {
	run_guest debug deep
	ended_with 139
	says err 'stack guard page.*stack overflow'
}

@test "a report tells the last hypercalls, the last one last" {
	run_guest debug random_crash
	ended_with 139
	says err '^  last hypercalls: .*random(0x[0-9a-f]*, 8) = 0$\|^  *random(0x[0-9a-f]*, 8) = 0$'
	[ "$(grep 'console_write\|random(' err | tail -1 | grep -c console_write)" -eq 1 ]
}

@test "with --log=json a report is one object, and says the same" {
	run_tender --log=json "$(image debug)" crash
	ended_with 139
	[ "$(wc -l <err)" -eq 1 ] || [ "${TEST_CPU:-kvm}" = process ]
	tail -1 err >report
	jq -e '.event == "trap" and .signal == 11 and .level == "error"' report
	jq -e '.area == "null page" and .address == "0x0"' report
	jq -e '.frames[0].function | startswith("crash+0x")' report
	jq -e ".frames[0].source == \"debug.c:$(line_of 'return \*nowhere')\"" report
	jq -e '.registers.rip == ("0x" + ("0" * (18 - (.pc | length))) + .pc[2:])' report
	jq -e '.time >= 0 and (.hypercalls | type) == "array"' report
}

@test "with --log=json each message is an object, whatever is in it" {
	run_tender --log=json $'no such\n"file"\\'
	ended_with 127
	jq -e '.level == "error"' err
	jq -re .message err | grep -qF 'no such'
	run_tender --log=json --log-level=debug "$(image debug)"
	ended_with 87
	[ "$(jq -r .level err | grep -c debug)" -ge 1 ]
	[ "$(jq -r .time err | sort -n | diff - <(jq -r .time err))" = '' ]
}

@test "--log-level says which messages are printed" {
	run_tender --log-level=error "$(image debug)"
	[ ! -s err ]
	run_tender --log-level=debug "$(image debug)"
	says err '^tender: .*vCPU'
	run_tender --log-level=loud "$(image debug)"
	ended_with 125
	says err 'expected error, info or debug'
}

@test "--log-file takes the messages, with times, and leaves the guest's output" {
	run_tender --log-file=log "$(image debug)" crash
	ended_with 139
	[ ! -s err ]
	says log '^\[ *[0-9]*\.[0-9]\{6\}\] tender: .*guest trapped'
	says log '^  #0 '
}

@test "a message never begins within a line of the guest's" {
	run_guest debug half_line
	ended_with 139
	says err '^half a line$'
	says err '^tender: .*trapped'
	status=0
	"${TENDER[@]}" "$(image debug)" half_line_out >both 2>&1 || status=$?
	ended_with 139
	says both '^half a line$'
}

@test "colours are for terminals, and NO_COLOR is honoured" {
	run_guest debug crash
	says_not err $'\033'
	TERM=xterm script -qec "${TENDER[*]} $(image debug) crash" seen >/dev/null || true
	grep -q $'\033\\[1;31mtender: ' seen
	NO_COLOR=1 TERM=xterm script -qec \
		"${TENDER[*]} $(image debug) crash" seen >/dev/null || true
	says_not seen $'\033'
	TERM=dumb script -qec "${TENDER[*]} $(image debug) crash" seen >/dev/null || true
	says_not seen $'\033'
}
