#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# The guest's file system calls against Linux's: the same programs do the same
# in a guest and, linked with the same C library, on the host, and what they
# print has to be equal. On the host they are confined to a new directory; in
# the guest they use memory, and disks of several kinds.

load lib

PROGRAMS=(open names data attr dir fd map libc stress)

setup_file() {
	for name in "${PROGRAMS[@]}"; do
		build_guest "files_$name" "$GUESTS/files.c" \
			"$GUESTS/files_tree.c"
		musl-gcc -static -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
			"$GUESTS/files_$name.c" "$GUESTS/files.c" \
			"$GUESTS/files_tree.c" \
			-o "$BATS_FILE_TMPDIR/files_$name"
	done
	build_guest files_here
	cd "$BATS_FILE_TMPDIR" || return
	mke2fs -q -F -t ext4 -b 4096 ext4.img 64M
	mke2fs -q -F -t ext2 -b 1024 ext2.img 64M
	mke2fs -q -F -t ext3 -b 4096 ext3.img 64M
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	on=(tmpfs ext4 ext2 ext3) # the file systems to use in the guest
}

teardown() {
	[ -z "${jail-}" ] || rm -rf "$jail"
}

# A directory that the programs take for the root directory, in memory where
# there is a place for that.
make_jail() {
	local parent=$BATS_TEST_TMPDIR

	[ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ] ||
		[ ! -w /dev/shm ] || parent=/dev/shm
	jail=$(mktemp -d "$parent/files.XXXXXX")
	mkdir "$jail/tmp"
}

# Runs a case on the host: on_linux PROGRAM CASE. Sets $status; leaves file
# CASE.want.
on_linux() {
	local as_root=()

	[ "$EUID" -eq 0 ] || as_root=(unshare --map-root-user)
	make_jail
	cp "$BATS_FILE_TMPDIR/files_$1" "$jail/files"
	status=0
	(
		ulimit -n 1024
		exec timeout -s KILL "$LIMIT_SECONDS" "${as_root[@]}" \
			chroot "$jail" /files /tmp "$2"
	) >"$2.want" 2>&1 3>&- || status=$?
	rm -rf "$jail"
	jail=
}

# A new disk with a file system of that kind, disk.img.
fresh() {
	cp --sparse=always "$BATS_FILE_TMPDIR/$1.img" disk.img
}

# The host's own checker finds no fault with the disk.
clean() {
	e2fsck -fn disk.img >e2fsck.log 2>&1 || { cat e2fsck.log; return 1; }
}

# In a guest cases of a program print what they print on the host: same_as_linux
# PROGRAM CASE...
same_as_linux() {
	local case kind directory disk

	for case in "${@:2}"; do
		on_linux "$1" "$case"
		ended_with 0 || { cat "$case.want"; return 1; }
		# Linux before 6.6 loses places in tmpfs; a guest does never.
		[ "$case" != positions ] ||
			sed -i 's/^wrong = .*/wrong = 0/' positions.want
	done
	for kind in "${on[@]}"; do
		directory=/data disk=(--disk=disk.img)
		if [ "$kind" = tmpfs ]; then
			directory=/tmp disk=()
		else
			fresh "${kind%,map}"
			[ "${kind%,map}" = "$kind" ] || disk[0]+=,map
		fi
		for case in "${@:2}"; do
			run_tender "${disk[@]}" "$(image "files_$1")" \
				"$directory" "$case"
			cat err >>out
			cmp -s "$case.want" out && says out '^done$' &&
				ended_with 0 && continue
			echo "$1 $case on $kind: Linux -, guest +"
			diff -U2 "$case.want" out | sed 1,2d | head -60
			return 1
		done
		[ "$kind" = tmpfs ] || clean || return
	done
}

# A case of files_here passes; the rest goes to the tender.
passes() {
	run_tender "${@:2}" "$(image files_here)" "$1"
	ended_with 0 && says out '^done$' && says_not err .
}

@test "open does to any path, with any flags, what Linux's does" {
	same_as_linux open read_only write_only read_write neither later
}

@test "new files have the permissions that the mask leaves them" {
	same_as_linux open modes
}

@test "a file without a name gets one once, unless that was ruled out" {
	same_as_linux open nameless
}

@test "what is open as a path only, or relative to a directory" {
	same_as_linux open path_only at
}

@test "calls on names take every kind of path as Linux's do" {
	same_as_linux names each
}

@test "rename moves, replaces and exchanges any pair of names as Linux's does" {
	same_as_linux names rename_plain rename_noreplace rename_exchange \
		rename_rest
}

@test "link makes of any pair of names what Linux's does" {
	same_as_linux names link_pairs
}

@test "read, write and their vectors, positions and ends are Linux's" {
	on+=("ext4,map")
	same_as_linux data reading writing appending vectors seeking controls
}

@test "holes are where Linux has them, and cutting and growing leaves zeros" {
	same_as_linux data holes cutting
}

@test "fallocate sets blocks aside, punches holes, and is refused" {
	on=(tmpfs ext4) # the others cannot set aside
	same_as_linux data allocating
}

@test "sendfile and copy_file_range copy what Linux's copy" {
	same_as_linux data copying
}

@test "a file lives on, deleted or replaced, until it is closed" {
	same_as_linux data deleted
}

@test "modes and owners, set and inherited, and who may do what" {
	same_as_linux attr owners inherited accessing masks
}

@test "numbers of links follow every name that is made, moved or lost" {
	same_as_linux attr link_counts
}

@test "times are set to the nanosecond, and new after the same calls" {
	same_as_linux attr set_times new_times access_times
}

@test "statfs and pathconf answer what programs rely on" {
	same_as_linux attr file_system
}

@test "directories list what they hold, also while that changes" {
	same_as_linux dir listing changing positions raw
}

@test "5000 names, names of 255 bytes, and names that share a hash" {
	same_as_linux dir big
}

@test "trees deeper than any path, and paths through 40 links but not 41" {
	same_as_linux dir deep link_chains
	on=(tmpfs ext4 ext3) # with blocks of 4 KiB
	same_as_linux dir long_links
}

@test "the working directory, moved or removed" {
	same_as_linux dir working removed
}

@test "descriptors share a position but not their own flags, up to 1024" {
	same_as_linux fd copies flags too_many
}

@test "locks of open files and of the process" {
	same_as_linux fd whole ranges posix
}

@test "what is mapped, read and written is one file" {
	on+=("ext4,map")
	same_as_linux map shared private ends holes itself many
}

@test "mappings are taken away in parts, put over others, and refused" {
	same_as_linux map parts fixed refused
}

@test "streams open, seek, buffer and are opened anew as on Linux" {
	same_as_linux libc modes positions buffers reopened lines temporary
}

@test "scandir, nftw, glob, realpath and fdopendir find what they find there" {
	same_as_linux libc trees patterns real_paths streams
}

@test "10000 random steps leave a file as a model of it" {
	on+=("ext4,map")
	same_as_linux stress file
}

@test "15000 random steps leave a tree as on Linux" {
	on+=("ext4,map")
	same_as_linux stress tree
}

@test "the devices in /dev, opened, told and used" {
	passes devices
}

@test "/dev/stdin, stdout and stderr are what the descriptors are" {
	run_guest files_here streams <<<typed
	ended_with 0
	says out '^to output$'
	says out '^to the console$'
	says out '^to a stream$'
	says out '^still open$'
	says err '^to error$'
}

@test "nothing can be made or changed in / and /dev" {
	passes read_only
}

@test "/, /dev and /tmp are one tree of three file systems" {
	passes mounts
	says out '^\. \.\. dev tmp$'
	says out '^\. \.\. console full null random shm stderr stdin stdout tty'
}

@test "without a disk, or a file system on it, there is no /data" {
	passes no_data
	says out '^\. \.\. dev tmp$'
	truncate -s 64K raw.img
	passes no_data --disk=raw.img
	says out '^\. \.\. dev tmp$'
}

@test "where Linux waits for ever or knows more, an error says so" {
	passes differences
}

@test "what was written past the end of a mapping is zero once a file grows" {
	passes past_the_end
}

@test "files fill half of the memory, then ENOSPC; deleted, all is there again" {
	passes full
	says out '^2[0-9] MiB$'
	passes full --mem=256M
	says out '^12[0-9] MiB$'
}

@test "fallocate sets memory aside, and all or nothing" {
	passes promises
}

@test "names alone do not use up the memory" {
	passes names
}

@test "a program that has taken all memory gets errors, and goes on" {
	passes no_memory
}

# What the host finds in a file of the disk.
content() {
	debugfs -R "cat /$1" disk.img 2>/dev/null
}

@test "a mounted disk is part of the tree, and closed to writing past its files" {
	fresh ext4
	passes mounted --disk=disk.img
	says out '^\. \.\. data dev tmp$'
	clean
}

@test "a disk that is open for writing is not mounted, and a line says so" {
	fresh ext4
	run_tender --disk=disk.img "$(image files_here)" raw_first
	ended_with 0 && says out '^done$'
	says err '^hvt: disk disk0: is open for writing'
	clean
}

@test "what a stream still holds at exit is written" {
	fresh ext4
	passes unflushed --disk=disk.img
	[ "$(content exit)" = "written at exit" ]
	clean
}

@test "what was written before abort() or a fatal signal is there" {
	fresh ext4
	run_tender --disk=disk.img "$(image files_here)" aborted
	ended_with 134
	[ "$(content abort)" = kept ]
	run_tender --disk=disk.img "$(image files_here)" killed
	ended_with 143
	[ "$(content kill)" = kept ]
	debugfs -R "stat /handler" disk.img 2>/dev/null | grep -q 'Type: regular'
	clean
}

@test "files larger than memory; what is cached makes way for the program" {
	mke2fs -q -F -t ext4 disk.img 160M
	passes cached --disk=disk.img
	clean
}

@test "what was written is on the disk though the program took all memory" {
	for memory in 4M 64M; do
		fresh ext4
		passes kept --disk=disk.img --mem=$memory
		[ "$(content kept | tr -d k | wc -c)" -eq 0 ]
		[ "$(content kept | wc -c)" -eq 10485760 ]
		clean
	done
	for memory in 16M 64M; do
		fresh ext4
		passes exhausted --disk=disk.img --mem=$memory
		[ "$(content dir/moved299 | wc -c)" -eq 30000 ]
		clean
	done
}
