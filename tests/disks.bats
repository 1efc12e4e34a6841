#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# Raw disks as a guest sees them, and what becomes of the files behind them.

load lib
load tools/refuse

BYTES=262144

setup_file() {
	build_guest disk
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
	[ ! -d mounted ] || umount mounted 2>/dev/null || :
	[ -z "${loop-}" ] || losetup -d "$loop" || :
}

# A disk of lines that are 16 bytes, numbered from 1.
fresh() {
	seq -f %015.0f 1 $((BYTES / 16)) >"$1"
}

# The case $1 of tests/guests/disk.c passes on a fresh disk, with blocks of
# each size; the disk's further options are $2.
passes() {
	for block in 512 4096; do
		fresh disk.img
		run_tender "--disk=disk.img,block-size=$block${2-}" \
			"$(image disk)" "$1" disk0 "$BYTES" "$block"
		ended_with 0 && says out '^done$' && continue
		echo "with blocks of $block bytes"
		return 1
	done
}

@test "a disk tells its size, its block size and that it is one" {
	passes info
}

@test "blocks of 64 KiB are as good as others" {
	for case in info reads refused; do
		fresh disk.img
		run_tender --disk=disk.img,block-size=65536 "$(image disk)" \
			"$case" disk0 "$BYTES" 65536
		ended_with 0 && says out '^done$' || return
	done
}

@test "reads may begin and end anywhere, and end with the disk" {
	passes reads
}

@test "read goes from one end to the other in steps of any size" {
	passes steps
}

@test "what is written is read again, and in the file" {
	for block in 512 4096; do
		fresh disk.img
		run_tender --disk=disk.img,block-size=$block "$(image disk)" \
			writes disk0 "$BYTES" $block
		ended_with 0
		fresh want.img
		put() {
			head -c $(($3 * block)) /dev/zero | tr '\0' "$1" |
				dd of=want.img bs=$block seek="$2" \
					conv=notrunc status=none
		}
		put a 0 1
		put b $((BYTES / block - 1)) 1
		put c 1 3
		put d 2 1
		put e 5 2
		cmp disk.img want.img
	done
}

@test "a write that is misaligned or past the end is refused and the guest goes on" {
	passes refused
}

@test "a read-only disk is not opened for writing, and read as any other" {
	passes read_only ,ro
	fresh want.img
	cmp disk.img want.img
}

@test "a read-only disk needs no write permission" {
	find_nobody
	[ -n "${AS_NOBODY[*]}" ] || skip "not root: no other user to become"
	"${AS_NOBODY[@]}" test -w /dev/kvm || skip "no /dev/kvm for others"
	cp "$(image disk)" image
	chmod 444 disk.img image
	"${AS_NOBODY[@]}" ./tender "${TENDER[@]:1}" --disk=disk.img,ro image \
		read_only disk0 "$BYTES" 512
}

@test "stdio reads lines and numbers of bytes, seeks and writes" {
	passes stdio
}

@test "reads into many pieces are in order, and short only beyond 64" {
	passes vectors
}

@test "writes from many pieces are in order, whatever their sizes" {
	passes vector_writes
}

@test "discarded blocks read as zeros, and the file gives them back" {
	passes discard
	fresh disk.img
	sync disk.img
	before=$(stat -c %b disk.img)
	run_tender --disk=disk.img,block-size=4096 "$(image disk)" discard \
		disk0 "$BYTES" 4096
	ended_with 0
	[ "$(stat -c %s disk.img)" -eq "$BYTES" ]
	cmp <(head -c 12288 /dev/zero) \
		<(tail -c +8193 disk.img | head -c 12288)
	echo "$before blocks before, $(stat -c %b disk.img) after"
	[ "$(stat -c %b disk.img)" -lt "$before" ]
}

@test "disks without names are disk0, disk1 and so on, others have theirs" {
	for name in a b c d; do
		printf 'this is disk %2s\n' "$name" >$name.img
		truncate -s 4096 $name.img
	done
	run_tender --disk=a.img --disk=data=b.img --disk=c.img,ro \
		--disk=x-1_y=d.img,block-size=4096 "$(image disk)" \
		heads disk0 data disk2 x-1_y
	ended_with 0
	printf '%s this is disk %2s\n' disk0 a data b disk2 c x-1_y d |
		cmp - out
	run_tender --disk=a.img --disk=data=b.img "$(image disk)" heads disk1
	ended_with 1
}

@test "32 disks are all there, each with its own data" {
	disks=() names=()
	for ((i = 0; i < 32; i++)); do
		printf '%015d\n' $((i * 7)) >"$i.img"
		truncate -s $((512 * (i + 1))) "$i.img"
		disks+=("--disk=$i.img")
		names+=("disk$i")
	done
	run_tender "${disks[@]}" "$(image disk)" heads "${names[@]}"
	ended_with 0
	for ((i = 0; i < 32; i++)); do
		printf 'disk%d %015d\n' "$i" $((i * 7))
	done | cmp - out
}

@test "a disk attached twice for reading is shared, and by two tenders" {
	run_tender --disk=disk.img,ro --disk=b=disk.img,ro "$(image disk)" \
		heads disk0 b
	ended_with 0
	[ "$(grep -c ' 000000000000001$' out)" -eq 2 ]
}

@test "a large disk is digested as the host does" {
	bytes=$(sized $((1 << 30)) $((8 << 20)))
	truncate -s "$bytes" large.img
	# Some data, some holes, to the last block.
	for at in 0 3 7; do
		openssl enc -aes-128-ctr -nosalt -pass pass:$at \
			-in /dev/zero 2>/dev/null |
			dd of=large.img bs=1M count=$((bytes >> 24)) \
				seek=$((bytes * at >> 23)) \
				iflag=fullblock conv=notrunc status=none
	done
	printf end | dd of=large.img bs=1 seek=$((bytes - 3)) conv=notrunc \
		status=none
	run_tender --disk=large.img,ro "$(image sha256sum)"
	ended_with 0
	says out "^$(sha256sum <large.img | cut -d' ' -f1) "
	says out "^$bytes bytes"
}

# Starts the case $1 in the background, until it waits for the host.
start_case() {
	mkfifo input
	"${TENDER[@]}" "--disk=${3-disk.img}" "$(image disk)" "$1" disk0 \
		"$BYTES" 512 <input >out 2>err 3>&- &
	background=$!
	exec 9>input
	for ((i = 0; i < LIMIT_SECONDS * 10; i++)); do
		! grep -q "^$2$" out || return 0
		sleep 0.1
	done
	return 1
}

@test "what a guest has synced is in the file after its tender was killed" {
	start_case persist synced
	kill -KILL "$background"
	wait "$background" || :
	background=
	exec 9>&-
	[ "$(stat -c %s disk.img)" -eq "$BYTES" ]
	[ "$(tr -d P <disk.img | wc -c)" -eq 0 ]
}

@test "what a guest has synced is in the file after it ended" {
	start_case persist synced
	echo >&9
	exec 9>&-
	wait "$background"
	background=
	[ "$(tr -d P <disk.img | wc -c)" -eq 0 ]
}

@test "a file that becomes shorter gives EIO, and the guest goes on" {
	start_case shrinks ready
	truncate -s $((BYTES / 2)) disk.img
	echo >&9
	exec 9>&-
	status=0
	wait "$background" || status=$?
	background=
	ended_with 0
	says out '^went on$'
	[ "$(stat -c %s disk.img)" -eq $((BYTES / 2)) ]
}

@test "a host without room gives ENOSPC, and the guest goes on" {
	[ "$EUID" -eq 0 ] || skip "not root: cannot mount"
	mkdir mounted
	mount -t tmpfs -o size=1M none mounted || skip "cannot mount a tmpfs"
	truncate -s 16M mounted/disk.img
	run_tender --disk=mounted/disk.img "$(image disk)" fills disk0 \
		$((16 << 20)) 512
	ended_with 0
	says out '^went on$'
}

make_loop() {
	[ "$EUID" -eq 0 ] || skip "not root: no loop devices"
	loop=$(losetup -f --show "$1" 2>&1) || {
		message=$loop loop=
		skip "no loop devices: $message"
	}
}

@test "a block device of the host is a disk like a file" {
	make_loop disk.img
	for case in info reads steps stdio vectors; do
		run_tender "--disk=$loop" "$(image disk)" "$case" disk0 \
			"$BYTES" 512
		ended_with 0 && says out '^done$' || return
		fresh disk.img
		losetup -d "$loop"
		make_loop disk.img
	done
	run_tender "--disk=$loop" "$(image disk)" persist disk0 "$BYTES" 512 \
		</dev/null
	ended_with 0
	[ "$(tr -d P <disk.img | wc -c)" -eq 0 ]
}

@test "a block device is written by one tender alone" {
	make_loop disk.img
	refuses 125 "disk disk1: $loop: " '' \
		"${TENDER[@]}" "--disk=$loop" "--disk=$loop" "$(image disk)"
	refuses 125 "disk disk1: $loop: " '' \
		"${TENDER[@]}" "--disk=$loop" "--disk=$loop,ro" "$(image disk)"
}

@test "a block device that is mounted is refused" {
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	truncate -s 16M fs.img
	mkfs.ext4 -q fs.img
	make_loop fs.img
	mkdir mounted
	mount "$loop" mounted || skip "cannot mount"
	refuses 125 "disk disk0: $loop: " 'in use.*unmount' \
		"${TENDER[@]}" "--disk=$loop" "$(image disk)"
}

@test "a disk is never taken for standard input, output or error" {
	run_tender --disk=disk.img "$(image disk)" input disk0 "$BYTES" 512 <&-
	ended_with 0
	says out '^no input$'
	"${TENDER[@]}" --disk=disk.img "$(image disk)" info disk0 "$BYTES" 512 \
		>&- 2>&- || :
	fresh want.img
	cmp disk.img want.img
}
