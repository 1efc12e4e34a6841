# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# How large things are, in files and in memory.

# Of bench.sh, and of lib/sleepers.sh.
# shellcheck disable=SC2154
: "${out:?}" "${tender:?}" "${scratch:?}"

# Lines that are neither blank nor comment, as the preprocessor sees them when
# it does nothing but take comments out.
count_lines() {
	local file

	for file in "$@"; do
		gcc -fpreprocessed -dD -E -P -w -x c "$file"
	done | grep -c '[^[:space:]]'
}

bench_size() {
	bin/imgbuild samples/hello.c -o "$out/hello.hvt"
	build_guest puts
	strip -o "$out/tender.stripped" "$tender"
	add_value "image of hello" "1024 KiB" "value 32" \
		"$(stat -c %s "$out/hello.hvt")"
	add_value "image of puts" "1024 KiB" "" "$(stat -c %s "$out/puts.hvt")"
	add_value "tender, stripped" "1024 KiB" "value 100" \
		"$(stat -c %s "$out/tender.stripped")"
	add_value "tender, lines of code" "1 lines" "value 2500" \
		"$(count_lines tender/*.[ch])"
	bench_footprint
}

bench_footprint() {
	local cpu

	build_guest sleep
	for cpu in kvm process; do
		local row=("tender's own memory (PSS), $cpu" "1024 MiB" "value 2")

		needs "${row[@]}" "$("no_$cpu")" || continue
		if start_sleepers 1 $cpu; then
			# shellcheck disable=SC2154 # of lib/sleepers.sh
			add_value "${row[@]}" \
				"$(pss_without_guest "${sleepers[0]}")"
		else
			add_failed "${row[@]}" "$(tail -n 1 "$scratch/why")"
		fi
		end_sleepers
	done
}
