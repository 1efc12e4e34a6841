#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What a guest asks for, line by line or as a timeline.

load lib

setup_file() {
	build_guest debug -O1 -g
	"$BIN/imgbuild" "$REPO/samples/sha256sum.c" \
		-o "$BATS_FILE_TMPDIR/sum.hvt"
	build_guest traced -O1 -Wno-unused-result
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
	jq -e '[.[] | select(.tid == 0).ts] | . == sort' trace.json
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

# --- System calls of the guest itself

@test "the system calls of a known program, with what is in their arguments" {
	local x32 n256

	x32=$(printf 'x%.0s' {1..32})
	n256=$(printf 'n%.0s' {1..256})
	run_tender --trace=syscalls "$(image traced)" files
	ended_with 0
	diff <(calls) - <<-END
		set_thread_area(ADDRESS) = 0
		set_tid_address(ADDRESS) = 1
		open("/tmp/file0", O_WRONLY|O_CREAT|O_EXCL|O_LARGEFILE, 0640) = 3
		write(3, "\"a\"\n\x01\xff", 6) = 6
		close(3) = 0
		open("/tmp/file1", O_WRONLY|O_CREAT|O_EXCL|O_LARGEFILE, 0640) = 3
		write(3, "\"a\"\n\x01\xff", 6) = 6
		close(3) = 0
		open("/tmp/file2", O_WRONLY|O_CREAT|O_EXCL|O_LARGEFILE, 0640) = 3
		write(3, "\"a\"\n\x01\xff", 6) = 6
		close(3) = 0
		rename("/tmp/file0", "/tmp/other") = 0
		openat(AT_FDCWD, "/tmp/other", O_RDONLY|O_LARGEFILE|O_CLOEXEC) = 3
		read(3, "\"a\"\n\x01\xff", 64) = 6
		read(3, ADDRESS, 64) = 0
		pread64(3, "a\"", 2, 1) = 2
		lseek(3, -5, SEEK_END) = 1
		readv(3, ["a\"\n\x01"], 2) = 4
		write(3, "$x32"..., 64) = -1 EBADF (Bad file descriptor)
		open("/nowhere", O_RDWR|O_LARGEFILE) = -1 ENOENT (No such file or directory)
		unlink("$n256"...) = -1 ENAMETOOLONG (Filename too long)
		utimensat(3, NULL, NULL, 0) = 0
		exit_group(0) = ?
	END
}

@test "addresses of sockets are told" {
	run_tender --trace=syscalls "$(image traced)" sockets
	ended_with 0
	calls >seen
	says seen '^socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3$'
	says seen '^connect(3, {AF_INET, 127.0.0.1:8080}, 16) = -1 ECONNREFUSED (Connection refused)$'
}

@test "each thread's calls have its number, and last until they return" {
	run_tender --trace=trace.json "$(image traced)" threads
	ended_with 0
	jq -e 'map(select(.cat == "syscalls")) | group_by(.tid) |
		map([.[].name]) |
		.[0][-1] == "exit_group" and length == 4 and
		(.[1:] | all(index("nanosleep") and .[-1] == "exit"))' \
		trace.json
	# They sleep at once, and a join ends behind its thread.
	jq -e 'map(select(.name == "nanosleep")) | length == 3 and
		all(.dur >= 20000) and
		(map(.ts) | max) < (map(.ts + .dur) | min)' trace.json
	# None begins before the one ahead of it in its thread has ended.
	jq -e 'map(select(.cat == "syscalls")) | group_by(.tid) |
		all(. as $t | all(range(1; length);
			$t[.].ts >= $t[. - 1].ts + $t[. - 1].dur - 0.001))' \
		trace.json
	run_tender --trace=syscalls "$(image traced)" threads
	ended_with 0
	[ "$(calls | grep -c '^\[[234]\] nanosleep(ADDRESS, ADDRESS) = 0$')" -eq 3 ]
}

@test "calls that never exit are all there, however many" {
	run_tender --trace=syscalls "$(image traced)" many
	ended_with 0
	calls | sed -n 's/^lseek(3, \([0-9]*\), SEEK_SET) = \1$/\1/p' |
		cmp - <(seq 0 49999)
	# Far fewer exits than calls.
	run_tender --trace=syscalls --stats=stats.json "$(image traced)" many
	jq -e '.exits < 500' stats.json
}

@test "a call that does not return is there, too" {
	run_tender --trace=syscalls --timeout=0.5 "$(image traced)" hang \
		< <(sleep 30 3>&-)
	ended_with 124
	[ "$(calls | tail -1)" = "read(0, ADDRESS, 8 <unfinished ...>" ]
}

@test "records that make no sense are said once, and harm nobody" {
	for how in 0 1 2 3 4 5; do
		run_tender --trace=syscalls "$(image traced)" lie "$how"
		# The guest's own runtime believes its buffer.
		ended_with 0 139
		[ "$(grep -c 'records make no sense' err)" -eq 1 ]
	done
}

@test "without the names in the debug file there is no trace of system calls" {
	cp "$(image traced)" bare.hvt
	run_tender --trace=syscalls bare.hvt files
	ended_with 125
	says err '^tender: --trace=syscalls: bare.hvt.debug'
	cp "$(image sum).debug" bare.hvt.debug
	run_tender --trace=syscalls,net bare.hvt files
	ended_with 125
	# Everything is all that there is.
	run_tender --trace bare.hvt files
	ended_with 0
	[ "$(calls | tail -1)" = 'exit(0) = 0' ]
}

@test "arguments that leave no room for records are refused" {
	head -c 940000 /dev/zero | tr '\0' x >long
	split -b 100000 long part.
	run_tender --mem=128M --trace=syscalls "$(image traced)" files part.*
	ended_with 0
	local arguments=()
	for part in part.*; do
		arguments+=("$(cat "$part")")
	done
	run_tender --mem=128M --trace=syscalls "$(image traced)" files \
		"${arguments[@]}"
	ended_with 125
	says err '^tender: arguments and environment leave no room'
	run_tender --mem=128M "$(image traced)" files "${arguments[@]}"
	ended_with 0
}
