#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
#
# Starts COMMAND, which is to serve FILE by HTTP at PORT of loopback, has wrk
# ask for it over 32 connections, and reports the time of 1000 requests as
# bench.h does.
#
#	requests.sh PORT FILE COMMAND...
set -euo pipefail

url=http://127.0.0.1:$1/$2
said=$(mktemp)
"${@:3}" >/dev/null 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || :; rm -f "$said"' EXIT
for ((i = 0; i < 200; i++)); do
	if curl -s -o /dev/null "$url"; then
		break
	fi
	sleep 0.05
done
wrk -t1 -c32 -d2 "$url" >"$said"
if grep -qe 'Socket errors' -e 'Non-2xx' "$said"; then
	cat "$said" >&2
	exit 1
fi
echo 'digest 0000000000000001'
awk '/^Requests\/sec/ { printf "ns %.3f\n", 1e12 / $2 }' "$said"
