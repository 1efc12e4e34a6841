#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016 # a dollar in single quotes is GDB's
# A guest under GDB: what a debugger may expect of a remote target.

load lib

setup_file() {
	build_guest debug -O1 -g
	build_guest threads_debug -O1 -g
}

setup() {
	require_cpu
	command -v gdb >/dev/null || skip "no gdb"
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[ -z "${tender_pid-}" ] || kill -KILL "$tender_pid" 2>/dev/null || true
}

# Starts the tender with --gdb=$1 and these arguments. It is killed at the end.
start_at() {
	rm -f err
	"${TENDER[@]}" "--timeout=$LIMIT_SECONDS" --gdb="$1" "${@:2}" \
		<"${INPUT-/dev/null}" >out 2>err 3>&- &
	tender_pid=$!
	wait_for err 'target remote'
}

start_tender() {
	start_at "unix:sock${LATER-}" "$@"
}

# Waits until a file has such a line, for ten seconds.
wait_for() {
	local _

	for _ in {1..500}; do
		grep -aqs -e "$2" "$1" && return
		sleep 0.02
	done
	echo "no '$2' in $1:"
	cat "$1"
	return 1
}

# GDB runs these commands, one an argument, and leaves what it says in gdb.out.
debug() {
	local command arguments=()

	for command in "$@"; do
		arguments+=(-ex "$command")
	done
	timeout --foreground -s KILL 20 gdb -batch -nx \
		-ex 'set confirm off' -ex 'set pagination off' \
		-ex 'target remote sock' "${arguments[@]}" \
		"$BATS_FILE_TMPDIR/${GUEST-debug}.hvt.debug" >gdb.out 2>&1
}

# The tender has ended with this status.
tender_ends_with() {
	status=0
	wait "$tender_pid" || status=$?
	tender_pid=
	ended_with "$1"
}

# What the guest computes when nobody debugs it.
RESULT='^result 215, total 825, flags 0$'

@test "the guest waits for a debugger, before its first instruction" {
	start_tender "$(image debug)"
	debug 'info symbol $pc' 'continue'
	says gdb.out '^_start'
	says gdb.out 'exited with code 0127'
	says out "$RESULT"
	tender_ends_with 87
}

@test "a breakpoint stops the guest, with arguments and a backtrace" {
	start_tender "$(image debug)"
	debug 'break weigh' 'continue' 'bt' 'print item->name' 'print factor' \
		'delete' 'continue'
	says gdb.out '^Breakpoint 1, weigh'
	says gdb.out '^#1 .* compute'
	says gdb.out '^\$1 = "apple'
	says gdb.out '^\$2 = 1$'
	says out "$RESULT"
	tender_ends_with 87
}

@test "a breakpoint stops the guest each time that it comes by" {
	start_tender "$(image debug)"
	debug 'break weigh if factor == 9' 'continue' 'continue' 'continue' \
		'print *item' 'delete' 'continue'
	says gdb.out '^\$1 = {name = "plum'
	says out "$RESULT"
	tender_ends_with 87
}

@test "single steps follow the program, and finish shows what it returns" {
	start_tender "$(image debug)"
	debug 'break weigh' 'continue' 'next' 'step' 'stepi' 'finish' 'delete' \
		'continue'
	says gdb.out '^Value returned is \$1 = 0$'
	says out "$RESULT"
	tender_ends_with 87
}

@test "two thousand single steps do not change what the guest computes" {
	start_tender "$(image debug)"
	debug 'break weigh' 'continue' 'delete' 'stepi 2000' 'continue'
	says out "$RESULT"
	tender_ends_with 87
}

@test "a single step goes over a hypercall" {
	start_tender "$(image debug)"
	cat >step.gdb <<-'END'
		break __rt_sys_writev
		continue
		delete
		while *(unsigned char *)$pc != 0xef
		stepi
		end
		set var $at = $pc
		print $dx - 0x500
		stepi
		print $pc - $at
	END
	debug 'source step.gdb' 'continue'
	says gdb.out '^\$1 = 1$'
	says gdb.out '^\$2 = 1$'
	says out "$RESULT"
	tender_ends_with 87
}

@test "registers can be read and written, those of SSE and x87 too" {
	start_tender "$(image debug)"
	debug 'break weigh' 'continue' 'delete' 'print $mxcsr & 0x1f80' \
		'set var $xmm7.v4_int32[1] = 77' 'set var $rax = 0x123456789a' \
		'set var $st3 = 2.5' 'stepi' 'print $xmm7.v4_int32[1]' \
		'print $st3' 'print $fctrl' 'print $fs_base > 0' 'print $cs' \
		'set var factor = 2' 'continue'
	says gdb.out '^\$1 = \[ IM DM ZM OM UM PM \]\|^\$1 = 8064$'
	says gdb.out '^\$2 = 77$'
	says gdb.out '^\$3 = 2.5$'
	says gdb.out '^\$4 = 895$'
	says gdb.out '^\$5 = 1$'
	says gdb.out '^\$6 = 51$'
	# One weighing counted double.
	says out '^result 21[5-9], total 828, flags 0$'
}

@test "memory can be read and written, the text too" {
	start_tender "$(image debug)"
	debug 'print items[1].name' 'set var items[1].count = 6' \
		'print items[1].count' 'print *(int *)0' \
		'x/i weigh' 'break weigh' 'x/i weigh' \
		'set var *(unsigned char *)flags = 0xcc' 'delete' 'continue' \
		'info symbol $pc - 1' 'kill'
	says gdb.out '^\$1 = "pear'
	says gdb.out '^\$2 = 6$'
	says gdb.out '^Cannot access memory at address 0x0$'
	says gdb.out '^Program received signal SIGTRAP'
	says gdb.out '^flags in section .text$'
	# The breakpoint did not show.
	[ "$(grep -c '<weigh>:' gdb.out)" -eq 2 ]
	[ "$(grep '<weigh>:' gdb.out | sort -u | wc -l)" -eq 1 ]
	tender_ends_with 137
}

@test "a hardware breakpoint stops the guest" {
	start_tender "$(image debug)"
	debug 'hbreak flags' 'continue' 'bt' 'delete' 'continue'
	says gdb.out '^Breakpoint 1, flags'
	says gdb.out '^#1 .* compute'
	says out "$RESULT"
	tender_ends_with 87
}

@test "a watchpoint stops the guest when memory changes, and says from what to what" {
	start_tender "$(image debug)"
	debug 'break weigh if factor == 10' 'continue' 'delete' \
		'watch bytes[4]' 'continue' 'bt 1' 'delete' 'continue'
	says gdb.out '^Hardware watchpoint 2: bytes\[4\]'
	says gdb.out '^Old value = 0 '
	says gdb.out '^New value = 1 '
	says gdb.out '^#0 .*compute'
	says out "$RESULT"
	tender_ends_with 87
}

@test "a watchpoint sees what a hypercall writes" {
	start_tender "$(image debug)" random
	debug 'break random_bytes' 'continue' 'watch drawn' 'continue' \
		'delete' 'continue'
	says gdb.out '^Hardware watchpoint 2: drawn'
	says gdb.out '^Old value = 0$'
	tender_ends_with 0
}

@test "a trap of the guest is a signal for the debugger, then the report" {
	start_tender "$(image debug)" crash
	debug 'continue' 'bt 1' 'continue'
	says gdb.out '^Program received signal SIGSEGV'
	says gdb.out '^#0 .*crash (depth=3)'
	says gdb.out 'Program terminated with signal SIGSEGV'
	tender_ends_with 139
	says err 'read of\|access to'
}

@test "a debugger may let a guest go on after a trap" {
	start_tender "$(image debug)" crash
	debug 'continue' 'return' 'signal 0'
	says out '^$' || true
	says gdb.out '^Program received signal SIGSEGV'
	says gdb.out 'exited'
	says_not err 'trapped'
}

@test "int3 in the guest is SIGTRAP for the debugger, and can be passed" {
	start_tender "$(image debug)" int3
	debug 'continue' 'continue'
	says gdb.out '^Program received signal SIGTRAP'
	says gdb.out 'exited normally'
	says out '^end$'
	tender_ends_with 0
}

# GDB's own Ctrl-C, which it sends as the byte 3.
interrupt_and_look() {
	start_tender "$(image debug)" "$1"
	cat >look.py <<-'END'
		import gdb, threading
		gdb.execute('set confirm off')
		gdb.execute('set pagination off')
		gdb.execute('target remote sock')
		timer = threading.Timer(0.5,
			lambda: gdb.post_event(gdb.interrupt)
			if hasattr(gdb, 'interrupt') else __import__('os').kill(
				__import__('os').getpid(), 2))
		timer.start()
		gdb.execute('continue')
		gdb.execute('bt')
		gdb.execute('kill')
	END
	timeout --foreground -s KILL 20 gdb -batch -nx \
		-x look.py "$BATS_FILE_TMPDIR/debug.hvt.debug" >gdb.out 2>&1
	says gdb.out 'received signal SIGINT'
	says gdb.out "$2"
	tender_ends_with 137
}

@test "Ctrl-C stops a guest that computes" {
	interrupt_and_look spin ' spin'
}

@test "Ctrl-C stops a guest that waits" {
	interrupt_and_look sleep 'sleep_long'
}

# Starts a guest that waits for a line from a FIFO, which is open as 7.
start_waiting() {
	mkfifo input
	exec 7<>input
	INPUT=input LATER=,later start_tender "$(image debug)" line
	wait_for out waiting
}

@test "a debugger may come later, look, and go: the guest goes on" {
	start_waiting
	debug 'bt' 'detach'
	says gdb.out 'wait_line'
	debug 'break weigh' 'detach'
	echo go >&7
	tender_ends_with 87
	says out "$RESULT"
}

@test "a debugger that dies leaves the guest running" {
	start_waiting
	debug 'break weigh' 'shell kill -KILL $PPID' || true
	echo go >&7
	tender_ends_with 87
	says out "$RESULT"
}

@test "the guest's threads are GDB's, with names and stacks" {
	start_tender "$(image threads_debug)"
	GUEST=threads_debug debug 'break all_there' 'continue' 'info threads' \
		'thread apply all bt' 'thread 2' 'thread 1' 'stepi 3' \
		'delete' 'continue'
	[ "$(grep -c '^[* ] [1-3] *Thread [1-3]' gdb.out)" -eq 3 ]
	says gdb.out '^\* 1 *Thread 1 (running) *all_there'
	says gdb.out '^  [23] *Thread [23] (computer) .*compute '
	says gdb.out '^  [23] *Thread [23] (waiter) '
	says gdb.out '^#[0-9]* .*wait_for_mutex'
	says gdb.out '^#[0-9]* .*computer'
	says out '^all there$'
	tender_ends_with 0
}

@test "registers of a thread that does not run cannot be written" {
	start_tender "$(image threads_debug)"
	GUEST=threads_debug debug 'break all_there' 'continue' 'thread 2' \
		'set var $rax = 1' 'thread 1' 'set var $rax = 1' 'kill' || true
	says gdb.out 'Could not write register'
	tender_ends_with 137
}

@test "kill in the debugger ends the guest with status 137" {
	start_tender "$(image debug)"
	debug 'kill'
	tender_ends_with 137
	says err 'killed by the debugger'
}

@test "monitor shows the memory map and statistics, and help what there is" {
	start_tender "$(image debug)"
	debug 'break flags' 'continue' 'monitor map' 'monitor stats' \
		'monitor help' 'kill'
	says gdb.out '^0x0000100000 0x[0-9a-f]* r--$'
	says gdb.out '^time '
	says gdb.out '^hypercall '
	says gdb.out '^monitor stats '
}

@test "the socket is its owner's alone" {
	start_tender "$(image debug)"
	[ "$(stat -c %a sock)" = 600 ]
	debug kill
}

@test "the time limit holds in the debugger too" {
	start_tender --timeout=0.3 "$(image debug)"
	debug 'shell sleep 1' || true
	tender_ends_with 124
}

@test "TCP is on the loopback address alone, and port 0 is one that is free" {
	start_at 0 "$(image debug)"
	port=$(sed -n 's/.*target remote 127\.0\.0\.1:\([0-9]*\).*/\1/p' err)
	grep -q "^ *[0-9]*: 0100007F:$(printf %04X "$port") 00000000:0000 0A" \
		/proc/net/tcp
	timeout --foreground -s KILL 20 gdb -batch -nx \
		-ex "target remote 127.0.0.1:$port" -ex continue \
		"$BATS_FILE_TMPDIR/debug.hvt.debug" >gdb.out 2>&1
	says out "$RESULT"
	tender_ends_with 87
}

@test "a socket that is in the way is named, a stale one makes way" {
	echo mine >sock
	run_tender --gdb=unix:sock "$(image debug)"
	ended_with 125
	says err 'unix:sock: Address'
	[ "$(cat sock)" = mine ]
	rm sock
	start_tender "$(image debug)"
	kill -KILL "$tender_pid"
	wait "$tender_pid" || true
	start_tender "$(image debug)"
	debug kill
}

@test "bad values of --gdb are refused" {
	for value in nonsense 70000 1.2.3:80 unix: ''; do
		run_tender --gdb="$value" "$(image debug)"
		ended_with 125
		says err "^tender: --gdb=$value: expected"
	done
}
