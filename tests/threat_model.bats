#!/usr/bin/env bats
# shellcheck shell=bats
# shellcheck disable=SC2016 # backquotes are meant
# SPDX-License-Identifier: ISC
# THREAT_MODEL.md says which test shows each of its lines.

load lib

# The file of that name among the tests.
test_file() {
	find "$REPO/tests" -name "$1" -print -quit | grep .
}

# The names of tests in a file, one a line: of bats, or promises of a C test.
names_in() {
	case $1 in
	*.bats) sed -n 's/^@test "\(.*\)" {$/\1/p' "$1" ;;
	# Strings of C go on behind a line's end.
	*) tr -d '\n\t' <"$1" | sed 's/""//g; s/" *"//g' |
		grep -o 'promise("[^"]*"' | sed 's/^promise("//; s/"$//' ;;
	esac
}

@test "every file that the threat model names is a test" {
	grep -o '`[a-z_0-9]*\.\(bats\|c\)`' "$REPO/THREAT_MODEL.md" | tr -d '`' |
		sort -u >"$BATS_TEST_TMPDIR/files"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -gt 10 ]
	while read -r file; do
		test_file "$file" || { echo "no $file"; return 1; }
	done <"$BATS_TEST_TMPDIR/files"
}

@test "every test that the threat model names is in the file it says" {
	# Lines of a file and a name each.
	grep -o '`[a-z_0-9]*\.\(bats\|c\)`\|"[^"]*"' "$REPO/THREAT_MODEL.md" |
		awk '/^`/ { file = substr($0, 2, length($0) - 2); next }
			{ print file "\t" substr($0, 2, length($0) - 2) }' \
			>"$BATS_TEST_TMPDIR/named"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/named")" -gt 40 ]
	while IFS=$'\t' read -r file name; do
		names_in "$(test_file "$file")" | grep -qxF -- "$name" ||
			{ echo "$file has no \"$name\""; return 1; }
	done <"$BATS_TEST_TMPDIR/named"
}
