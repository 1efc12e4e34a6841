#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Pipes, polling, timers and sockets within the guest, against Linux's: the
# same programs run in a guest and, linked with the same C library, on the
# host, and what they print has to be equal.

load lib

PROGRAMS=(pipe poll timer unix threads edge)

setup_file() {
	local name

	for name in "${PROGRAMS[@]}"; do
		build_guest "events_$name" "$GUESTS/events.c"
		musl-gcc -static -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
			"$GUESTS/events_$name.c" "$GUESTS/events.c" \
			-o "$BATS_FILE_TMPDIR/events_$name"
	done
	build_guest events_here
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# Runs a case on the host, in a directory of its own: on_linux PROGRAM CASE.
# Sets $status; leaves file CASE.want.
on_linux() {
	mkdir "$2"
	status=0
	(
		ulimit -n 1024
		EVENTS_DIRECTORY=$PWD/$2 exec timeout -s KILL \
			"$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/events_$1" "$2"
	) >"$2.want" 2>&1 3>&- </dev/null || status=$?
}

# Cases of a program print in a guest what they print on the host, and end as
# there: same_as_linux PROGRAM CASE...
same_as_linux() {
	local case want

	for case in "${@:2}"; do
		on_linux "$1" "$case"
		want=$status
		[ "$want" -ne 0 ] || says "$case.want" '^done$' || return
		run_tender "$(image "events_$1")" "$case" </dev/null
		cat err >>out
		cmp -s "$case.want" out && ended_with "$want" && continue
		echo "$1 $case: Linux -, guest +"
		diff -U2 "$case.want" out | sed 1,2d | head -60
		return 1
	done
}

# A case of events_here passes; the rest goes to the tender.
passes() {
	run_tender "${@:2}" "$(image events_here)" "$1" </dev/null
	ended_with 0 && says out '^done$'
}

@test "a pipe's ends read, write, tell and close as Linux's do" {
	same_as_linux pipe ends vectors flags
}

@test "a pipe holds 64 KiB, or what it was told, and small writes whole" {
	same_as_linux pipe full sizes
}

@test "writing where nobody reads is EPIPE, and SIGPIPE ends the guest" {
	same_as_linux pipe broken fatal
}

@test "a FIFO has a name, and waits for both ends, as Linux's does" {
	same_as_linux pipe fifo
}

@test "FIFOs and sockets have names on a disk too" {
	local both program case

	for both in pipe/fifo unix/connections threads/streams; do
		program=${both%/*} case=${both#*/}
		mke2fs -q -F -t ext4 -b 4096 disk.img 16M
		on_linux "$program" "$case"
		ended_with 0
		run_tender --disk=disk.img --env=EVENTS_DIRECTORY=/data \
			"$(image "events_$program")" "$case" </dev/null
		ended_with 0
		diff -U2 "$case.want" out
		e2fsck -fn disk.img >e2fsck.log 2>&1 || {
			cat e2fsck.log
			return 1
		}
	done
}

@test "poll and select tell of any mix of descriptors what Linux's do" {
	same_as_linux poll polling selecting
}

@test "epoll is level- and edge-triggered, and forgets what was closed" {
	same_as_linux poll levels edges
}

@test "epolls watch epolls, and what makes no sense is refused as on Linux" {
	same_as_linux poll nested refused
}

@test "a oneshot watch is armed again, and a closed number's watch stays" {
	same_as_linux edge epoll_again
}

@test "counters of an eventfd and a timerfd refuse and overflow as on Linux" {
	same_as_linux edge counters
}

@test "a pipe changes its capacity, and copies are refused or made" {
	same_as_linux edge pipes
}

@test "descriptors and credentials arrive whole, cut short or not at all" {
	same_as_linux edge messages
}

@test "an eventfd counts, and waits at both ends of its range" {
	same_as_linux poll counting
}

@test "a timerfd expires once or again and again, on each clock" {
	same_as_linux timer relative repeated absolute refused
}

@test "socket pairs carry streams and messages as Linux's do" {
	same_as_linux unix streams full messages many
}

@test "what one end of a socket pair shuts down, the other end sees" {
	same_as_linux unix shutting fatal
}

@test "sockets listen at paths and abstract names, and are connected to" {
	same_as_linux unix connections ends_of_listeners abstract
}

@test "datagram sockets find each other by name, connected or not" {
	same_as_linux unix datagrams
}

@test "descriptors travel through sockets" {
	same_as_linux unix rights
}

@test "socket options are what was set, and time limits hold" {
	same_as_linux unix options
}

@test "a megabyte goes whole from thread to thread, whatever it goes through" {
	same_as_linux threads streams
}

@test "whoever waits is woken by what another thread does" {
	same_as_linux threads waking
}

@test "signals interrupt or restart what waits, as on Linux" {
	same_as_linux threads interrupted
}

@test "signals are read from a descriptor" {
	same_as_linux threads signals
}

@test "10,000 of each kind leave no memory and no descriptor behind" {
	passes leaks
}

# The last run, with --stats, made as few exits as a start, an end and waits take.
hardly_ran() {
	local exits

	exits=$(sed -n 's/^exits *\([0-9]*\):.*/\1/p' err)
	echo "$exits exits"
	[ "$exits" -gt 3 ] && [ "$exits" -lt 30 ]
}

@test "a guest in which nothing happens does not run" {
	mkfifo input
	exec 4<>input
	run_tender --stats "$(image events_here)" idle <&4
	exec 4>&-
	ended_with 0 && says out '^done$' && hardly_ran
}

@test "input that a guest does not read keeps it from nothing, and not awake" {
	passes deaf --stats
	hardly_ran
}

@test "lines on the console wake whoever polls for them among other things" {
	(echo one; sleep 0.2; echo two) |
		timeout "$LIMIT_SECONDS" "${TENDER[@]}" \
			"$(image events_here)" typed >out 2>err
	printf 'ready\none\ntwo\ndone\n' | cmp - out
}

@test "a program that always finds something ready still hears the console" {
	mkfifo input
	exec 4<>input
	"${TENDER[@]}" --timeout=100 "$(image events_here)" busy >out 2>err <&4 &
	until grep -q ready out; do
		sleep 0.1
	done
	echo >&4
	status=0
	wait $! || status=$?
	exec 4>&-
	ended_with 0 && says out '^done$'
}

@test "a program with pipes and socket pairs has no network in its image" {
	cat >pair.c <<-'EOF'
		#include <sys/socket.h>
		#include <unistd.h>
		int main(void)
		{
			int s[2], p[2];
			char c;

			return socketpair(AF_UNIX, SOCK_STREAM, 0, s) ||
			       pipe(p) || write(s[0], "x", 1) != 1 ||
			       read(s[1], &c, 1) != 1 || c != 'x';
		}
	EOF
	"$BIN/imgbuild" pair.c -o pair.hvt
	run_tender pair.hvt
	ended_with 0
	nm pair.hvt.debug >symbols
	says symbols ' __rt_unix_pair$'
	says_not symbols ' tcp_'
	says_not symbols ' __rt_ext_'
}
