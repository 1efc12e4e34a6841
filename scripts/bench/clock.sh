# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Reading the clock.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${scratch:?}"

# How many system calls on KVM the tender makes for N readings of the clock.
count_ioctls() {
	strace -f -c -e trace=ioctl -o "$scratch/strace" \
		"$tender" "$out/clock.hvt" "$1" >/dev/null &&
		awk '$NF == "ioctl" {print $4}' "$scratch/strace"
}

bench_clock() {
	local row=("clock_gettime" "1 ns" "value 50")
	local exits=("exits of 1e6 clock_gettime" "1 exits" "value 0")
	local process=("clock_gettime, process" "1 ns" "value 50")
	local missing before after

	build_both clock
	if needs "${process[@]}" "$(no_process)"; then
		measure "${process[@]}" own 9 "$tender" --cpu=process \
			"$out/clock.hvt" 10000000 :: "$out/clock" 10000000
	fi
	missing=$(no_kvm)
	if ! needs "${row[@]}" "$missing"; then
		needs "${exits[@]}" "$missing" || return 0
	fi
	measure "${row[@]}" own 9 \
		"$tender" "$out/clock.hvt" 10000000 :: "$out/clock" 10000000
	missing=$(command -v strace >/dev/null || echo "no strace")
	needs "${exits[@]}" "$missing" || return 0
	if before=$(count_ioctls 0) && after=$(count_ioctls 1000000); then
		add_value "${exits[@]}" $((after - before))
	else
		add_failed "${exits[@]}" "strace of the tender failed"
	fi
}
