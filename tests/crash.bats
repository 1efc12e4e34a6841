#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Disks with files, when the tender, the host or the disk itself fails.

bats_require_minimum_version 1.5.0
load lib

setup_file() {
	build_guest crash
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return
}

# make_disk SIZE [MKE2FS OPTION...]
make_disk() {
	rm -f disk.img
	mke2fs -q -F -t ext4 "${@:2}" disk.img "$1" >mke2fs.log 2>&1
}

# The host's own checker, which repairs nothing here.
clean() {
	e2fsck -fn disk.img >e2fsck.log 2>&1 || {
		cat e2fsck.log
		return 1
	}
}

content() {
	debugfs -R "cat /$1" disk.img 2>/dev/null
}

@test "what was synced is whole after the tender was killed at any moment" {
	local rounds pid last
	rounds=$(sized 12 2)

	make_disk 16M
	for ((i = 0; i < rounds; i++)); do
		# Emptied here: the child does so only when it comes to run.
		: >log
		"${TENDER[@]}" --disk=disk.img "$(image crash)" churn >log 2>err &
		pid=$!
		# Somewhere after the first sync.
		until [ -s log ]; do
			kill -0 "$pid" || { cat err; return 1; }
			sleep 0.01
		done
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
		kill -KILL "$pid"
		wait "$pid" || true
		last=$(sed -n 's/^synced //p' log | tail -1)
		cp disk.img copy.img
		# The host's checker replays the journal and finds no fault.
		e2fsck -p copy.img >e2fsck.log 2>&1 || [ $? -eq 1 ] || {
			cat e2fsck.log
			return 1
		}
		e2fsck -fn copy.img >e2fsck.log 2>&1 || {
			cat e2fsck.log
			return 1
		}
		run_tender --disk=copy.img "$(image crash)" verify "$last"
		ended_with 0 && says out '^whole$' || return
		# So does the guest by itself.
		run_tender --disk=disk.img "$(image crash)" verify "$last"
		ended_with 0 && says out '^whole$' || return
		clean || return
	done
}

@test "what was not synced is there after exit() and _exit()" {
	make_disk 8M
	run_tender --disk=disk.img "$(image crash)" once exit
	ended_with 3
	[ "$(content once)" = "written by exit" ]
	run_tender --disk=disk.img "$(image crash)" once _exit
	ended_with 4
	[ "$(content once)" = "written by _exit" ]
	clean
}

@test "what was written before abort() is there" {
	make_disk 8M
	run_tender --disk=disk.img "$(image crash)" once abort
	ended_with 134
	[ "$(content once)" = "written by abort" ]
	clean
}

@test "what was written before a trap is there, and the report is as ever" {
	make_disk 8M
	run_tender --disk=disk.img "$(image crash)" once trap
	ended_with 132
	reported 'illegal instruction' break_off
	[ "$(content once)" = "written by trap" ]
	clean
}

@test "what was written before a stack overflow is there, and the report is as ever" {
	make_disk 8M
	run_tender --disk=disk.img "$(image crash)" once overflow
	ended_with 139
	reported 'stack guard page: stack overflow' dig
	[ "$(content once)" = "written by overflow" ]
	clean
}

@test "a trap within a system call leaves the disk as at the last sync" {
	make_disk 8M
	run_tender --disk=disk.img "$(image crash)" once exit
	run_tender --disk=disk.img "$(image crash)" once 'in a call'
	ended_with 139
	run_tender --disk=disk.img "$(image crash)" verify -1
	[ "$(content once)" = "written by exit" ]
	clean
}

@test "a full disk is ENOSPC, loses nothing and works when there is room" {
	for options in "-b 4096" "-b 1024" "-O ^has_journal"; do
		# shellcheck disable=SC2086
		make_disk 12M $options
		run_tender --disk=disk.img "$(image crash)" full
		ended_with 0 && says out 'write -1 No space left on device' &&
			says out '^wrote some: 1$' &&
			says out '^afterwards 262144 0$' || return
		clean || return
	done
}

@test "a disk without free inodes is ENOSPC, and works when there is one" {
	make_disk 8M -N 32
	run_tender --disk=disk.img "$(image crash)" inodes
	ended_with 0
	says out '^open 1 No space left on device'
	says out '^again 1$'
	clean
}

@test "a full host is an error of the guest, which goes on" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small tmpfs"
	mkdir small
	make_disk 32M
	cat >host.sh <<-'END'
		mount -t tmpfs -o size=8M none small || exit 77
		cp --sparse=always disk.img small/disk.img
		head -c 2M /dev/zero >small/ballast
		mkfifo lines
		"$@" --disk=small/disk.img "$IMAGE" stubborn <lines >out 2>err &
		exec 9>lines
		for ((i = 0; i < 60; i++)); do echo go >&9; done
		until grep -q failed out; do
			kill -0 $! || exit 78
			sleep 0.02
		done
		rm small/ballast
		sleep 0.1
		echo go >&9
		exec 9>&-
		wait $!
		echo $? >status
		cp --sparse=always small/disk.img after.img
	END
	IMAGE=$(image crash) run -0 unshare -m bash host.sh "${TENDER[@]}"
	[ "$(cat status)" -eq 0 ] || { cat out err; return 1; }
	says out '^done' && says out '^failed'
	cp after.img disk.img
	e2fsck -p disk.img || [ $? -eq 1 ]
	clean
}

@test "a disk file cut short under a running guest is EIO, and the guest goes on" {
	mkdir tree
	head -c 8M /dev/urandom >tree/cold
	make_disk 16M -d tree
	mkfifo lines
	"${TENDER[@]}" --disk=disk.img "$(image crash)" reader <lines >out 2>err &
	local pid=$!
	exec 9>lines
	echo go >&9
	until grep -q '^done' out; do
		kill -0 "$pid" || { cat out err; return 1; }
		sleep 0.02
	done
	truncate -s 64K disk.img
	echo go >&9
	exec 9>&-
	wait "$pid"
	says out '^failed -1 I/O error'
	says out '^still here'
}

@test "what is no file system is not mounted, and said so where it was asked for" {
	truncate -s 1M disk.img
	run_tender --disk=disk.img "$(image crash)" once exit
	ended_with 1
	[ ! -s err ]
	run_tender --disk=disk.img,mount=/data "$(image crash)" once exit
	ended_with 1
	says err '^hvt: disk disk0: no file system'
}

@test "a damaged superblock is refused in one line" {
	local word

	for word in 24 40 44 92 96 100 88 20; do
		make_disk 8M
		printf '\377\377\377\377' | dd of=disk.img bs=1 \
			seek=$((1024 + word)) conv=notrunc status=none
		run_tender --disk=disk.img,mount=/data "$(image crash)" once exit
		ended_with 1 && says err '^hvt: disk disk0: ' || return
		[ "$(wc -l <err)" -eq 1 ] || { cat err; return 1; }
	done
}

@test "an image shorter than its file system is refused in one line" {
	make_disk 16M
	truncate -s 4M disk.img
	run_tender --disk=disk.img "$(image crash)" once exit
	ended_with 1
	says err '^hvt: disk disk0: '
	[ "$(wc -l <err)" -eq 1 ]
}
