# shellcheck shell=bash
# The rows of scripts/bench.sh about files, and about programs that use them.
# Sourced by it, for what it has to measure with.
#
# The reference is the same program on the host's own file system, the one that
# holds build/bench: the guest's disk is a file beside it. Caches are warm.

# out and tender are those of bench.sh.
: "${out:?}" "${tender:?}"
file_disk="$out/files.img"
file_dir="$out/files"

# The type of the host's file system: as in "ext4".
host_fs() {
	df --output=fstype "$out" | tail -n 1
}

# Disk and directory are empty again.
new_files() {
	rm -rf "$file_disk" "$file_dir"
	mkdir -p "$file_dir"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 "$file_disk" 2G \
		>/dev/null
}

# file_row ROW RUNS ARGUMENT...: tests/bench/file.c with these arguments, in
# which @ is the directory, here and there.
file_row() {
	local name=$1 unit=$2 target=$3 runs=$4

	shift 4
	measure "$name" "$unit" "$target" own "$runs" \
		"${file_guest[@]}" "$out/file.hvt" "${@//@//data}" :: \
		"$out/file" "${@//@/$file_dir}"
}

# How many exits a guest takes for N random reads of pages.
count_exits() {
	"${file_guest[@]}" -v "$out/file.hvt" random /data/w "$1" 2>&1 >/dev/null |
		sed -n 's/.* after \([0-9]*\) hypercalls.*/\1/p'
}

bench_random_exits() {
	local row=("exits of a random read from the host's cache" "1e3 exits"
		"value 1")
	local before after reads=20000

	if before=$(count_exits 0) && after=$(count_exits $reads) &&
		[ -n "$before" ] && [ -n "$after" ]; then
		add_value "${row[@]}" $(((after - before) * 1000 / reads))
	else
		add_failed "${row[@]}" "the tender counted no exits"
	fi
}

bench_programs() {
	local fs=$1 script

	if ! make --no-print-directory "-j$(nproc)" -f scripts/programs.mk \
		for-bench >&2; then
		add_failed "SQLite and Lua" "1 -" "" "they could not be built"
		return 0
	fi
	# Lua takes no argument that begins with a dash for a program.
	script=" $(<tests/bench/compute.lua)"
	measure "SQLite speedtest1 (beside $fs)" "1e9 s" "ratio 1.15" own 5 \
		scripts/timed.sh Verification \
		"${file_guest[@]}" build/programs/guest-O2/speedtest1 \
		--verify --size 30 /data/speed.db :: \
		scripts/timed.sh Verification \
		build/programs/native-O2/speedtest1 \
		--verify --size 30 "$file_dir/speed.db"
	measure "Lua, compute only" "1e9 s" "ratio 1.02" own 11 \
		scripts/timed.sh . \
		"$tender" --mem=256M build/programs/guest-O2/lua \
		-e "$script" :: \
		scripts/timed.sh . \
		build/programs/native-O2/lua \
		-e "$script"
}

bench_files() {
	local file_guest=("$tender" -q "--disk=$file_disk" --mem=1G)
	local fs missing

	fs=$(host_fs)
	missing=$(no_kvm)
	needs "files" "1 -" "" "$missing" || return 0
	build_both file
	new_files
	file_row "write and sync 512 MiB (beside $fs)" "1e6 ms" "ratio 1.3" 5 \
		write @/w 512
	file_row "read 512 MiB from the host's cache" "1e6 ms" "ratio 1.3" 9 \
		read @/w
	file_guest=("$tender" -q "--disk=$file_disk,map" --mem=1G)
	cache_anew "$file_disk"
	file_row "read 512 MiB from the host's cache, disk mapped" "1e6 ms" \
		"ratio 1.3" 9 read @/w
	file_guest=("$tender" -q "--disk=$file_disk" --mem=1G)
	new_files
	"${file_guest[@]}" "$out/file.hvt" write /data/w 256 >/dev/null
	"$out/file" write "$file_dir/w" 256 >/dev/null
	file_row "random page of 256 MiB, cached in the guest" "1 ns" \
		"ratio 1" 5 cached @/w 500000
	file_row "random page, from the host's cache" "1e3 us" "" 3 \
		random @/w 20000
	bench_random_exits
	new_files
	file_row "make and remove a small file, of 10,000" "1e3 us" "ratio 1" \
		7 small @ 10000
	bench_programs "$fs"
	rm -rf "$file_disk" "$file_dir"
}
