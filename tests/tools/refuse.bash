# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests read what is set here
# SPDX-License-Identifier: ISC
#
# For suites about what the tender refuses; load lib first.

# The tender refuses to run: refuses STATUS NAME WORDS COMMAND... One line on
# standard error, which begins with "tender: " and NAME, nothing on standard
# output, and the guest was not started. NAME and WORDS are basic regular
# expressions.
refuses() {
	status=0
	timeout -s KILL "$LIMIT_SECONDS" "${@:4}" >out 2>err || status=$?
	ended_with "$1" || return
	if [ -s out ] || [ "$(wc -l <err)" -ne 1 ]; then
		echo "not exactly one line on standard error:"
		cat out err
		return 1
	fi
	says err "^tender: $2.*$3"
}

# Makes ./tender, and sets AS_NOBODY: what to put before a command so that
# permissions apply to it. The tree may be out of that user's reach, the
# current directory is not.
find_nobody() {
	AS_NOBODY=()
	cp "$BIN/tender" tender
	[ "$EUID" -eq 0 ] || return 0
	chmod 755 . tender
	AS_NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

# Passes when the median of the times in the file $1 (microseconds) is below
# $2: one hiccup of the host is no failure.
median_below() {
	local median

	median=$(sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p")
	echo "median: $median us"
	((median < $2))
}
