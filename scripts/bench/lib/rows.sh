# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Rows of figures: measured, added, or why there is none.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${rows:?}" "${part:?}" "${scratch:?}" "${failures:?}"

# add NAME UNIT TARGET JSON: one row. UNIT is a divisor and a name. TARGET is
# "ratio MAX", "value MAX" or "". JSON has a, and perhaps b and ratio, or
# instead of these why there is no figure: skipped, failed.
add() {
	jq -nc --arg part "$part" --arg name "$1" --arg unit "$2" \
		--arg target "$3" --argjson result "$4" '
		($unit / " ") as [$divisor, $unit]
		| ($divisor | tonumber) as $divisor
		| ($target / " ") as [$of, $max]
		| def scale: map_values(. / $divisor);
		{$part, $name, $unit}
		+ ($result
			| {runs, digest, real_time, skipped, failed, ratio,
			   points}
			| with_entries(select(.value != null)))
		+ {ours: ($result.a // null | if . then scale else . end),
		   reference: ($result.b // null | if . then scale else . end),
		   target: (if $of then {of: $of, max: ($max | tonumber)}
			else null end)}
		| .holds = (
			(if .target == null then null
			 elif .target.of == "ratio" then .ratio.median
			 else .ours.median end) as $figure
			| if $figure == null then null
			  else $figure <= .target.max end)
		' >>"$rows"
}

add_failed() {
	echo "bench: $1: $4" >&2
	add "$1" "$2" "$3" "$(jq -nc --arg why "$4" '{failed: $why}')"
	failures=$((failures + 1))
}

# add_value NAME UNIT TARGET NUMBER: measured once, nothing to compare with.
add_value() {
	add "$1" "$2" "$3" "{\"a\": {\"median\": $4}}"
}

launch_in=() # what launch is run by, if by anything

# measure NAME UNIT TARGET LAUNCH-ARGUMENTS...
measure() {
	local name=$1 unit=$2 target=$3 result

	shift 3
	echo "bench: $name ..." >&2
	if result=$("${launch_in[@]}" "$out/launch" "$@" 2>"$scratch/why"); then
		add "$name" "$unit" "$target" "$result"
	else
		add_failed "$name" "$unit" "$target" \
			"$(tail -n 1 "$scratch/why")"
	fi
}

# Prints why a row that runs a guest cannot be had, if so.
no_kvm() {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || echo "no /dev/kvm"
}

# The same for a guest in a process.
no_process() {
	"$tender" --check | grep -q '^process  *yes' ||
		echo "see tender --check"
}

# needs NAME UNIT TARGET WHY-NOT: true if nothing is missing.
needs() {
	[ -z "$4" ] && return 0
	add "$1" "$2" "$3" "$(jq -nc --arg why "$4" '{skipped: $why}')"
	return 1
}

# says_hello NAME UNIT TARGET CPU
says_hello() {
	[ "$("$tender" "--cpu=$4" "$out/hello.hvt")" = "Hello, world" ] && return
	add_failed "$1" "$2" "$3" "hello.hvt does not say hello"
	return 1
}
