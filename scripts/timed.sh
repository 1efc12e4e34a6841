#!/usr/bin/env bash
# Runs a command and reports, as tests/bench/bench.h does, how long it took and
# a digest of those lines of its output that match a pattern.
#
#   timed.sh PATTERN COMMAND...
set -euo pipefail

pattern=$1
shift
start=${EPOCHREALTIME/[.,]/}
output=$("$@" 2>&1) || {
	status=$?
	printf '%s\n' "$output" | tail -n 1 >&2
	exit $status
}
end=${EPOCHREALTIME/[.,]/}
digest=$(grep -a -e "$pattern" <<<"$output" | sha256sum)
echo "digest ${digest:0:16}"
echo "ns $(((end - start) * 1000))"
