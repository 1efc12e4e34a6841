#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# `tender test`: many images, for CI.

load lib

setup_file() {
	build_guest debug -O1 -g
	cd "$BATS_FILE_TMPDIR" || return 1
	echo 'int main(void) { return 0; }' >good.c
	"$BIN/imgbuild" good.c -o good.hvt
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	cp "$(image good)" "$(image debug)" "$(image debug).debug" .
}

# tender test with the vCPU under test.
run_tests() {
	status=0
	timeout --foreground -s KILL "$LIMIT_SECONDS" "${TENDER[0]}" test \
		"${TENDER[@]:1}" "$@" >out 2>err || status=$?
}

@test "images that end well are told in TAP, and leave nothing" {
	run_tests good.hvt good.hvt good.hvt
	ended_with 0
	[ "$(sed 's/ # time=[0-9.]*s$//' out)" = "TAP version 13
1..3
ok 1 - good.hvt
ok 2 - good.hvt
ok 3 - good.hvt" ]
	[ ! -e tender-test ]
}

@test "an image that ends otherwise fails, with its console, core and trace" {
	run_tests --keep=kept good.hvt debug.hvt no.hvt
	ended_with 1
	says out '^ok 1 - good.hvt'
	says out '^not ok 2 - debug.hvt'
	says out '^# status 87, expected 0; see kept/2-debug.hvt$'
	says out '^#   result 215'
	says out '^# status 127 (no image)'
	says kept/2-debug.hvt/out '^result 215'
	jq -e 'length > 0' kept/2-debug.hvt/trace.json
	[ ! -e kept/1-good.hvt ]
}

@test "another status can be what is expected" {
	run_tests --expect-exit=87 debug.hvt
	ended_with 0
	run_tests --expect-exit=87 debug.hvt good.hvt
	ended_with 1
	says out '^ok 1 '
	says out '^not ok 2 '
}

@test "the time limit holds for each image" {
	cat >hang.c <<-'END'
		int main(void) { for (;;) __asm__ volatile(""); }
	END
	"$BIN/imgbuild" hang.c -o hang.hvt
	run_tests --timeout=0.5 hang.hvt good.hvt
	ended_with 1
	says out '^# status 124 (time limit)'
	says out '^ok 2 '
}

@test "a trap leaves a core file" {
	cat >crash.c <<-'END'
		int main(void) { *(volatile int *)8 = 1; }
	END
	"$BIN/imgbuild" -g crash.c -o crash.hvt
	run_tests crash.hvt
	ended_with 1
	says out '^# status 139 (a trap)'
	says out '^#   .*guest trapped'
	[ -s tender-test/1-crash.hvt/core ]
}

@test "results come in the order of the images, however many run at once" {
	run_tests --jobs=4 good.hvt debug.hvt good.hvt good.hvt good.hvt good.hvt
	ended_with 1
	[ "$(grep -o '^\(not \)\?ok [0-9]' out | grep -o '[0-9]' | xargs)" = \
		'1 2 3 4 5 6' ]
}

@test "--junit writes XML that fits the schema, whatever a guest prints" {
	command -v xmllint >/dev/null || skip "no xmllint"
	cat >nasty.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			printf("<&>\"]]>\001\033[0m\377\n");
			return 3;
		}
	END
	"$BIN/imgbuild" nasty.c -o 'na&<sty.hvt'
	run_tests --junit=report.xml 'na&<sty.hvt' good.hvt
	ended_with 1
	xmllint --noout --schema "$REPO/tests/tools/junit.xsd" report.xml
	[ "$(xmllint --xpath 'string(//testsuite/@failures)' report.xml)" = 1 ]
	[ "$(xmllint --xpath 'string(//testcase[1]/@name)' report.xml)" = \
		'na&<sty.hvt' ]
	[ "$(xmllint --xpath 'string(//failure/@message)' report.xml)" = \
		'status 3, expected 0' ]
}

@test "a directory that cannot be made is named" {
	: >file
	run_tests --keep=file/x good.hvt
	ended_with 1
	says err '^tender: good.hvt: file/x/1-good.hvt: Not a directory$'
}

@test "other options go to each tender, and wrong ones are named" {
	run_tests --mem=1T good.hvt
	ended_with 1
	says out '^# status 125 (the tender failed)'
	for option in --jobs=0 --jobs=x --expect-exit=256; do
		run_tests "$option" good.hvt
		ended_with 125
		says err "^tender: $option: expected"
	done
	run_tests
	ended_with 125
}
