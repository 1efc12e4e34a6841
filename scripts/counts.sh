#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Counts what the toolkit costs, where that is the same on every run: exits,
# system calls of the host, page faults, instructions.
#
#   counts.sh count [kvm|process|dispatch]...	prints them as JSON
#   counts.sh compare EXPECTED COUNTED		names those that grew by more
#						than 5 %, with status 1
#
# bench/expected.json is what `counts.sh count` printed when somebody last
# found that right: make bench-expected. Needs what make built, with
# build/bench/dispatch and, for one count each, passt and valgrind.
set -euo pipefail

# compare EXPECTED COUNTED: a count that only one of them has is a difference
# too, when the other one has any of the same group (what is behind a comma).
compare() {
	jq -nr --slurpfile expected "$1" --slurpfile counted "$2" '
	def group: sub(".*, "; "");
	$expected[0] as $old | $counted[0] as $new
	| ([$new | keys[] | group] | unique) as $groups
	| ($old | with_entries(select(.key | group | IN($groups[])))) as $old
	| (($old + $new) | keys[]) as $name
	| if $old[$name] == null then "\($name): is not expected"
	  elif $new[$name] == null then "\($name): was not counted"
	  elif $new[$name] > $old[$name] * 1.05 then
		"\($name): \($new[$name]), expected \($old[$name])"
	  else empty end' >"$scratch/grown"
	cat "$scratch/grown"
	[ ! -s "$scratch/grown" ]
}

# put NAME NUMBER
put() {
	jq -nc --arg name "$1" --argjson number "$2" '{($name): $number}' \
		>>"$scratch/counts"
}

# exits OPTION... IMAGE ARGUMENT...: how many a run has.
exits() {
	"$tender" -q "--cpu=$cpu" "--stats=$scratch/stats" "$@" >/dev/null
	jq .exits "$scratch/stats"
}

# System calls of the tender itself. What a process vCPU forks makes none.
host_calls() {
	strace -c -o "$scratch/strace" \
		"$tender" -q --sandbox=off "--cpu=$cpu" "$@" >/dev/null
	awk '$NF == "total" {print $4}' "$scratch/strace"
}

# put_exits WHAT OPTION... IMAGE ARGUMENT... SIZE: those of the work alone, of
# which a run of size 0 does none.
put_exits() {
	local what=$1 none all

	shift
	none=$(exits "${@:1:$#-1}" 0)
	all=$(exits "$@")
	put "exits of $what, $cpu" $((all - none))
}

count_exits() {
	local files=(--mem=64M "--disk=$scratch/disk" "$scratch/file.hvt")

	put "exits of hello, $cpu" "$(exits "$scratch/hello.hvt")"
	put_exits "1000 clock_gettime" "$scratch/clock.hvt" 1000
	rm -f "$scratch/disk"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 "$scratch/disk" 64M \
		>/dev/null
	put_exits "500 small files made and removed" "${files[@]}" small /data \
		500
	put_exits "16 MiB written and synced" "${files[@]}" write /data/w 16
	put "exits of 16 MiB read, $cpu" "$(exits "${files[@]}" read /data/w)"
	put_exits "1000 random pages read" "${files[@]}" random /data/w 1000
}

# udp_echoes COUNT: the exits of a guest that answers as many datagrams. bash
# takes a byte of each and drops the rest.
udp_echoes() {
	local port=$((20000 + RANDOM % 12000)) pid i socket

	"$tender" -q "--cpu=$cpu" --net=user -p "127.0.0.1:$port:7/udp" \
		"--stats=$scratch/stats" "$scratch/udp_echo.hvt" &
	pid=$!
	# Until it is there, nobody answers.
	exec {socket}<>"/dev/udp/127.0.0.1/$port"
	for ((i = 0; i < 100; i++)); do
		{ echo x >&"$socket"; } 2>/dev/null || :
		! read -rN 1 -t 0.1 -u "$socket" _ 2>/dev/null || break
		sleep 0.02
	done
	for ((i = 0; i < $1; i++)); do
		echo "$i" >&"$socket"
		read -rN 1 -t 10 -u "$socket" _ || break
	done
	echo q >&"$socket"
	exec {socket}>&-
	if [ "$i" -lt "$1" ]; then
		kill "$pid"
		return 1
	fi
	wait "$pid"
	jq .exits "$scratch/stats"
}

count_net() {
	local few many

	command -v passt >/dev/null || return 0
	few=$(udp_echoes 100)
	many=$(udp_echoes 600)
	# Now and then, frames come in two parts.
	put "exits of a UDP echo, $cpu" \
		"$(jq -n "($many - $few) / 500 | round")"
}

count_host() {
	local few many

	put "system calls of a start, $cpu" \
		"$(host_calls "$scratch/hello.hvt")"
	few=$(host_calls "$scratch/hypercall.hvt" 100)
	many=$(host_calls "$scratch/hypercall.hvt" 600)
	put "system calls of 500 hypercalls, $cpu" $((many - few))
	# Where memory lies, and what the environment holds, would change it.
	put "page faults of a start, $cpu" "$(env -i "$scratch/launch" \
		faults 40 "$tender" -q --no-aslr "--cpu=$cpu" \
		"$scratch/hello.hvt")"
}

count_cpu() {
	local name

	for name in hypercall clock file udp_echo; do
		bin/imgbuild -O2 -D_GNU_SOURCE -Iboot-protocol \
			"tests/bench/$name.c" -o "$scratch/$name.hvt"
	done
	bin/imgbuild samples/hello.c -o "$scratch/hello.hvt"
	gcc -O2 -D_GNU_SOURCE tests/bench/launch.c -o "$scratch/launch"
	count_exits
	count_net
	count_host
}

# Instructions of a call, of the functions repeat_NAME of 1000 calls each.
count_dispatch() {
	local what name

	valgrind -q --tool=callgrind "--callgrind-out-file=$scratch/callgrind" \
		build/bench/dispatch
	while read -r what name; do
		put "instructions of ${name//_/ }, dispatch" \
			"$((${what//,/} / 1000))"
	done < <(callgrind_annotate --inclusive=yes --threshold=100 \
		"$scratch/callgrind" |
		sed -n 's/^ *\([0-9,]*\) .*:repeat_\([a-z0-9_]*\) .*/\1 \2/p')
}

tender=${HVT_TENDER:-bin/tender}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

case ${1-} in
compare)
	compare "$2" "$3"
	;;
count)
	shift
	cd "$(dirname "$0")/.."
	[ $# -gt 0 ] || set -- kvm process dispatch
	: >"$scratch/counts"
	for cpu in "$@"; do
		case $cpu in
		dispatch) count_dispatch ;;
		*) count_cpu ;;
		esac
	done
	jq -s add "$scratch/counts"
	;;
*)
	sed -n 's/^#   //p' "$0" >&2
	exit 2
	;;
esac
