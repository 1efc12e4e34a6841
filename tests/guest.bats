#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What a C program may rely on inside an image: CPU, life cycle, memory, files.

# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load lib

setup_file() {
	for name in cpu process objects memory malloc device; do
		build_guest "$name" || return
	done
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
	"$BIN/imgbuild" -Wall -Werror -DBSS_BYTES=0x2000000 -DTBSS_BYTES=64 \
		"$GUESTS/objects.c" -o "$BATS_FILE_TMPDIR/big-bss.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# The guest itself found everything as it should be.
passes() {
	run_guest "$@"
	ended_with 0 && return
	echo "guest $*"
	return 1
}

# CPU

@test "SSE2 arithmetic gives the bits that IEEE 754 says" {
	passes cpu sse
}

@test "x87 arithmetic gives 64 bits of mantissa" {
	passes cpu x87
}

@test "long double is computed, printed and parsed in full precision" {
	passes cpu long-double
}

@test "fesetround changes how SSE and x87 round" {
	passes cpu rounding
}

@test "a rounding mode outlives hypercalls" {
	passes cpu rounding-across-calls
}

@test "floating-point exception flags are set and cleared" {
	passes cpu exceptions
}

@test "denormals are numbers, until flushing to zero is asked for" {
	passes cpu denormals
}

vector_unit() {
	run_guest cpu "$1"
	[ "$status" -ne 77 ] || skip "this CPU has no $1"
	ended_with 0
}

@test "AVX arithmetic is right and its registers outlive hypercalls" {
	vector_unit avx
}

@test "AVX2 arithmetic is right" {
	vector_unit avx2
}

@test "FMA rounds once" {
	vector_unit fma
}

@test "every instruction set that CPUID offers works" {
	passes cpu features
	says out '^sse2$'
}

@test "CPUID never shows VMX or SVM" {
	# A process sees the CPUID of the host.
	[ "${TEST_CPU:-kvm}" = kvm ] || skip "CPUID is the host's"
	passes cpu cpuid
}

@test "CPUID offers only what the tender chose" {
	# Para-virtual KVM, on a host without VMX and SVM of its own, runs
	# CPUID at ring 3 unasked.
	[ "${TEST_CPU:-kvm}" = kvm ] || skip "CPUID is the host's"
	grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo ||
		skip "this KVM lets the host's CPUID through"
	passes cpu cpuid-chosen
}

# Beginning and end

@test "static data is as initialised, .bss is zero, both are writable" {
	passes objects
	says out '^main$'
}

@test "constructors run by priority before main, destructors after atexit" {
	passes objects
	diff out - <<-'END'
		constructor 101
		constructor 102
		constructor
		main
		atexit 2
		atexit 1
		destructor
		destructor 102
		destructor 101
	END
}

@test "thread-local variables are initialised, zeroed and aligned, 1 MiB of them too" {
	# What objects.c checks about them ends with a status of its own.
	for mem in 4M 64M 1G; do
		run_tender --mem="$mem" "$(image objects)"
		ended_with 0 || return
	done
}

@test "32 MiB of .bss are zero where memory is enough" {
	for mem in 48M 64M 256M; do
		run_tender --mem="$mem" "$(image big-bss)"
		ended_with 0 || return
	done
}

@test "32 MiB of .bss are refused by one line where memory is not enough" {
	run_tender --mem=32M "$(image big-bss)"
	ended_with 126
	[ "$(wc -l <err)" -eq 1 ]
	says err 'use --mem=[0-9]*M or more'
	# And what that line says is true.
	run_tender "$(sed -n 's/.*\(--mem=[0-9]*M\).*/\1/p' err)" \
		"$(image big-bss)"
	ended_with 0
}

@test "setjmp and longjmp unwind, a thousand times" {
	passes process jump
}

@test "main's value is the exit status, 0 to 255" {
	for value in $(seq 0 "$(sized 1 51)" 255); do
		run_guest process end "$value"
		ended_with "$value" || return
	done
}

@test "exit() writes out what is buffered, _exit() does not" {
	run_guest process exit 7
	ended_with 7
	[ "$(cat out)" = "unfinished line" ]
	run_guest process _exit 8
	ended_with 8
	[ ! -s out ]
}

@test "abort ends the guest with status 134" {
	run_guest process abort
	ended_with 134
	[ "$(cat out)" = before ]
}

@test "a failed assertion says which and where, and ends with status 134" {
	run_guest process assert
	ended_with 134
	[ "$(cat out)" = before ]
	says err '^Assertion failed: argc == 77.*process.c: end_by_assert: [0-9]*)$'
}

# Arguments and environment

@test "argument 0 is the image as it was named" {
	ln -s "$(image process)" './a name.hvt'
	run_tender './a name.hvt' first-argument
	ended_with 0
	[ "$(cat out)" = './a name.hvt' ]
}

# The guest gets these arguments byte for byte.
passes_arguments() {
	run_guest process arguments "$@"
	ended_with 0 && cmp out <(printf '%s\0' "$@")
}

@test "all bytes from 1 to 255 arrive in an argument" {
	export LC_ALL=C
	printf -v escaped '\\x%02x' {1..255}
	printf -v bytes %b "$escaped"
	[ ${#bytes} -eq 255 ]
	passes_arguments "$bytes"
}

@test "empty arguments, spaces, quotes and newlines arrive as they are" {
	passes_arguments '' ' ' '' "it's" '"' \\ $'a\nb' '-v' '--' '--mem=1M' ''
}

@test "a thousand arguments arrive in order" {
	mapfile -t many < <(seq 1000)
	passes_arguments "${many[@]}"
}

@test "an argument of 100 KB arrives" {
	passes_arguments "$(seq -s. 1 20000 | head -c 100000)" end
}

@test "900 KiB of arguments arrive" {
	part=$(head -c 92159 /dev/zero | tr '\0' A)
	passes_arguments "$part" "$part" "$part" "$part" "$part" \
		"$part" "$part" "$part" "$part" "$part"
}

@test "more than 960 KiB of arguments are refused by one line with status 125" {
	part=$(head -c 98400 /dev/zero | tr '\0' A)
	run_guest process arguments "$part" "$part" "$part" "$part" "$part" \
		"$part" "$part" "$part" "$part" "$part"
	ended_with 125
	[ "$(wc -l <err)" -eq 1 ]
	says err '960 KiB'
	[ ! -s out ]
}

@test "arguments that the guest's stack has no room for are refused with status 125" {
	part=$(head -c 92160 /dev/zero | tr '\0' A)
	run_tender --mem=2M "$(image hello)" "$part" "$part" "$part" "$part"
	ended_with 125
	[ "$(wc -l <err)" -eq 1 ]
	mapfile -t empty < <(yes '' | head -n 150000)
	run_tender --mem=8M "$(image hello)" "${empty[@]}"
	ended_with 125
	[ "$(wc -l <err)" -eq 1 ]
}

@test "the environment is what --env says, byte for byte, and nothing else" {
	run_tender -e A=1 --env=EMPTY= -e 'B=x=y z' --env $'C=\xff\n\x01' \
		"$(image process)" environment
	ended_with 0
	cmp out <(printf '%s\0' A=1 EMPTY= 'B=x=y z' $'C=\xff\n\x01')
	SECRET=1 run_guest process environment
	ended_with 0
	[ ! -s out ]
}

# Signals

@test "a signal that is raised and not handled ends the guest with 128 + N" {
	while read -r signal wanted; do
		for how in raise kill; do
			run_guest process "$how" "$signal"
			ended_with "$wanted" || return
			says_not out after
		done
	done <<-'END'
		1 129
		2 130
		6 134
		9 137
		10 138
		11 139
		13 141
		15 143
		64 192
	END
}

@test "a signal that is ignored by default does not end the guest" {
	for signal in 17 18 23 28; do
		run_guest process raise "$signal"
		ended_with 0 && says out '^after$' || return
	done
}

@test "a handler runs, a blocked signal waits, an ignored one is lost" {
	passes process handler
}

@test "a handler of SIGABRT may jump out of abort" {
	passes process abort-handler
}

# Protection of the stack

@test "a smashed stack ends the guest in the stack protector" {
	run_guest process smash-stack
	ended_with 139
	reported '' __stack_chk_fail
}

@test "the stack protector's key is another one each time, and has a zero byte" {
	for _ in 1 2 3 4 5; do
		run_guest process canary
		ended_with 0
		cat out >>keys
	done
	[ "$(sort -u keys | wc -l)" -eq 5 ]
	# musl's defence against strings that run into it: byte 1.
	[ "$(cut -c13-14 keys | sort -u)" = 00 ]
}

# System calls there are none of

@test "an unknown system call answers ENOSYS and is named once on stderr" {
	run_guest process unknown-call
	ended_with 0
	says out '^went on$'
	[ "$(wc -l <err)" -eq 1 ]
	says err 'inotify_init1'
}

@test "with --strict an unknown system call ends the guest with status 159" {
	run_tender --strict "$(image process)" unknown-call
	ended_with 159
	says err 'inotify_init1'
	says_not out 'went on'
}

@test "any system call number at all is answered, not only known ones" {
	passes process unknown-numbers
	says err 'mount'
}

@test "fork, vfork, exec, system, popen and wait fail and say that they are missing" {
	passes process no-processes
	says out '^went on$'
	says err 'fork'
	says err 'execve'
}

@test "the process has an identity" {
	passes process identity
}

# Randomness

@test "getrandom fills every byte and differs from run to run" {
	for _ in 1 2 3; do
		passes process random
		cat out >>all
	done
	[ "$(sort -u all | wc -l)" -eq 3 ]
}

@test "getrandom of nothing is nothing" {
	passes process random-nothing
}

# Memory

@test "fresh memory is zero and page-aligned" {
	passes memory fresh
}

@test "memory that was unmapped is zero when mapped again" {
	passes memory reused
}

@test "MADV_DONTNEED zeroes what it names and nothing else" {
	passes memory dontneed
}

@test "mremap keeps contents when it shrinks, grows or moves" {
	passes memory remap
}

@test "MAP_FIXED replaces exactly its range and never leaves the heap" {
	passes memory fixed
}

@test "a mapping that is too large fails with ENOMEM and harms nothing" {
	passes memory refused
}

@test "executable memory is refused" {
	passes memory exec
}

@test "brk gives zeroed memory, and stops where a mapping begins" {
	passes memory brk
}

@test "memory that belonged to brk is zero when it is mapped" {
	passes memory brk-then-map
}

@test "hundreds of holes between mappings, and each can be filled by MAP_FIXED" {
	passes memory holes 0
}

@test "hundreds of holes between mappings, and each can be grown into" {
	passes memory holes 1
}

@test "100000 random memory operations agree with a model of them" {
	for seed in 1 2 3; do
		passes memory random "$(sized 100000 3000)" "$seed" || return
	done
	# With little memory, most of the time there is none left.
	run_tender --mem=4M "$(image memory)" random "$(sized 100000 3000)" 4
	ended_with 0
}

@test "malloc, calloc, realloc, aligned_alloc and free keep contents apart" {
	passes malloc stress "$(sized 100000 3000)"
}

@test "malloc answers NULL when memory is used up, and the guest goes on" {
	for bytes in 5000 100000 1000000; do
		passes malloc exhaust "$bytes" || return
	done
	passes malloc impossible
}

@test "three quarters of memory can be allocated and freed again and again" {
	passes malloc cycles "$(sized 50 3)"
}

@test "with --mem=1G a guest gets most of a gigabyte" {
	run_tender --mem=1G "$(image malloc)" exhaust 100000000
	ended_with 0
	[ "$(cut -d' ' -f1 out)" -ge 9 ]
}

# Files without a disk

@test "/dev/null reads nothing and takes everything" {
	passes device null
}

@test "/dev/zero reads zeros and takes everything" {
	passes device zero
}

@test "/dev/full reads zeros and takes nothing" {
	passes device full
}

@test "/dev/random and /dev/urandom read differently each time" {
	for _ in 1 2 3; do
		for name in random urandom; do
			passes device "$name"
			cat out >>all
		done
	done
	[ "$(sort -u all | wc -l)" -eq 6 ]
}

@test "other paths and bad descriptors fail as they should" {
	passes device others
}

# What is linked in

@test "hello contains neither disk, heap nor file code" {
	nm "$(image hello).debug" >symbols
	says symbols ' T main$'
	for name in __rt_disk_open __rt_device_open malloc mmap __mmap \
		__rt_sys_mmap __rt_sys_open __rt_sys_getrandom \
		__rt_sys_missing; do
		says_not symbols " [A-Za-z] $name\$" || return
	done
}
