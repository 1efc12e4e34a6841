#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Signed images: imgbuild --sign, imgbuild keygen, tender --verify.

bats_require_minimum_version 1.5.0

load lib
load tools/refuse

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$BIN/imgbuild" keygen key
	"$BIN/imgbuild" keygen other
	"$BIN/imgbuild" --sign=key "$REPO/samples/hello.c" -o signed.hvt
	"$BIN/imgbuild" "$REPO/samples/hello.c" -o plain.hvt
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	cp "$BATS_FILE_TMPDIR"/{key,key.pub,other,other.pub,signed.hvt,plain.hvt} .
}

@test "a signed image runs with the key that it was signed with" {
	run_tender --verify=key.pub signed.hvt
	ended_with 0
	[ "$(cat out)" = "Hello, world" ]
	[ ! -s err ]
}

@test "a signed image runs without --verify, and is the image it would be" {
	run_tender signed.hvt
	ended_with 0
	cmp -n "$(stat -c %s plain.hvt)" plain.hvt signed.hvt
	[ "$(stat -c %s signed.hvt)" -eq $(($(stat -c %s plain.hvt) + 76)) ]
}

@test "an image without a signature is refused, and with one of another key" {
	refuses 126 plain.hvt 'not signed; build it with imgbuild --sign' \
		"${TENDER[@]}" --verify=key.pub plain.hvt
	refuses 126 signed.hvt 'with another key' \
		"${TENDER[@]}" --verify=other.pub signed.hvt
}

@test "a changed bit in any part of the file is refused" {
	command -v perl >/dev/null || skip "no perl"
	size=$(stat -c %s signed.hvt)
	for at in 0 4 24 40 64 100 4096 8191 10000 20000 $((size - 77)) \
		$((size - 76)) $((size - 65)) $((size - 64)) $((size - 32)) \
		$((size - 1)); do
		perl -e 'local $/; open F, "<", $ARGV[0]; $_ = <F>;
			substr($_, $ARGV[1], 1) ^= "\x01"; print' \
			signed.hvt "$at" >changed.hvt
		refuses 126 changed.hvt 'signed' \
			"${TENDER[@]}" --verify=key.pub changed.hvt
	done
}

@test "bytes added or cut are refused, wherever they are" {
	{ cat signed.hvt; echo; } >longer.hvt
	{ echo; cat signed.hvt; } >shifted.hvt
	head -c -1 signed.hvt >shorter.hvt
	head -c 75 signed.hvt >head.hvt
	tail -c 76 signed.hvt >tail.hvt
	: >empty.hvt
	for image in longer shifted shorter head tail; do
		refuses 126 "$image.hvt" 'signed' \
			"${TENDER[@]}" --verify=key.pub "$image.hvt"
	done
	refuses 126 empty.hvt 'an empty file' \
		"${TENDER[@]}" --verify=key.pub empty.hvt
}

@test "a signature comes before everything else is looked at" {
	# No ELF file, but signed; and a script, which is not.
	echo "no image" >text
	refuses 126 text 'not signed' "${TENDER[@]}" --verify=key.pub text
	refuses 126 text 'not an ELF file' "${TENDER[@]}" text
}

@test "what is no public key ends with status 125" {
	refuses 125 '--verify=none.pub' 'No such file' \
		"${TENDER[@]}" --verify=none.pub signed.hvt
	: >empty.pub
	head -c 33 /dev/zero >long.pub
	for key in empty.pub long.pub signed.hvt; do
		refuses 125 "--verify=$key" 'imgbuild keygen' \
			"${TENDER[@]}" --verify="$key" signed.hvt
	done
	# The secret key has the right size, and is another key.
	refuses 126 signed.hvt 'another key' \
		"${TENDER[@]}" --verify=key signed.hvt
	# A point that is none, and those of small order, verify nothing.
	head -c 32 /dev/zero >zero.pub
	refuses 126 signed.hvt 'another key' \
		"${TENDER[@]}" --verify=zero.pub signed.hvt
}

@test "what is no regular file is refused without waiting" {
	mkfifo fifo
	refuses 126 fifo 'not a regular file' \
		"${TENDER[@]}" --verify=key.pub fifo
	refuses 126 . 'not a regular file' "${TENDER[@]}" --verify=key.pub .
	refuses 127 none 'No such file' "${TENDER[@]}" --verify=key.pub none
}

@test "an image that changes while it runs was loaded as it was verified" {
	# Nothing of the file is open any more once the guest runs.
	build_guest sandbox --sign=key
	[ "$EUID" -eq 0 ] || skip "not root"
	"${TENDER[@]}" --verify=key.pub "$(image sandbox)" </dev/null >out \
		2>err 3>&- &
	pid=$!
	until grep -qs here out; do
		kill -0 "$pid"
		sleep 0.02
	done
	open=$(readlink "/proc/$pid/fd"/*)
	kill -9 "$pid"
	run ! grep 'sandbox.hvt$' <<<"$open"
}

@test "keygen makes a secret file and a public one, and overwrites nothing" {
	[ "$(stat -c %a key)" = 600 ]
	[ "$(stat -c %s key)" -eq 32 ]
	[ "$(stat -c %s key.pub)" -eq 32 ]
	run ! cmp -s key other
	before=$(cat key key.pub | cksum)
	run ! "$BIN/imgbuild" keygen key
	[ "$(cat key key.pub | cksum)" = "$before" ]
	rm key
	run ! "$BIN/imgbuild" keygen key
	[ ! -e key ]
}

@test "signing needs a secret key, and makes no image without one" {
	for key in none plain.hvt; do
		run ! "$BIN/imgbuild" "--sign=$key" "$REPO/samples/hello.c" \
			-o new.hvt
		[ ! -e new.hvt ]
	done
	run ! "$BIN/imgbuild" --sign=key.pub "$REPO/samples/hello.c" -o new.hvt
	[[ $output == *'--sign=key.pub: a public key'*', key' ]]
	[ ! -e new.hvt ]
	run ! "$BIN/imgbuild" --sign=key --sign=other \
		"$REPO/samples/hello.c" -o new.hvt
}
