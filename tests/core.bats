#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016 # a dollar in single quotes is GDB's
# Core files of guests, as GDB reads them.

load lib

setup_file() {
	cd "$GUESTS" || return 1
	"$BIN/imgbuild" -O1 -g -D_GNU_SOURCE debug.c \
		-o "$BATS_FILE_TMPDIR/debug.hvt"
	build_guest trap -g
	build_guest threads_debug -O1 -g
}

setup() {
	require_cpu
	command -v gdb >/dev/null || skip "no gdb"
	cd "$BATS_TEST_TMPDIR" || return 1
}

# What GDB says to these commands about the core file of a guest.
look() {
	local command arguments=()

	for command in "${@:2}"; do
		arguments+=(-ex "$command")
	done
	gdb -batch -nx "${arguments[@]}" "$BATS_FILE_TMPDIR/$1.hvt.debug" core \
		>gdb.out 2>&1
}

@test "GDB shows where a guest crashed, its variables and its stack" {
	run_tender --core=core "$(image debug)" crash
	ended_with 139
	says err '^tender: core dumped$'
	look debug bt 'print items[1]' 'print depth' 'print $mxcsr & 0'
	says gdb.out 'terminated with signal SIGSEGV'
	says gdb.out '^#0  crash (depth=3) at [./]*debug.c:'
	says gdb.out 'in main '
	says gdb.out '^\$1 = {name = "pear'
	says gdb.out '^\$2 = 3$'
	says_not gdb.out 'warning:'
}

@test "each kind of trap leaves a core with its signal" {
	while read -r case status signal; do
		run_tender --core=core "$(image trap)" "$case"
		ended_with "$status"
		look trap bt
		says gdb.out "terminated with signal $signal"
		says gdb.out "^#[0-9] .*$case "
	done <<-'END'
		null_write 139 SIGSEGV
		div_zero 136 SIGFPE
		ud2 132 SIGILL
	END
}

@test "a guest that breaks the contract leaves a core, too" {
	build_guest hypercall -g
	run_tender --core=core "$(image hypercall)" 31
	ended_with 159
	look hypercall bt
	says gdb.out 'terminated with signal SIGSYS'
	says gdb.out '^#[0-9]* .*main'
}

@test "a core has all threads of the guest" {
	run_tender --core=core "$(image threads_debug)" crash
	ended_with 139
	look threads_debug 'thread apply all bt'
	[ "$(grep -c '^\[New LWP [1-3]\]' gdb.out)" -eq 3 ]
	says gdb.out '^#0 .*all_there'
	says gdb.out '^#0 .*compute'
	says gdb.out '^#[0-9]* .*wait_for_mutex'
}

@test "SIGQUIT writes a core of a guest that goes on" {
	mkfifo input
	exec 7<>input
	"${TENDER[@]}" --timeout=60 --core=core "$(image debug)" line \
		<input >out 2>err 3>&- &
	pid=$!
	for _ in {1..500}; do
		grep -q waiting out && break
		sleep 0.02
	done
	kill -QUIT "$pid"
	for _ in {1..500}; do
		[ "$(stat -c %s core)" -lt 60000000 ] || break
		sleep 0.02
	done
	echo go >&7
	status=0
	wait "$pid" || status=$?
	ended_with 87
	look debug bt
	says gdb.out 'wait_line'
}

@test "a core takes as much of the disk as the guest has used" {
	run_tender --mem=256M --core=core "$(image debug)" crash
	ended_with 139
	[ "$(stat -c %s core)" -gt 260000000 ]
	[ "$(du -k core | cut -f1)" -lt 1024 ]
}

@test "a core tells the tender's version, the image's build and the devices" {
	truncate -s 1M disk.img
	run_tender --disk=notes=disk.img --core=core "$(image debug)" crash
	ended_with 139
	strings -n 20 core | grep -o '{"tender":.*}' >note
	id=$("$BIN/imgbuild" inspect --json "$(image debug)" |
		jq -r '.build_id // .["build-id"] // .buildId')
	jq -e '.tender != "" and .vcpu == "'"${TEST_CPU:-kvm}"'"' note
	jq -e '.devices[0].name == "notes" and
		.devices[0].capacity_bytes == 1048576' note
	[ "$(jq -r .build_id note)" = "$id" ]
	jq -e '.mem_bytes == 67108864' note
}

@test "a guest that ends well leaves no core, nor an old one" {
	echo old >core
	run_tender --core=core "$(image debug)"
	ended_with 87
	[ ! -e core ]
	run_tender --core=core --timeout=0.2 "$(image debug)" spin
	ended_with 124
	[ ! -e core ]
	# What was not made for it stays.
	run_tender --core=/dev/null "$(image debug)"
	ended_with 87
	[ -c /dev/null ]
}

@test "a tender that is killed leaves no empty core either" {
	"${TENDER[@]}" --timeout=60 --core=core "$(image debug)" sleep \
		>out 2>err 3>&- &
	pid=$!
	for _ in {1..500}; do
		grep -q sleeping out && break
		sleep 0.02
	done
	[ -e core ]
	kill -KILL "$pid"
	wait "$pid" || true
	for _ in {1..500}; do
		[ -e core ] || break
		sleep 0.02
	done
	[ ! -e core ]
}

@test "a core that cannot be written is named before the guest starts" {
	run_tender --core=/nowhere/core "$(image debug)"
	ended_with 125
	[ ! -s out ]
	says err '^tender: --core=/nowhere/core: No such file'
}
