#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# --limit. A limit is a promise that something takes at least as long.

load lib
load tools/refuse

setup_file() {
	cat >"$BATS_FILE_TMPDIR/flood.c" <<-'END'
	#include <stdio.h>
	#include <stdlib.h>

	/* Writes or reads so many blocks of 512 bytes. */
	int main(int argc, char **argv)
	{
		static char block[512];
		FILE *f = argc > 2 ? fopen(argv[2], "r") : stdout;

		setvbuf(f, NULL, _IOFBF, 4096);
		for (int i = 0; i < atoi(argv[1]); i++)
			if ((argc > 2 ? fread : (size_t (*)(void *, size_t,
					size_t, FILE *))fwrite)(
				    block, sizeof(block), 1, f) != 1)
				return 1;
		return 0;
	}
	END
	"$BIN/imgbuild" "$BATS_FILE_TMPDIR/flood.c" \
		-o "$BATS_FILE_TMPDIR/flood.hvt"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	truncate -s 1M disk
}

# Runs it; its time in milliseconds is in $took.
timed() {
	local start=${EPOCHREALTIME/./}

	run_tender "$@"
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "$took ms"
}

@test "a limit on the console holds, and nothing is lost" {
	timed --limit=console=100K/s "$(image flood)" 200
	ended_with 0
	[ "$(stat -c %s out)" -eq 102400 ]
	# All but what may come at once.
	[ "$took" -ge 880 ]
}

@test "a limit on a disk holds for it, and for no other device" {
	timed --disk=disk --limit=disk0=100K "$(image flood)" 200 /dev/disk0
	ended_with 0
	[ "$took" -ge 880 ]
	run_tender --disk=disk --limit=disk0=1 "$(image flood)" 200
	ended_with 0
	[ "$(stat -c %s out)" -eq 102400 ]
}

@test "a time limit comes through a wait for a limit" {
	run_tender --timeout=0.5 --limit=console=1 "$(image flood)" 200
	ended_with 124
	[ "$(stat -c %s out)" -lt 10 ]
}

@test "a signal ends a wait for a limit" {
	"${TENDER[@]}" --limit=console=1 "$(image flood)" 200 >out 3>&- &
	until [ -s out ]; do sleep 0.02; done
	kill -TERM $!
	status=0
	wait $! || status=$?
	ended_with 143
}

@test "limits that are none, or of nothing, are refused" {
	for limit in '' console console= console=0 console=x console=1X \
		console=1K/m =1K disk0=99999999999999999999 'a b=1'; do
		refuses 125 '--limit' 'expected' \
			"${TENDER[@]}" --limit="$limit" "$(image flood)" 1
	done
	refuses 125 '--limit' "no device 'disk0'" \
		"${TENDER[@]}" --limit=disk0=1M "$(image flood)" 1
	refuses 125 '--limit' 'two limits' \
		"${TENDER[@]}" --limit=console=1,console=2 "$(image flood)" 1
}
