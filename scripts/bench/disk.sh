# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# A raw disk.

# Of bench.sh.
: "${out:?}" "${tender:?}"

bench_disk() {
	local row=("read 1 GiB of cached disk" "1e6 ms" "ratio 1.15")
	local disk="$out/disk.img" bytes=$((1 << 30))

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_both disk_read
	# No two blocks of it are alike.
	if [ "$(stat -c %s "$disk" 2>/dev/null)" != $bytes ]; then
		{ seq 100000000 999999999 2>/dev/null || :; } |
			head -c $bytes >"$disk"
	fi
	cat "$disk" >/dev/null
	measure "${row[@]}" own 15 \
		"$tender" --disk="$disk",ro "$out/disk_read.hvt" /dev/disk0 :: \
		"$out/disk_read" "$disk"
}
