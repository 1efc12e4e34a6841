#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Disks that the guest reads as memory (--disk=PATH,map).

bats_require_minimum_version 1.5.0
load lib
load tools/refuse

BYTES=262144

setup_file() {
	build_guest disk
	build_guest mapped
	build_guest crash
	"$BIN/imgbuild" "$REPO/samples/sha256sum.c" \
		-o "$BATS_FILE_TMPDIR/sha256sum.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	fresh disk.img
}

teardown() {
	[ -z "${background-}" ] || kill -KILL "$background" 2>/dev/null || :
	[ -z "${loop-}" ] || losetup -d "$loop" || :
}

# A disk of lines that are 16 bytes, numbered from 1.
fresh() {
	seq -f %015.0f 1 $((BYTES / 16)) >"$1"
}

# Cases of tests/guests/disk.c pass, with blocks of each size; $1 are further
# options of the disk.
passes() {
	for case in "${@:2}"; do
		for block in 512 4096; do
			fresh disk.img
			run_tender "--disk=disk.img,map,block-size=$block$1" \
				"$(image disk)" "$case" disk0 "$BYTES" "$block"
			ended_with 0 && says out '^done$' && continue
			echo "$case with blocks of $block bytes"
			return 1
		done
	done
}

# Starts a guest in the background, until it waits for the host.
start() {
	mkfifo input
	"${TENDER[@]}" "$@" <input >out 2>err 3>&- &
	background=$!
	exec 9>input
	for ((i = 0; i < LIMIT_SECONDS * 10; i++)); do
		! grep -q "^ready$" out || return 0
		sleep 0.1
	done
	return 1
}

# Lets it go on, to its end.
finish() {
	echo >&9
	exec 9>&-
	status=0
	wait "$background" || status=$?
	background=
}

@test "a mapped disk is read, written and refused as any other" {
	passes '' info reads steps writes refused stdio vectors vector_writes \
		discard
}

@test "what a guest writes to a mapped disk is in the file" {
	run_tender --disk=disk.img,map "$(image disk)" persist disk0 "$BYTES" \
		512 </dev/null
	ended_with 0
	[ "$(stat -c %s disk.img)" -eq "$BYTES" ]
	[ "$(tr -d P <disk.img | wc -c)" -eq 0 ]
}

@test "a mapped disk that is read-only stays as it was" {
	chmod 444 disk.img
	passes ,ro read_only
	fresh want.img
	cmp disk.img want.img
}

@test "memory holds what a hypercall reads, to the last byte, of any size" {
	for bytes in 512 4096 4608 2097152 2097664 6291456 6295552; do
		head -c "$bytes" /dev/urandom >disk.img
		run_tender --disk=disk.img,map,ro "$(image mapped)" same
		ended_with 0 && says out '^same$' && continue
		echo "$bytes bytes"
		return 1
	done
}

@test "reading a mapped disk of 64 MiB makes no exit" {
	head -c 64M /dev/urandom >large.img
	run_tender --stats=stats.json --disk=large.img,map,ro \
		"$(image sha256sum)"
	ended_with 0
	says out "^$(sha256sum <large.img | cut -d' ' -f1) "
	jq -e '.hypercalls.block_io.count // 0 | . == 0' stats.json
	jq -e '.exits < 20' stats.json
}

@test "several disks are mapped, beside some that are not" {
	truncate -s 4096 a.img b.img
	run_tender --disk=disk.img,map --disk=a.img --disk=x=b.img,map,ro \
		"$(image mapped)" info
	ended_with 0
	printf '%s\n' 'disk0 mapped' 'disk1 not mapped' 'x mapped' | cmp - out
	for i in 1 2 3; do
		fresh $i.img
		printf '%015d\n' $((i * 7)) |
			dd of=$i.img conv=notrunc status=none
	done
	run_tender --disk=1.img,map --disk=2.img,map --disk=3.img,map,ro \
		"$(image disk)" heads disk0 disk1 disk2
	ended_with 0
	printf 'disk%d %015d\n' 0 7 1 14 2 21 | cmp - out
}

@test "a sparse disk of 64 GiB is mapped, and read at its end" {
	truncate -s 64G huge.img
	printf 'this is the end\n' |
		dd of=huge.img bs=16 seek=$((64 * 1024 * 65536 - 1)) \
			conv=notrunc status=none
	run_tender --stats=stats.json --disk=huge.img,map "$(image mapped)" end
	ended_with 0
	says out '^this is the end$'
	# Its page tables take 256 KiB.
	jq -e '.peak_memory_bytes < 32 * 1048576' stats.json
}

@test "what the host writes to the file, the guest sees" {
	start --disk=disk.img,map "$(image mapped)" watch
	printf X | dd of=disk.img conv=notrunc status=none
	finish
	ended_with 0
	says out '^0 then X$'
}

@test "a block device of the host can be mapped" {
	[ "$EUID" -eq 0 ] || skip "not root: no loop devices"
	loop=$(losetup -f --show disk.img 2>/dev/null) || {
		loop=
		skip "no loop devices"
	}
	for case in reads writes; do
		run_tender "--disk=$loop,map" "$(image disk)" "$case" disk0 \
			"$BYTES" 512
		ended_with 0 && says out '^done$' || return
	done
}

@test "a guest cannot write or run a mapped disk, nor reach beside it" {
	for option in map map,ro; do
		run_tender --disk=disk.img,$option "$(image mapped)" store
		ended_with 139
		reported 'write to read-only memory at 0x[0-9a-f]* (mapped disk)' \
			store
		run_tender --disk=disk.img,$option "$(image mapped)" jump
		ended_with 139
		says err 'jump to memory that is not executable.*mapped disk'
		run_tender --disk=disk.img,$option "$(image mapped)" behind
		ended_with 139
		run_tender --disk=disk.img,$option "$(image mapped)" before
		ended_with 139
	done
	fresh want.img
	cmp disk.img want.img
}

@test "a mapped disk is no memory for hypercalls" {
	for number in 1 2 4 6 106 206 7 8 9; do
		run_tender --disk=disk.img,map "$(image mapped)" call $number \
			<disk.img
		ended_with 159 && says_not out back && continue
		echo "call $number"
		return 1
	done
	fresh want.img
	cmp disk.img want.img
}

@test "a file that becomes shorter gives EIO, and the guest goes on" {
	start --disk=disk.img,map "$(image disk)" shrinks disk0 "$BYTES" 512
	truncate -s $((BYTES / 2)) disk.img
	finish
	ended_with 0
	says out '^went on$'
	[ ! -s err ] || [ "${TEST_CPU:-kvm}" = process ]
}

@test "a device that cannot be read gives EIO, and the guest goes on" {
	truncate -s 8M disk.img
	[ "$EUID" -eq 0 ] || skip "not root: no loop devices"
	loop=$(losetup -f --show disk.img 2>/dev/null) || {
		loop=
		skip "no loop devices"
	}
	start --disk="$loop",map "$(image mapped)" fails
	truncate -s 4M disk.img
	blockdev --flushbufs "$loop"
	finish
	ended_with 0
	says out '^I/O error, then 4096$'
}

@test "a guest that reads by itself what is not there ends with a report" {
	start --disk=disk.img,map "$(image mapped)" cut
	truncate -s $((BYTES / 2)) disk.img
	finish
	ended_with 135
	reported 'mapped disk cannot be read' cut
}

@test "a guest can handle that as a signal" {
	start --disk=disk.img,map "$(image mapped)" caught
	truncate -s $((BYTES / 2)) disk.img
	finish
	ended_with 0
	says out '^signal 7 code 2$'
}

@test "whatever a guest does where a file became shorter, only it ends" {
	start --disk=disk.img,map "$(image mapped)" worst
	truncate -s 4096 disk.img
	finish
	ended_with 135 139
	[ "$(grep -c '^tender: ' err)" -eq 1 ]
}

@test "a core file and a debugger leave a mapped disk out" {
	start --core=core --disk=disk.img,map "$(image mapped)" cut
	truncate -s 4096 disk.img
	finish
	ended_with 135
	[ -s core ]
	readelf -lW core | grep -q LOAD
	run ! grep -q '0x0*2000000000' <(readelf -lW core)
}

# make_disk SIZE [MKE2FS OPTION...]
make_disk() {
	rm -f disk.img
	mke2fs -q -F -t ext4 "${@:2}" disk.img "$1" >mke2fs.log 2>&1
}

clean() {
	e2fsck -fn disk.img >e2fsck.log 2>&1 || { cat e2fsck.log; return 1; }
}

@test "what was synced to ext4 is whole after the tender was killed" {
	make_disk 16M
	for ((round = 0; round < $(sized 4 1); round++)); do
		: >log
		"${TENDER[@]}" --disk=disk.img,map "$(image crash)" churn \
			>log 2>err 3>&- &
		background=$!
		until [ -s log ]; do
			kill -0 "$background" || { cat err; return 1; }
			sleep 0.01
		done
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
		kill -KILL "$background"
		wait "$background" || :
		background=
		last=$(sed -n 's/^synced //p' log | tail -1)
		run_tender --disk=disk.img,map "$(image crash)" verify "$last"
		ended_with 0 && says out '^whole$' || return
		clean || return
	done
}

@test "ext4 in a file that becomes shorter is EIO, and the guest goes on" {
	mkdir tree
	head -c 8M /dev/urandom >tree/cold
	make_disk 16M -d tree
	mkfifo lines
	"${TENDER[@]}" --disk=disk.img,map "$(image crash)" reader \
		<lines >out 2>err 3>&- &
	background=$!
	exec 9>lines
	echo go >&9
	until grep -q '^done' out; do
		kill -0 "$background" || { cat out err; return 1; }
		sleep 0.02
	done
	truncate -s 64K disk.img
	finish
	ended_with 0
	says out '^failed -1 I/O error'
	says out '^still here'
}

@test "a limit on a mapped disk is refused" {
	refuses 125 '--limit: disk0 is mapped' 'without map' "${TENDER[@]}" \
		--disk=disk.img,map --limit=disk0=1M/s "$(image mapped)" same
}

@test "a disk that cannot be mapped is refused" {
	truncate -s 2T huge.img
	refuses 125 'disk disk0: huge.img: ' 'leave .*map' "${TENDER[@]}" \
		--disk=huge.img,map "$(image mapped)" same
	(
		ulimit -v 4000000
		truncate -s 8G large.img
		refuses 125 'disk disk0: large.img: ' 'leave out map' \
			"${TENDER[@]}" --disk=large.img,map "$(image mapped)" \
			same
	)
}
