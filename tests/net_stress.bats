#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# Guests with sockets and much of everything: bytes, connections, strangers'
# SYNs, and peers that are silent or gone.

load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	build_guest net_peer
	cc -Wall -Wextra -Werror "$REPO/tests/tools/syn_flood.c" -o syn_flood
	mkdir -p site/www data
	echo hello >site/www/index.html
	head -c 1000 /dev/urandom >site/www/1000
	# Zeros, but for a piece that is never the same here and there.
	large=$(sized 1024 20)
	truncate -s "${large}M" data/large
	for ((at = 0; at < large; at += 7)); do
		head -c 9999 /dev/urandom |
			dd of=data/large bs=1M seek="$at" conv=notrunc \
				iflag=fullblock status=none
	done
	"$BIN/imgbuild" disk create --size=1200M --from=data data.img
	"$BIN/imgbuild" --rootfs=site "$REPO/samples/httpd.c" -o httpd.hvt
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

# Waits until a file says so: wait_for FILE PATTERN
wait_for() {
	for ((i = 0; i < LIMIT_SECONDS * 20; i++)); do
		grep -aqs -e "$2" "$1" && return
		sleep 0.05
	done
	says "$1" "$2"
}

# Runs a function of this file in a network namespace of its own.
isolated() {
	local how=(unshare --net)

	[ "$EUID" -eq 0 ] || how+=(--user --map-root-user)
	command -v ip >/dev/null || skip "no ip(8)"
	"${how[@]}" true 2>/dev/null || skip "no network namespaces here"
	"${how[@]}" bash -euc "
		$(declare -p TENDER LIMIT_SECONDS BATS_FILE_TMPDIR HVT_SLOW 2>/dev/null)
		$(declare -f image says says_not wait_for start on_tap sized "$1")
		trap 'kill \$(jobs -p) 2>/dev/null || :' EXIT
		ip link set lo up
		$1"
}

needs_passt() {
	command -v passt >/dev/null || skip "no passt"
}

needs_tap() {
	[ -w /dev/net/tun ] || skip "no /dev/net/tun"
}

# Starts a tender in the background, and waits until its guest is ready:
# start PATTERN ARGUMENT...
start() {
	"${TENDER[@]}" "${@:2}" >guest.out 2>guest.err &
	guest=$!
	wait_for guest.out "$1" || { cat guest.err; return 1; }
}

# A guest at 10.9.0.2 of a tap, where this machine is 10.9.0.1.
on_tap() {
	ip tuntap add dev lan mode tap
	ip address add 10.9.0.1/24 dev lan
	ip link set lan up
	start "$1" --net=tap:lan,ip=10.9.0.2/24,gw=10.9.0.1 "${@:2}"
}

much() {
	start serving --net=user -p 8080:80 \
		--disk="$BATS_FILE_TMPDIR/data.img" "$(image httpd)" 80 /data
	curl -sS -m "$LIMIT_SECONDS" http://127.0.0.1:8080/large |
		cmp - "$BATS_FILE_TMPDIR/data/large"
}

@test "1 GiB arrives whole" {
	needs_passt
	isolated much
}

crowd() {
	local fd=() lines count i

	ulimit -n 4096
	# Slot 0 of httpd listens.
	count=$(sized 1000 100)
	start serving --net=user -p 8080:80 "$(image httpd)"
	for ((i = 0; i < count; i++)); do
		# shellcheck disable=SC1083,SC2093 # opens only
		exec {fd[i]}<>/dev/tcp/127.0.0.1/8080
	done
	for ((i = 0; i < count; i++)); do
		printf 'GET / HTTP/1.0\r\n\r\n' >&"${fd[i]}"
	done
	for ((i = 0; i < count; i++)); do
		mapfile -t -u "${fd[i]}" lines
		[ "${lines[-1]}" = hello ] || { echo "$i: ${lines[*]}"; return 1; }
	done
}

@test "1000 connections that are open at once are all served" {
	needs_passt
	isolated crowd
}

flood() {
	on_tap serving --mem=32M "$(image httpd)"
	# From where nobody answers, so that none is ever finished.
	ip route add blackhole 198.18.0.0/15
	"$BATS_FILE_TMPDIR/syn_flood" 10.9.0.2 80 "$(sized 100000 2000)"
	for ((i = 0; i < 20; i++)); do
		curl -sS -m "$LIMIT_SECONDS" -o page http://10.9.0.2/1000
		cmp page "$BATS_FILE_TMPDIR/site/www/1000"
	done
	kill "$guest"
	wait "$guest"
	[ ! -s guest.err ] || { cat guest.err; return 1; }
}

@test "100000 SYNs of nobody do not keep a client out for long" {
	needs_tap
	isolated flood
}

vanish() {
	on_tap ready "$(image net_peer)" patient 25
	exec 5<>/dev/tcp/10.9.0.2/25
	wait_for guest.out connected
	# Whoever has that address now says nothing.
	ip address delete 10.9.0.1/24 dev lan
	wait "$guest"
	says guest.out '^read: Operation timed out$'
	says guest.out '^write: Broken pipe$'
}

@test "a peer that vanished is found out by keepalive: ETIMEDOUT, then EPIPE" {
	needs_tap
	isolated vanish
}
