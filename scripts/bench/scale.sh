# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Many tenders, and large ones.

# Of bench.sh.
# shellcheck disable=SC2154 # those of lib/sleepers.sh
: "${out:?}" "${tender:?}" "${scratch:?}"
scale=$out/scale

bench_one_by_one() {
	local row=("1000 starts, one after another, $1" "1e6 ms" "")

	measure "${row[@]}" start 1000 "$tender" "--cpu=$1" "$out/hello.hvt"
}

bench_at_once() {
	local cpu=$1 count=200 start pid kib most=0
	local times=("$count at once, $cpu: until all are there" "1e6 ms" "")
	local failed=("$count at once, $cpu: do not finish" "1 guests" "value 0")
	local memory=("$count at once, $cpu: PSS of the tender, the largest"
		"1024 MiB" "value 1.5")

	echo "bench: $count at once, $cpu ..." >&2
	start=${EPOCHREALTIME/[.,]/}
	if ! start_sleepers $count "$cpu"; then
		end_sleepers
		add_failed "${failed[@]}" "$(tail -n 1 "$scratch/why")"
		return
	fi
	add_value "${times[@]}" $(((${EPOCHREALTIME/[.,]/} - start) * 1000))
	for pid in "${sleepers[@]}"; do
		kib=$(pss_without_guest "$pid")
		[ "$kib" -le "$most" ] || most=$kib
	done
	add_value "${memory[@]}" "$most"
	end_sleepers
	add_value "${failed[@]}" "$sleepers_failed"
}

# growth NAME TARGET CPU SIZES COMMAND: how a start gets longer from the first
# of the sizes to the last. COMMAND SIZE sets $with, the arguments of the tender,
# and says on standard error why it cannot.
growth() {
	local name=$1 target=$2 cpu=$3 sizes command=$5 size result points='[]'
	local least with=()

	read -ra sizes <<<"$4"
	echo "bench: $name ..." >&2
	for size in "${sizes[@]}"; do
		if ! "$command" "$size" 2>"$scratch/why"; then
			add_failed "$name" "1e6 ms" "$target" \
				"$(tail -n 1 "$scratch/why")"
			return
		fi
		if [ "$size" = "${sizes[0]}" ]; then
			least=("${with[@]}")
			continue
		fi
		result=$("$out/launch" start 51 "$tender" -q "--cpu=$cpu" \
			"${with[@]}" :: "$tender" -q "--cpu=$cpu" \
			"${least[@]}" 2>"$scratch/why") || {
			add_failed "$name" "1e6 ms" "$target" \
				"$(tail -n 1 "$scratch/why")"
			return
		}
		[ "$points" != '[]' ] || points=$(jq -c --arg size "${sizes[0]}" \
			'[[$size, .b.median]]' <<<"$result")
		points=$(jq -c --arg size "$size" --argjson points "$points" \
			'$points + [[$size, .a.median]]' <<<"$result")
	done
	add "$name" "1e6 ms" "$target" \
		"$(jq -c --argjson points "$points" '. + {$points}' <<<"$result")"
}

with_memory() {
	with=("--mem=$1" "$out/hello.hvt")
}

# An image of so many KiB, most of them data.
with_image() {
	local image=$scale/image-$1.hvt

	with=(--mem=256M "$image")
	[ ! -f "$image" ] || return 0
	echo "#include <stdio.h>
	static volatile const char data[($1 - 29) << 10] = {1};
	int main(void) { puts(\"Hello, world\"); return data[99]; }" \
		>"$scale/image.c"
	bin/imgbuild "$scale/image.c" -o "$image"
}

with_disks() {
	local i

	with=()
	for ((i = 0; i < $1; i++)); do
		truncate -s 16M "$scale/disk-$i"
		with+=("--disk=$scale/disk-$i")
	done
	with+=("$out/hello.hvt")
}

# An image whose rootfs has so many files.
with_files() {
	local image=$scale/files-$1.hvt i

	with=("$image")
	[ ! -f "$image" ] || return 0
	rm -rf "$scale/root"
	mkdir -p "$scale/root"
	for ((i = 0; i < $1; i++)); do
		echo "$i" >"$scale/root/$i"
	done
	bin/imgbuild "--rootfs=$scale/root" samples/hello.c -o "$image"
}

bench_scale() {
	local cpu row

	build_guest sleep
	bin/imgbuild samples/hello.c -o "$out/hello.hvt"
	rm -rf "$scale"
	mkdir -p "$scale"
	for cpu in kvm process; do
		row=("1000 starts, one after another, $cpu" "1e6 ms" "")
		needs "${row[@]}" "$("no_$cpu")" || continue
		bench_one_by_one $cpu
		bench_at_once $cpu
		growth "start with 16 GiB of memory, to 64 MiB, $cpu" \
			"ratio 1.1" $cpu "64M 256M 1G 4G 16G" with_memory
		growth "start of an image of 64 MiB, to 32 KiB, $cpu" \
			"" $cpu "32 1024 8192 65536" with_image
		growth "start with 32 disks, to none, $cpu" \
			"" $cpu "0 1 8 32" with_disks
		growth "start with 10000 files in the rootfs, to 1, $cpu" \
			"" $cpu "1 100 10000" with_files
	done
	rm -rf "$scale"
}
