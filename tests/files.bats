#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The guest's file system calls against Linux's: the same programs do the same
# in a guest and, linked with the same C library, on the host, and what they
# print has to be equal. On the host they are confined to a new directory.

load lib

PROGRAMS=(open names data attr)

setup_file() {
	for name in "${PROGRAMS[@]}"; do
		build_guest "files_$name" "$GUESTS/files.c" \
			"$GUESTS/files_tree.c"
		musl-gcc -static -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
			"$GUESTS/files_$name.c" "$GUESTS/files.c" \
			"$GUESTS/files_tree.c" \
			-o "$BATS_FILE_TMPDIR/files_$name"
	done
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
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
# want.
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
	) >want 2>&1 3>&- || status=$?
	rm -rf "$jail"
	jail=
}

# In a guest cases of a program print what they print on the host: same_as_linux
# PROGRAM CASE...
same_as_linux() {
	for case in "${@:2}"; do
		on_linux "$1" "$case"
		ended_with 0 || { cat want; return 1; }
		run_guest "files_$1" /tmp "$case"
		cat err >>out
		cmp -s want out && says out '^done$' && ended_with 0 &&
			continue
		echo "$1 $case: Linux -, guest +"
		diff -U2 want out | sed 1,2d | head -60
		return 1
	done
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
	same_as_linux data reading writing appending vectors seeking controls
}

@test "holes are where Linux has them, and cutting and growing leaves zeros" {
	same_as_linux data holes cutting allocating
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
