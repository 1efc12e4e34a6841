#!/usr/bin/env bash
# Which lines of the tender the tests reach: runs unit tests and suites with a
# tender that counts, and prints a table by llvm-cov.
#
#   coverage.sh [SUITE...]		names of tests/SUITE.bats
#
# Such a tender has no sandbox, as it writes its counts when it ends: sandbox_*.c
# and the filter are left out. tests/sandbox.bats goes through these call by call.
set -euo pipefail
cd "$(dirname "$0")/.."

suites=("$@")
[ $# -gt 0 ] || suites=(options images robust hostile limit sign disks console
	traps upcalls map clock net_device process)
out=$PWD/build/coverage
flags=(-std=c11 -O1 -g -w -D_GNU_SOURCE -DHVT_NO_SANDBOX
	'-DHVT_VERSION="0"' -Iboot-protocol
	-Itender -Itests/unit -fprofile-instr-generate -fcoverage-mapping)

rm -rf "$out"
mkdir -p "$out/raw"
export LLVM_PROFILE_FILE=$out/raw/%p.%m.profraw
objects=()
for source in tender/*.c; do
	object=$out/$(basename "$source" .c).o
	clang "${flags[@]}" -c "$source" -o "$object"
	[ "$source" = tender/main.c ] || objects+=("$object")
done
clang "${flags[@]}" "$out/main.o" "${objects[@]}" -lsodium -o "$out/tender"

binaries=()
for test in tests/unit/*_test.c; do
	# Those of the guest's and the image builder's files are not of the tender.
	grep -q 'boot-protocol\|"[a-z_0-9]*\.h"' "$test" || continue
	name=$out/$(basename "$test" .c)
	clang "${flags[@]}" "$test" "${objects[@]}" -lsodium -lpthread \
		-o "$name" 2>/dev/null || continue
	echo "# $(basename "$name")"
	"$name" >"$name.log" 2>&1 || echo "coverage: $name failed" >&2
	binaries+=(-object "$name")
done
for suite in "${suites[@]}"; do
	for cpu in kvm process; do
		echo "# $suite, $cpu"
		TEST_CPU=$cpu HVT_TENDER=$out/tender bats "tests/$suite.bats" \
			>"$out/$suite.$cpu.log" 2>&1 ||
			echo "coverage: $suite, $cpu failed" >&2
	done
done

# Suites run it as others too, who cannot write there: these counts are lost.
find "$out/raw" -name '*.profraw' -size +0 >"$out/list"
llvm-profdata merge -sparse --failure-mode=all -f "$out/list" \
	-o "$out/all.profdata"
llvm-cov report "$out/tender" "${binaries[@]}" \
	-instr-profile="$out/all.profdata" \
	-ignore-filename-regex='tests/|tender/(sandbox|call_filter)' |
	awk 'NF > 6 { print $1, $(NF - 5), $(NF - 4), $(NF - 3) }' |
	sed '1s/.*/file lines missed reached/' | column -t
