# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# How large things are, in files and in memory.

# Of bench.sh.
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

# The share of memory (PSS, KiB) that is not the guest's. The guest's is the
# largest run of adjoining anonymous mappings: advice may have split it. The
# tender's own are small, and not counted as part of one.
pss_without_guest() {
	awk '
	/^[0-9a-f]+-[0-9a-f]+ / {
		split($1, range, "-")
		anonymous = NF == 5
	}
	/^Size:/ {
		if (!anonymous || $2 < 256)
			run = 0
		else if (!run || range[1] != end)
			run = ++runs
		end = range[2]
		size[run] += $2
	}
	/^Pss:/ {
		total += $2
		pss[run] += $2
	}
	END {
		for (i = 1; i <= runs; i++)
			if (size[i] > size[largest])
				largest = i
		if (!largest)
			exit 1
		print total - pss[largest]
	}' "/proc/$1/smaps"
}

bench_footprint() {
	local row=("tender's own memory (PSS)" "1024 MiB" "value 2")
	local kib line sleeper

	needs "${row[@]}" "$(no_kvm)" || return 0
	build_guest sleep
	mkfifo "$scratch/out"
	$tender "$out/sleep.hvt" >"$scratch/out" &
	sleeper=$!
	if read -rt 20 line <"$scratch/out" && [ "$line" = ready ] &&
		kib=$(pss_without_guest $sleeper); then
		add_value "${row[@]}" "$kib"
	else
		add_failed "${row[@]}" "no sleeping guest to look at"
	fi
	kill $sleeper 2>/dev/null || :
	wait $sleeper 2>/dev/null || :
}
