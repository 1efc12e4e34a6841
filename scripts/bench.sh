#!/usr/bin/env bash
# Measures what the toolkit promises, against what the same host can do
# without it.
#
#   bench.sh [PART,PART...]		also: BENCH=PART,PART... make bench
#
# Parts: start sandbox cpu memory clock disk hypercall syscall threads sqlite
# files net size footprint.
# Rows are of guests on KVM, but for those with "process" in their name. Prints
# one table and writes build/bench/out.json. Ours and the reference run in
# turns, A B A B ..., so that a busy host slows both: a figure is the median
# of its runs [quartiles], a ratio the median of the ratios of neighbours.
#
# Status: 0, also when a target is missed; 1 when something could not be
# measured, though this host has what it needs; 2 for a wrong part.
set -euo pipefail
cd "$(dirname "$0")/.."

all=start,sandbox,cpu,memory,clock,disk,hypercall,syscall,threads,sqlite,files,net,size,footprint
parts=,${1:-${BENCH:-$all}},
out=build/bench
rows=$out/rows.json
tender=bin/tender
failures=0

wants() {
	[[ $parts == *,$1,* ]]
}

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
mkdir -p $out
rm -f $out/out.json
: >$rows
guest=$(mktemp -d)
sleeper=
sqlite_file=sqlite3_3.40.1.orig.tar.xz
sqlite_sha256=aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655
sqlite=$out/sqlite3_3.40.1
# shellcheck disable=SC2317 # reached through the trap
clean_up() {
	if [ -n "$sleeper" ]; then
		kill "$sleeper" 2>/dev/null || :
	fi
	rm -rf "$guest"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Programs that are measured. Both sides get the options that imgbuild adds,
# as they change code: without them the compilers' defaults (PIE, frame
# pointers, stack protector) would be compared. Alignment takes out what is
# luck of the layout, up to half of the time of a tight loop.
cflags=(-std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Iboot-protocol
	-falign-functions=64 -falign-loops=32)
as_imgbuild=(-fno-pie -fno-omit-frame-pointer -fstack-protector-strong
	-ffunction-sections -fdata-sections)

build_guest() {
	bin/imgbuild "${cflags[@]}" "tests/bench/$1.c" -lm -o "$out/$1.hvt"
}

build_native() {
	musl-gcc "${cflags[@]}" "${as_imgbuild[@]}" -static -no-pie \
		-Wl,--gc-sections "tests/bench/$1.c" -lm -o "$out/$1"
}

build_both() {
	build_guest "$1" && build_native "$1"
}

# build_floor NAME OUT [NAME=VALUE]: with the options of the tender, when make
# is given NAME=VALUE, except that this needs no library.
build_floor() {
	local commands line word compile=() link=()

	commands=$(make -n --no-print-directory V=1 -W tender/main.c $tender \
		"${@:3}" | sed -e :a -e '/\\$/{N;s/\\\n//;ba' -e '}')
	line=$(grep -e ' -c tender/main\.c ' <<<"$commands")
	eval "compile=(${line% -c *})"
	line=$(grep -e " -o $tender\$" <<<"$commands")
	for word in ${line% -o *}; do
		case $word in
		build/tender/*.o | -l[a-z]*) ;;
		*) link+=("$word") ;;
		esac
	done
	"${compile[@]}" -MF "$out/$2.d" -c "tests/bench/$1.c" -o "$out/$2.o" &&
		"${link[@]}" "$out/$2.o" -o "$out/$2"
}

# add NAME UNIT TARGET JSON: one row. UNIT is a divisor and a name. TARGET is
# "ratio MAX", "value MAX" or "". JSON has a, and perhaps b and ratio, or
# instead of these why there is no figure: skipped, failed.
add() {
	jq -nc --arg name "$1" --arg unit "$2" --arg target "$3" \
		--argjson result "$4" '
		($unit / " ") as [$divisor, $unit]
		| ($divisor | tonumber) as $divisor
		| ($target / " ") as [$of, $max]
		| def scale: map_values(. / $divisor);
		{$name, $unit}
		+ ($result | {runs, digest, real_time, skipped, failed, ratio}
			| with_entries(select(.value != null)))
		+ {ours: ($result.a // null | if . then scale else . end),
		   reference: ($result.b // null | if . then scale else . end),
		   target: (if $of then {of: $of, max: ($max | tonumber)}
			else null end)}
		| .holds = (
			(if .target == null then null
			 elif .target.of == "ratio" then .ratio.median
			 else .ours.median end) as $figure
			| if $figure == null then null
			  else $figure <= .target.max end)
		' >>$rows
}

add_failed() {
	echo "bench: $1: $4" >&2
	add "$1" "$2" "$3" "$(jq -nc --arg why "$4" '{failed: $why}')"
	failures=$((failures + 1))
}

# add_value NAME UNIT TARGET NUMBER: measured once, nothing to compare with.
add_value() {
	add "$1" "$2" "$3" "{\"a\": {\"median\": $4}}"
}

# measure NAME UNIT TARGET LAUNCH-ARGUMENTS...
measure() {
	local name=$1 unit=$2 target=$3 result

	shift 3
	echo "bench: $name ..." >&2
	if result=$($out/launch "$@" 2>"$guest/why"); then
		add "$name" "$unit" "$target" "$result"
	else
		add_failed "$name" "$unit" "$target" \
			"$(tail -n 1 "$guest/why")"
	fi
}

# Prints why a row that runs a guest cannot be had, if so.
no_kvm() {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || echo "no /dev/kvm"
}

# The same for a guest in a process.
no_process() {
	"$tender" --check | grep -q '^process  *yes' ||
		echo "see tender --check"
}

# needs NAME UNIT TARGET WHY-NOT: true if nothing is missing.
needs() {
	[ -z "$4" ] && return 0
	add "$1" "$2" "$3" "$(jq -nc --arg why "$4" '{skipped: $why}')"
	return 1
}

# says_hello NAME UNIT TARGET CPU
says_hello() {
	[ "$($tender "--cpu=$4" $out/hello.hvt)" = "Hello, world" ] && return
	add_failed "$1" "$2" "$3" "hello.hvt does not say hello"
	return 1
}

bench_start() {
	local row=("start to exit" "1e6 ms" "ratio 1.25")
	local still=("the same, to a static program" "1e6 ms" "")
	local process=("start to exit, process" "1e6 ms" "ratio 3")
	local hello=$out/hello.hvt missing

	bin/imgbuild samples/hello.c -o "$hello"
	musl-gcc -O2 -static -no-pie samples/hello.c -o $out/hello
	# The reference is an ordinary program, whatever the tender is.
	build_floor floor floor TENDER_LIBC=
	build_floor floor floor-static
	missing=$(no_kvm)
	if needs "${row[@]}" "$missing" && says_hello "${row[@]}" kvm; then
		measure "${row[@]}" start 501 \
			$tender "$hello" :: $out/floor
		measure "${still[@]}" start 501 \
			$tender "$hello" :: $out/floor-static
	fi
	missing=$(no_process)
	if needs "${process[@]}" "$missing" &&
		says_hello "${process[@]}" process; then
		measure "${process[@]}" start 501 \
			$tender --cpu=process "$hello" :: $out/hello
	fi
}

# What it costs, against none: at start and end together, and at each exit.
bench_sandbox() {
	local hello=$out/hello.hvt calls=$out/hypercall.hvt cpu missing

	bin/imgbuild samples/hello.c -o "$hello"
	build_guest hypercall
	for cpu in kvm process; do
		local start=("start to exit, $cpu, sandbox to none" "1e6 ms" "")
		local call=("hypercall, $cpu, sandbox to none" "1e3 us"
			"ratio 1.02")

		missing=$("no_$cpu")
		if needs "${start[@]}" "$missing"; then
			measure "${start[@]}" start 301 \
				$tender --cpu=$cpu "$hello" :: \
				$tender -q --cpu=$cpu --sandbox=off "$hello"
			measure "${call[@]}" own 21 \
				$tender --cpu=$cpu "$calls" 5000 :: \
				$tender -q --cpu=$cpu --sandbox=off "$calls" 5000
		fi
	done
}

bench_cpu() {
	local row=("compute" "1e6 ms" "ratio 1.02")
	local process=("compute, process" "1e6 ms" "ratio 1.01")

	build_both compute
	if needs "${row[@]}" "$(no_kvm)"; then
		measure "${row[@]}" own 15 \
			$tender $out/compute.hvt :: $out/compute
	fi
	needs "${process[@]}" "$(no_process)" || return 0
	measure "${process[@]}" own 15 \
		$tender --cpu=process $out/compute.hvt :: $out/compute
}

bench_memory() {
	local row=("first touch of a page" "1 ns" "ratio 1.5")

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_both touch
	measure "${row[@]}" own 11 \
		$tender --mem=512M $out/touch.hvt :: $out/touch
}

# How many system calls on KVM the tender makes for N readings of the clock.
count_ioctls() {
	strace -f -c -e trace=ioctl -o "$guest/strace" \
		$tender $out/clock.hvt "$1" >/dev/null &&
		awk '$NF == "ioctl" {print $4}' "$guest/strace"
}

bench_clock() {
	local row=("clock_gettime" "1 ns" "value 50")
	local exits=("exits of 1e6 clock_gettime" "1 exits" "value 0")
	local missing before after

	missing=$(no_kvm)
	if ! needs "${row[@]}" "$missing"; then
		needs "${exits[@]}" "$missing" || return 0
	fi
	build_both clock
	measure "${row[@]}" own 9 \
		$tender $out/clock.hvt 10000000 :: $out/clock 10000000
	missing=$(command -v strace >/dev/null || echo "no strace")
	needs "${exits[@]}" "$missing" || return 0
	if before=$(count_ioctls 0) && after=$(count_ioctls 1000000); then
		add_value "${exits[@]}" $((after - before))
	else
		add_failed "${exits[@]}" "strace of the tender failed"
	fi
}

bench_disk() {
	local row=("read 1 GiB of cached disk" "1e6 ms" "ratio 1.15")
	local disk=$out/disk.img bytes=$((1 << 30))

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_both disk_read
	# No two blocks of it are alike.
	if [ "$(stat -c %s $disk 2>/dev/null)" != $bytes ]; then
		{ seq 100000000 999999999 2>/dev/null || :; } |
			head -c $bytes >$disk
	fi
	cat $disk >/dev/null
	measure "${row[@]}" own 15 \
		$tender --disk=$disk,ro $out/disk_read.hvt /dev/disk0 :: \
		$out/disk_read $disk
}

bench_hypercall() {
	local row=("hypercall, to KVM's own exit" "1e3 us" "")
	local process=("hypercall, process, to ptrace" "1e3 us" "ratio 1.2")

	build_guest hypercall
	if needs "${row[@]}" "$(no_kvm)"; then
		build_floor exit_floor exit_floor
		measure "${row[@]}" own 15 \
			$tender $out/hypercall.hvt 5000 :: $out/exit_floor 5000
	fi
	needs "${process[@]}" "$(no_process)" || return 0
	build_native ptrace_floor
	measure "${process[@]}" own 15 \
		$tender --cpu=process $out/hypercall.hvt 20000 :: \
		$out/ptrace_floor 20000
}

bench_syscall() {
	local row=("system call (getppid)" "1 ns" "")

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_both syscall
	measure "${row[@]}" own 9 \
		$tender $out/syscall.hvt 5000000 :: $out/syscall 5000000
}

bench_threads() {
	local switch=("thread switch (sched_yield)" "1 ns" "value 100")
	local mutex=("mutex, uncontended" "1 ns" "ratio 1.05")
	local hand_off=("hand-off between threads" "1 ns" "ratio 1")
	local pipe=("pipe, there and back" "1 ns" "ratio 1")
	local missing

	missing=$(no_kvm)
	if needs "${switch[@]}" "$missing"; then
		build_both yield
		measure "${switch[@]}" own 9 \
			$tender $out/yield.hvt 1000000 :: $out/yield 1000000
	fi
	if needs "${mutex[@]}" "$missing"; then
		build_both mutex
		measure "${mutex[@]}" own 9 \
			$tender $out/mutex.hvt 10000000 :: $out/mutex 10000000
	fi
	if needs "${hand_off[@]}" "$missing"; then
		build_both hand_off
		measure "${hand_off[@]}" own 9 \
			$tender $out/hand_off.hvt 100000 :: $out/hand_off 100000
	fi
	needs "${pipe[@]}" "$missing" || return 0
	build_both ping_pong
	measure "${pipe[@]}" own 9 \
		$tender $out/ping_pong.hvt 100000 :: $out/ping_pong 100000
}

# Puts sqlite3.c, sqlite3.h and speedtest1.c into $sqlite, made from the source
# package.
get_sqlite() {
	[ ! -f $sqlite/sqlite3.c ] || return 0
	scripts/fetch-source.sh sqlite3 $sqlite_file $sqlite_sha256 \
		build/cache || return
	rm -rf $sqlite
	mkdir -p $sqlite/source &&
		tar -xf build/cache/$sqlite_file -C $sqlite/source \
			--strip-components=1 || return
	(
		cd $sqlite/source &&
			./configure --disable-tcl --disable-shared >log 2>&1 &&
			make sqlite3.c >>log 2>&1
	) || {
		echo "making sqlite3.c failed; see $sqlite/source/log" >&2
		return 1
	}
	cp $sqlite/source/sqlite3.h $sqlite/source/test/speedtest1.c $sqlite/ &&
		mv $sqlite/source/sqlite3.c $sqlite/
}

# Temporary tables and sorting stay in memory, as the guest has no files.
build_sqlite() {
	local guest_pid
	local flags=(-O2 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION
		-DSQLITE_TEMP_STORE=3 "-I$sqlite" "$sqlite/sqlite3.c"
		"$sqlite/speedtest1.c" -lm)

	bin/imgbuild "${flags[@]}" -o $out/speedtest.hvt &
	guest_pid=$!
	musl-gcc "${as_imgbuild[@]}" -static -no-pie -Wl,--gc-sections \
		"${flags[@]}" -o $out/speedtest && wait $guest_pid
}

# speedtest COMMAND...: what its queries answered, in one line.
speedtest() {
	"$@" --size 5 --verify :memory: 2>/dev/null | grep '^Verification Hash'
}

bench_sqlite() {
	local row=("SQLite speedtest1" "1e9 s" "")
	local process=("SQLite speedtest1, process" "1e9 s" "ratio 1.3")
	local run=("$tender" --mem=256M) image=$out/speedtest.hvt
	local work=(--size 100 :memory:) missing='' wanted

	echo "bench: building SQLite ..." >&2
	if ! get_sqlite 2>$out/why; then
		missing=$(tail -n 1 $out/why)
	elif ! build_sqlite 2>$out/why || ! wanted=$(speedtest $out/speedtest)
	then
		add_failed "${process[@]}" "SQLite does not build; see $out/why"
		return
	fi
	if needs "${row[@]}" "${missing:-$(no_kvm)}"; then
		measure "${row[@]}" whole 3 \
			"${run[@]}" $image "${work[@]}" :: \
			$out/speedtest "${work[@]}"
	fi
	needs "${process[@]}" "${missing:-$(no_process)}" || return 0
	run+=(--cpu=process)
	if [ "$(speedtest "${run[@]}" $image)" = "$wanted" ]; then
		measure "${process[@]}" whole 3 \
			"${run[@]}" $image "${work[@]}" :: \
			$out/speedtest "${work[@]}"
	else
		add_failed "${process[@]}" "the guest's answers are others"
	fi
}

# Lines that are neither blank nor comment, as the preprocessor sees them when
# it does nothing but take comments out.
count_lines() {
	local file

	for file in "$@"; do
		gcc -fpreprocessed -dD -E -P -w -x c "$file"
	done | grep -c '[^[:space:]]'
}

bench_size() {
	bin/imgbuild samples/hello.c -o $out/hello.hvt
	build_guest puts
	strip -o $out/tender.stripped $tender
	add_value "image of hello" "1024 KiB" "value 32" \
		"$(stat -c %s $out/hello.hvt)"
	add_value "image of puts" "1024 KiB" "" "$(stat -c %s $out/puts.hvt)"
	add_value "tender, stripped" "1024 KiB" "value 100" \
		"$(stat -c %s $out/tender.stripped)"
	add_value "tender, lines of code" "1 lines" "value 2500" \
		"$(count_lines tender/*.[ch])"
}

# The share of memory (PSS, KiB) that is not the guest's. The guest's is the
# largest run of adjoining anonymous mappings: advice may have split it. The
# tender's own are small, and not counted as part of one.
pss_without_guest() {
	awk '
	/^[0-9a-f]+-[0-9a-f]+ / {
		split($1, range, "-")
		anonymous = NF == 5
	}
	/^Size:/ {
		if (!anonymous || $2 < 256)
			run = 0
		else if (!run || range[1] != end)
			run = ++runs
		end = range[2]
		size[run] += $2
	}
	/^Pss:/ {
		total += $2
		pss[run] += $2
	}
	END {
		for (i = 1; i <= runs; i++)
			if (size[i] > size[largest])
				largest = i
		if (!largest)
			exit 1
		print total - pss[largest]
	}' "/proc/$1/smaps"
}

bench_footprint() {
	local row=("tender's own memory (PSS)" "1024 MiB" "value 2") kib line

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_guest sleep
	mkfifo "$guest/out"
	$tender $out/sleep.hvt >"$guest/out" &
	sleeper=$!
	if read -rt 20 line <"$guest/out" && [ "$line" = ready ] &&
		kib=$(pss_without_guest $sleeper); then
		add_value "${row[@]}" "$kib"
	else
		add_failed "${row[@]}" "no sleeping guest to look at"
	fi
	kill $sleeper 2>/dev/null || :
	wait $sleeper 2>/dev/null || :
	sleeper=
}

print_table() {
	jq -r '
	def rounded: if . == null then "-"
		elif . >= 100 then round
		elif . >= 10 then . * 10 | round / 10
		else . * 100 | round / 100 end | tostring;
	def figure($unit): if . == null then "-"
		else (.median | rounded) + " " + $unit
			+ (if .q1 then " [\(.q1 | rounded) .. \(.q3 | rounded)]"
				else "" end) end;
	def hundredths: if . == null then "-"
		else . * 100 | round | "\(. / 100 | floor)." +
			("0\(. % 100)" | .[-2:]) end;
	def spread: if . == null then "-" else
		"\(.median | hundredths) [\(.q1 | hundredths) .. " +
			"\(.q3 | hundredths)]" end;
	def cells: [.name,
		(.skipped | if . then "skipped: " + . else empty end),
		(.failed | if . then "failed: " + . else empty end),
		(if .skipped or .failed then empty
		 else (.unit as $u | .ours | figure($u)),
		      (.unit as $u | .reference | figure($u)),
		      (.ratio | spread) end)]
		+ (if .skipped or .failed then ["", ""] else [] end)
		+ [(.unit as $u | .target | if . == null then "-"
			elif .of == "ratio" then "<= \(.max)"
			else "<= \(.max) " + $u end),
		   (if .holds == null then "-" elif .holds then "yes"
			else "NO" end)];
	[["name", "ours", "reference", "ratio", "target", "holds"],
	 (.rows[] | cells)]
	| ([range(6) as $i | map(.[$i] | length) | max]) as $width
	| .[] | [range(6) as $i | .[$i] + " " * ($width[$i] - (.[$i] | length))]
	| join(" | ") | sub(" +$"; "")
	' $out/out.json
}

# shellcheck source=/dev/null # checked by itself
. scripts/bench-files.sh
# shellcheck source=/dev/null # likewise
. scripts/bench-net.sh

gcc -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE tests/bench/launch.c \
	-o $out/launch
for part in ${all//,/ }; do
	if wants "$part"; then
		"bench_$part"
	fi
done
jq -s --arg kernel "$(uname -sr)" --arg cpus "$(nproc)" \
	--arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
	--arg version "$($tender --version)" '
	{$version, host: {$cpu, cpus: ($cpus | tonumber), $kernel},
	 rows: .}' $rows >$out/out.json
rm -f $rows
print_table
[ $failures -eq 0 ]
