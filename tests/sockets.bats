#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Sockets within the guest answer every call as Linux does: the same program
# runs natively, on the loopback of this machine, and the outputs are compared.

load lib

setup_file() {
	build_guest sockets
	musl-gcc -static -O1 -D_GNU_SOURCE "$GUESTS/sockets.c" \
		-o "$BATS_FILE_TMPDIR/native"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# As on Linux: sockets CASE
as_on_linux() {
	timeout -s KILL 60 "$BATS_FILE_TMPDIR/native" "$1" >linux
	[ -s linux ]
	run_guest sockets "$1"
	ended_with 0
	diff linux out
}

# How many functions of lwIP and what is around it an image has.
network_functions() {
	nm --defined-only "$1.debug" |
		grep -cE ' [Tt] __rt_(tcp|udp|ip4|ip6|net|pbuf)_' || :
}

@test "an image has the network only if it calls socket()" {
	"$BIN/imgbuild" "$REPO/samples/visits.c" -o visits.hvt
	[ "$(network_functions visits.hvt)" -eq 0 ]
	[ "$(network_functions "$(image sockets)")" -gt 100 ]
}

@test "a connection: data, peeking, counting, half closed, closed" {
	as_on_linux stream
}

@test "calls in the wrong state get the right errno" {
	as_on_linux states
}

@test "connect and accept that do not wait" {
	as_on_linux nonblocking
}

@test "a reset, data unread and writing on: ECONNRESET and EPIPE in order" {
	as_on_linux reset
}

@test "20 MiB through a connection that is full at times arrive unchanged" {
	as_on_linux bulk
}

@test "SO_RCVBUF limits what waits for a reader, and nothing is lost" {
	as_on_linux buffers
}

@test "close with SO_LINGER waits while the peer has no room, and as long as it says" {
	as_on_linux linger
}

@test "datagrams: cut, empty, 65507 bytes, several a call, refused" {
	as_on_linux datagrams
}

@test "IPv6, and IPv4 on a socket for both" {
	as_on_linux six
}

@test "options are set and told as on Linux" {
	as_on_linux options
}

@test "receiving and sending end with their timeouts" {
	as_on_linux timeouts
}

@test "interfaces and localhost have names" {
	as_on_linux names
}

@test "epoll over 300 connections sees each of them" {
	as_on_linux many
}

@test "40000 connections, one after the other: ports and memory are used again" {
	as_on_linux churn
}

@test "clients may use their ports again at once, when the server closed first" {
	as_on_linux ports
}
