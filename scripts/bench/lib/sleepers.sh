# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Guests that have started and wait for nothing but their end, to look at.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${scratch:?}"

sleepers=() sleepers_failed=0

# start_sleepers COUNT CPU: true when all are there.
start_sleepers() {
	local i ready

	rm -f "$scratch"/sleeper.*
	mkfifo "$scratch/sleeper.in"
	exec {sleepers_in}<>"$scratch/sleeper.in"
	sleepers=()
	for ((i = 0; i < $1; i++)); do
		"$tender" -q "--cpu=$2" "$out/sleep.hvt" {sleepers_in}>&- \
			<"$scratch/sleeper.in" >"$scratch/sleeper.$i" \
			2>"$scratch/why" &
		sleepers+=($!)
	done
	for ((i = 0; i < 3000; i++)); do
		ready=$(cat "$scratch"/sleeper.[0-9]* | grep -c ready) || :
		[ "$ready" -lt "$1" ] || return 0
		sleep 0.02
	done
	return 1
}

# Ends them all. Sets $sleepers_failed, how many ended otherwise than they should.
end_sleepers() {
	local pid

	exec {sleepers_in}>&-
	sleepers_failed=0
	for pid in "${sleepers[@]}"; do
		wait "$pid" || sleepers_failed=$((sleepers_failed + 1))
	done
}

# The share of memory (PSS, KiB) that is not the guest's. The guest's is the
# largest run of adjoining anonymous mappings: advice may have split it. The
# tender's own are small, and not counted as part of one. A process vCPU shares
# the guest's with a process that has nothing else.
pss_without_guest() {
	awk '
	/^[0-9a-f]+-[0-9a-f]+ / {
		split($1, range, "-")
		anonymous = NF == 5 || $6 == "/dev/zero"
	}
	/^Size:/ {
		if (!anonymous || $2 < 256)
			run = 0
		else if (!run || range[1] != end)
			run = ++runs
		end = range[2]
		size[run] += $2
	}
	/^Pss:/ {
		total += $2
		pss[run] += $2
	}
	END {
		for (i = 1; i <= runs; i++)
			if (size[i] > size[largest])
				largest = i
		if (!largest)
			exit 1
		print total - pss[largest]
	}' "/proc/$1/smaps"
}
