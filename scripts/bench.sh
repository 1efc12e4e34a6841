#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Measures what the toolkit promises, against what the same host can do
# without it.
#
#   bench.sh [PART,PART...]		also: BENCH=PART,PART... make bench
#
# A part is a file of scripts/bench/ with a function of its name; $all has
# their order.
# Rows are of guests on KVM, but for those with "process" in their name. Prints
# one table and writes bench/out/bench.json. Ours and the reference run in
# turns, A B A B ..., so that a busy host slows both: a figure is the median
# of its runs [quartiles], a ratio the median of the ratios of neighbours.
#
# Status: 0, also when a target is missed; 1 when something could not be
# measured, though this host has what it needs; 2 for a wrong part.
set -euo pipefail
cd "$(dirname "$0")/.."

all=start,sandbox,cpu,memory,clock,disk,hypercall,syscall,threads,sqlite,files,net,size,counts,scale
parts=${1:-${BENCH:-$all}}
out=build/bench
results=bench/out
rows=$out/rows.json
tender=bin/tender
failures=0

for part in ${parts//,/ }; do
	[[ ,$all, == *,$part,* ]] || {
		echo "bench: unknown part '$part'; there are $all" >&2
		exit 2
	}
done
for tool in "$tender" bin/imgbuild; do
	[ -x "$tool" ] || {
		echo "bench: no $tool: run make first" >&2
		exit 1
	}
done
for command in jq musl-gcc; do
	command -v "$command" >/dev/null || {
		echo "bench: no $command: run scripts/setup.sh bench" >&2
		exit 1
	}
done
mkdir -p $out $results
rm -f $results/bench.json
: >$rows
scratch=$(mktemp -d)
# shellcheck disable=SC2317 # reached through the trap
clean_up() {
	local pids

	pids=$(jobs -pr)
	# shellcheck disable=SC2086 # one word each
	[ -z "$pids" ] || kill $pids 2>/dev/null || :
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Each is checked by itself.
for file in scripts/bench/lib/*.sh scripts/bench/*.sh; do
	# shellcheck source=/dev/null
	. "$file"
done

gcc -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE tests/bench/launch.c \
	-o $out/launch
for part in ${all//,/ }; do
	[[ ,$parts, == *,$part,* ]] || continue
	start=$SECONDS
	"bench_$part"
	echo "bench: $part took $((SECONDS - start)) s" >&2
done
jq -s --arg kernel "$(uname -sr)" --arg cpus "$(nproc)" \
	--arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
	--arg kind "$("$tender" --check |
		sed -n 's/^kvm  *yes, \([^:]*\).*/KVM \1/p')" \
	--arg date "$(date -u +%Y-%m-%dT%H:%MZ)" \
	--arg version "$($tender --version)" '
	{$version, $date, host: {$cpu, cpus: ($cpus | tonumber), $kernel, $kind},
	 rows: .}' $rows >$results/bench.json
rm -f $rows
jq -r -L scripts/bench/lib -f scripts/bench/lib/table.jq $results/bench.json
scripts/bench-page.sh $results/bench.json $results/bench.html || failures=1
[ $failures -eq 0 ]
