# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# A raw disk.

# Of bench.sh.
: "${out:?}" "${tender:?}"

# cache_anew FILE: the host's cache has all of it, as of a file that was there
# before and was read: it may be in large pages then.
cache_anew() {
	dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 status=none
	cat "$1" >/dev/null
}

# The same disk as memory of the guest's.
bench_mapped_disk() {
	local whole=$1 pages="$out/mapped.img"

	build_both file
	head -c $((256 << 20)) "$whole" >"$pages"
	cache_anew "$whole"
	cache_anew "$pages"
	measure "read 1 GiB of cached disk, mapped" "1e6 ms" "ratio 1.15" \
		own 9 \
		"$tender" --disk="$whole",map,ro "$out/disk_read.hvt" \
		/dev/disk0 :: "$out/disk_read" "$whole"
	measure "a page of a mapped disk, in order" "1 ns" "ratio 1" \
		own 9 \
		"$tender" --disk="$pages",map,ro "$out/file.hvt" \
		again /dev/disk0 :: "$out/file" again "$pages"
	measure "a page of a mapped disk, at random" "1 ns" "ratio 1" \
		own 9 \
		"$tender" --disk="$pages",map,ro "$out/file.hvt" \
		cached /dev/disk0 500000 :: "$out/file" cached "$pages" 500000
	rm -f "$pages"
}

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
	bench_mapped_disk "$disk"
}
