#!/usr/bin/env bash
# Runs tests that speak TAP and sums them up.
#
#   check.sh COMMAND-OR-BATS-FILE-OR-NAME=VALUE...
#
# A *.bats file is run by bats, NAME=VALUE is put into the environment of what
# follows, anything else is a program to run. Ends with the line "N passed, N failed, N skipped".
set -uo pipefail

passed=0 failed=0 skipped=0
for test in "$@"; do
	case $test in
	TEST_CPU=* | HVT_*=*)
		export "${test?}"
		echo "# $test"
		continue
		;;
	*.bats) command=(bats --formatter tap "$test") ;;
	*) command=("$test") ;;
	esac
	echo "# $test"
	planned=0 seen=0 before=$failed
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		1..*) planned=${line#1..} ;;
		"ok "*" # skip"*) seen=$((seen + 1)) skipped=$((skipped + 1)) ;;
		"ok "*) seen=$((seen + 1)) passed=$((passed + 1)) ;;
		"not ok "*) seen=$((seen + 1)) failed=$((failed + 1)) ;;
		esac
	done < <("${command[@]}" 2>&1)
	status=0
	wait $! || status=$?
	# A program that died, or lost tests on the way, has failed; a leak is
	# told by the exit status alone.
	if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
		echo "not ok $test: exit status $status"
		failed=$((failed + 1))
	elif [ "$seen" -ne "$planned" ] || [ "$planned" -eq 0 ]; then
		echo "not ok $test: $seen of ${planned:-?} tests reported"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
