# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# SQLite's own benchmark, in memory.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${as_imgbuild:?}"
sqlite_file=sqlite3_3.40.1.orig.tar.xz
sqlite_sha256=aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655
sqlite="$out/sqlite3_3.40.1"

# Puts sqlite3.c, sqlite3.h and speedtest1.c into $sqlite, made from the source
# package.
get_sqlite() {
	[ ! -f "$sqlite/sqlite3.c" ] || return 0
	scripts/fetch-source.sh sqlite3 $sqlite_file $sqlite_sha256 \
		build/cache || return
	rm -rf "$sqlite"
	mkdir -p "$sqlite/source" &&
		tar -xf build/cache/$sqlite_file -C "$sqlite/source" \
			--strip-components=1 || return
	(
		cd "$sqlite/source" &&
			./configure --disable-tcl --disable-shared >log 2>&1 &&
			make sqlite3.c >>log 2>&1
	) || {
		echo "making sqlite3.c failed; see $sqlite/source/log" >&2
		return 1
	}
	cp "$sqlite/source/sqlite3.h" "$sqlite/source/test/speedtest1.c" "$sqlite"/ &&
		mv "$sqlite/source/sqlite3.c" "$sqlite"/
}

# Temporary tables and sorting stay in memory, as the guest has no files.
build_sqlite() {
	local guest_pid
	local flags=(-O2 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION
		-DSQLITE_TEMP_STORE=3 "-I$sqlite" "$sqlite/sqlite3.c"
		"$sqlite/speedtest1.c" -lm)

	bin/imgbuild "${flags[@]}" -o "$out/speedtest.hvt" &
	guest_pid=$!
	musl-gcc "${as_imgbuild[@]}" -static -no-pie -Wl,--gc-sections \
		"${flags[@]}" -o "$out/speedtest" && wait $guest_pid
}

# speedtest COMMAND...: what its queries answered, in one line.
speedtest() {
	"$@" --size 5 --verify :memory: 2>/dev/null | grep '^Verification Hash'
}

bench_sqlite() {
	local row=("SQLite speedtest1" "1e9 s" "")
	local process=("SQLite speedtest1, process" "1e9 s" "ratio 1.3")
	local run=("$tender" --mem=256M) image="$out/speedtest.hvt"
	local work=(--size 100 :memory:) missing='' wanted

	echo "bench: building SQLite ..." >&2
	if ! get_sqlite 2>"$out/why"; then
		missing=$(tail -n 1 "$out/why")
	elif ! build_sqlite 2>"$out/why" || ! wanted=$(speedtest "$out/speedtest")
	then
		add_failed "${process[@]}" "SQLite does not build; see $out/why"
		return
	fi
	if needs "${row[@]}" "${missing:-$(no_kvm)}"; then
		measure "${row[@]}" whole 3 \
			"${run[@]}" "$image" "${work[@]}" :: \
			"$out/speedtest" "${work[@]}"
	fi
	needs "${process[@]}" "${missing:-$(no_process)}" || return 0
	run+=(--cpu=process)
	if [ "$(speedtest "${run[@]}" "$image")" = "$wanted" ]; then
		measure "${process[@]}" whole 3 \
			"${run[@]}" "$image" "${work[@]}" :: \
			"$out/speedtest" "${work[@]}"
	else
		add_failed "${process[@]}" "the guest's answers are others"
	fi
}
