#!/usr/bin/env bash
# Runs fuzz targets, one after the other.
#
#   fuzz.sh SECONDS TARGET...
#
# A target NAME begins with tests/fuzz/corpus/NAME and collects what it finds
# in build/fuzz/corpus/NAME. An input that makes it fail is left beside the
# target as NAME.crash-*; run the target with it to see the failure again.
set -euo pipefail

seconds=$1
shift
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
failed=()
for target in "$@"; do
	name=$(basename "$target")
	found=$repo/build/fuzz/corpus/$name
	mkdir -p "$found"
	echo "# $name, $seconds s"
	"$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
		-print_final_stats=1 -artifact_prefix="$target." \
		"$found" "$repo/tests/fuzz/corpus/$name" >"$target.log" 2>&1 ||
		failed+=("$name")
	grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' \
		"$target.log" || :
	grep -E 'ERROR:|SUMMARY:|runtime error:' "$target.log" || :
done
for name in "${failed[@]}"; do
	echo "fuzz: $name failed: see build/fuzz/$name.log" >&2
done
[ ${#failed[@]} -eq 0 ]
