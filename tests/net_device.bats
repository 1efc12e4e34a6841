#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# Network devices as a guest without a network stack sees them: its frames on
# sockets, taps and passt, what comes back, and what becomes of it when the
# other end means harm or goes away.

load lib
load tools/refuse

setup_file() {
	build_guest net_raw
	cc -Wall -Wextra -Werror "$REPO/tests/tools/wire.c" \
		-o "$BATS_FILE_TMPDIR/wire"
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[ -z "${background-}" ] || kill -KILL "$background" 2>/dev/null || :
}

# Runs the guest with the other end played by tests/tools/wire.c:
# run_wired KIND PART OPTIONS-BEHIND-fd:9 CASE ARGUMENT...
run_wired() {
	status=0
	timeout --foreground -s KILL "$LIMIT_SECONDS" \
		"$BATS_FILE_TMPDIR/wire" "$1" "$2" "${TENDER[@]}" \
		"--net=fd:9$3" "$(image net_raw)" "${@:4}" >out 2>err ||
		status=$?
}

run_raw() {
	run_tender "$1" "$(image net_raw)" "${@:2}"
}

# Waits until a file says so: wait_for FILE PATTERN
wait_for() {
	for ((i = 0; i < LIMIT_SECONDS * 20; i++)); do
		grep -aqs -e "$2" "$1" && return
		sleep 0.05
	done
	says "$1" "$2"
}

# Runs a function of this file in a network namespace of its own, with
# loopback up; what follows goes to unshare(1).
isolated() {
	local how=(unshare --net "${@:2}")

	[ "$EUID" -eq 0 ] || how+=(--user --map-root-user)
	command -v ip >/dev/null || skip "no ip(8)"
	"${how[@]}" true 2>/dev/null || skip "no network namespaces here"
	"${how[@]}" bash -euc "
		$(declare -p TENDER LIMIT_SECONDS BATS_FILE_TMPDIR REPO BIN)
		$(declare -f run_tender run_wired run_raw image ended_with \
			says says_not wait_for refuses "$1")
		trap 'kill \$(jobs -p) 2>/dev/null || :' EXIT
		ip link set lo up
		$1"
}

# In a namespace: a tap with an address, or a skip.
needs_tap() {
	[ -w /dev/net/tun ] || skip "no /dev/net/tun"
}

@test "boot info says what the command line says of a network" {
	run_wired stream hold: ,mac=02:00:00:00:00:2a,mtu=9000,ip=10.1.2.3/20,gw=10.1.2.1,dns=10.1.2.9,ip=fd00::7/48,gw=fd00::8,dns=fd00::9 info
	ended_with 0
	[ ! -s err ]
	diff out - <<-'END'
		mtu 9000 flags 0 prefix 20 48
		mac 02 00 00 00 00 2a
		ip4 10.1.2.3 gw 1 dns 9
		ip6 fd00 ..07 gw 8 dns 9
	END
}

@test "a MAC that was not given is local, of one station, and another each time" {
	for i in 1 2 3; do
		run_wired stream hold: "" info
		ended_with 0
		says out 'mtu 1500 flags 0 prefix 0 0'
		says out '^mac .[26ae] '
		grep mac out >>macs
	done
	[ "$(sort -u macs | wc -l)" -eq 3 ]
}

@test "frames of every size go out and come back as they were" {
	for kind in stream seqpacket dgram; do
		for bytes in 14 60 1514 65550; do
			run_wired "$kind" echo "" echo "$(sized 300 30)" "$bytes"
			ended_with 0 && says out '^sent .* received' ||
				{ echo "$kind $bytes"; return 1; }
		done
	done
	[ ! -s err ]
}

@test "64 frames go in one call, and come in one" {
	run_wired stream batch:64 "" batch
	ended_with 0
	says out '^64 and 64 in 2 calls$'
}

@test "a frame may lie in pieces, to send and to receive" {
	for kind in stream seqpacket; do
		run_wired "$kind" echo "" pieces
		ended_with 0 && says out '^done$' || return
	done
}

@test "a frame that is too long for its buffer is lost, and nothing else" {
	for kind in stream seqpacket dgram; do
		run_wired "$kind" echo "" small
		ended_with 0 && says out '^done$' || return
	done
}

@test "a device that takes no more says when it does, and loses nothing" {
	for kind in stream seqpacket; do
		rm -f out
		run_wired "$kind" slow:out "" full
		ended_with 0 && says out '^done$' || return
		says out ' frames, the last of 60000 bytes' || return
		says_not out cut || return
	done
}

@test "what a guest sends last arrives, however soon it ends" {
	run_wired stream count "" leave 200 65550
	ended_with 0
	says out '^200 frames, the last of 65550 bytes$'
}

@test "receiving from a silent network comes back empty, and waiting ends" {
	for kind in stream seqpacket dgram; do
		run_wired "$kind" hold: "" no_wait
		ended_with 0 && says out '^done$' || return
	done
}

@test "what came before the other end went is received, then the device is closed" {
	# Two frames of 14 bytes, as the guest knows them.
	frame() { printf 'ffffffffffff02000000002a88b5'; }
	run_wired stream "hex:0000000e$(frame)0000000e$(frame)" \
		,mac=02:00:00:00:00:2a drain 14
	ended_with 0
	says out '^received 2, then closed$'
	says err '^tender: net net0: the other end is gone$'
	[ "$(wc -l <err)" -eq 1 ]
	run_wired seqpacket "hex:$(frame)" ,mac=02:00:00:00:00:2a drain 14
	ended_with 0
	says out '^received 1, then closed$'
}

@test "what is no frame closes the device, is told once, and harms nobody" {
	for hex in 00000000 00000001 0000000d 0001000f 7fffffff ffffffff \
		80000000 fffffffc 48545450 0000000d0000000e; do
		run_wired stream "hold:$hex" "" drain 14
		ended_with 0 && says out '^received 0, then closed$' &&
			says err '^tender: net net0: .*no frame' || {
			echo "$hex"
			return 1
		}
		[ "$(wc -l <err)" -eq 1 ]
	done
}

@test "a stream that ends within a frame closes the device" {
	for hex in 00 000000 0000000e 0000000eff 00010000ffffffff; do
		run_wired stream "hex:$hex" "" drain 14
		ended_with 0 && says out '^received 0, then closed$' || return
		says err 'the other end is gone' || return
	done
}

@test "a message that is no frame is lost, and nothing else" {
	run_wired seqpacket hold:ffffffffff02000000002a88b5 \
		,mac=02:00:00:00:00:2a no_wait
	ended_with 0
	[ ! -s err ]
}

@test "what breaks the contract of net_io ends the guest with status 159" {
	local -A wrong=(
		[device]='device 1 is not a network'
		['long list']='129 entries'
		['endless list']='entries, where 128'
		['many frames']='more than 64 frames'
		['many buffers']='more than 64 frames'
		['no end']='has no end'
		['short frame']='a frame of 13 bytes'
		['long frame']='a frame of 65551 bytes'
		['long pieces']='a frame of 4294967310 bytes'
		['short buffer']='a frame of 13 bytes'
		['list of nobody']='net_io list: 0x10 bytes at 0x1000'
		['frame of nobody']='net_io frame: 0x3c bytes at 0x1000'
		['buffer of text']='net_io frame: 0x3e8 bytes'
		['list of text']='net_io list: 0x10 bytes'
	)

	for case in "${!wrong[@]}"; do
		run_wired stream count "" wrong "$case"
		ended_with 159 && says_not out still &&
			says err "^tender: .*${wrong[$case]}" || {
			echo "$case"
			return 1
		}
	done
}

@test "two guests on one wire hear each other" {
	"${TENDER[@]}" --net=unix:wire,listen "$(image net_raw)" mirror 500 \
		>mirror.out 2>mirror.err &
	background=$!
	wait_for mirror.err 'waiting for the other end at wire'
	run_raw --net=unix:wire echo 500 1514
	ended_with 0
	says out '^sent 500 received 500'
	wait "$background"
	[ ! -e wire ]
}

@test "a wire that cannot be had ends the tender with status 125" {
	refuse() {
		refuses 125 "net net0: " "$1" "${TENDER[@]}" "--net=unix:$2" \
			"$(image net_raw)" info
	}
	refuse 'nobody listens there; start the other end first' wire
	touch file
	refuse 'file: ' file
	refuse 'cannot listen there: Address.* in use' file,listen
	refuse 'cannot listen there' none/wire,listen
	refuse 'longer than the 107 bytes' "$(printf 'x%.0s' {1..108})"
	[ -f file ]
}

@test "waiting for the other end of a wire ends with the time limit" {
	run_tender --timeout=0.3 --net=unix:wire,listen "$(image net_raw)" info
	ended_with 125
	says err 'wire: nobody came there within the time limit'
	[ ! -e wire ]
}

@test "a socket that a dead tender left behind is no hindrance" {
	"${TENDER[@]}" --net=unix:wire,listen "$(image net_raw)" info \
		2>first.err &
	background=$!
	wait_for first.err waiting
	refuses 125 'net net0: wire' 'in use' "${TENDER[@]}" \
		--net=unix:wire,listen "$(image net_raw)" info
	kill -KILL "$background"
	wait "$background" || :
	[ -S wire ]
	"${TENDER[@]}" --net=unix:wire,listen "$(image net_raw)" info \
		2>second.err >second.out &
	background=$!
	wait_for second.err waiting
	run_raw --net=unix:wire info
	ended_with 0
	wait "$background"
}

@test "a descriptor that is no network ends the tender with status 125" {
	refuse() {
		refuses 125 "net net0: descriptor 9" "$1" "${TENDER[@]}" \
			--net=fd:9 "$(image net_raw)" info
	}
	refuse 'is not open'
	refuse 'not a tap' 9</dev/null
	exec 9<>/dev/udp/127.0.0.1/9
	run_tender --net=fd:9 "$(image net_raw)" info
	ended_with 0
}

@test "an image that declares a network does not start without it" {
	"$BIN/imgbuild" --device=net:lan -D_GNU_SOURCE -I"$REPO/boot-protocol" \
		-I"$REPO/guest-runtime" "$GUESTS/net_raw.c" -o declares.hvt
	refuses 125 'declares.hvt' "needs a network named 'lan'.*--net=" \
		"${TENDER[@]}" declares.hvt no_wait
	truncate -s 64K disk.img
	refuses 125 'declares.hvt' "needs a network named 'lan'" \
		"${TENDER[@]}" --disk=lan=disk.img declares.hvt no_wait
}

pings() {
	local options

	ip tuntap add dev lan mode tap
	ip address add 10.9.0.1/24 dev lan
	ip link set lan mtu "$MTU" up
	rm -f out err
	"${TENDER[@]}" --net=tap:lan,ip=10.9.0.2/24 "$(image net_raw)" pong 3 \
		>out 2>err &
	wait_for out ready
	# The kernel forgets what it was to send before it noticed the tender.
	until ip link show lan | grep -q 'state UP'; do
		sleep 0.05
	done
	for options in -s56 "-s$((MTU - 28))" "-s$((MTU - 28)) -Mdo"; do
		# shellcheck disable=SC2086 # two options
		ping -q -c1 -W10 $options 10.9.0.2 >ping.out ||
			{ echo "MTU $MTU, $options"; cat ping.out out err; return 1; }
	done
	wait $!
	[ ! -s err ]
}

@test "a guest on a tap answers pings of the host, with any MTU" {
	needs_tap
	command -v ping >/dev/null || skip "no ping(8)"
	for MTU in 576 1500 9000 65521; do
		export MTU
		isolated pings
	done
}

tap_facts() {
	ip tuntap add dev lan mode tap
	ip link set lan mtu 9000
	run_raw --net=tap:lan info
	ended_with 0
	says out 'mtu 9000 '
	says err 'net0: lan is down; ip link set lan up'
	ip link set lan up
	run_raw --net=tap:lan,mtu=1400 info
	says out 'mtu 1400 '
	refuses 125 'net net0: lan: ' 'mtu=9001 is more than its own 9000' \
		"${TENDER[@]}" --net=tap:lan,mtu=9001 "$(image net_raw)" info
	refuses 125 'net net0: none: ' 'no such interface; create it' \
		"${TENDER[@]}" --net=tap:none "$(image net_raw)" info
	refuses 125 'net net0: lo: ' 'not a tap' \
		"${TENDER[@]}" --net=tap:lo "$(image net_raw)" info
	[ "$(ip -o link | wc -l)" -eq 2 ]
	# Another program may have opened it.
	run_wired tap:lan none '' info
	ended_with 0
	says out 'mtu 9000 '
	ip link delete lan
	ip tuntap add dev lan mode tun
	refuses 125 'net net0: lan: ' 'not a tap' \
		"${TENDER[@]}" --net=tap:lan "$(image net_raw)" info
}

@test "a tap must exist and be one; its MTU is the guest's" {
	needs_tap
	isolated tap_facts
}

tap_vanishes() {
	ip tuntap add dev lan mode tap
	ip link set lan up
	"${TENDER[@]}" --net=tap:lan,mac=02:00:00:00:00:2a "$(image net_raw)" \
		drain_any >out 2>err &
	wait_for out ready
	ip link delete lan
	wait $!
	says out 'closed'
	says err '^tender: net net0: the other end is gone'
}

@test "a tap that is deleted closes the device" {
	needs_tap
	isolated tap_vanishes
}

@test "a capture has all frames, with their device, direction and time" {
	command -v tshark >/dev/null || skip "no tshark"
	run_wired stream echo "" echo 100 1000 # without: nothing is written
	[ "$(ls)" = "$(printf 'err\nout')" ]
	before=$(date +%s)
	run_wired stream echo ",name=net0" echo 3 60
	status=0
	timeout -s KILL "$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/wire" stream echo \
		"${TENDER[@]}" --pcap=frames.pcapng --net=fd:9 \
		"$(image net_raw)" echo 100 1001 >out 2>err || status=$?
	ended_with 0
	tshark -n -r frames.pcapng -T fields -e frame.interface_name \
		-e frame.packet_flags_direction -e frame.len \
		-e frame.time_epoch 2>tshark.err >frames
	[ "$(wc -l <frames)" -eq 200 ]
	[ "$(grep -c "^net0	0x00000002	1001	" frames)" -eq 100 ]
	[ "$(grep -c "^net0	0x00000001	1001	" frames)" -eq 100 ]
	awk -v before="$before" -v after="$(date +%s)" '
		$4 < before || $4 > after + 1 || $4 < last {bad = 1}
		{last = $4}
		END {exit bad}' frames
	# Its bytes are those of the frames.
	tshark -n -r frames.pcapng -x -c 1 2>/dev/null | grep -q '88 b5'
}

@test "a full disk ends the capture, and not the guest" {
	command -v tshark >/dev/null || skip "no tshark"
	status=0
	(
		ulimit -f 100
		exec timeout -s KILL "$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/wire" \
			stream echo "${TENDER[@]}" --pcap=frames.pcapng \
			--net=fd:9 "$(image net_raw)" echo 300 1000
	) >out 2>err || status=$?
	ended_with 0
	says out 'sent 300 received 300'
	[ "$(grep -c '^tender: frames.pcapng: File too large; the capture ends here$' err)" -eq 1 ]
	[ "$(wc -l <err)" -eq 1 ]
	tshark -n -r frames.pcapng 2>tshark.err >frames
	[ ! -s tshark.err ] || says_not tshark.err 'cut short'
	[ "$(wc -l <frames)" -gt 20 ]
	refuses 125 '--pcap=none/x' 'No such file' "${TENDER[@]}" \
		--pcap=none/x --net=fd:9 "$(image net_raw)" info
}

needs_passt() {
	command -v passt >/dev/null || skip "no passt"
}

# The passt of a tender: its child watches over it.
passt_of() {
	pgrep -x -P "$(pgrep -d, -x -P "$1" tender)" 'passt(\.avx2)?'
}

@test "a network without privileges needs nothing but passt" {
	needs_passt
	find_nobody
	cp "$(image net_raw)" net_raw.hvt
	chmod 644 net_raw.hvt
	"${AS_NOBODY[@]}" ./tender --cpu=process --net=user net_raw.hvt info \
		>out 2>err
	[ ! -s err ]
	says out '^mtu 65520 flags 3 prefix 24 '
	says out '^ip4 10.0.2.15 gw 2 dns 3$'
	run_raw --net=user,mtu=1500,ip=10.5.0.9/16,gw=10.5.0.1,dns=10.5.0.7 info
	ended_with 0
	says out '^mtu 1500 '
	says out '^ip4 10.5.0.9 gw 1 dns 7$'
}

user_ports() {
	run_raw --net=user info
	ended_with 0
	says out '^ip4 10.0.2.15'
	"${TENDER[@]}" --net=user -p 8080:80 -p 127.0.0.1:9000-9002:90-92 \
		-p 5353:53/udp "$(image net_raw)" drain_any >out 2>err &
	wait_for out ready
	ss -Hltun | awk '{print $1, $5}' | sort >ports
	kill $!
	wait $! || :
	grep -v '\[::\]' ports | sed 's/\*:/0.0.0.0:/' | diff - <(
		echo 'tcp 0.0.0.0:8080'
		printf 'tcp 127.0.0.1:900%d\n' 0 1 2
		echo 'udp 0.0.0.0:5353')
	# It goes with the tender.
	for ((i = 0; i < LIMIT_SECONDS * 20; i++)); do
		[ -n "$(ss -Hltun)" ] || return 0
		sleep 0.05
	done
	ss -ltun
	return 1
}

@test "ports are published where there is nothing but loopback" {
	needs_passt
	isolated user_ports
}

taken() {
	refuse() {
		refuses 125 "net net0: --publish=$1: " "$2" "${TENDER[@]}" \
			--net=user "--publish=$1" "$(image net_raw)" info
	}
	"${TENDER[@]}" --net=user -p 8080:80 -p 8081:81/udp \
		"$(image net_raw)" drain_any >out2 2>err2 &
	wait_for out2 ready
	refuse 8080:80 'TCP port 8080 of the host is taken'
	refuse 127.0.0.1:8070-8090:70-90 'TCP port 8080 of the host is taken'
	refuse 8081:80/udp 'UDP port 8081 of the host is taken'
	refuse 192.0.2.77:8000:80 '192.0.2.77 is not an address of this host'
	run_tender --net=user --publish=8081:80 "$(image net_raw)" info
	ended_with 0
	kill $!
	wait $! || :
	refuses 125 'net net0: ' 'install passt' env PATH=/nowhere \
		"${TENDER[@]}" --net=user "$(image net_raw)" info
}

@test "a port that is taken is named, and a passt that is not there too" {
	needs_passt
	isolated taken
}

@test "passt ends with the tender, and its end is told to the guest" {
	needs_passt
	"${TENDER[@]}" --net=user "$(image net_raw)" drain_any >out 2>err &
	background=$!
	wait_for out ready
	child=$(passt_of "$background")
	kill -KILL "$child"
	wait "$background"
	says out closed
	says err '^tender: net net0: passt has ended by signal 9$'
	rm -f out err
	"${TENDER[@]}" --net=user "$(image net_raw)" drain_any >out 2>err &
	background=$!
	wait_for out ready
	# Also one that is busy, or, as here, does not notice.
	child=$(passt_of "$background")
	kill -STOP "$child"
	kill -KILL "$background"
	wait "$background" || :
	for ((i = 0; i < 200; i++)); do
		kill -0 "$child" 2>/dev/null || break
		sleep 0.05
	done
	run kill -0 "$child"
	[ "$status" -ne 0 ]
}

no_namespaces() {
	echo 0 >/proc/sys/user/max_user_namespaces
	refuses 125 'net net0: passt has ended: ' \
		'user namespaces, .*: allow them, or use --net=tap' \
		"${TENDER[@]}" --net=user "$(image net_raw)" info
}

@test "a passt that cannot isolate itself says why" {
	needs_passt
	unshare --user --map-root-user true 2>/dev/null ||
		skip "no user namespaces here"
	isolated no_namespaces --user --map-root-user
}

own_loopback() {
	ip address add 192.0.2.1/32 dev lo
	for to in 192.0.2.1 127.0.0.1 0.0.0.0; do
		for option in '' ,host-loopback; do
			timeout -s KILL "$LIMIT_SECONDS" \
				"$BATS_FILE_TMPDIR/wire" udp:7000 - \
				"${TENDER[@]}" "--net=user$option" \
				"$(image net_raw)" udp "$to" 7000 >out
			echo "$to $option $(cat out)"
		done
	done >all
	for option in '' ,host-loopback; do
		timeout -s KILL "$LIMIT_SECONDS" "$BATS_FILE_TMPDIR/wire" \
			udp:7000 - "${TENDER[@]}" "--net=user$option" \
			"$(image net_raw)" udp 10.0.2.2 7000 >out
		echo "gateway $option $(cat out)" >>all
	done
	sed 's/ *$//; s/  */ /g' all >short
	diff short - <<-'END'
		192.0.2.1 ping
		192.0.2.1 ,host-loopback ping
		127.0.0.1
		127.0.0.1 ,host-loopback
		0.0.0.0
		0.0.0.0 ,host-loopback
		gateway
		gateway ,host-loopback ping
	END
}

@test "a guest reaches the host's network, and its loopback only if allowed" {
	needs_passt
	isolated own_loopback
}
