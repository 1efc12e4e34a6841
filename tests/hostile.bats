#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Guests that mean harm: the tender answers, or ends them with one report. What
# is in memory and on disks then is held against a model in
# tests/unit/hypercall_dispatch_test.c; here it is the real vCPU.

load lib

setup_file() {
	build_guest hostile
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	head -c 1M /dev/zero >disk
	head -c 1M /dev/urandom >ro
	cp ro as_it_was
}

# The guest got its answer, or was ended with one report.
harmless() {
	run_tender --timeout=20 --disk=disk,map --disk=ro,ro "$(image hostile)" \
		"$@" </dev/null
	case $status in
	0) says out 'back$' ;;
	159)
		[ "$(grep -c '^tender: ' err)" -eq 1 ] &&
			says err '^tender: .*guest \(ended by the tender\|trapped (Bad system call)\): '
		;;
	139) says err '^tender: .*guest trapped' ;;
	*) false ;;
	esac || {
		echo "$*: status $status"
		head -c 2000 out err
		return 1
	}
}

# Each of these places in turn as the argument $2 of call $1, whose other
# arguments are the rest: "@" is where it goes.
each_place() {
	local n

	for n in {0..26}; do
		harmless call "${@//@/p$n}" || return
	done
}

@test "console_write from every edge, of every length" {
	each_place 1 1 @ 16
	each_place 1 1 list @
	each_place 1 @ list 16
}

@test "console_read and random to every edge, of every length" {
	each_place 2 @ 16
	each_place 2 list @
	each_place 4 @ 16
	each_place 4 list @
}

@test "wait for every set and set_tls to every address" {
	each_place 5 0 @
	each_place 7 @
}

@test "block_io with every edge as device, operation, offset, list and count" {
	each_place 6 @ 0 0 list 1
	each_place 6 0 @ 0 list 1
	each_place 6 0 0 @ list 1
	each_place 6 0 1 0 @ 1
	each_place 6 0 0 0 list @
	each_place 6 1 3 0 @
	cmp ro as_it_was
}

@test "map, upcall and tick with every edge" {
	each_place 8 @ 4096 3
	each_place 8 list @ 1
	each_place 8 list 4096 @
	each_place 9 @ list p12 0
	each_place 9 p11 @ p12 0
	each_place 9 p11 list @ @
	each_place 10 @
}

@test "every number of a call that there is not" {
	for number in {11..40} 0x7fff 0xfaff; do
		harmless call "$number" 0 list 64 list 64
	done
}

@test "a list that overlaps itself, its own read, and the end of memory" {
	harmless call 6 0 0 0 list 64
	harmless call 6 0 1 0 list 64
	harmless call 6 0 0 0 p15 64
	harmless call 6 0 0 0 p18 1
	harmless call 6 1 0 512 list 64
	cmp ro as_it_was
}

@test "calls at random, with lists at random, from forty seeds" {
	for seed in {1..40}; do
		harmless random "$seed" 2000
	done
	cmp ro as_it_was
}
