#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Signals and protected memory against Linux's: the same programs print the
# same in a guest and, linked with the same C library, on the host.

load lib

PROGRAMS=(signals signal_context signal_rules memory_protect)

setup_file() {
	for name in "${PROGRAMS[@]}"; do
		build_guest "$name"
		musl-gcc -static -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
			"$GUESTS/$name.c" -o "$BATS_FILE_TMPDIR/$name"
	done
	build_guest host_signal
	build_guest signal_backtrace -O1
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	tender=''
}

teardown() {
	[ -z "$tender" ] || kill -KILL "$tender" 2>/dev/null || :
}

# same PROGRAM ARGUMENT...: it does on the host what it does in a guest.
same() {
	local want=0

	(exec timeout -s KILL "$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/$1" "${@:2}") \
		>want 2>&1 3>&- || want=$?
	run_guest "$1" "${@:2}"
	ended_with "$want"
	diff want out
}

@test "what is blocked waits, and is delivered when it no longer is" {
	same signals mask
}

@test "handlers interrupt each other as their masks allow" {
	same signals nested
}

@test "real-time signals are queued with their values, in order" {
	same signals queue
}

@test "sigsuspend, sigwait and pause wait for alarms" {
	same signals suspend
}

@test "a handler ends a call that waits, or it is made anew" {
	same signals restart
	same signals restart-read
}

@test "each kind of waiting ends with EINTR, or does not, as on Linux" {
	same signal_rules interrupted
}

@test "what is pending is delivered and taken in the order of Linux" {
	same signal_rules order
}

@test "handlers are left by jumps a thousand times" {
	same signal_rules jumps
}

@test "timers make threads, tell nobody, and count what nobody took" {
	same signal_rules timers
}

@test "faults reach a handler, which may go on elsewhere" {
	same signals fault
	[ ! -s err ]
}

@test "handlers run on an alternate stack, when there is no other left too" {
	same signals altstack
}

@test "signals go to the thread they are sent to, or to one that wants them" {
	same signals threads
}

@test "timers send signals and make threads" {
	same signals timers
}

@test "a handler between two instructions keeps all registers" {
	same signals vectors
}

@test "a handler sees the registers of what it interrupts, system calls too" {
	same signal_context seen
	same signal_context rounding
}

@test "a handler has the program go on elsewhere, or call something first" {
	same signal_context elsewhere
	same signal_context pushed
}

@test "a backtrace in a handler leads through what it interrupted" {
	run_guest signal_backtrace
	ended_with 0
	says out '^fault 1$'
	says out '^compute 1$'
}

@test "a signal that nobody handles ends the program with 128 and its number" {
	for how in 1 3 6 10 14 15 34 64 9 17 18 23 28 abort alarm alarm-pause; do
		same signals die "$how"
		[ ! -s err ]
	done
}

@test "a fault that nobody handles is reported" {
	for how in segv segv-blocked int3; do
		same signals die "$how"
		says err '^tender: .*: guest trapped'
		says err '^  #0 .* area_die+0x'
	done
}

@test "protections of memory are kept, taken back and moved" {
	same memory_protect simple
	same memory_protect file
}

@test "after 200 changes each page can be used as on Linux" {
	same memory_protect random
}

@test "data, constants and the first stack are protected page by page" {
	same memory_protect image
	same memory_protect refused
	same memory_protect all-data
}

@test "a file's shared memory is protected, and written to by write" {
	same memory_protect shared
}

@test "memory does not become executable, nor code writable" {
	run_guest memory_protect executable
	ended_with 0
	[ "$(grep -c ': -1 Permission denied$' out)" -eq 6 ]
	says out '^code as it is: 0 $'
}

@test "memory that was protected is handed out again as new" {
	same memory_protect reuse
}

@test "threads with guard pages come and go" {
	same memory_protect threads
}

@test "a thread that overflows its stack is reported as such" {
	same memory_protect overflow
	reported 'stack guard page' overflow
}

# Starts tests/guests/host_signal.c with these arguments, until it is "ready".
start() {
	: >out
	# shellcheck disable=SC2153 # TENDER is of lib.bash
	"${TENDER[@]}" ${disk:+"$disk"} "$(image host_signal)" "$@" >out \
		2>err 3>&- &
	tender=$!
	until grep -q ready out; do
		kill -0 "$tender"
		sleep 0.02
	done
}

finish() {
	status=0
	wait "$tender" || status=$?
	tender=''
}

@test "SIGTERM to the tender runs the program's handler" {
	local how

	for how in compute sleep sigwait thread; do
		start "$how"
		kill -TERM "$tender"
		finish
		ended_with 7
		says out '^signal 15$'
	done
}

@test "a program that ignores SIGTERM goes on, until a second one" {
	start ignore
	kill -TERM "$tender"
	sleep 0.2
	kill -0 "$tender"
	kill -TERM "$tender"
	finish
	ended_with 143
}

@test "what was written to a disk is kept when SIGTERM ends the guest" {
	mke2fs -q -F -t ext4 disk.img 16M
	disk=--disk=data=disk.img,mount=/data
	start write
	kill -TERM "$tender"
	finish
	ended_with 143
	[ ! -s err ]
	debugfs -R 'cat /file' disk.img 2>/dev/null | says - 'was written'
}
