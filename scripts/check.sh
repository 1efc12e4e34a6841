#!/usr/bin/env bash
# Runs tests that speak TAP and sums them up.
#
#   check.sh COMMAND-OR-BATS-FILE-OR-NAME=VALUE...
#
# A *.bats file is run by bats, NAME=VALUE is put into the environment of what
# follows, anything else is a program to run. As many run at a time as there are
# CPUs, as tests wait a lot; HVT_JOBS says otherwise. Each is shown when it has
# ended, in this order. Ends with the line "N passed, N failed, N skipped".
set -uo pipefail

jobs=${HVT_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Test number $1, in the background: what it says, and then its status.
run() {
	local command=("$2")

	[[ $2 != *.bats ]] || command=(bats --formatter tap "$2")
	"${command[@]}" >"$results/$1.out" 2>&1 </dev/null
	echo $? >"$results/$1.new"
	mv "$results/$1.new" "$results/$1.status"
}

# Shows a test that has ended, and counts.
show() {
	local test=$2 planned=0 seen=0 before=$failed status line

	[ -z "$3" ] || echo "# $3"
	echo "# $test"
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		1..*) planned=${line#1..} ;;
		"ok "*" # skip"*) seen=$((seen + 1)) skipped=$((skipped + 1)) ;;
		"ok "*) seen=$((seen + 1)) passed=$((passed + 1)) ;;
		"not ok "*) seen=$((seen + 1)) failed=$((failed + 1)) ;;
		esac
	done <"$results/$1.out"
	status=$(<"$results/$1.status")
	# A program that died, or lost tests on the way, has failed; a leak is
	# told by the exit status alone.
	if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
		echo "not ok $test: exit status $status"
		failed=$((failed + 1))
	elif [ "$seen" -ne "$planned" ] || [ "$planned" -eq 0 ]; then
		echo "not ok $test: $seen of ${planned:-?} tests reported"
		failed=$((failed + 1))
	fi
}

tests=() settings=() shown=0 setting=''

# Shows those that have ended, as far as none before them is still running.
show_ended() {
	while [ "$shown" -lt ${#tests[@]} ] &&
		[ -e "$results/$shown.status" ]; do
		show "$shown" "${tests[shown]}" "${settings[shown]}"
		shown=$((shown + 1))
	done
}

for test in "$@"; do
	case $test in
	TEST_CPU=* | HVT_*=*)
		export "${test?}"
		setting=$test
		continue
		;;
	esac
	while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do
		wait -n
		show_ended
	done
	run ${#tests[@]} "$test" &
	tests+=("$test") settings+=("$setting")
	setting=''
done
while [ "$shown" -lt ${#tests[@]} ]; do
	wait -n || [ $? -ne 127 ] || break
	show_ended
done
show_ended
if [ "$shown" -lt ${#tests[@]} ]; then
	echo "not ok ${tests[shown]}: it did not come to its end"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
