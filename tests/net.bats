#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# The network of the guest, with the samples in it and real programs outside:
# through passt, on a tap in a network namespace of its own (as root), and from
# guest to guest.

load lib

NS=hvt-net-$$
SIZES=(1 1000 65537 1000003)

setup_file() {
	local name size

	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir -p root/www/sub data
	echo sub >root/www/sub/index.html
	for size in "${SIZES[@]}"; do
		head -c "$size" /dev/urandom >"root/www/$size"
	done
	head -c "$(sized 100M 2M)" /dev/urandom >data/large
	"$BIN/imgbuild" disk create --from=data data.img
	for name in httpd echo wget; do
		"$BIN/imgbuild" --rootfs=root "$REPO/samples/$name.c" \
			-o "$name.hvt"
	done
	gcc -O1 "$REPO/samples/httpd.c" -o httpd
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	FILES=$BATS_FILE_TMPDIR/root/www
	PIDS=()
	IN=()
}

teardown() {
	local pid

	for pid in "${PIDS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	ip netns del "$NS" 2>/dev/null || :
}

# Starts a program in the background, that soon says "$1": its output is in
# the file log.
start() {
	local says=$1

	: >log
	"${@:2}" >log 2>&1 3>&- &
	PIDS+=($!)
	for _ in $(seq 300); do
		grep -q "$says" log && return
		sleep 0.1
	done
	cat log
	return 1
}

# httpd behind a port of this machine, at $url.
serve_published() {
	command -v passt >/dev/null || skip "no passt"
	# Below those that the host gives to clients.
	port=$((20000 + RANDOM % 12000))
	while (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((20000 + RANDOM % 12000))
	done
	url=http://127.0.0.1:$port
	start "serving" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" --net=user \
		-p "127.0.0.1:$port:80" "$@"
}

# A tap at whose other end is 10.9.0.2, and fd00:9::2: tap [MTU]
make_tap() {
	[ "$(id -u)" -eq 0 ] || skip "not root: no tap"
	ip netns add "$NS" 2>/dev/null || skip "no network namespaces"
	IN=(ip netns exec "$NS")
	ip -n "$NS" link set lo up
	ip -n "$NS" tuntap add dev tap0 mode tap || skip "no /dev/net/tun"
	ip -n "$NS" link set tap0 mtu "${1:-1500}" up
	ip -n "$NS" addr add 10.9.0.2/24 dev tap0
	ip -n "$NS" addr add fd00:9::2/64 dev tap0 nodad 2>/dev/null || :
}

# httpd on that tap, at 10.9.0.1 and fd00:9::1.
serve_tap() {
	url=http://10.9.0.1
	start "serving" "${IN[@]}" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		--net=tap:tap0,ip=10.9.0.1/24,gw=10.9.0.2 "$@"
}

sample() {
	echo "$BATS_FILE_TMPDIR/$1.hvt"
}

fetch() {
	"${IN[@]}" curl -sS --fail -m 60 "$@"
}

# Fetches a file from $url and holds it against the one here.
whole() {
	fetch -o got "$url/$1"
	cmp got "${2:-$FILES/$1}"
}

@test "files of 1 byte to 1 MB arrive whole through a published port" {
	serve_published "$(sample httpd)"
	for size in "${SIZES[@]}"; do
		whole "$size"
	done
}

@test "100 MiB from a disk arrive whole" {
	serve_published --disk="$BATS_FILE_TMPDIR/data.img" \
		"$(sample httpd)" 80 /data
	whole large "$BATS_FILE_TMPDIR/data/large"
}

@test "a connection stays open for the next request" {
	serve_published "$(sample httpd)"
	fetch -o a -o b -w '%{num_connects}\n' "$url/1000" "$url/65537" >connects
	[ "$(cat connects)" = "1
0" ]
	cmp a "$FILES/1000"
	cmp b "$FILES/65537"
}

@test "httpd: parts of files, heads, directories, and nothing outside" {
	serve_published "$(sample httpd)"
	fetch -r 100-299 -o part "$url/1000"
	tail -c +101 "$FILES/1000" | head -c 200 | cmp - part
	fetch -r -7 -o part "$url/1000"
	tail -c 7 "$FILES/1000" | cmp - part
	fetch -I "$url/65537" | grep -q '^Content-Length: 65537'
	[ "$(fetch -L "$url/sub")" = sub ]
	for path in /../../etc/passwd /%2e%2e/x /sub/..; do
		curl -s --path-as-is -o out -w '%{http_code}\n' "$url$path" \
			>code
		grep -q '^400$' code
	done
	curl -s -o out -w '%{http_code}\n' "$url/none" | grep -q '^404$'
}

@test "200 connections at once are all served" {
	serve_published "$(sample httpd)"
	fetch -Z --parallel-max 200 -o 'file#1' "$url/1000?[1-200]"
	[ "$(cat file* | wc -c)" -eq 200000 ]
	for file in file*; do
		cmp "$file" "$FILES/1000"
	done
}

@test "wrk sees no error in 10 seconds" {
	serve_published "$(sample httpd)"
	wrk -t1 -c32 -d10 --timeout 10 "$url/1000" >out
	cat out
	grep -q '^Requests/sec' out
	run grep -e 'Socket errors' -e 'Non-2xx' out
	[ "$status" -eq 1 ]
}

# The commands of README's chapter, in its order, without their output.
readme_commands() {
	sed -n '/^## Network/,/^## /s/^\$ //p' "$REPO/README.md"
}

# As an ordinary user, with what is installed in local and the sources in tree.
readme_lines() {
	local user=()

	cd "$1" || return
	export PATH=$PWD/local/bin:$PATH HOME=$PWD
	# Who is not root here is root only in a namespace.
	[ "$1" != /mnt ] ||
		user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cd tree || return
	"${user[@]}" bash -euc "$(sed -n 1,2p ../commands)"
	"${user[@]}" bash -euc "exec $(sed -n 3p ../commands)" \
		>../log 2>&1 &
	for _ in $(seq 300); do
		! grep -q '^serving' ../log || break
		sleep 0.1
	done
	"${user[@]}" bash -euc "$(sed -n 4p ../commands)" >../page
}

@test "README's lines serve a page, to an ordinary user in a shell" {
	command -v passt >/dev/null || skip "no passt"
	readme_commands >commands
	[ "$(wc -l <commands)" -eq 4 ]
	[[ $(sed -n 3p commands) == tender* && $(sed -n 4p commands) == curl* ]]
	mkdir -p tree local/bin local/lib
	cp "$BIN/imgbuild" local/bin
	cp "${TENDER[0]}" local/bin/tender
	cp -R "${HVT_SYSROOT:-$REPO/build/sysroot}" local/lib/hvt
	cp -R "$REPO/samples" tree
	where=$PWD how=(unshare --net)
	if [ "$EUID" -eq 0 ]; then
		# The way here is closed to others.
		where=/mnt how+=(--mount)
		chown -R 65534:65534 tree
		chmod -R a+rX .
	else
		how+=(--user --map-root-user)
	fi
	"${how[@]}" true 2>/dev/null || skip "no namespaces here"
	"${how[@]}" bash -euc "
		$(declare -f readme_lines)
		trap 'kill \$(jobs -p) 2>/dev/null || :' EXIT
		[ $where = '$PWD' ] || mount --bind '$PWD' $where
		ip link set lo up
		unset HVT_SYSROOT
		readme_lines $where" || { cat log; return 1; }
	[ "$(cat page)" = hello ]
}

@test "a datagram and its answer go through a published port" {
	command -v passt >/dev/null || skip "no passt"
	port=$((20000 + RANDOM % 12000))
	start echoing "${TENDER[@]}" --timeout="$LIMIT_SECONDS" --net=user \
		-p "127.0.0.1:$port:7/udp" "$(sample echo)"
	echo hi | socat -t 2 - "UDP:127.0.0.1:$port" | grep -q '^hi$'
}

@test "SIGTERM ends the server by its own handler" {
	serve_published "$(sample httpd)"
	whole 1
	kill -TERM "${PIDS[0]}"
	status=0
	wait "${PIDS[0]}" || status=$?
	PIDS=()
	ended_with 0
	says log '^stopped$'
}

@test "a guest on a tap answers ping, with fragments too" {
	make_tap
	serve_tap "$(sample httpd)"
	"${IN[@]}" ping -c 3 -i 0.2 -W 5 10.9.0.1
	"${IN[@]}" ping -c 2 -i 0.2 -W 5 -s 5000 10.9.0.1
}

@test "echo over TCP and UDP, and 20000 bytes of UDP in fragments" {
	make_tap
	head -c 20000 /dev/urandom >datagram
	start echoing "${IN[@]}" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		--net=tap:tap0,ip=10.9.0.1/24 "$(sample echo)"
	[ "$(echo hello | "${IN[@]}" socat -t 5 - TCP:10.9.0.1:7)" = hello ]
	echo hi | "${IN[@]}" socat -t 1 - UDP:10.9.0.1:7 | grep -q '^hi$'
	"${IN[@]}" socat -b 30000 -t 2 - UDP:10.9.0.1:7 <datagram >back
	cmp datagram back
}

@test "an answer leaves though the guest computes from then on" {
	make_tap
	build_guest sockets_busy
	start waiting "${IN[@]}" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		--net=tap:tap0,ip=10.9.0.1/24 "$(image sockets_busy)"
	echo hi | "${IN[@]}" socat -t 20 -T 20 - UDP:10.9.0.1:7 >back &
	PIDS+=($!)
	for _ in $(seq 200); do
		[ ! -s back ] || break
		sleep 0.1
	done
	[ "$(cat back)" = hi ]
}

@test "IPv6: ping, and a page" {
	make_tap
	[ -e /proc/sys/net/ipv6 ] || skip "no IPv6 here"
	url="http://[fd00:9::1]"
	start "serving" "${IN[@]}" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		--net=tap:tap0,ip=fd00:9::1/64 "$(sample httpd)"
	"${IN[@]}" ping -6 -c 2 -i 0.2 -W 5 fd00:9::1
	whole 65537
}

@test "an MTU of 576 and one of 9000" {
	for mtu in 576 9000; do
		make_tap "$mtu"
		serve_tap "$(sample httpd)"
		whole 1000003
		teardown
		PIDS=()
	done
}

@test "loss, delay and another order on the way cost time and no byte" {
	make_tap
	"${IN[@]}" tc qdisc add dev tap0 root netem delay 3ms 1ms loss 2% ||
		skip "no netem"
	serve_tap "$(sample httpd)"
	whole 1000003
	"${IN[@]}" curl -sS -m 60 -o got "$url/65537" && cmp got "$FILES/65537"
}

@test "DHCP gives a guest its address, and names of servers" {
	make_tap
	command -v busybox >/dev/null || skip "no busybox"
	cat >udhcpd.conf <<-END
		start 10.9.0.50
		end 10.9.0.50
		interface tap0
		lease_file leases
		pidfile pid
		option subnet 255.255.255.0
		option router 10.9.0.2
		option dns 10.9.0.2
	END
	: >leases
	start "started" "${IN[@]}" busybox udhcpd -f udhcpd.conf
	mv log dhcp
	url=http://10.9.0.50
	start "serving" "${IN[@]}" "${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		--net=tap:tap0 "$(sample httpd)" 80 /
	# It serves before it has an address; the server tries it by ARP first, for
	# seconds. Until then the host finds nobody there.
	fetch --retry 20 --retry-all-errors --retry-delay 1 \
		-o got "$url/www/1000"
	cmp got "$FILES/1000"
	[ "$(fetch "$url/etc/resolv.conf")" = "nameserver 10.9.0.2" ]
}

@test "a guest fetches a page from outside" {
	make_tap
	start "serving" "${IN[@]}" "$BATS_FILE_TMPDIR/httpd" 8000 "$FILES"
	status=0
	"${IN[@]}" timeout -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" \
		--net=tap:tap0,ip=10.9.0.1/24 "$(sample wget)" \
		http://10.9.0.2:8000/1000003 >got 2>err || status=$?
	ended_with 0
	cmp got "$FILES/1000003"
	"${IN[@]}" timeout -s KILL "$LIMIT_SECONDS" "${TENDER[@]}" \
		--net=tap:tap0,ip=10.9.0.1/24 "$(sample wget)" \
		http://10.9.0.2:8001/ 2>err || status=$?
	ended_with 1
	says err "Connection refused"
}

@test "two guests that are wired together talk to each other" {
	"${TENDER[@]}" --timeout="$LIMIT_SECONDS" \
		"--net=unix:$PWD/wire,listen,ip=10.1.0.1/24" "$(sample httpd)" \
		>log 2>&1 3>&- &
	PIDS+=($!)
	for _ in $(seq 100); do
		[ ! -e wire ] || break
		sleep 0.1
	done
	run_tender "--net=unix:$PWD/wire,ip=10.1.0.2/24" "$(sample wget)" \
		http://10.1.0.1/1000003
	ended_with 0
	cmp out "$FILES/1000003"
}
