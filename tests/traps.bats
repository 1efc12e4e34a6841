#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What a guest may not do ends it, with a status and a report that say why.

load lib

setup_file() {
	build_guest trap
	build_guest hypercall
	build_guest registers
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# The case $1 of tests/guests/trap.c ends the guest with status $2 and a
# report like $3 that names the function, which is called like the case or $4.
# A fault in a process does not tell reads from writes of what is not mapped,
# and there the supervisor pages are not mapped at all.
traps() {
	if [ "${TEST_CPU:-kvm}" = process ]; then
		set -- "$1" "$2" "$(sed -E \
			-e 's/(read of|write to) unmapped/access to unmapped/' \
			-e 's/^read of protected/access to unmapped/' \
			-e 's/^write (.*supervisor)/access \1/' <<<"$3")" \
			"${@:4}"
	fi
	run_guest trap "$1"
	ended_with "$2" && reported "$3" "${4-$1}" &&
		says out '^before$' && says_not out '^after$'
}

# These cases, at their place in the manuals, end differently from host to
# host: at a trap, as $1 lists statuses, and never by going on.
traps_somehow() {
	local case statuses=$1

	for case in "${@:2}"; do
		run_guest trap "$case"
		# shellcheck disable=SC2086 # a list
		ended_with $statuses && reported '' '.*' &&
			says_not out '^after$' && continue
		echo "case $case"
		return 1
	done
}

@test "a read from address 0 ends the guest with status 139 and names the null page" {
	traps null_read 139 'read of unmapped memory at 0x0 (null page)'
}

@test "a write through a null structure ends the guest with status 139 and says where" {
	traps null_write 139 'write to unmapped memory at 0x18 (null page)'
}

@test "the last byte of the null page is not there either" {
	traps null_page_end 139 'read of unmapped memory at 0xfff (null page)'
}

@test "a call of a null function pointer ends the guest with status 139" {
	traps null_jump 139 'jump to unmapped memory at 0x0 (null page)'
}

@test "a write to the text segment ends the guest with status 139 and names the text" {
	traps write_text 139 'write to read-only memory at 0x[0-9a-f]* (text)'
}

@test "a write to a constant ends the guest with status 139 and names read-only data" {
	traps write_rodata 139 \
		'write to read-only memory at 0x[0-9a-f]* (read-only data)'
}

@test "a write to boot info ends the guest with status 139 and names it" {
	traps write_boot_info 139 \
		'write to read-only memory at 0x10000 (boot info)'
}

@test "a jump into data ends the guest with status 139 and says not executable" {
	traps exec_data 139 'not executable at 0x[0-9a-f]* (data)'
}

@test "a jump into constants ends the guest with status 139 and says not executable" {
	traps exec_rodata 139 \
		'not executable at 0x[0-9a-f]* (read-only data)'
}

@test "a jump into boot info ends the guest with status 139 and says not executable" {
	traps exec_boot_info 139 'not executable at 0x10000 (boot info)'
}

@test "a jump into the heap ends the guest with status 139 and says not executable" {
	traps exec_heap 139 'not executable at 0x[0-9a-f]* (heap)'
}

@test "a jump into the stack ends the guest with status 139 and says not executable" {
	traps exec_stack 139 'not executable at 0x[0-9a-f]* (stack)'
}

@test "endless recursion ends the guest with status 139 and is called stack overflow" {
	traps stack_overflow 139 'stack overflow' stack_overflow_from
}

@test "a touch of the guard page below the stack ends the guest with status 139" {
	traps read_guard 139 'read of unmapped memory at .*stack overflow'
}

@test "no supervisor page can be read" {
	for case in read_tables read_stubs read_trap_stack; do
		traps "$case" 139 'read of protected memory .*supervisor pages' ||
			return
	done
	traps read_below_boot_info 139 'at 0xffff (supervisor pages)'
}

@test "no supervisor page can be written" {
	for case in write_tables write_stubs write_trap_stack; do
		traps "$case" 139 'write .* (supervisor pages)' || return
	done
}

@test "a trap stub cannot be jumped to" {
	traps jump_stubs 139 'jump .* at 0x2000 (supervisor pages)'
}

@test "the gap between boot info and the image is not mapped" {
	traps read_below_image 139 'read of unmapped memory at 0xfffff'
}

@test "the page tables behind guest memory cannot be read, written or run" {
	traps read_outside 139 'read of unmapped .* (outside memory)'
	traps write_outside 139 'write to unmapped .* (outside memory)'
	traps jump_outside 139 'jump to unmapped .* (outside memory)'
}

@test "an address far outside guest memory ends the guest with status 139" {
	traps read_far_outside 139 'at 0x4000000000 (outside memory)'
	traps read_negative 139 'at 0xfffffffffffff000 (outside memory)'
	traps read_non_canonical 139 'bad address'
}

@test "the last byte of guest memory is the guest's" {
	for mem in 2M 2052K 64M 1G; do
		run_tender --mem="$mem" "$(image trap)" write_memory_end
		ended_with 0 && says out '^went on$' || return
	done
}

@test "memory ends where --mem says" {
	for mem in 2M 2052K 1G; do
		run_tender --mem="$mem" "$(image trap)" write_outside
		ended_with 139 && says err '(outside memory)' || return
	done
	says err 'at 0x40000000 '
}

@test "a division by zero ends the guest with status 136" {
	traps div_zero 136 'division by zero'
	traps div_overflow 136 'division by zero or overflow'
}

@test "a breakpoint instruction ends the guest with status 133" {
	traps int3 133 'breakpoint'
	traps int3_long 133 'breakpoint'
}

@test "single-stepping itself ends the guest with status 133" {
	traps single_step 133 'debug exception'
}

@test "an illegal instruction ends the guest with status 132" {
	for case in ud2 lock_nop undefined; do
		traps "$case" 132 'illegal instruction' || return
	done
}

@test "an x87 division by zero that is not masked ends the guest with status 136" {
	traps x87_zero_divide 136 'x87 floating-point exception'
}

@test "an SSE division by zero that is not masked ends the guest with status 136" {
	run_guest trap sse_zero_divide
	# QEMU emulates neither this exception nor alignment checks.
	[ "$status" -ne 42 ] || skip "this CPU lets it pass"
	traps sse_zero_divide 136 'SSE floating-point exception'
}

@test "a misaligned access ends the guest with status 135 once it asked for that" {
	run_guest trap misaligned
	[ "$status" -ne 42 ] || skip "this CPU lets it pass"
	traps misaligned 135 'misaligned access'
}

@test "a misaligned SSE access ends the guest with status 139" {
	traps misaligned_sse 139 'bad address'
}

@test "a privileged instruction ends the guest with status 139" {
	for case in hlt clts invd wbinvd invlpg read_cr0 read_cr3 write_cr0 \
		write_cr3 write_cr4 write_cr8 write_dr7 lmsw lgdt lidt lldt \
		ltr rdmsr wrmsr swapgs rdpmc load_kernel_data far_return \
		interrupt_return; do
		traps "$case" 139 'privileged instruction' || return
	done
}

@test "an instruction for kernels or hypervisors ends the guest with status 132 or 139" {
	# Illegal or privileged: that depends on the CPU's maker and model.
	traps_somehow '132 139' xsetbv sysret sysexit vmrun vmxoff rsm monitor
}

@test "a system call instruction does not reach the host and ends the guest" {
	# One kind of host delivers int $N as an illegal instruction instead
	# of a protection fault, and jumps to address 0 for syscall.
	traps_somehow '132 139' int80 syscall sysenter
}

@test "an exception cannot be raised by software" {
	traps_somehow '132 139' int13 int14
}

@test "cli and sti are refused or harmless" {
	# IOPL 3, which some hosts need for hypercalls, allows them; there is
	# no interrupt to be masked.
	for case in cli sti; do
		run_tender --timeout=20 "$(image trap)" "$case"
		ended_with 42 139 || return
	done
}

@test "a hypercall of KVM's own is refused or without effect" {
	# KVM answers those from ring 3 with -EPERM; others trap.
	for case in vmcall vmmcall; do
		run_guest trap "$case"
		ended_with 42 132 139 || return
	done
}

@test "a port that is no hypercall ends the guest with status 159, at any width" {
	for case in in_serial out_serial out_serial_word out_serial_long \
		out_pci in_pci out_reset out_pic in_keyboard out_below \
		out_above out_last_port out_port_zero string_out; do
		traps "$case" 159 'access to a port that is no hypercall' ||
			return
	done
}

@test "the trap stubs' port is closed to the guest" {
	for case in out_trap_port out_trap_port_byte; do
		traps "$case" 159 'access to a port that is no hypercall' ||
			return
	done
}

@test "a hypercall port used in any other way ends the guest with status 159" {
	for case in call_byte call_word call_in call_in_byte \
		call_string_bytes call_string_in; do
		traps "$case" 159 'access to a port that is no hypercall' ||
			return
	done
}

@test "string output to a hypercall port does no more than that hypercall" {
	# Some hosts hand it over piece by piece, indistinguishably.
	run_guest trap call_string
	ended_with 42 159
}

@test "the backtrace lists the callers, innermost first" {
	run_guest trap nested
	ended_with 139
	names=$(sed -n 's/^  #[0-9]* *[0-9a-f]* \([a-z_]*\)+.*/\1/p' err)
	[[ ${names//$'\n'/ } == "inner inner inner inner outer nested main "* ]]
}

@test "the report shows the registers" {
	run_guest trap div_overflow
	ended_with 136
	says err '  rax 0\{16\}  .*rcx 0\{15\}1  rdx 0\{15\}1$'
}

@test "a wild frame pointer or stack pointer does not harm the report" {
	traps smash_frame_pointer 132 'illegal instruction'
	traps lose_stack 139 'write to unmapped memory at 0x8 (null page)'
}

@test "without the debug file the report has no names" {
	cp "$(image trap)" bare.hvt
	run_tender bare.hvt ud2
	ended_with 132
	says err '^  #0  [0-9a-f]\{16\} ?$'
}

@test "an address outside the text is given no name" {
	for case in null_jump exec_data exec_heap jump_outside; do
		run_guest trap "$case"
		ended_with 139 && says err '^  #0  [0-9a-f]\{16\} ?$' || return
	done
}

@test "a damaged debug file does not harm the report" {
	cp "$(image trap)" bent.hvt
	debug=$(image trap).debug
	size=$(stat -c %s "$debug")
	for at in 0 4 16 40 52 60 "$((size / 2))" "$((size - 40))"; do
		cp "$debug" bent.hvt.debug
		printf '\377\377\377\377\377\377\377\177' |
			dd of=bent.hvt.debug bs=1 seek="$at" conv=notrunc \
				status=none
		run_tender bent.hvt ud2
		ended_with 132 && says err '^  #0  [0-9a-f]\{16\} ' || return
	done
	for bytes in 0 1 63 64 "$((size / 2))" "$((size - 1))"; do
		head -c "$bytes" "$debug" >bent.hvt.debug
		run_tender bent.hvt ud2
		ended_with 132 && says err '^  #0  [0-9a-f]\{16\} ' || return
	done
}

@test "what was printed before a trap is there" {
	run_guest trap ud2
	ended_with 132
	[ "$(cat out)" = before ]
}

# Hypercalls: tests/guests/hypercall.c makes one exactly as told, and knows
# `data` (64 KiB of 0x5a), `text`, `rodata`, `heap`, `guard`, `stack`, `end`.

EXIT=0 CONSOLE_WRITE=1 CONSOLE_READ=2 CLOCK_WALL=3 RANDOM_BYTES=4 WAIT=5
BLOCK_IO=6 SET_TLS=7
READ=0 WRITE=1 FLUSH=2 DISCARD=3

# A pattern that shows where every block of it went.
make_disk() {
	seq -f %015.0f 1 4096 >disk.img
	cp disk.img before.img
}

disk_untouched() {
	cmp disk.img before.img
}

# The stack's end is that of memory.
run_call() {
	run_tender --no-aslr --disk=disk.img "$(image hypercall)" "$@" <in
}

# The call ends the guest with status 159 and a report like $1.
violates() {
	run_call "${@:2}"
	ended_with 159 && reported "$1" main && says out '^before$' &&
		says_not out '^result' && disk_untouched && return
	echo "call ${*:2}"
	return 1
}

# The call is answered with $1 and the guest goes on.
answers() {
	run_call "${@:2}"
	ended_with 0 && says out "result $1\$" && return
	echo "call ${*:2}"
	return 1
}

setup_calls() {
	make_disk
	head -c 100000 /dev/zero >in
}

# Pairs of address and length that are not all the guest's to read.
unreadable() {
	cat <<-'END'
		0 1
		0 0
		0xfff 1
		0xfff 2
		0x1000 1
		0x2000 8
		0x3000 4096
		0x4000 1
		0xffff 1
		0xffff 2
		boot-1 2
		boot_end 1
		boot_end-1 2
		boot 0x10001
		0xfffff 1
		0xfffff 2
		guard 1
		guard-1 2
		guard 4096
		guard+4095 1
		guard+4095 2
		stack-1 1
		stack-1 2
		data max
		data max-65535
		data 0x8000000000000000
		heap end
		end 0
		end 1
		end-1 2
		end-4096 4097
		end+0x1000 1
		end+0x100000 16
		max 1
		max 2
		max-4095 4096
		max-4095 8192
		0x8000000000000000 1
		0xffff800000000000 1
		0x100000000000 1
	END
}

# Those that may be read, but not written.
unwritable() {
	unreadable
	cat <<-'END'
		boot 1
		boot 136
		boot_end-1 1
		text 1
		text 16
		rodata 1
		rodata 4096
		0x100000 1
	END
}

@test "an unknown hypercall number ends the guest with status 159 and is named" {
	setup_calls
	for number in 16 30 31; do
		violates "unknown hypercall $number" "$number" || return
	done
}

@test "console_write refuses every address the guest cannot read" {
	setup_calls
	while read -r gpa bytes; do
		violates 'console_write: 0x.* bytes at 0x.*' \
			"$CONSOLE_WRITE" 1 "$gpa" "$bytes" || return
	done < <(unreadable)
}

@test "console_read refuses every address the guest cannot write" {
	setup_calls
	while read -r gpa bytes; do
		violates 'console_read: 0x.* bytes at 0x.*' \
			"$CONSOLE_READ" "$gpa" "$bytes" || return
	done < <(unwritable)
}

@test "random refuses every address the guest cannot write" {
	setup_calls
	while read -r gpa bytes; do
		violates 'random: 0x.* bytes at 0x.*' \
			"$RANDOM_BYTES" "$gpa" "$bytes" || return
	done < <(unwritable)
}

@test "block_io refuses every list the guest cannot read" {
	setup_calls
	# A length here is a count of segments.
	for gpa in 0 0xfff 0x1000 0xfff8 boot_end boot_end-8 boot_end-15 \
		0xffff8 guard guard-8 guard-15 stack-8 end end-8 end-15 max \
		max-7 max-15 0x8000000000000000; do
		for op in "$READ" "$WRITE"; do
			violates 'block_io list' \
				"$BLOCK_IO" 0 "$op" 0 "$gpa" 1 || return
		done
	done
	violates 'block_io list' "$BLOCK_IO" 0 "$WRITE" 0 end-1008 64
	violates 'block_io list' "$BLOCK_IO" 0 "$WRITE" 0 guard-1008 64
}

@test "block_io reads no disk into memory the guest cannot write" {
	setup_calls
	while read -r gpa bytes; do
		violates 'block_io segment: 0x.* bytes at 0x.*' \
			"$BLOCK_IO" 0 "$READ" 0 list 1 \
			-- "$gpa" "$bytes" || return
	done < <(unwritable)
}

@test "block_io writes no memory to disk that the guest cannot read" {
	setup_calls
	while read -r gpa bytes; do
		violates 'block_io segment: 0x.* bytes at 0x.*' \
			"$BLOCK_IO" 0 "$WRITE" 0 list 1 \
			-- "$gpa" "$bytes" || return
	done < <(unreadable)
}

@test "one bad segment anywhere in a list, and no byte of the disk has moved" {
	setup_calls
	good=(data 512 data+512 512)
	for bad in '0 512' 'guard 512' 'end-511 512' 'data max' '0x1000 512'; do
		read -ra bad <<<"$bad"
		violates 'block_io segment' "$BLOCK_IO" 0 "$WRITE" 0 list 3 \
			-- "${bad[@]}" "${good[@]}"
		violates 'block_io segment' "$BLOCK_IO" 0 "$WRITE" 0 list 5 \
			-- "${good[@]}" "${bad[@]}" "${good[@]}"
		violates 'block_io segment' "$BLOCK_IO" 0 "$WRITE" 0 list 3 \
			-- "${good[@]}" "${bad[@]}"
		violates 'block_io segment' "$BLOCK_IO" 0 "$READ" 0 list 3 \
			-- "${good[@]}" "${bad[@]}"
	done
}

@test "a list of 64 segments is carried out, in order" {
	setup_calls
	list=()
	for i in {0..63}; do
		list+=("data+$((i * 512))" 512)
	done
	answers 0 "$BLOCK_IO" 0 "$WRITE" 512 list 64 -- "${list[@]}"
	# The rest is as it was.
	cmp <(head -c 512 disk.img) <(head -c 512 before.img)
	cmp <(tail -c +33281 disk.img) <(tail -c +33281 before.img)
	[ "$(tail -c +513 disk.img | head -c 32768 | tr -d Z | wc -c)" -eq 0 ]
}

@test "a list of 65 segments ends the guest with status 159" {
	setup_calls
	list=()
	for i in {0..64}; do
		list+=(data 512)
	done
	for op in "$READ" "$WRITE"; do
		violates 'a list of 65 segments' \
			"$BLOCK_IO" 0 "$op" 0 list 65 -- "${list[@]}"
	done
	violates 'a list of [0-9]* segments' "$BLOCK_IO" 0 "$READ" 0 list max
	# 2^60 + 1 segments are 16 bytes, after overflow.
	violates 'a list of [0-9]* segments' \
		"$BLOCK_IO" 0 "$READ" 0 list 0x1000000000000001
}

@test "block_io on a device that there is not ends the guest with status 159" {
	setup_calls
	for device in 1 31 32 33 64 0x100000000 0x80000000 max; do
		for op in "$READ" "$WRITE" "$FLUSH" "$DISCARD"; do
			violates 'is not a disk' "$BLOCK_IO" "$device" "$op" \
				0 list 1 -- data 512 || return
		done
	done
}

@test "an unknown block operation ends the guest with status 159" {
	setup_calls
	for op in 4 5 255 0x100000000 0x100000001 max; do
		violates 'unknown operation' "$BLOCK_IO" 0 "$op" 0 list 1 \
			-- data 512 || return
	done
}

@test "a transfer past the end or unaligned is refused, moves nothing, and the guest goes on" {
	setup_calls
	# offset, bytes, result: -2 not aligned, -3 past the end.
	while read -r offset bytes result; do
		for op in "$READ" "$WRITE"; do
			answers "$result" "$BLOCK_IO" 0 "$op" "$offset" \
				list 2 -- data 0 data "$bytes"
			says out '^data untouched$'
			disk_untouched
		done
	done <<-'END'
		65536 512 -3
		65024 1024 -3
		0 0 -2
		0 1 -2
		0 511 -2
		1 512 -2
		511 1 -2
		0xfffffffffffffe00 512 -3
		0xfffffffffffffe00 1024 -3
		0x7ffffffffffffe00 512 -3
		0x8000000000000000 512 -3
		max 512 -2
	END
}

@test "a read of the last block is carried out" {
	setup_calls
	answers 0 "$BLOCK_IO" 0 "$READ" 65024 list 1 -- data 512
	says out '^data changed$'
}

@test "a discard past the end is refused and the guest goes on" {
	setup_calls
	answers -3 "$BLOCK_IO" 0 "$DISCARD" 65536 512
	answers -3 "$BLOCK_IO" 0 "$DISCARD" 0xfffffffffffffe00 1024
	answers -3 "$BLOCK_IO" 0 "$DISCARD" 512 0xfffffffffffffe00
	answers -2 "$BLOCK_IO" 0 "$DISCARD" 1 512
	answers -2 "$BLOCK_IO" 0 "$DISCARD" 0 0
	disk_untouched
}

@test "a write to a read-only disk is refused and the guest goes on" {
	setup_calls
	for op in "$WRITE" "$DISCARD"; do
		run_tender --disk=disk.img,ro "$(image hypercall)" \
			"$BLOCK_IO" 0 "$op" 0 "$([ "$op" -eq "$WRITE" ] &&
				echo list || echo 512)" 1 -- data 512
		ended_with 0
		says out '^result -4$'
		disk_untouched
	done
}

@test "set_tls outside guest memory ends the guest with status 159" {
	setup_calls
	for gpa in end end+1 end+0x10000 0x8000000000000000 \
		0xffff800000000000 max; do
		violates 'set_tls: 0x[0-9a-f]* is outside guest memory' \
			"$SET_TLS" "$gpa" || return
	done
}

@test "waiting for a device that there is not ends the guest with status 159" {
	setup_calls
	for set in 2 4 0x80000000 0x100000000 0x2000000000000000 \
		0x8000000000000000 0x4000000000000002 max; do
		violates 'wait: no such device in the set 0x' \
			"$WAIT" 0 "$set" || return
	done
}

@test "waiting says what is ready" {
	setup_calls
	answers 1 "$WAIT" max 1
	answers "$((1 << 62))" "$WAIT" max 0x4000000000000000
	answers "$(((1 << 62) + 1))" "$WAIT" max 0x4000000000000001
	answers 0 "$WAIT" 1000000 0
}

@test "an unknown console stream ends the guest with status 159" {
	setup_calls
	for stream in 0 3 4 0x100000001 0x80000001 max; do
		violates 'unknown stream' "$CONSOLE_WRITE" "$stream" data 1 ||
			return
	done
}

@test "the last byte of memory, of boot info and of the stack can be written out" {
	setup_calls
	for gpa in end-1 boot_end-1 guard-1 stack; do
		answers 1 "$CONSOLE_WRITE" 2 "$gpa" 1 || return
		[ "$(wc -c <err)" -eq 1 ]
	done
	# Across the border of two areas that may both be read.
	answers 8192 "$CONSOLE_WRITE" 2 heap-4096 8192
}

@test "an address inside is answered, an empty range too" {
	setup_calls
	answers 0 "$RANDOM_BYTES" end-1 1
	answers 0 "$RANDOM_BYTES" data 65536
	says out '^data changed$'
	answers 0 "$RANDOM_BYTES" data 0
	says out '^data untouched$'
	answers 65536 "$CONSOLE_READ" data 65536
	answers 0 "$CONSOLE_WRITE" 1 data 0
}

@test "exit takes the lowest byte of its argument" {
	setup_calls
	for value in 0 7 255 256 0x123 0xffffffffffffff2a; do
		run_call "$EXIT" "$value"
		ended_with $((value & 255)) && says_not out '^result' || return
	done
}

@test "a hypercall keeps every register, flag and floating-point state" {
	run_guest registers
	ended_with 0
	says out '^kept$'
	TENDER_NO_SYNC_REGS=1 run_guest registers
	ended_with 0
	says out '^kept$'
}

@test "the wall clock hypercall tells the host's time" {
	setup_calls
	before=$(date +%s%N)
	run_call "$CLOCK_WALL"
	ended_with 0
	after=$(date +%s%N)
	told=$(sed -n 's/^result //p' out)
	((before <= told && told <= after))
}
