#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Files that are no image this tender can run: refused with one line that
# names the file, before anything else happens. No vCPU is needed for that.

load lib
load tools/refuse

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >hello.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			puts("hello");
			return 0;
		}
	END
	cat >large.c <<-'END'
		#include <stdio.h>
		static char large[100 << 20];
		int main(int argc, char **argv)
		{
			large[argc * 1000000] = 'x';
			printf("%s %c\n", argv[0], large[1000000]);
			return 0;
		}
	END
	echo 'void _start(void) { for (;;) ; }' >plain.c
	"$BIN/imgbuild" hello.c -o hello.hvt
	"$BIN/imgbuild" large.c -o large.hvt
	cc -static -nostdlib -no-pie plain.c -o plain
	cc -c plain.c -o plain.o
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cp "$BATS_FILE_TMPDIR/hello.hvt" image
}

no_image() {
	refuses 126 "$1: " "$2" "${TENDER[@]}" "$1"
}

# poke FILE OFFSET BYTES VALUE: little-endian.
poke() {
	local i bytes=

	for ((i = 0; i < $3; i++)); do
		bytes+=$(printf '\\x%02x' $(($4 >> 8 * i & 255)))
	done
	# shellcheck disable=SC2059 # made two lines above
	printf "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

peek() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# Where the program header of the first segment with flags $1 is.
segment() {
	local at

	for ((at = 64; ; at += 56)); do
		[ "$(peek image "$at" 4)" -eq 1 ] || continue
		[ "$(peek image $((at + 4)) 4)" -ne "$1" ] || break
	done
	echo "$at"
}

R=4 RX=5 RW=6
TYPE=0 FLAGS=4 OFFSET=8 ADDRESS=16 FILE_BYTES=32 MEM_BYTES=40

# In the segment with flags $1, sets the field at $2, of $3 bytes, to $4.
poke_segment() {
	poke image $(($(segment "$1") + $2)) "$3" "$4"
}

@test "a missing image ends with status 127 and says how to get one" {
	refuses 127 'nothing.hvt: ' 'No such file.*imgbuild' \
		"${TENDER[@]}" nothing.hvt
	refuses 127 'image/below: ' 'Not a directory' "${TENDER[@]}" image/below
	ln -s nothing dangling
	refuses 127 'dangling: ' 'No such file' "${TENDER[@]}" dangling
	refuses 127 ': ' 'No such file' "${TENDER[@]}" ''
}

@test "what is no regular file ends with status 126, a FIFO without waiting" {
	mkfifo fifo
	no_image . 'a directory'
	no_image fifo 'not a regular file'
	no_image /dev/null 'not a regular file'
	no_image /dev/zero 'not a regular file'
}

@test "a socket ends with status 126" {
	perl -MIO::Socket::UNIX -e \
		'IO::Socket::UNIX->new(Local => "socket", Listen => 1)' ||
		skip "perl has no sockets"
	[ -S socket ]
	no_image socket .
}

@test "a loop of links and a name that is too long end with status 126" {
	ln -s loop loop
	no_image loop '[Ss]ymbolic link'
	long=$(printf '%0300d' 0)
	no_image "$long" 'name too long'
}

@test "control characters in a name cannot forge a second line" {
	refuses 127 'a?tender: b?\[2J: ' 'No such file' \
		"${TENDER[@]}" $'a\ntender: b\x1b[2J'
}

@test "an image without read permission ends with status 126" {
	find_nobody
	chmod 0 image
	refuses 126 'image: ' 'Permission denied' \
		"${AS_NOBODY[@]}" ./tender image
}

@test "a file that is not ELF ends with status 126" {
	: >empty
	printf '\177' >byte
	echo 'int main(void) { return 0; }' >text
	printf '#!/bin/sh\necho hello\n' >script
	head -c 100000 /dev/zero >zeros
	no_image empty 'an empty file'
	no_image byte 'truncated'
	for file in text script zeros; do
		no_image "$file" 'not an ELF file' || return
	done
}

@test "an image cut anywhere ends with status 126" {
	size=$(stat -c %s image)
	for at in 1 4 16 63 64 100 455 456 $((size / 4)) $((size / 2)) \
		$((size * 3 / 4)) $((size / 4096 * 4096)); do
		head -c "$at" image >short
		no_image short 'truncated' || return
	done
}

@test "an executable of the host ends with status 126" {
	no_image "$(command -v bash)" 'dynamic'
	no_image "$BIN/tender" 'dynamic'
	no_image "$BATS_FILE_TMPDIR/plain" .
	no_image "$BATS_FILE_TMPDIR/plain.o" 'not an executable'
}

@test "the debug file beside an image ends with status 126" {
	cp "$BATS_FILE_TMPDIR/hello.hvt.debug" debug
	no_image debug .
}

@test "an image for another kind of machine ends with status 126" {
	for machine in 3 40 183 243; do
		poke image 18 2 "$machine"
		no_image image "another machine (ELF machine $machine)"
	done
	poke image 18 2 62
	poke image 4 1 1
	no_image image 'another machine'
	poke image 4 1 2
	poke image 5 1 2
	no_image image 'another machine'
}

@test "a dynamic image ends with status 126" {
	poke image 16 2 3
	no_image image 'dynamic'
	poke image 16 2 2
	poke_segment "$RW" "$TYPE" 4 3
	no_image image 'dynamic'
}

@test "a segment both writable and executable ends with status 126" {
	poke_segment "$RX" "$FLAGS" 4 7
	no_image image 'writable and executable'
}

@test "segments that overlap end with status 126" {
	poke_segment "$RX" "$ADDRESS" 8 0x100000
	no_image image 'overlaps'
}

@test "segments of absurd size or place end with status 126" {
	for bytes in 0x10000000000 0x7fffffffffffffff -1 -0x1000; do
		poke_segment "$RW" "$MEM_BYTES" 8 "$bytes"
		no_image image 'outside guest memory' || return
	done
	cp "$BATS_FILE_TMPDIR/hello.hvt" image
	for address in 0 0x1000 0x10000 0xff000 0x1000000000 -0x1000; do
		poke_segment "$R" "$ADDRESS" 8 "$address"
		no_image image 'outside guest memory' || return
	done
	cp "$BATS_FILE_TMPDIR/hello.hvt" image
	for offset in 0x10000000 0x7fffffffffffffff -1; do
		poke_segment "$RX" "$OFFSET" 8 "$offset"
		no_image image 'past the end of the file' || return
	done
	cp "$BATS_FILE_TMPDIR/hello.hvt" image
	poke_segment "$RX" "$FILE_BYTES" 8 -1
	no_image image 'larger in the file than in memory'
}

@test "an entry point outside the text ends with status 126" {
	data=$(peek image $(($(segment "$RW") + ADDRESS)) 8)
	for entry in 0 0x1000 0x100000 "$data" 0x10000000 -1; do
		poke image 24 8 "$entry"
		no_image image 'entry point' || return
	done
}

@test "an image of another ABI version ends with status 126, and both are named" {
	at=$(grep -abom1 HVT image | cut -d: -f1)
	poke image $((at + 4)) 2 2
	no_image image 'ABI 2\.[0-9]*, .*1\.[0-9]'
	poke image $((at + 4)) 4 0x630001
	no_image image 'ABI 1\.99, .*1\.[0-9]'
	poke image "$at" 4 0x00545648
	no_image image 'ABI'
}

@test "an image that lost its notes ends with status 126" {
	at=$(grep -abom1 HVT image | cut -d: -f1)
	poke image $((at - 12)) 4 0xffffffff
	no_image image 'damaged notes'
	poke image $((at - 12)) 4 8
	no_image image .
}

# What --mem the tender names for large.hvt, in MiB.
remedy() {
	sed -n 's/.*--mem=\([0-9]*\)M.*/\1/p' err
}

@test "an image that needs more memory ends with status 126 and says how much" {
	cp "$BATS_FILE_TMPDIR/large.hvt" large.hvt
	no_image large.hvt 'does not fit.*--mem=[0-9]*M'
	mem=$(remedy)
	((mem > 100 && mem < 128))
	refuses 126 'large.hvt: ' 'does not fit' \
		"${TENDER[@]}" --mem=$((mem - 1))M large.hvt
}

@test "with as much memory as was said, that image runs" {
	require_cpu
	cp "$BATS_FILE_TMPDIR/large.hvt" large.hvt
	run_tender large.hvt
	run_tender --mem="$(remedy)"M large.hvt
	ended_with 0
	says out ' x$'
}

@test "a good image runs by any name" {
	require_cpu
	mkdir 'a b'
	cp image 'a b/-c,=.x'
	cp image ./--mem
	ln -s image link
	for name in image ./image link "$PWD/image" 'a b/-c,=.x'; do
		run_tender "$name"
		ended_with 0 && says out '^hello$' || return
	done
	run_tender -- --mem
	ended_with 0
	says out '^hello$'
}

@test "an image needs neither write nor execute permission" {
	require_cpu
	chmod 400 image
	run_tender image
	ended_with 0
	says out '^hello$'
}

@test "a bad image is refused within 100 ms" {
	[ -z "${HVT_SLOW-}" ] || skip "a slow machine"
	head -c 100 image >short
	for ((i = 0; i < 21; i++)); do
		start=$(date +%s%N)
		status=0
		"${TENDER[@]}" short 2>/dev/null || status=$?
		[ "$status" -eq 126 ]
		echo $((($(date +%s%N) - start) / 1000))
	done >elapsed
	median_below elapsed 100000
}
