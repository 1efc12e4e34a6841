# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Counts, which are the same on every run. Their targets are 5 % above what
# bench/expected.json says.

# Of bench.sh.
: "${scratch:?}"

bench_counts() {
	local row=("counts" "1 -" "") name unit count most group groups=(dispatch)

	if ! command -v valgrind >/dev/null; then
		needs "${row[@]}" "no valgrind"
		return 0
	fi
	[ -n "$(no_kvm)" ] || groups+=(kvm)
	[ -n "$(no_process)" ] || groups+=(process)
	for group in "${groups[@]}"; do
		echo "bench: counts, $group ..." >&2
		if ! scripts/counts.sh count "$group" >"$scratch/counts" \
			2>"$scratch/why"; then
			add_failed "counts, $group" "1 -" "" \
				"$(tail -n 1 "$scratch/why")"
			continue
		fi
		while IFS=$'\t' read -r name count most; do
			unit=${name%% of *}
			add_value "$name" "1 ${unit##* }" "$most" "$count"
		done < <(jq -r --slurpfile expected bench/expected.json '
			to_entries[] | [.key, .value,
			($expected[0][.key]
			 | if . then "value \(. * 105 / 100)" else "" end)]
			| @tsv' "$scratch/counts")
	done
}
