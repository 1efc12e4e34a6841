# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# What the suites of real programs share.

PROGRAMS=$REPO/build/programs
GUEST=$PROGRAMS/guest-O1
NATIVE=$PROGRAMS/native-O1
# Where the host's tools for file systems are, also for those who are not root.
PATH+=:/usr/sbin:/sbin

# For setup_file().
require_programs() {
	[ -x "$GUEST/sqlite3" ] || {
		echo "no $GUEST/sqlite3: run make programs" >&2
		return 1
	}
}

setup() {
	require_cpu
	cd "$BATS_TEST_TMPDIR" || return 1
	# The host's sqlite3 shall not read what its user likes.
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	[ -z "${background-}" ] || kill -KILL "$background" 2>/dev/null || :
}

# make_disk SIZE [DIRECTORY]: disk.img, with an ext4 as the host makes it.
make_disk() {
	rm -f disk.img
	mke2fs -q -t ext4 ${2+-d "$2"} disk.img "$1" >mke2fs.log 2>&1 ||
		{ cat mke2fs.log; return 1; }
}

# A file of disk.img, read by the host's tools: from_disk PATH FILE.
from_disk() {
	rm -f "$2"
	debugfs -R "dump $1 $2" disk.img 2>debugfs.log
	[ -e "$2" ] || { cat debugfs.log; return 1; }
}

# Nothing is wrong with the file system of disk.img.
disk_is_clean() {
	e2fsck -fn disk.img >e2fsck.log 2>&1 || { cat e2fsck.log; return 1; }
}

# run_program NAME ARGUMENT...: in a guest, with disk.img.
run_program() {
	run_tender --disk=disk.img --mem=256M -e HOME=/data -e VARIABLE=value \
		"$GUEST/$1" "${@:2}"
}
