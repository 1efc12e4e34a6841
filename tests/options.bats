#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# The command line: bad options, disks that cannot be attached, and devices
# that are missing are refused with one line. No vCPU is needed for that.

load lib
load tools/refuse

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	# Prints what it was given; "wait" holds it until the input ends.
	cat >args.c <<-'END'
		#include <stdio.h>
		#include <string.h>
		extern char **environ;
		int main(int argc, char **argv)
		{
			for (int i = 0; i < argc; i++)
				printf("[%s]\n", argv[i]);
			for (char **e = environ; *e; e++)
				printf("{%s}\n", *e);
			fflush(stdout);
			while (argc > 1 && !strcmp(argv[1], "wait") &&
			       getchar() != EOF)
				;
			return 0;
		}
	END
	"$BIN/imgbuild" args.c -o args.hvt
	"$BIN/imgbuild" --device=block:store --device=block:log args.c \
		-o declares.hvt
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cp "$BATS_FILE_TMPDIR/args.hvt" image
	truncate -s 64K disk.img
}

teardown() {
	# What a test that failed has left behind.
	[ -z "${background-}" ] || kill -KILL "$background" 2>/dev/null || :
}

# A bad command line: bad_option WORDS ARGUMENT...
bad_option() {
	refuses 125 '' "$1" "${TENDER[@]}" "${@:2}"
}

# A disk that cannot be attached: bad_disk NAME PATH WORDS OPTION.
bad_disk() {
	refuses 125 "disk $1: $2: " "$3" "${TENDER[@]}" "$4" image
}

@test "without an image the tender ends with status 125 and says what it wants" {
	bad_option 'no image.*usage' --mem=64M
	bad_option 'no image.*usage'
	bad_option 'no image.*usage' --
	bad_option "no image given: --disk took 'a.hvt' as its value" --disk a.hvt
	bad_option "no image given: -e took 'A=a.hvt' as its value" -e A=a.hvt
}

@test "an unknown option ends with status 125 and is named" {
	bad_option "unknown.* --bogus.*--help" --bogus image
	bad_option "unknown.* --bogus=1.*--help" --bogus=1 image
	bad_option "unknown.* -x.*--help" -x image
	bad_option "unknown.* -x.*--help" -qx image
}

@test "an option without its value, or with one it does not take, ends with status 125" {
	for option in --mem --disk --env --timeout -e; do
		bad_option "option $option needs a value" "$option" || return
	done
	for option in --strict --quiet --verbose --help --version; do
		bad_option "$option" "$option=yes" image || return
	done
}

@test "a bad amount of memory ends with status 125 and says what is good" {
	for mem in '' 0 1 -1 x M 4x 1M 64MB 1.5G 1T 0x400000 65G 2097151 \
		68157441 65537K 68719476737 18446744073709551616 \
		18446744073711648768 99999999999999999999999; do
		bad_option "--mem=$mem: .*2M to 64G.*4K pages" \
			"--mem=$mem" image || return
	done
}

@test "a bad time limit ends with status 125 and says what is good" {
	for seconds in '' 0 0.0 -1 x 1s .5 1e3 inf 1.5.5 1000000001; do
		bad_option "--timeout=$seconds: .*above 0" \
			"--timeout=$seconds" image || return
	done
}

@test "a variable without a name or value ends with status 125" {
	bad_option 'NAME: .*KEY=VALUE' --env=NAME image
	bad_option '=x: .*KEY=VALUE' --env==x image
	bad_option 'KEY=VALUE' -e '' image
}

@test "bad options of a disk end with status 125 and are named" {
	bad_option "'rw'.*block-size" --disk=disk.img,rw image
	bad_option "unknown option ''" --disk=disk.img, image
	bad_option 'no path' --disk= image
	bad_option 'no path' --disk=data= image
	for size in 0 1 256 513 131072 4K -512 '' 4294967808; do
		bad_option "block-size=$size: .*power of two" \
			"--disk=disk.img,block-size=$size" image || return
	done
}

@test "two disks of one name end with status 125" {
	bad_option "two devices are named 'data'" \
		--disk=data=disk.img,ro --disk=data=disk.img,ro image
	bad_option "two devices are named 'disk1'" \
		--disk=disk1=disk.img,ro --disk=disk.img,ro image
}

@test "33 disks end with status 125" {
	disks=()
	for ((i = 0; i < 33; i++)); do
		disks+=("--disk=disk.img,ro")
	done
	bad_option 'more than 32 devices' "${disks[@]}" image
}

@test "a disk that is not there ends with status 125 and says how to make it" {
	bad_disk disk0 nothing.img 'no such file.*truncate' --disk=nothing.img
	bad_disk disk0 nothing.img 'no such file' --disk=nothing.img,ro
	bad_disk data disk.img/x 'Not a directory' --disk=data=disk.img/x
	bad_disk disk0 'a,b' 'no such file' --disk=a,,b
	[ ! -e nothing.img ]
}

@test "what is no file and no block device ends with status 125, without waiting" {
	mkfifo fifo
	mkdir directory
	for options in '' ,ro; do
		bad_disk disk0 directory . "--disk=directory$options"
		bad_disk disk0 fifo 'neither.*file nor.*block device' \
			"--disk=fifo$options"
		bad_disk disk0 /dev/null 'neither' "--disk=/dev/null$options"
		bad_disk disk0 /dev/zero 'neither' "--disk=/dev/zero$options"
	done
	bad_disk disk0 directory 'a directory' --disk=directory
}

@test "an empty disk ends with status 125 and says how to give it a size" {
	: >empty.img
	bad_disk disk0 empty.img 'empty.*truncate' --disk=empty.img
}

@test "a disk of broken blocks ends with status 125 and says how to pad it" {
	truncate -s 65537 disk.img
	bad_disk disk0 disk.img '65537 bytes.*512.*truncate' --disk=disk.img
	truncate -s 65024 disk.img
	bad_disk disk0 disk.img '65024 bytes.*4096.*truncate' \
		--disk=disk.img,block-size=4096
}

@test "a disk without permission ends with status 125, to write it suggests ro" {
	find_nobody
	chmod 644 image
	chmod 444 disk.img
	refuses 125 'disk disk0: disk.img: ' 'no permission to write.*,ro' \
		"${AS_NOBODY[@]}" ./tender --disk=disk.img image
	chmod 0 disk.img
	refuses 125 'disk disk0: disk.img: ' 'no permission to read' \
		"${AS_NOBODY[@]}" ./tender --disk=disk.img,ro image
}

@test "a disk attached twice, once for writing, ends with status 125" {
	ln disk.img hard.img
	ln -s disk.img soft.img
	for second in disk.img hard.img soft.img; do
		refuses 125 "disk disk1: $second: " 'already in use' \
			"${TENDER[@]}" --disk=disk.img --disk=$second image
		refuses 125 "disk disk1: $second: " 'already in use' \
			"${TENDER[@]}" --disk=disk.img --disk=$second,ro image
		refuses 125 "disk disk1: $second: " 'already in use.*,ro' \
			"${TENDER[@]}" --disk=disk.img,ro --disk=$second image
	done
}

# Starts a tender in the background that keeps disk.img until fd 9 closes.
hold_disk() {
	mkfifo input
	"${TENDER[@]}" "$@" image wait <input >held 2>&1 3>&- &
	background=$!
	exec 9>input
	for ((i = 0; i < LIMIT_SECONDS * 10; i++)); do
		! grep -q wait held || return 0
		sleep 0.1
	done
	return 1
}

let_go() {
	exec 9>&-
	wait "$background"
	background=
}

@test "a disk another tender writes is refused, and that one goes on undisturbed" {
	require_cpu
	hold_disk --disk=disk.img
	for ((i = 0; i < 5; i++)); do
		bad_disk disk0 disk.img 'already in use' --disk=disk.img
		bad_disk disk0 disk.img 'already in use' --disk=disk.img,ro
	done
	kill -0 "$background"
	let_go
	run_tender --disk=disk.img image
	ended_with 0
}

@test "a disk others read is refused for writing, and shared for reading" {
	require_cpu
	hold_disk --disk=disk.img,ro
	bad_disk disk0 disk.img 'already in use' --disk=disk.img
	run_tender --disk=disk.img,ro --disk=b=disk.img,ro image
	ended_with 0
	let_go
}

@test "the lock goes with a tender that was killed" {
	require_cpu
	hold_disk --disk=disk.img
	kill -KILL "$background"
	wait "$background" || :
	background=
	run_tender --disk=disk.img image
	ended_with 0
	exec 9>&-
}

@test "a declared device that is missing ends with status 125 and names the remedy" {
	cp "$BATS_FILE_TMPDIR/declares.hvt" declares
	refuses 125 'declares: ' "named 'store'.*--disk=store=PATH" \
		"${TENDER[@]}" declares
	refuses 125 'declares: ' "named 'log'.*--disk=log=PATH" \
		"${TENDER[@]}" --disk=store=disk.img declares
	refuses 125 'declares: ' "named 'store'" \
		"${TENDER[@]}" --disk=log=disk.img declares
}

@test "declared devices may be attached in any order, among others" {
	require_cpu
	cp "$BATS_FILE_TMPDIR/declares.hvt" declares
	truncate -s 64K log.img
	run_tender --disk=extra=disk.img,ro --disk=log=log.img \
		--disk=store=disk.img,ro declares
	ended_with 0
}

@test "arguments and variables that are too long end with status 125" {
	long=$(printf '%0100000d' 0)
	args=()
	for ((i = 0; i < 10; i++)); do
		args+=("$long")
	done
	refuses 125 'arguments and environment' '960 KiB' \
		"${TENDER[@]}" image "${args[@]}"
	refuses 125 'arguments and environment' '960 KiB' \
		"${TENDER[@]}" "${args[@]/#/--env=A=}" image
}

@test "arguments and variables of 900 KiB arrive" {
	require_cpu
	long=$(printf '%0100000d' 0)
	run_tender -e "A=$long" image "$long" "$long" "$long" "$long" "$long" \
		"$long" "$long" "$long"
	ended_with 0
	[ "$(grep -c "^\[$long\]$" out)" -eq 8 ]
	says out "^{A=$long}$"
}

@test "arguments reach the guest as they are, even if they look like options" {
	require_cpu
	run_tender --mem=32M -- image --mem=1 -q -- '' 'a b' $'\xc3\xa4\n' \
		--help
	ended_with 0
	printf '[%s]\n' image --mem=1 -q -- '' 'a b' $'\xc3\xa4\n' --help |
		cmp - out
	run_tender image x --strict --mem=1 --bogus
	ended_with 0
	printf '[%s]\n' image x --strict --mem=1 --bogus | cmp - out
}

@test "variables reach the guest in order, and no others" {
	require_cpu
	HOST=1 run_tender -e B=2 --env=A=1 -eEMPTY= --env 'C=a b=c' image
	ended_with 0
	printf '%s\n' '[image]' '{B=2}' '{A=1}' '{EMPTY=}' '{C=a b=c}' |
		cmp - out
}

@test "--help and --version print to standard output and end with status 0" {
	run_tender --help
	ended_with 0
	for word in --disk --mem --env --timeout --strict 124 125 126 127; do
		says out "$word" || return
	done
	[ ! -s err ]
	run_tender --version
	ended_with 0
	says out '^tender [0-9]'
	[ "$(wc -l <out)" -eq 1 ]
	[ ! -s err ]
	# Nothing else is looked at.
	run_tender --version --bogus
	ended_with 0
}

@test "--help to a full disk does not end with status 0" {
	status=0
	"${TENDER[@]}" --help >/dev/full 2>err || status=$?
	[ "$status" -eq 125 ]
}

# The tender on KVM, whatever vCPU the suite tests.
on_kvm() {
	! "$BIN/tender" --help | grep -q -e --cpu || echo --cpu=kvm
}

@test "no permission on /dev/kvm ends with status 125 and says what to do" {
	[ -e /dev/kvm ] || skip "no /dev/kvm"
	find_nobody
	! "${AS_NOBODY[@]}" test -w /dev/kvm || skip "anyone may use /dev/kvm"
	kvm=$(on_kvm)
	refuses 125 'no permission on /dev/kvm' 'usermod' \
		"${AS_NOBODY[@]}" ./tender ${kvm:+"$kvm"} image
}

@test "without /dev/kvm the tender ends with status 125 and says what to do" {
	# shellcheck disable=SC2016 # expanded by the inner shell
	bare='mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec "$@"'
	unshare -m sh -c "$bare" - true 2>/dev/null ||
		skip "cannot have a /dev of its own"
	kvm=$(on_kvm)
	refuses 125 '/dev/kvm is not there' 'module' \
		unshare -m sh -c "$bare" - "$BIN/tender" ${kvm:+"$kvm"} image
}

@test "what is wrong is said within 100 ms" {
	[ -z "${HVT_SLOW-}" ] || skip "a slow machine"
	for options in --bogus --mem=1 --disk=nothing.img; do
		for ((i = 0; i < 21; i++)); do
			start=$(date +%s%N)
			status=0
			"${TENDER[@]}" "$options" image 2>/dev/null ||
				status=$?
			[ "$status" -eq 125 ]
			echo $((($(date +%s%N) - start) / 1000))
		done >elapsed
		median_below elapsed 100000 || return
	done
}
