# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Threads and what they wait for each other with.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${scratch:?}"

# What ten seconds cost in which every thread waits.
bench_idle() {
	local cpu=("idle guest, of a CPU" "1 %" "value 0.1")
	local exits=("idle guest, exits in a second" "1 -" "value 1")
	local stats=$scratch/idle

	echo "bench: ${cpu[0]} ..." >&2
	build_guest idle
	if ! "$tender" --stats "$out/idle.hvt" 10 2>"$stats"; then
		add_failed "${cpu[@]}" "$(tail -n 1 "$stats")"
		return
	fi
	add_value "${cpu[@]}" "$(sed -n \
		's/^.*user \([0-9.]*\) ms, system \([0-9.]*\) ms$/\1 \2/p' \
		"$stats" | awk '{ print ($1 + $2) / 100 }')"
	add_value "${exits[@]}" "$(sed -n \
		's/^.*exits  *\([0-9]*\): .*/\1/p' "$stats" |
		awk '{ print $1 / 10 }')"
}

bench_threads() {
	local switch=("thread switch (sched_yield)" "1 ns" "value 100")
	local mutex=("mutex, uncontended" "1 ns" "ratio 1.05")
	local hand_off=("hand-off between threads" "1 ns" "ratio 1")
	local pipe=("pipe, there and back" "1 ns" "ratio 1")
	local malloc=("malloc and free, 64 bytes" "1 ns" "ratio 1.05")
	local missing

	missing=$(no_kvm)
	if needs "${switch[@]}" "$missing"; then
		build_both yield
		measure "${switch[@]}" own 9 \
			"$tender" "$out/yield.hvt" 1000000 :: "$out/yield" 1000000
	fi
	if needs "${mutex[@]}" "$missing"; then
		build_both mutex
		measure "${mutex[@]}" own 9 \
			"$tender" "$out/mutex.hvt" 10000000 :: "$out/mutex" 10000000
	fi
	if needs "${hand_off[@]}" "$missing"; then
		build_both hand_off
		measure "${hand_off[@]}" own 9 \
			"$tender" "$out/hand_off.hvt" 100000 :: "$out/hand_off" 100000
	fi
	if needs "${malloc[@]}" "$missing"; then
		build_both malloc
		measure "${malloc[@]}" own 9 \
			"$tender" "$out/malloc.hvt" 3000000 :: "$out/malloc" 3000000
	fi
	if needs "idle guest" "1 -" "" "$missing"; then
		bench_idle
	fi
	needs "${pipe[@]}" "$missing" || return 0
	build_both ping_pong
	measure "${pipe[@]}" own 9 \
		"$tender" "$out/ping_pong.hvt" 100000 :: "$out/ping_pong" 100000
}
