# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Threads and what they wait for each other with.

# Of bench.sh.
: "${out:?}" "${tender:?}"

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
	needs "${pipe[@]}" "$missing" || return 0
	build_both ping_pong
	measure "${pipe[@]}" own 9 \
		"$tender" "$out/ping_pong.hvt" 100000 :: "$out/ping_pong" 100000
}
