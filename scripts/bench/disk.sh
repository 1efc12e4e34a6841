# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# A raw disk.

# Of bench.sh.
: "${out:?}" "${tender:?}"

bench_disk() {
	local row=("read 1 GiB of cached disk" "1e6 ms" "ratio 1.15")
	local process=("read 1 GiB of cached disk, process" "1e6 ms" "")
	local disk="$out/disk.img" bytes=$((1 << 30))

	build_both disk_read
	# No two blocks of it are alike.
	if [ "$(stat -c %s "$disk" 2>/dev/null)" != $bytes ]; then
		{ seq 100000000 999999999 2>/dev/null || :; } |
			head -c $bytes >"$disk"
	fi
	cat "$disk" >/dev/null
	if needs "${process[@]}" "$(no_process)"; then
		measure "${process[@]}" own 9 "$tender" --cpu=process \
			"--disk=$disk,ro" "$out/disk_read.hvt" /dev/disk0 :: \
			"$out/disk_read" "$disk"
	fi
	needs "${row[@]}" "$(no_kvm)" || return 0
	measure "${row[@]}" own 11 \
		"$tender" --disk="$disk",ro "$out/disk_read.hvt" /dev/disk0 :: \
		"$out/disk_read" "$disk"
}
