#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What a guest asks for, line by line or as a timeline.

load lib

setup_file() {
	build_guest debug -O1 -g
	"$BIN/imgbuild" "$REPO/samples/sha256sum.c" \
		-o "$BATS_FILE_TMPDIR/sum.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# The traced calls in the file err, without times and addresses.
calls() {
	sed -n -E 's/^ *[0-9]+\.[0-9]{6} (.*) <[0-9]+\.[0-9]{6}>$/\1/p' err |
		sed -E 's/0x[0-9a-f]+/ADDRESS/g'
}

@test "the trace of a known program is what it does, in order" {
	run_tender --trace=hypercalls "$(image debug)" random
	ended_with 0
	diff <(calls) - <<-'END'
		random(ADDRESS, 8) = 0
		console_write(1, ADDRESS, 4) = 4
		exit(0) = 0
	END
}

@test "kinds of calls can be chosen" {
	truncate -s 64K disk.img
	run_tender --disk=disk.img --trace=block "$(image sum)"
	ended_with 0
	calls >seen
	says seen '^block_io(0, read, 0, ADDRESS, [0-9]*) = 0$'
	says_not seen 'console_write'
	run_tender --disk=disk.img --trace=sched,net "$(image sum)"
	[ -z "$(calls)" ]
}

@test "a call that ends the guest is the last line" {
	run_tender --trace "$(image debug)" crash
	ended_with 139
	build_guest hypercall
	run_tender --trace "$(image hypercall)" 31
	ended_with 159
	[ "$(calls | tail -1 | cut -d'(' -f1)" = '?' ]
}

@test "--trace=FILE is a timeline in Chrome's format" {
	run_tender --trace=trace.json "$(image debug)" random
	ended_with 0
	jq -e 'type == "array" and
		all(.ph == "X" and .ts >= 0 and .dur >= 0 and .pid == 1)' \
		trace.json
	[ "$(jq -r '.[] | select(.cat == "hypercalls") | .name' trace.json |
		xargs)" = 'random console_write exit' ]
	jq -e '[.[].ts] == ([.[].ts] | sort)' trace.json
}

@test "a kind that is misspelt is no file" {
	for what in disk block,nets ''; do
		run_tender --trace="$what" "$(image debug)" random
		ended_with 125
		says err "^tender: --trace=$what: expected kinds, of hypercalls"
		[ ! -e "$what" ] || return
	done
	run_tender --trace=./disk "$(image debug)" random
	ended_with 0
	[ -s disk ]
}

@test "a timeline of a guest that traps is whole" {
	run_tender --trace=trace.json "$(image debug)" crash
	ended_with 139
	jq -e 'type == "array"' trace.json
}

@test "a trace does not change what the guest writes" {
	run_guest debug
	cp out plain
	run_tender --trace "$(image debug)"
	cmp out plain
}
