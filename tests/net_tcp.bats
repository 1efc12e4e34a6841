#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# Guests with sockets and real clients: through passt, over taps that lose and
# reorder packets, and two guests on one wire.

load lib

setup_file() {
	build_guest net_peer
	cc -Wall -Wextra -Werror "$REPO/tests/tools/lossy.c" \
		-o "$BATS_FILE_TMPDIR/lossy"
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir -p site/www
	head -c 1 /dev/urandom >site/www/1
	head -c 1000 /dev/urandom >site/www/1000
	head -c "$(sized 8000000 800000)" /dev/urandom >site/www/8000000
	echo hello >site/www/index.html
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
		$(declare -p TENDER LIMIT_SECONDS BATS_FILE_TMPDIR)
		$(declare -f run_tender image ended_with says says_not over_tap \
			wait_for start fetch slow_reader; declare -f "$1" 2>/dev/null || :)
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
	rm -f guest.out guest.err # of an earlier one
	"${TENDER[@]}" "${@:2}" >guest.out 2>guest.err &
	guest=$!
	wait_for guest.out "$1" || { cat guest.err; return 1; }
}

# Fetches a file of the site and compares it: fetch URL FILE
fetch() {
	curl -sS -m "$LIMIT_SECONDS" "$1/$2" -o fetched &&
		cmp fetched "$BATS_FILE_TMPDIR/site/www/$2"
}

pages() {
	start serving --net=user -p 8080:80 "$(image httpd)"
	for file in 1 1000 8000000 index.html; do
		fetch http://127.0.0.1:8080 "$file"
	done
	# Several on one connection, and many at once.
	curl -sS -m "$LIMIT_SECONDS" "http://127.0.0.1:8080/1000?[1-50]" |
		wc -c | grep -qx 50000
	curl -sS -m "$LIMIT_SECONDS" --parallel --parallel-max 50 \
		--no-progress-meter -o 'many#1' \
		"http://127.0.0.1:8080/1000?[1-200]"
	cat many* | wc -c | grep -qx 200000
	kill "$guest"
	wait "$guest" || :
	[ ! -s guest.err ] || { cat guest.err; return 1; }
}

@test "curl gets whole files from a guest, one by one and many at once" {
	needs_passt
	isolated pages
}

silence() {
	start serving --net=user -p 8080:80 --stats "$(image httpd)"
	exec 5<>/dev/tcp/127.0.0.1/8080
	printf 'GET /1 HTTP/1.1\r\nHost: here\r\n\r\n' >&5
	sleep 4
	kill "$guest"
	wait "$guest" || :
	exits=$(sed -n 's/^exits *\([0-9]*\):.*/\1/p' guest.err)
	echo "$exits exits"
	[ "$exits" -gt 3 ] && [ "$exits" -lt 100 ]
}

# Ticks would be 400.
@test "a connection on which nothing is said does not keep a guest awake" {
	needs_passt
	isolated silence
}

leavers() {
	start serving --net=user -p 8080:80 "$(image httpd)"
	for i in 1 2 3 4 5; do
		exec 5<>/dev/tcp/127.0.0.1/8080
		printf 'GET /8000000 HTTP/1.0\r\n\r\n' >&5
		head -c 100000 <&5 >/dev/null
		exec 5>&-
	done
	fetch http://127.0.0.1:8080 1000
}

@test "clients that leave in the middle leave the network working" {
	needs_passt
	isolated leavers
}

greeting() {
	start ready --net=user -p 2525:25 "$(image net_peer)" greet 25
	exec 5<>/dev/tcp/127.0.0.1/2525
	read -r -t 10 line <&5
	[ "$line" = welcome ]
	echo thanks >&5
	wait "$guest"
	says guest.out '^heard thanks$'
}

@test "a server that speaks first is heard" {
	needs_passt
	isolated greeting
}

# passt asks a guest once; whom it does not hear it resets ten seconds later.
waiting() {
	local client=() fd

	mkfifo go && exec 4<>go
	"${TENDER[@]}" --net=user -p 2525:25 --timeout=8 \
		"$(image late_accept)" 40 <go >guest.out 2>guest.err &
	guest=$!
	wait_for guest.out ready
	for ((i = 0; i < 40; i++)); do
		exec {fd}<>/dev/tcp/127.0.0.1/2525
		client+=("$fd")
		sleep 0.01
	done
	sleep 0.2
	echo >&4
	wait "$guest"
	says guest.out '^all served$'
	for fd in "${client[@]}"; do
		read -r -t 5 line <&"$fd"
		[ "$line" = welcome ]
	done
}

@test "clients that come while a server is busy are served, whatever its backlog" {
	needs_passt
	build_guest late_accept
	isolated waiting
}

ip6() {
	# passt does IPv6 where there is a link-local address.
	ip link add outside type veth peer name inside 2>/dev/null || return 77
	ip link set outside up
	ip link set inside up
	until ip -6 address show dev outside scope link | grep -q fe80 &&
		! ip -6 address show dev outside tentative | grep -q fe80; do
		sleep 0.05
	done
	start serving --net=user -p '[::1]:8080:80' "$(image httpd)"
	fetch 'http://[::1]:8080' 1000
	fetch 'http://[::1]:8080' 8000000
	if fetch 'http://127.0.0.1:8080' 1000 2>/dev/null; then
		echo 'over IPv4 too'
		return 1
	fi
}

@test "a guest is reached over IPv6" {
	needs_passt
	status=0
	isolated ip6 || status=$?
	[ "$status" -ne 77 ] || skip "no veth here"
	[ "$status" -eq 0 ]
}

# A reader that pauses when the guest's program has ended.
slow_reader() {
	exec 5<>"/dev/tcp/$1"
	: >parts
	until grep -q left guest.out; do
		head -c 262144 <&5 >>parts
		kill -0 "$guest" || break
	done
	sleep 4
	timeout "$LIMIT_SECONDS" cat <&5 >>parts
	wc -c <parts
	[ "$(wc -c <parts)" -eq 10485760 ]
	wait "$guest"
	[ ! -s guest.err ] || { cat guest.err; return 1; }
}

leaves_behind_passt() {
	start ready --net=user -p 2525:25 "$(image net_peer)" leave 25 10485760
	slow_reader 127.0.0.1/2525
}

leaves_behind_tap() {
	ip tuntap add dev lan mode tap
	ip address add 10.9.0.1/24 dev lan
	ip link set lan up
	start ready --net=tap:lan,ip=10.9.0.2/24 "$(image net_peer)" \
		leave 25 10485760
	slow_reader 10.9.0.2/25
}

@test "what a guest sent reaches a slow reader though the program has ended" {
	needs_passt
	isolated leaves_behind_passt
	needs_tap
	isolated leaves_behind_tap
}

datagrams() {
	start ready --net=user -p 5353:53/udp "$(image net_peer)" udp 53 20
	exec 5<>/dev/udp/127.0.0.1/5353
	for ((i = 0; i < 20; i++)); do
		printf 'datagram %02d' "$i" >&5
		[ "$(timeout 10 dd bs=100 count=1 <&5 2>/dev/null)" = \
			"$(printf 'datagram %02d' "$i")" ]
	done
	wait "$guest"
}

@test "datagrams reach a guest, and its answers come back" {
	needs_passt
	isolated datagrams
}

outward() {
	start ready --net=user -p 127.0.0.1:7000:70 "$(image net_peer)" \
		sink 70 5000000
	run_tender --net=user,host-loopback "$(image net_peer)" \
		client 10.0.2.2 7000 5000000
	ended_with 0
	says out '^sent$'
	wait "$guest"
	says guest.out '^5000000 bytes$'
}

@test "a guest reaches another one through the host" {
	needs_passt
	isolated outward
}

@test "two guests on one wire talk TCP, with any MTU" {
	for mtu in 576 1500 65520; do
		rm -f guest.out guest.err
		"${TENDER[@]}" \
			"--net=unix:wire,listen,ip=10.0.0.1/24,mtu=$mtu" \
			"$(image net_peer)" sink 70 5000000 >guest.out 2>guest.err &
		guest=$!
		wait_for guest.err waiting
		run_tender "--net=unix:wire,ip=10.0.0.2/24,mtu=$mtu" \
			"$(image net_peer)" client 10.0.0.1 70 5000000
		ended_with 0 || { cat guest.out guest.err; return 1; }
		wait "$guest"
		says guest.out '^5000000 bytes$'
	done
}

# Bytes from one guest to another over a wire with these faults, per mille:
# over_wire LOST DOUBLED DAMAGED HELD-BACK
over_wire() {
	for mtu in 1500 9000; do
		status=0
		timeout --foreground -s KILL "$LIMIT_SECONDS" \
			"$BATS_FILE_TMPDIR/lossy" 1 "$@" \
			"${TENDER[@]}" "--net=fd:9,ip=10.0.0.1/24,mtu=$mtu" \
			"$(image net_peer)" sink 70 1000000 -- \
			"${TENDER[@]}" "--net=fd:9,ip=10.0.0.2/24,mtu=$mtu" \
			"$(image net_peer)" client 10.0.0.1 70 1000000 \
			>out 2>err || status=$?
		ended_with 0 && says out '^1000000 bytes$' &&
			says out '^sent$' || return
	done
}

@test "bytes come whole over a wire that loses frames" {
	over_wire 20 0 0 0
}

@test "bytes come whole over a wire that doubles and reorders frames" {
	over_wire 0 50 0 100
}

@test "bytes come whole over a wire that damages frames" {
	over_wire 0 0 20 0
}

# shellcheck disable=SC2153 # MTU and NETEM are set by the tests
over_tap() {
	ip tuntap add dev lan mode tap
	ip address add 10.9.0.1/24 dev lan
	ip link set lan mtu "$MTU" up
	start serving --net=tap:lan,ip=10.9.0.2/24 "$(image httpd)"
	until ip link show lan | grep -q 'state UP'; do
		sleep 0.05
	done
	for netem in "${NETEM[@]}"; do
		if [ -n "$netem" ]; then
			# shellcheck disable=SC2086 # several words
			tc qdisc replace dev lan root netem $netem || return 77
		fi
		fetch http://10.9.0.2 1000
		fetch http://10.9.0.2 8000000
	done
}

@test "files come whole over taps of any MTU" {
	needs_tap
	for mtu in 576 1500 9000 65521; do
		isolated "MTU=$mtu; NETEM=(''); over_tap"
	done
}

@test "files come whole over a tap that loses, delays and reorders packets" {
	needs_tap
	command -v tc >/dev/null || skip "no tc(8)"
	status=0
	isolated "MTU=1500; NETEM=('loss 2%' 'delay 5ms 2ms' 'delay 5ms reorder 25%' 'duplicate 5%' 'corrupt 1%'); over_tap" ||
		status=$?
	[ "$status" -ne 77 ] || skip "no netem here"
	[ "$status" -eq 0 ]
}
