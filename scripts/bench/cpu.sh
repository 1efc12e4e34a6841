# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Programs that compute and touch memory.

# Of bench.sh.
: "${out:?}" "${tender:?}"

bench_cpu() {
	local row=("compute" "1e6 ms" "ratio 1.02")
	local process=("compute, process" "1e6 ms" "ratio 1.01")

	build_both compute
	if needs "${row[@]}" "$(no_kvm)"; then
		measure "${row[@]}" own 9 \
			"$tender" "$out/compute.hvt" :: "$out/compute"
	fi
	needs "${process[@]}" "$(no_process)" || return 0
	measure "${process[@]}" own 9 \
		"$tender" --cpu=process "$out/compute.hvt" :: "$out/compute"
}

bench_memory() {
	local row=("first touch of a page" "1 ns" "ratio 1.5")
	local process=("first touch of a page, process" "1 ns" "")

	build_both touch
	if needs "${process[@]}" "$(no_process)"; then
		measure "${process[@]}" own 11 "$tender" --cpu=process \
			--mem=512M "$out/touch.hvt" :: "$out/touch"
	fi
	needs "${row[@]}" "$(no_kvm)" || return 0
	measure "${row[@]}" own 11 \
		"$tender" --mem=512M "$out/touch.hvt" :: "$out/touch"
}
