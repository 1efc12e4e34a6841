# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# From the start of the tender to its end, with the smallest guest.

# Of bench.sh.
: "${out:?}" "${tender:?}"

bench_start() {
	local row=("start to exit" "1e6 ms" "ratio 1.25")
	local still=("the same, to a static program" "1e6 ms" "")
	local process=("start to exit, process" "1e6 ms" "ratio 3")
	local hello="$out/hello.hvt" missing

	bin/imgbuild samples/hello.c -o "$hello"
	musl-gcc -O2 -static -no-pie samples/hello.c -o "$out/hello"
	# The reference is an ordinary program, whatever the tender is.
	build_floor floor floor TENDER_LIBC=
	build_floor floor floor-static
	missing=$(no_kvm)
	if needs "${row[@]}" "$missing" && says_hello "${row[@]}" kvm; then
		measure "${row[@]}" start 501 \
			"$tender" "$hello" :: "$out/floor"
		measure "${still[@]}" start 501 \
			"$tender" "$hello" :: "$out/floor-static"
	fi
	missing=$(no_process)
	if needs "${process[@]}" "$missing" &&
		says_hello "${process[@]}" process; then
		measure "${process[@]}" start 501 \
			"$tender" --cpu=process "$hello" :: "$out/hello"
	fi
}
