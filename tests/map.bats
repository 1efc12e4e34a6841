#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The hypercall `map`: what a guest may do with its own pages.

load lib

setup_file() {
	build_guest map
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

said() {
	diff out -
}

@test "memory without access traps when it is read, and says so" {
	run_guest map read 0
	ended_with 139
	says out 'result 0'
	says_not out touched
	reported 'protected memory at 0x.*(data)' how_touch
}

@test "read-only memory can be read, and traps when it is written" {
	run_guest map read 1
	ended_with 0
	said <<-END
		result 0
		1
		touched
	END
	run_guest map write 1
	ended_with 139
	reported 'write to read-only memory at 0x.*(data)' how_touch
}

@test "after 600 random calls each page has its access and its contents" {
	run_guest map random
	ended_with 0
	said <<<"done"
}

@test "so it is when ticks interrupt the calls" {
	run_guest map random-ticks
	ended_with 0
	said <<-END
		done
		ticks 1
	END
}

@test "and without synced registers" {
	TENDER_NO_SYNC_REGS=1 run_guest map random-ticks
	ended_with 0
	says out '^done$'
}

@test "released memory is zero, and can be used at once" {
	run_guest map release
	ended_with 0
	said <<-END
		result 0
		0 0 7
		9
	END
}

@test "released memory goes back to the host" {
	mkfifo input
	# shellcheck disable=SC2153 # TENDER is of lib.bash
	"${TENDER[@]}" --mem=128M "$(image map)" release-much <input >out 2>err \
		3>&- &
	tender=$!
	exec 4>input
	until grep -q released out; do
		kill -0 $tender
		sleep 0.02
	done
	# Of 32 MiB that were used, next to nothing is there.
	used=$(awk '/^Pss:/ { n += $2 } END { print n }' \
		"/proc/$tender/smaps_rollup")
	exec 4>&-
	wait $tender
	says out 'result 0'
	echo "$used KiB"
	[ "$used" -lt 16000 ]
}

@test "the tender does not use for a guest what the guest gave up" {
	run_guest map buffer 3
	ended_with 0
	run_guest map buffer 1
	ended_with 159
	reported 'random: 0x10 bytes at 0x.* are not memory' how_buffer
	run_guest map buffer 0
	ended_with 159
	reported 'console_write: 0x0 bytes at 0x.* are not memory' how_buffer
}

@test "more than an area allows is refused" {
	local at bits

	while read -r at bits; do
		run_guest map call "$at" 4096 "$bits"
		ended_with 0
		said <<<"result -2"
	done <<-END
		text 7
		text 3
		text 0x105
		data 5
		data 7
		data 2
		data 4
		heap 5
		stack 7
		rodata 3
		rodata 0x101
		boot 3
		boot 5
	END
	# All of it, or nothing.
	run_guest map call rodata 0x3000 3
	said <<<"result -2"
}

@test "what is not pages of the guest's is a violation" {
	local at bytes bits

	while read -r at bytes bits; do
		run_guest map call "$at" "$bytes" "$bits"
		ended_with 159
		says err 'tender: .*: guest ended by the tender: map: '
	done <<-END
		0 4096 0
		0x1000 4096 1
		0x2000 4096 5
		guard 4096 1
		end 4096 3
		stack 0xffffffffffffe000 3
		0xfffffffffffff000 4096 3
		data 0 3
		data 1 3
		data+1 4096 3
		data 4096 8
		data 4096 0x201
		heap 0x1000000000 1
	END
}

@test "a guest that gives up the code it runs, traps" {
	run_guest map own-code 5
	ended_with 0
	run_guest map own-code 1
	ended_with 139
	says err 'trapped (Segmentation fault): jump to memory that is not exec'
	run_guest map own-code 0
	ended_with 139
	says err 'trapped (Segmentation fault): .* protected memory'
}
