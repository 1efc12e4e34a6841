#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Long calls, rude surroundings, and files that lie.

load lib

setup_file() {
	build_guest robust
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o "$BATS_FILE_TMPDIR/hello.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	# What a call that cannot be cut short would take far more than.
	BOUND=$(sized 10 300)
}

# The command ends with the status of a time limit, within the bound.
ends_in_time() {
	local start=$SECONDS

	"$@"
	ended_with 124 && says err 'time limit' &&
		[ $((SECONDS - start)) -lt "$BOUND" ]
}

@test "a time limit ends a fill of 1 GiB with randomness" {
	ends_in_time run_tender --mem=1200M --timeout=0.5 "$(image robust)" \
		long-random
}

@test "a time limit ends one call that reads 64 GiB from a disk" {
	truncate -s 100G disk
	ends_in_time run_tender --mem=1200M --timeout=0.5 --disk=disk,ro \
		"$(image robust)" long-disk
}

@test "a time limit ends a write to somebody who reads slowly" {
	start=$SECONDS
	set +o pipefail
	"${TENDER[@]}" --timeout=0.5 "$(image robust)" long-write 2>err |
		while [ "$(head -c 4096 | wc -c)" -gt 0 ]; do sleep 0.003; done
	says err 'time limit'
	[ $((SECONDS - start)) -lt "$BOUND" ]
}

@test "a time limit works for a parent that had blocked its signal" {
	command -v perl >/dev/null || skip "no perl"
	TENDER=(perl -MPOSIX -e '
		POSIX::sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM));
		exec @ARGV' "${TENDER[@]}")
	ends_in_time run_tender --timeout=0.5 "$(image robust)" spin
}

@test "the most memory there can be is given" {
	run_guest hello
	[ "$(cat out)" = "Hello, world" ]
	run_tender --mem=64G "$(image hello)"
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
}

@test "a limit on file size is an error for the guest, which goes on" {
	(
		ulimit -f 16
		trap '' XFSZ
		run_guest robust full-output
		ended_with 3
	)
	says err 'No space left'
	[ "$(stat -c %s out)" -gt 0 ]
}

@test "a signal raised in its own handler arrives after it" {
	run_guest robust raise-in-handler
	ended_with 143
	[ ! -s out ]
}

@test "SA_RESETHAND lets a handler run once" {
	run_guest robust reset-hand
	ended_with 143
	[ ! -s out ]
}

@test "a descriptor for reading cannot discard" {
	head -c 4096 /dev/zero | tr '\0' x >disk
	cp disk before
	run_tender --disk=disk "$(image robust)" discard-read-only
	ended_with 0
	[ "$(cat out)" = refused ]
	cmp disk before
}

@test "a debug file cannot speak to the terminal" {
	cp "$BATS_FILE_TMPDIR"/robust.hvt* .
	run_tender robust.hvt fault
	ended_with 132
	says err ' robust_fault+0x'
	LC_ALL=C sed -i 's/robust_fault/\x1b[2J\nforged_/g' robust.hvt.debug
	run_tender robust.hvt fault
	ended_with 132
	says err ' ?\[2J?forged_+0x'
	says_not err '^forged_'
	says_not err "$(printf '\033')"
}

@test "a source archive with a wrong checksum is refused, and again" {
	mkdir bin cache
	cat >bin/apt-get <<-'END'
		#!/bin/sh
		case "$*" in *source*) echo tampered >archive.tar.gz ;; esac
	END
	chmod +x bin/apt-get
	for _ in 1 2; do
		status=0
		PATH=$PWD/bin:$PATH "$REPO/scripts/fetch-source.sh" p=1 \
			archive.tar.gz "$(printf 0%.0s {1..64})" cache \
			>out 2>err || status=$?
		ended_with 1
		says err 'wrong SHA-256'
		[ ! -e cache/archive.tar.gz ]
	done
}
