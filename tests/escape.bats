#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # a test is a process of its own
#
# Ways out of the guest, each tried for real. What is harmless it survives;
# all else ends it, with a status and a report. After each, nothing has reached
# the host, and no process is left. traps.bats has the plain exceptions.

load lib

setup_file() {
	build_guest escape
	gcc -Wall -Wextra -Werror -O2 "$REPO/tests/tools/native.c" \
		-o "$BATS_FILE_TMPDIR/native"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	groups='' victim='' emulated=''
}

teardown() {
	local left=''

	# What a guest could have made, killed, traced or left running.
	[ -z "$groups" ] || left=$(pgrep -l -g "$groups" || true)
	if [ -n "$victim" ]; then
		grep -q '^TracerPid:[[:space:]]*0$' "/proc/$victim/status" ||
			left+=" the victim is dead or traced"
		kill -9 "$victim" || true
	fi
	[ ! -e escaped ] || left+=" the file is there"
	[ -z "$left" ] || { echo "escaped: $left" && return 1; }
}

# Somebody to be killed, traced or written to; sleeps in a call.
start_victim() {
	sleep 1000 3>&- &
	victim=$!
	disown "$victim"
}

# shellcheck disable=SC2153 # TENDER is of lib.bash
# Runs tests/guests/escape.c with these arguments, in a process group of its
# own, so that teardown() finds whatever is left of it.
attempt() {
	status=0
	timeout -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" ${limit:+"$limit"} \
		"$(image escape)" "$@" <"${input:-/dev/null}" >out 2>err 3>&- &
	groups+=${groups:+,}$!
	wait $! || status=$?
	# Some CPUs have nothing to try.
	[ "$status" -ne 77 ] || skip "not on this CPU"
}

# The guest ends there, with a status of the list $1 and a report with $2, a
# pattern of the shell, in its first line. (No grep: there are hundreds.)
ends() {
	local said report

	attempt "${@:3}"
	mapfile -t said <out
	mapfile -t report <err
	# shellcheck disable=SC2053,SC2076 # a pattern; a list
	[[ " $1 " =~ " $status " && ${said[*]} == before &&
		${report[0]} == "tender: "*$2*", pc 0x"* &&
		${report[1]} == "  rip "* && ${report[*]} == *"  #0 "* &&
		${report[*]:1} != *"tender: "* ]] && return
	echo "escape ${*:3}: status $status, expected $1"
	printf '%s\n' "${said[@]}" "${report[@]}"
	return 1
}

# The guest goes on, and the tender says nothing.
survives() {
	local said

	attempt "$@"
	mapfile -t said <out
	[[ $status -eq 42 && ${said[-1]} == after && ! -s err ]] && return
	echo "escape $*: status $status, expected 42"
	cat out err
	return 1
}

# As ends(), for an exception that not every CPU which is emulated raises: where
# a process of the host does not get it, a guest in a process fares as that one
# does. In a VM it goes on, or ends in some orderly way.
cpu_ends() {
	local native=0

	(exec "$BATS_FILE_TMPDIR/native" "${@:3}") 2>/dev/null || native=$?
	if [[ " $1 " == *" $native "* ]]; then
		ends "$@"
		return
	fi
	[[ " $emulated " == *" $3 "* ]] || emulated+=" $3"
	if ! on_process; then
		attempt "${@:3}"
		ended_with 42 132 133 135 139
	elif [ "$native" -eq 42 ]; then
		survives "${@:3}"
	else
		ends "$native" '' "${@:3}"
	fi
}

# The end of a test that calls it: what was seen was not what it promises.
cpu_is_real() {
	[ -z "$emulated" ] || skip "this CPU is emulated, and differs in$emulated"
}

on_process() {
	[ "${TEST_CPU:-kvm}" = process ]
}

is_amd() {
	grep -Eq '^vendor_id.*(AuthenticAMD|HygonGenuine)' /proc/cpuinfo
}

# A system call by one instruction. Without a kernel below, it depends on the
# host how that ends; with one, a seccomp filter reports it.
refused() {
	local statuses='132 139' words=''

	if on_process && [[ $1 != sysenter* ]]; then
		statuses=132 words='system call instruction'
	fi
	# Only AMD's CPUs know it outside of 64-bit mode (Intel SDM volume 2,
	# SYSCALL); the others never get as far as a kernel.
	if on_process && [ "$1" = syscall-32 ] && ! is_amd; then
		words='illegal instruction'
	fi
	ends "$statuses" "$words" call "$@"
}

# refused_everywhere NUMBER NUMBER-IN-32-BITS ARGUMENT...: by every instruction
# there is for it; "-" for a number that does not exist.
refused_everywhere() {
	local way number

	# Without a kernel below, one number in a test is like another.
	on_process || [ -z "$groups" ] || return 0
	for way in syscall int80 sysenter syscall-32 int80-32 sysenter-32; do
		case $way in
		syscall) number=$1 ;;
		*) number=$2 ;;
		esac
		[ "$number" = - ] ||
			refused "$way" "$number" "${@:3}" || return
	done
}

@test "no system call sends a signal to another process" {
	start_victim
	refused_everywhere 62 37 "$victim" 9
	refused_everywhere 200 238 "$victim" 9
	refused_everywhere 424 424 "$victim" 9
}

@test "no system call returns from a signal that was never delivered" {
	refused_everywhere 15 173
	refused_everywhere - 119
}

@test "no system call traces another process, or reads and writes its memory" {
	start_victim
	for request in 16 16902; do # attach, seize
		refused_everywhere 101 26 "$request" "$victim"
	done
	refused_everywhere 101 26 0
	refused_everywhere 310 347 "$victim" data 1
	refused_everywhere 311 348 "$victim" data 1
}

@test "no system call makes a process" {
	refused_everywhere 57 2
	refused_everywhere 58 190
	refused_everywhere 56 120 17
	refused_everywhere 435 435 data 64
}

@test "no system call runs another program" {
	refused_everywhere 59 11 shell argv 0
	refused_everywhere 322 358 -100 shell argv
}

@test "no system call opens or makes a file, a socket or a memory file" {
	refused_everywhere 85 8 file 0644
	refused_everywhere 2 5 file 0101
	refused_everywhere 257 295 -100 file 0101
	refused_everywhere 41 359 1 1
	refused_everywhere 319 356 file
	refused_everywhere 425 425 8 data
}

@test "no system call changes a mapping" {
	# The filter lets munmap through at one address, where nothing is.
	refused_everywhere 11 91 text 4096
	refused_everywhere 11 91 data 4096
	refused_everywhere 10 125 text 4096 7
	refused_everywhere 9 192 0x30000000 4096 7
	refused_everywhere - 90 data
	refused_everywhere 25 163 data 4096 8192
	refused_everywhere 12 45 0x30000000
	refused_everywhere 28 219 data 4096 4
	refused_everywhere 329 380 data 4096 7
}

@test "no system call tells the kernel of memory to write to" {
	refused_everywhere 334 386 data 32
	refused_everywhere 273 311 data 24
	refused_everywhere 218 258 data
	refused_everywhere 131 186 data
	refused_everywhere 323 374 0
}

@test "no system call changes segments, ports, rights or the filter" {
	refused_everywhere 158 384 0x1002 0
	refused_everywhere 154 123 1 data 16
	refused_everywhere 205 243 data
	refused_everywhere 172 110 3
	refused_everywhere 173 101 0 1024
	refused_everywhere 157 172 38 0
	refused_everywhere 317 354 0
	refused_everywhere 105 23 0
	refused_everywhere 272 310 0x10000000
	refused_everywhere 135 136 0x400000
}

@test "no system call ends the guest with a status of its choice" {
	refused_everywhere 60 1 7
	refused_everywhere 231 252 7
}

@test "no system call sleeps, or waits for a signal, past the tender" {
	limit=--timeout=60
	refused_everywhere 34 29
	refused_everywhere 219 0
}

@test "the seccomp filter alone refuses a system call too" {
	on_process || skip "nothing there takes system calls"
	start_victim
	export TENDER_NO_SYSEMU=1
	refused_everywhere 62 37 "$victim" 9
	refused_everywhere 85 8 file 0644
	refused_everywhere 57 2
	refused_everywhere 11 91 text 4096
	# With a key it would pass; the guest can only guess one.
	refused_everywhere 10 125 data 4096 7
	refused_everywhere 10 125 data 4096 1
	refused_everywhere 15 173
	refused_everywhere 231 252 7
	refused syscall 0x4000000b text 4096
}

# As attempt() and ended_with(), for hundreds of guests; $line is the report.
quickly() {
	status=0 line=
	"${TENDER[@]}" "$(image escape)" "${@:2}" </dev/null >out 2>err ||
		status=$?
	read -r line <err || true
	[[ " $1 " == *" $status "* ]] || ended_with "$1"
}

@test "a system call is reported where its instruction is" {
	ends '132 139' '' int 0x80
	says err '^  #0 .* interrupt_table+0x200$'
}

@test "no number of a system call is let through" {
	on_process || skip "nothing there takes system calls"
	# Beyond the last number of Linux; with the mark of the x32 ABI; and far.
	for number in $(seq 0 "$(sized 480 20)") 335 336 0x40000000 \
		0x40000208 0x4000020b 0x80000000 0xffffffff 0xfffffffffffffff6; do
		quickly 132 call syscall "$number"
		[[ $line == *"system call instruction"* ]]
	done
	for number in $(seq 0 "$(sized 450 20)") 0x40000000 0xffffffff; do
		quickly 132 call int80 "$number"
		[[ $line == *"system call instruction"* ]]
	done
}

@test "32-bit code has the same hypercalls and no other way out" {
	# Linux has a selector for it, a VM has none.
	if on_process; then
		attempt call hypercall-32 0
		ended_with 42
		[ ! -s err ]
		ends 139 '' call into-32 0
	else
		ends '132 139' '' call hypercall-32 0
	fi
}

@test "there is no vsyscall page" {
	for at in 000 400 800 001 c00; do
		ends 139 '' jump "0xffffffffff600$at"
		says err 'pc 0xffffffffff600'
	done
	ends 139 '' read 0xffffffffff600000
	ends 139 '' write 0xffffffffff600000
}

# Addresses where something could be: around guest memory, where programs,
# libraries, stacks and vDSOs lie on Linux, and the kernel's own.
outside=(guard end 0x100000000 0x1000000000 0x155555554000 0x2aaaaaaaa000
	0x555555554000 0x7ffff7fc1000 0x7fffffffe000 0x7ffffffff000
	0x800000000000 0x8000000000000000 0xffff7fffffffffff
	0xffff800000000000 0xffff888000000000 0xffffc90000000000
	0xfffffe0000000000 0xffffffff81000000 0xffffffffa0000000
	0xffffffffff5fd000 0xfffffffffffffff8 0xffffffffffffffff)

@test "nothing outside guest memory can be read" {
	for at in 0 0xfff 0x1000 0xffff "${outside[@]}"; do
		ends 139 '' read "$at"
	done
}

@test "nothing outside guest memory can be written" {
	for at in 0 0xfff 0x1000 0xffff "${outside[@]}"; do
		ends 139 '' write "$at"
		ends 139 '' copy "$at"
	done
}

@test "nothing outside guest memory can be run" {
	for at in 0 0xfff 0x1000 0x2000 0xffff "${outside[@]}"; do
		ends 139 '' jump "$at"
	done
}

@test "no kind of access gets past the end of guest memory" {
	TENDER+=(--no-aslr) # the stack ends there
	for how in read write jump straddle exchange copy save flush push; do
		[ "$how" = flush ] && by=cpu_ends || by=ends
		"$by" 139 'at 0x4000[01]?? (outside memory)' "$how" end
		"$by" '135 139' '' "$how" 0x7fffffffe000
		"$by" '135 139' '' "$how" 0xffff888000000000
	done
	# A hint is none.
	survives prefetch end
	survives prefetch 0xffff888000000000
	cpu_is_real
}

@test "a stack outside the canonical addresses is a stack segment fault" {
	for at in 0x800000000000 0x8000000000000000 0xffff7ffffffffff0; do
		cpu_ends 135 'stack segment fault' push "$at"
	done
	cpu_is_real
}

# Starts a guest that reads an address from fd 9, to access it like $1. Leaves
# the ends of the mappings of its tender in the array bounds.
await_address() {
	local program

	rm -f out
	timeout -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" "$(image escape)" \
		"$1" - <input >out 2>err 3>&- &
	runner=$!
	groups+=${groups:+,}$runner
	exec 9>input
	until grep -sq waiting out; do sleep 0.01; done
	program=$(pgrep -P "$runner")
	mapfile -t bounds < <(grep -v '\[vsyscall\]' "/proc/$program/maps" |
		sed 's/ .*//; s/-/\n/' | sort -u)
}

@test "where the tender has its own memory, the guest has nothing" {
	mkfifo input
	bounds=() count=1
	# The addresses of each run are its own. They are those of its program,
	# libraries, heap, stack, vDSO and of guest memory, and their ends.
	for ((n = 0; n < count; n += $(sized 1 10))); do
		await_address "$([ $((n % 3)) -gt 0 ] && echo read ||
			echo jump)"
		count=${#bounds[@]}
		[ "$count" -ge 10 ]
		echo "0x${bounds[n]}" >&9
		exec 9>&-
		status=0
		wait "$runner" || status=$?
		ended_with 139
		says err "at 0x${bounds[n]} (outside memory)"
	done
}

@test "a hypercall minds no stack pointer" {
	for at in 0 1 end 0x7fffffffe000 0x8000000000000000 \
		0xffff888000000000 0xffffffffffffffff; do
		survives stack "$at"
	done
}

@test "a hypercall keeps every base of FS and GS that the CPU allows" {
	for base in 1 end 0x7fffffffe000 0x7fffffffffff 0xffff800000000000 \
		0xffff888000000000 0xffffffffffffffff; do
		survives fs_base "$base"
		survives gs_base "$base"
	done
}

@test "a base of FS or GS outside the canonical addresses ends the guest" {
	for base in 0x800000000000 0x8000000000000000 0xffff7fffffffffff; do
		cpu_ends 139 '' fs_base "$base"
		cpu_ends 139 '' gs_base "$base"
	done
	cpu_is_real
}

@test "nothing can be read through GS that could not be read without" {
	for base in end 0x7fffffffe000 0xffff888000000000; do
		ends 139 '(outside memory)' gs_read "$base"
	done
}

@test "a hypercall minds no selector in a segment register" {
	# Null ones, with each privilege, and what the host has for ring 3.
	for selector in 0 1 2 3; do
		survives selector "$selector"
		survives any_selector "$selector"
	done
	survives stack_selector 0x2b
}

@test "no other selector can be loaded" {
	for selector in 0x08 0x0b 0x10 0x13 0x18 0x40 0x43 0x63 0x6b 0x73 \
		0x07 0x0f 0xfff8 0xffff; do
		ends '132 139' '' selector "$selector"
		ends '132 139' '' stack_selector "$selector"
	done
}

@test "the trap flag at a hypercall ends the guest with status 133" {
	ends 133 'debug exception' flags 0x100
	ends 133 'debug exception' flags_by_iret 0x100
}

@test "no other flag harms a hypercall" {
	# Direction, nested task, alignment check, identification; resume.
	for flag in 0x400 0x4000 0x40000 0x200000 0x644c95; do
		survives flags "$flag"
	done
	survives flags_by_iret 0x10000
	survives flags_by_iret 0x254cd5
}

@test "a guest that masks interrupts, or waits for ever, obeys a time limit" {
	limit=--timeout=0.2
	for how in masked_spin wait_for_store calls; do
		attempt "$how" 0
		ended_with 124 132 139
		says_not out '^after'
	done
}

@test "extended state that is no state ends the guest" {
	# The host may have it as an illegal instruction.
	for seed in {1..8}; do
		ends '132 139' '' garbage "$seed"
	done
	cpu_ends '132 139' '' mxcsr 0xffffffff
	cpu_ends '132 139' '' mxcsr 0x10000
	ends '132 139' '' restore 0xffff888000000000
	ends '132 139' '' restore end
	ends '132 139' '' fx_restore 0x8000000000000000
	ends '132 139' '' fx_restore end
	cpu_is_real
}

@test "a hypercall minds no extended state" {
	survives mxcsr 0xffff
	survives full_state 1
	survives full_state 2
	survives full_state 3
}

@test "a floating-point exception that is pending at a hypercall comes after it" {
	ends 136 'x87 floating-point exception' x87_pending 0
}

@test "a guest that locks itself out by protection keys ends" {
	ends '132 139' '' protection_keys 0xffffffff
}

@test "no software interrupt leads anywhere, whatever its number" {
	# One kind of KVM passes over one of them, as if it were not there.
	on_process && harmless=132 || harmless=42
	for ((n = 0; n < 256; n += $(sized 1 17))); do
		case $n in
		3) ends 133 breakpoint int 3 ;;
		*) quickly "132 139 $harmless" int "$n" ;;
		esac
	done
}

@test "an icebp ends the guest with status 133 and is a debug exception" {
	cpu_ends 133 'debug exception' icebp 0
	cpu_is_real
}

@test "reading the descriptor tables leads to nothing" {
	attempt tables 0
	ended_with 42 132 139
}

@test "a string instruction of endless length is stopped at a port" {
	limit=--timeout=20
	for port in 0 0x60 0x3f8 0xcf8 0xffff; do
		ends 159 '' string_out "$port"
		ends 159 '' string_in "$port"
	done
	ends 159 '' string_in 0x500
	ends '139 159' '' string_in_far end
	ends '139 159' '' string_in_far 0xffff888000000000
	# One kind of host hands it over piece by piece: this is `wait`, and
	# there is no such device.
	ends 159 '' string_out 0x505
}

@test "a prefix makes no other call of a hypercall" {
	for prefix in 67 2e 65 48 f3; do
		if on_process; then
			ends 159 'a port that is no hypercall' "prefix_$prefix" 0
		else
			survives "prefix_$prefix" 0
		fi
	done
	cpu_ends 132 '' prefix_f0 0
	cpu_is_real
}

@test "a guest may use all of its memory, and no more" {
	TENDER+=(--no-aslr)
	survives all_memory 0
	ends 139 'at 0x4000000 (outside memory)' all_memory 1
	limit=--mem=8M
	ends 139 'at 0x800000 (outside memory)' all_memory 1
}
