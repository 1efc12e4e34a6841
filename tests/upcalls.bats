#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Upcalls and ticks of the boot protocol, and signals to the tender.

load lib

setup_file() {
	build_guest upcall
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	tender=''
}

teardown() {
	[ -z "$tender" ] || kill -KILL "$tender" 2>/dev/null || :
}

said() {
	diff out - && [ ! -s err ]
}

# Starts tests/guests/upcall.c with these arguments, until it says "ready".
start() {
	: >out
	# shellcheck disable=SC2153 # TENDER is of lib.bash
	"${TENDER[@]}" "$(image upcall)" "$@" >out 2>err 3>&- &
	tender=$!
	until grep -q ready out; do
		kill -0 "$tender"
		sleep 0.02
	done
}

# The status that it ends with.
finish() {
	status=0
	wait "$tender" || status=$?
	tender=''
}

@test "ticks interrupt code that computes, and keep every register" {
	run_guest upcall tick
	ended_with 0
	said <<-END
		kept 1
		ticks 1 in code 1
		off 0
	END
}

@test "without synced registers, too" {
	export TENDER_NO_SYNC_REGS=1
	run_guest upcall tick
	ended_with 0
	says out 'kept 1'
	run_guest upcall trap null
	says out 'signal 11 code 1 vector 14 address 16'
}

@test "ticks that come during hypercalls are made behind them" {
	run_guest upcall tick-in-calls
	ended_with 0
	said <<<"done"
}

@test "while the frame is busy, ticks are dropped" {
	run_guest upcall busy
	ended_with 0
	said <<-END
		busy 0
		free
	END
}

@test "a trap reaches the handler, which goes on elsewhere" {
	local how told

	while read -r how told; do
		run_guest upcall trap "$how"
		ended_with 0
		said <<-END
			$told
			kept 1
		END
	done <<-END
		null signal 11 code 1 vector 14 address 16
		text signal 11 code 2 vector 14 address text
		ud2 signal 4 code 0 vector 6 address 0
		divide signal 8 code 0 vector 0 address 0
		int3 signal 5 code 0 vector 3 address 0
		hlt signal 11 code 0 vector 13 address 0
	END
}

@test "a trap while the frame is busy is the end" {
	run_guest upcall trap-busy
	ended_with 139
	reported 'at 0x10 (null page)' how_trap_busy
}

@test "no handler is asked about a closed port or a violation" {
	run_guest upcall trap port
	ended_with 159
	reported 'port that is no hypercall' how_trap
	run_guest upcall trap call
	ended_with 159
	reported 'unknown hypercall 31' how_trap
}

@test "SIGTERM and SIGINT to the tender reach a guest that computes" {
	start signal
	kill -TERM "$tender"
	finish
	ended_with 0
	says out 'signal 15'
}

@test "they end a wait of the guest" {
	start signal-wait
	kill -TERM "$tender"
	finish
	ended_with 0
	says out 'signal 15'
}

@test "one that comes while the frame is busy is kept" {
	start signal-busy
	kill -TERM "$tender"
	finish
	ended_with 0
	says out 'busy 0'
	says out 'signal 15'
}

@test "a second one ends the tender" {
	start signal-twice
	kill -TERM "$tender"
	until grep -q 'signal 15' out; do
		sleep 0.02
	done
	kill -TERM "$tender"
	finish
	ended_with 143
	[ ! -s err ]
}

@test "without an upcall the first one ends the tender, as an exit would" {
	local how

	for how in no-upcall off; do
		start "$how"
		kill -TERM "$tender"
		finish
		ended_with 143
		[ ! -s err ]
	done
	# An exit and not a signal; SIGINT is ignored in the background of bats.
	cat >run.py <<-'END'
		import signal, subprocess, sys
		signal.signal(signal.SIGINT, signal.SIG_DFL)
		p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
		p.stdout.readline()
		p.send_signal(signal.SIGINT)
		print(p.wait())
	END
	[ "$(python3 run.py "${TENDER[@]}" "$(image upcall)" no-upcall)" = 130 ]
}

@test "a signal that was ignored when the tender was started stays so" {
	trap '' TERM
	start signal
	trap - TERM
	kill -TERM "$tender"
	sleep 0.2
	kill -0 "$tender"
	says_not out 'signal'
}
