#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Writes guest-runtime/POSIX.md to standard output: what each system call of
# x86-64 Linux does in a guest.
#
#   posix-table.sh SYSCALL_LIST BITS_SYSCALL_H
#
# The names and numbers are musl's, the calls and the remarks on them those of
# guest-runtime/syscall_list.h, which says how remarks are written.
set -euo pipefail

list=$1 numbers=$2

cat <<'EOF'
# System calls

What a program finds that is linked into an image: every system call of x86-64
Linux that musl knows. This table is made by `scripts/posix-table.sh` from
`guest-runtime/syscall_list.h`, and a test fails when it is stale.

| | |
|---|---|
| works | does what Linux does, and what the remark says |
| stub | answers what the remark says, which is true or harmless |
| ENOSYS | is not there; the guest says so once on the console |

Where Linux answers `EFAULT`, a bad pointer ends the guest. Calls that POSIX has
and Linux has not (`posix_spawn`, `system`, `popen`, ...) are made of these by
the C library; those that would need a second process fail with `ENOSYS`.

EOF

# The remark and the kind of each call: NAME<tab>KIND<tab>REMARK.
remarks() {
	awk '
	function flush() {
		if (!absent_names)
			return
		n = split(absent_names, absents, " ")
		for (i = 1; i <= n; i++)
			printf "%s\tENOSYS\t%s\n", absents[i], text
		absent_names = text = ""
	}
	/^ \* Absent, and why:/ { absent = 1; next }
	absent && /^ \*\// { flush(); next }
	absent && /^ \* [a-z]/ { flush() }
	absent && /^ \*[ \t]+[a-z]/ {
		line = $0
		sub(/^ \*[ \t]+/, "", line)
		if (text) {
			text = text " " line
		} else if (match(line, /:($| )/)) {
			absent_names = absent_names " " substr(line, 1, RSTART - 1)
			text = substr(line, RSTART + 2)
			if (!text)
				text = " "
		} else {
			absent_names = absent_names " " line
		}
		next
	}
	/^$/ { kind = "works"; remark = "" }
	/^\/\* (note|stub): .*\*\/$/ {
		kind = $2 == "stub:" ? "stub" : "works"
		remark = $0
		sub(/^\/\* (note|stub): /, "", remark)
		sub(/ \*\/$/, "", remark)
	}
	/^RT_[A-Z]+[0-9]\(/ {
		name = $0
		sub(/^[^(]*\(/, "", name)
		sub(/[,)].*/, "", name)
		printf "%s\t%s\t%s\n", name, kind ? kind : "works", remark
	}' "$list"
}

echo '| number | call | | |'
echo '|---:|---|---|---|'
awk -F '\t' '
	NR == FNR { kind[$1] = $2; remark[$1] = $3; next }
	match($0, /^#define SYS_[a-z0-9_]+[ \t]+[0-9]+/) {
		split($0, part, /[ \t]+/)
		name = substr(part[2], 5)
		gsub(/^ +| +$/, "", remark[name])
		printf "%d\t%s\t%s\t%s\n", part[3], name,
			name in kind ? kind[name] : "ENOSYS", remark[name]
		seen[name] = 1
	}
	END {
		for (name in kind) {
			if (name in seen || name == "tls_alloc" ||
			    name == "stack_alloc")
				continue
			print "posix-table: no system call is called " name \
				>"/dev/stderr"
			exit 1
		}
	}' <(remarks) "$numbers" | sort -n |
	awk -F '\t' '{ printf "| %s | `%s` | %s | %s |\n", $1, $2, $3, $4 }'
