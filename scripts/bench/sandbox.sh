# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# The sandbox, against none.

# Of bench.sh.
: "${out:?}" "${tender:?}"

# What it costs, against none: at start and end together, and at each exit.
bench_sandbox() {
	local hello="$out/hello.hvt" calls="$out/hypercall.hvt" cpu missing

	bin/imgbuild samples/hello.c -o "$hello"
	build_guest hypercall
	for cpu in kvm process; do
		local start=("start to exit, $cpu, sandbox to none" "1e6 ms" "")
		local call=("hypercall, $cpu, sandbox to none" "1e3 us"
			"ratio 1.02")

		missing=$("no_$cpu")
		if needs "${start[@]}" "$missing"; then
			measure "${start[@]}" start 301 \
				"$tender" --cpu=$cpu "$hello" :: \
				"$tender" -q --cpu=$cpu --sandbox=off "$hello"
			measure "${call[@]}" own 21 \
				"$tender" --cpu=$cpu "$calls" 5000 :: \
				"$tender" -q --cpu=$cpu --sandbox=off "$calls" 5000
		fi
	done
}
