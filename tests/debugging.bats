#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# DEBUGGING.md, as it stands there: its programs, its commands, their output.

load lib

# Splits the page into N.c, its programs, the file commands, one on a line, and
# N.want, what the Nth command is to print.
extract() {
	awk '
		/^```c$/ { file = ++programs ".c"; next }
		/^```[a-z]+$/ { file = "other"; next }
		/^```$/ { file = (file == "") ? "shell" : ""; next }
		file == "shell" && /^\$ / {
			commands++
			print substr($0, 3) >"commands"
			printf "" >(commands ".want")
			next
		}
		file == "shell" { print >(commands ".want"); next }
		file { print >file }' "$REPO/DEBUGGING.md"
}

setup() {
	require_cpu
	command -v gdb >/dev/null || skip "no gdb"
	cd "$BATS_TEST_TMPDIR" || return 1
	extract
	mv 1.c orders.c
	mv 2.c answer.c
	mv 3.c bright.c
	[ "$(wc -l <commands)" -ge 20 ]
}

# What does not vary with compiler, host, kind of vCPU and time: words, and the
# first frames.
essence() {
	sed -E -e '/^  r[a-z0-9]+ +[0-9a-f]{16} /d' -e '/^  #[2-9]/d' \
		-e '/^tender: without KVM/d' -e '/^warning: /d' \
		-e 's/(read|access) (of|to)/touch/' -e 's/0x[0-9a-f]+/A/g' \
		-e 's/[0-9a-f]{16}/A/g' -e 's/[0-9]+(\.[0-9]+)?/N/g' \
		-e 's/ +/ /g' "$1"
}

@test "the page about debugging works as it says" {
	mkdir bin
	cat >bin/tender <<-'END'
		#!/bin/sh
		[ "$1" = test ] || exec "$TENDER" "--cpu=$CPU" "$@"
		shift
		exec "$TENDER" test "--cpu=$CPU" "$@"
	END
	chmod +x bin/tender
	cat >run.sh <<-'END'
		last=0 n=0
		while read -r command <&9; do
			n=$((n + 1))
			(exit $last)
			eval "$command" >"$n.have" 2>&1
			last=$?
		done 9<commands
	END
	TENDER=${TENDER[0]} CPU=${TEST_CPU:-kvm} PATH=$PWD/bin:$BIN:$PATH \
		timeout --foreground -s KILL 60 bash run.sh 3>&-
	for want in *.want; do
		diff <(essence "$want") <(essence "${want%.want}.have") || {
			sed -n "${want%.want}p" commands
			return 1
		}
	done
}

@test "the settings for an editor are JSON, and name the tender's own port" {
	awk '/^```json$/ { on = 1; next } /^```$/ { on = 0 } on' \
		"$REPO/DEBUGGING.md" >launch.json
	jq -e '.configurations[0] | .MIMode == "gdb" and
		.miDebuggerServerAddress == "127.0.0.1:1234"' launch.json
	grep -q 'GDB_DEFAULT_PORT *1234' "$REPO"/tender/*.h
}
