# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# How programs that are measured are built, for the guest and natively.

# out and tender are those of bench.sh.
: "${out:?}" "${tender:?}"

# Both sides get the options that imgbuild adds, as they change code: without
# them the compilers' defaults (PIE, frame pointers, stack protector) would be
# compared. Alignment takes out what is luck of the layout, up to half of the
# time of a tight loop.
cflags=(-std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Iboot-protocol
	-falign-functions=64 -falign-loops=32)
as_imgbuild=(-fno-pie -fno-omit-frame-pointer -fstack-protector-strong
	-ffunction-sections -fdata-sections)

build_guest() {
	bin/imgbuild "${cflags[@]}" "tests/bench/$1.c" -lm -o "$out/$1.hvt"
}

build_native() {
	musl-gcc "${cflags[@]}" "${as_imgbuild[@]}" -static -no-pie \
		-Wl,--gc-sections "tests/bench/$1.c" -lm -o "$out/$1"
}

build_both() {
	build_guest "$1" && build_native "$1"
}

# build_floor NAME OUT [NAME=VALUE]: with the options of the tender, when make
# is given NAME=VALUE, except that this needs no library.
build_floor() {
	local commands line word compile=() link=()

	commands=$(make -n --no-print-directory V=1 -W tender/main.c "$tender" \
		"${@:3}" | sed -e :a -e '/\\$/{N;s/\\\n//;ba' -e '}')
	line=$(grep -e ' -c tender/main\.c ' <<<"$commands")
	eval "compile=(${line% -c *})"
	line=$(grep -e " -o ""$tender""\$" <<<"$commands")
	for word in ${line% -o *}; do
		case $word in
		build/tender/*.o | -l[a-z]*) ;;
		*) link+=("$word") ;;
		esac
	done
	"${compile[@]}" -MF "$out/$2.d" -c "tests/bench/$1.c" -o "$out/$2.o" &&
		"${link[@]}" "$out/$2.o" -o "$out/$2"
}
