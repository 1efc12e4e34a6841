#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# imgbuild and hvt-cc: what goes in, what comes out, what is refused.

setup() {
	BIN=$(cd "$BATS_TEST_DIRNAME/../bin" && pwd)
	cd "$BATS_TEST_TMPDIR" || return 1
	unset HVT_CC CFLAGS LDFLAGS MAKEFLAGS
	cat >hello.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			puts("hello");
			return 0;
		}
	END
	# Enough of an image without libc, to be bent in one way at a time.
	cat >bare.S <<-'END'
		.text
		.globl _start
		_start: hlt
		.section .note.hvt, "a", @note
		.long 4, 8, 1
		.asciz "HVT"
		.short 1, 0
		.long 0
		.section .note.GNU-stack, "", @progbits
	END
}

fails_with_one_line() {
	run "$@"
	[ "$status" -ne 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

holds_only() {
	diff <(printf '%s\n' "$@" | sort) <(find . -mindepth 1 -maxdepth 1 \
		-printf '%f\n' | sort)
}

json() {
	"$BIN/imgbuild" inspect --json "$1" | jq -r "$2"
}

symbols() {
	nm "$1" 2>/dev/null
}

# Standard input has no line like that; "! grep" would not fail a test.
lacks() {
	run grep "$@"
	[ "$status" -eq 1 ]
}

bare() {
	"$BIN/imgbuild" -nostdlib bare.S "$@"
}

@test "a C file becomes an executable image and a debug file, nothing else" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	[ -x hello.hvt ]
	[ -s hello.hvt.debug ]
	[ ! -x hello.hvt.debug ]
	holds_only bare.S hello.c hello.hvt hello.hvt.debug
}

@test "hello is at most 32 KiB" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	[ "$(stat -c %s hello.hvt)" -le 32768 ]
}

@test "without -o imgbuild writes a.out.hvt and hvt-cc a.out" {
	"$BIN/imgbuild" hello.c
	"$BIN/hvt-cc" hello.c
	holds_only bare.S hello.c a.out a.out.debug a.out.hvt a.out.hvt.debug
}

@test "the debug file has symbols, lines and the image's build id" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	symbols hello.hvt.debug | grep -q ' T main$'
	readelf --debug-dump=decodedline hello.hvt.debug | grep -q '^hello\.c '
	id=$(json hello.hvt .build_id)
	[ "${#id}" -eq 40 ]
	readelf -nW hello.hvt.debug | grep -q "Build ID: $id"
}

@test "the image has neither symbols nor debug sections nor comments" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	symbols hello.hvt | lacks .
	readelf -SW hello.hvt | lacks -E 'debug|symtab|comment|property'
}

@test "-g0 wins over the default -g" {
	"$BIN/imgbuild" -nostdlib bare.S hello.c -g0 -c
	readelf -SW hello.o | lacks debug
}

@test "sources, assembly, objects and archives link in one command" {
	echo 'int from_c(void) { return 1; }' >one.c
	echo 'int from_o(void) { return 1; }' >two.c
	echo 'int from_a(void) { return 1; }' >three.c
	for lang in s S; do
		printf '.globl from_%s\nfrom_%s: ret\n%s\n' $lang $lang \
			'.section .note.GNU-stack,"",@progbits' >asm_$lang.$lang
	done
	cat >main.c <<-'END'
		int from_c(void), from_o(void), from_a(void);
		int from_s(void), from_S(void);
		int main(void)
		{
			return from_c() + from_o() + from_a() + from_s() +
			       from_S();
		}
	END
	"$BIN/hvt-cc" -c two.c -o two.o
	"$BIN/hvt-cc" -c three.c
	mkdir lib
	ar rcs lib/libthree.a three.o
	"$BIN/hvt-cc" main.c one.c asm_s.s asm_S.S two.o -Llib -lthree -o all
	for f in from_c from_o from_a from_s from_S; do
		symbols all.debug | grep -qi " t $f$"
	done
}

@test "options with a separate argument are not taken for files" {
	mkdir inc
	echo '#define FROM_HEADER 1' >inc/h.h
	cat >opt.c <<-'END'
		#if !FROM_HEADER || !FROM_D || defined(FROM_U)
		#error options were lost
		#endif
		int kept(void) { return 0; }
		int main(void) { return 0; }
	END
	"$BIN/hvt-cc" -I inc -include h.h -D FROM_D -D FROM_U -U FROM_U \
		-idirafter nosuch -L nosuch -l m -MMD -MF opt.d -MT opt \
		-u kept -z now -Xlinker -Map=opt.map -x c opt.c -x none \
		-std=gnu11 -Wall -pthread -o opt
	[ -s opt.d ]
	[ -s opt.map ]
	symbols opt.debug | grep -q ' T kept$'
	[ "$(cut -d: -f1 opt.d | head -1)" = opt ]
}

@test "an option's argument is no option, though it looks like one" {
	for o in -I -L -B -iquote -isystem -idirafter -MT -MQ -dumpdir -u; do
		"$BIN/hvt-cc" hello.c -MMD $o -c -o out
		json out .abi.major | grep -qx 1
		rm out
	done
	echo >./-c
	"$BIN/hvt-cc" hello.c -include -c -o out
	"$BIN/hvt-cc" hello.c -MMD -MF -E -o out
	[ -s ./-E ]
	"$BIN/hvt-cc" -S hello.c -o -c
	grep -q main ./-c
	json out .abi.major | grep -qx 1
}

@test "-x c reads standard input and does not swallow the runtime" {
	echo 'int main(void) { return 0; }' |
		"$BIN/hvt-cc" -x c - --device=block:data -o in
	[ "$(json in '.devices | length')" -eq 1 ]
}

@test "response files are read, nested and quoted ones too" {
	mkdir "a dir"
	cp hello.c "a dir/hello.c"
	echo '"a dir/hello.c" @other' >args
	printf "'-o'\n\\\\o\\\\ut.hvt" >other
	"$BIN/imgbuild" @args
	[ -x out.hvt ]
	"$BIN/imgbuild" @args -c -o here.o
	[ -s here.o ]
}

@test "response files that nest without end are refused with one line" {
	echo @loop >loop
	fails_with_one_line "$BIN/imgbuild" @loop
	[[ $output == *nest* ]]
}

@test "hostile response files never crash" {
	printf '\134' >one
	printf '"' >two
	printf "'a\"\\\\" >three
	head -c 3000 /dev/urandom >four
	: >five
	for f in one two three four five; do
		run "$BIN/imgbuild" @$f -E hello.c
		[ "$status" -lt 128 ]
	done
}

@test "-c, -S, -E, -M and -fsyntax-only do what the compiler does" {
	"$BIN/hvt-cc" -c hello.c
	readelf -h hello.o | grep -q 'REL (Relocatable file)'
	"$BIN/hvt-cc" -S hello.c
	grep -q '^main:' hello.s
	"$BIN/hvt-cc" -E hello.c | grep -q 'int main'
	"$BIN/hvt-cc" -M hello.c | grep -q '^hello.o:'
	"$BIN/hvt-cc" -MM hello.c | grep -qx 'hello.o: hello.c'
	"$BIN/hvt-cc" -fsyntax-only hello.c
	holds_only bare.S hello.c hello.o hello.s
}

@test "-r links objects into an object" {
	"$BIN/hvt-cc" -c hello.c
	"$BIN/hvt-cc" -r hello.o -o both.o
	readelf -h both.o | grep -q 'REL (Relocatable file)'
}

@test "hvt-cc answers --version, -v, -dumpmachine and -print as the compiler" {
	for q in --version -dumpmachine -dumpversion -print-search-dirs; do
		[ "$("$BIN/hvt-cc" $q)" = "$(gcc $q)" ]
	done
	"$BIN/hvt-cc" -v 2>&1 | grep -q '^gcc version'
	"$BIN/hvt-cc" '-###' hello.c -o x
	holds_only bare.S hello.c
}

@test "imgbuild --version and --help speak of imgbuild" {
	"$BIN/imgbuild" --version | grep -q '^imgbuild '
	"$BIN/imgbuild" --help | grep -q '^usage: imgbuild'
	fails_with_one_line "$BIN/imgbuild"
	[[ $output == *--help* ]]
}

@test "programs see the guest's headers, the compiler's own, and __hvt__" {
	cat >h.c <<-'END'
		#include <stdarg.h>
		#include <immintrin.h>
		#include <stdio.h>
		#if defined(__GLIBC__) || __hvt__ != 1
		#error the host's headers
		#endif
		int main(void) { return 0; }
	END
	"$BIN/imgbuild" h.c -o h.hvt
	run "$BIN/hvt-cc" -M h.c
	[ "$status" -eq 0 ]
	[[ $output != */usr/include/* ]]
	echo '#include <gnu/libc-version.h>' >gnu.c
	if gcc -E gnu.c >/dev/null 2>&1; then
		run "$BIN/hvt-cc" -E gnu.c
		[ "$status" -ne 0 ]
	fi
}

@test "CPATH and LIBRARY_PATH, which name the host's files, change nothing" {
	mkdir host
	echo '#error host header' >host/stdio.h
	echo 'int only_host;' >only.c
	"$BIN/hvt-cc" -c only.c
	ar rcs host/libonly.a only.o
	for cc in gcc clang; do
		command -v $cc >/dev/null || continue
		export HVT_CC=$cc
		CPATH=$PWD/host C_INCLUDE_PATH=$PWD/host \
			"$BIN/imgbuild" hello.c
		LIBRARY_PATH=$PWD/host run "$BIN/imgbuild" hello.c -lonly
		[ "$status" -ne 0 ]
	done
}

@test "no library of the host is linked, its name notwithstanding" {
	[ -e "$(gcc -print-file-name=libanl.a)" ] || skip "host has no libanl.a"
	run "$BIN/imgbuild" hello.c -lanl
	[ "$status" -ne 0 ]
	[[ $output == *"cannot find -lanl"* ]]
}

@test "-lm -lpthread -lrt -ldl and -pthread are there for the asking" {
	"$BIN/imgbuild" hello.c -lm -lpthread -lrt -ldl -pthread -o hello.hvt
}

@test "optimises at -O2 as imgbuild, not as hvt-cc, and the user's -O wins" {
	cat >opt.c <<-'END'
		#if WANT != defined(__OPTIMIZE__)
		#error wrong level
		#endif
	END
	"$BIN/imgbuild" -DWANT=1 -c opt.c
	"$BIN/imgbuild" -DWANT=0 -O0 -c opt.c
	"$BIN/hvt-cc" -DWANT=0 -c opt.c
}

@test "the user's options win over the defaults" {
	echo 'int f(char *); int g(void) { char b[99]; return f(b); }' >s.c
	"$BIN/hvt-cc" -c s.c
	nm s.o | grep -q __stack_chk_fail
	"$BIN/hvt-cc" -fno-stack-protector -c s.c
	nm s.o | lacks __stack_chk_fail
}

@test "-shared, -T and -Wl,-T are refused with one line, before linking" {
	for o in -shared -Tx.ld '-T x.ld' -Ttext=0 -Wl,-Tx.ld \
		-Wl,--gc-sections,-T,x.ld '-Xlinker -T -Xlinker x.ld' \
		-Wl,--script=x.ld; do
		# shellcheck disable=SC2086 # two words on purpose
		fails_with_one_line "$BIN/imgbuild" hello.c $o -o no.hvt
		[[ $output == imgbuild:\ -* ]]
		[ ! -e no.hvt ]
	done
}

@test "-shared does not get in the way of compiling" {
	"$BIN/hvt-cc" -shared -fPIC -c hello.c
	[ -s hello.o ]
}

@test "-pie, -static-pie, -rdynamic, -s, -static and -no-pie are harmless" {
	for o in -pie -static-pie -rdynamic -s -static -no-pie; do
		"$BIN/imgbuild" hello.c -fPIE $o -o hello.hvt
		readelf -h hello.hvt | grep -q 'EXEC (Executable file)'
		symbols hello.hvt.debug | grep -q ' T main$'
	done
}

@test "-nodefaultlibs and -nolibc leave out the libraries" {
	for o in -nodefaultlibs -nolibc; do
		run "$BIN/imgbuild" hello.c $o -o hello.hvt
		[ "$status" -ne 0 ]
		[[ $output == *"undefined reference to"* ]]
	done
}

@test "the same input gives the same bytes, in another directory too" {
	for d in one/deep two; do
		mkdir -p $d/src
		cp hello.c $d/src
		printf '.globl f\nf: ret\n%s' \
			'.section .note.GNU-stack,"",@progbits' >$d/f.S
		echo 'void f(void); void *keep = f;' >$d/g.c
		for n in 1 2; do
			(cd $d && "$BIN/imgbuild" src/hello.c f.S g.c -g3 \
				-u keep --device=block:data -o $n.hvt)
		done
	done
	cmp one/deep/1.hvt one/deep/2.hvt
	cmp one/deep/1.hvt two/1.hvt
	cmp one/deep/1.hvt.debug two/2.hvt.debug
}

@test "a compile error gives the compiler's status and leaves no output" {
	echo 'int main(void) { return }' >bad.c
	touch bad.hvt bad.hvt.debug
	run "$BIN/imgbuild" bad.c -o bad.hvt
	[ "$status" -eq 1 ]
	[[ $output == *"bad.c:1:"*error:* ]]
	[[ $output != *imgbuild* ]]
	holds_only bad.c bare.S hello.c
}

@test "a link error leaves no output and no temporary file" {
	echo 'int f(void); int main(void) { return f(); }' >bad.c
	touch bad.hvt bad.hvt.debug
	run "$BIN/imgbuild" bad.c -o bad.hvt
	[ "$status" -eq 1 ]
	[[ $output == *"undefined reference to"* ]]
	holds_only bad.c bare.S hello.c
}

@test "an image that fails a check is not left in place" {
	touch bare.hvt bare.hvt.debug
	fails_with_one_line bare -Wl,-e,0x42 -o bare.hvt
	[[ $output == *"entry point 0x42"* ]]
	holds_only bare.S hello.c
}

@test "an output that cannot be written is named" {
	fails_with_one_line "$BIN/imgbuild" hello.c -o nosuch/hello.hvt
	[[ $output == *nosuch/hello.hvt* ]]
}

@test "an input is never overwritten by the output" {
	cp hello.c precious.c
	fails_with_one_line "$BIN/hvt-cc" precious.c -o precious.c
	cmp hello.c precious.c
	fails_with_one_line "$BIN/hvt-cc" hello.c precious.c -o ./precious.c
	cmp hello.c precious.c
}

@test "-o /dev/null builds, checks and keeps nothing" {
	"$BIN/hvt-cc" hello.c -o /dev/null
	[ -c /dev/null ]
	[ ! -e /dev/null.debug ]
	run "$BIN/hvt-cc" hello.c nosuch.c -o /dev/null
	[ "$status" -eq 1 ]
	[ -c /dev/null ]
}

@test "SIGTERM, SIGINT and SIGHUP end the build and leave nothing behind" {
	cat >slow-cc <<-'END'
		#!/bin/sh
		case "$1" in -print-*) exec gcc "$@" ;; esac
		touch started
		exec sleep 60
	END
	chmod +x slow-cc
	SECONDS=0
	for sig in TERM INT HUP; do
		touch x.hvt x.hvt.debug
		# env gives SIGINT back to a background job.
		HVT_CC=./slow-cc env --default-signal=INT,HUP \
			"$BIN/imgbuild" hello.c -o x.hvt 3>&- &
		pid=$!
		until [ -e started ]; do sleep 0.01; done
		kill -$sig $pid
		status=0
		wait $pid || status=$?
		[ "$status" -eq $((128 + $(kill -l $sig))) ]
		rm started
		holds_only bare.S hello.c slow-cc
	done
	[ $SECONDS -lt 60 ] # the compiler was told to end
}

@test "twelve builds at once do not disturb one another" {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		"$BIN/hvt-cc" hello.c -DN=$i -o same 3>&- &
		"$BIN/hvt-cc" hello.c -o out$i 3>&- &
	done
	wait
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		cmp out1 out$i
	done
	json same .abi.major | grep -qx 1
	find . -name '.?*' | lacks .
}

@test "segments are read-only, executable or writable, never two of them" {
	echo 'int data = 1; int bss; int main(void) { return data+bss; }' >d.c
	"$BIN/imgbuild" d.c -o d.hvt
	[ "$(json d.hvt '[.segments[].access] | join(" ")')" = "r-- r-x rw-" ]
	[ "$(json d.hvt '.segments[0].address')" -eq $((0x100000)) ]
	json d.hvt '.segments[].address % 4096' | uniq | grep -qx 0
	readelf -lW d.hvt | lacks -E 'INTERP|DYNAMIC|RWE'
	readelf -lW d.hvt | grep GNU_STACK | grep -q 'RW '
}

@test "a section that is both writable and executable is refused" {
	printf '.section evil, "awx"\n.long 1\n' >evil.S
	echo '.section .note.GNU-stack, "", @progbits' >>evil.S
	fails_with_one_line bare evil.S -Wl,--no-gc-sections -o evil.hvt
	[[ $output == *"section evil is both writable and executable"* ]]
	[ ! -e evil.hvt ]
}

@test "an object that asks for an executable stack does not get one" {
	echo '.section .note.GNU-stack, "x", @progbits' >stack.S
	bare stack.S -o stack.hvt
	readelf -lW stack.hvt | grep GNU_STACK | lacks RWE
}

@test "an image without the ABI note is refused" {
	printf '.globl _start\n_start: hlt\n%s\n' \
		'.section .note.GNU-stack, "", @progbits' >no.S
	fails_with_one_line "$BIN/imgbuild" -nostdlib no.S -o no.hvt
	[[ $output == *"no ABI note"* ]]
}

@test "an image for another ABI is refused" {
	sed -i 's/short 1, 0/short 2, 0/' bare.S
	fails_with_one_line bare -o bare.hvt
	[[ $output == *"ABI 2.0"* ]]
	sed -i 's/short 2, 0/short 1, 99/' bare.S
	fails_with_one_line bare -o bare.hvt
}

@test "relocations that nobody would apply are refused" {
	cat >ifunc.c <<-'END'
		static int f(void) { return 1; }
		static int (*resolve(void))(void) { return f; }
		int g(void) __attribute__((ifunc("resolve")));
		int main(void) { return g(); }
	END
	fails_with_one_line "$BIN/imgbuild" ifunc.c -o ifunc.hvt
	[[ $output == *relocations* ]]
}

@test "a link that the linker was told to make dynamic is refused" {
	for o in -pie -shared; do
		fails_with_one_line bare -Wl,$o -o pie.hvt
		[ ! -e pie.hvt ]
	done
}

@test "a segment below the image base or out of alignment is refused" {
	fails_with_one_line bare -Wl,--section-start=.text=0x2000 -o low.hvt
	[[ $output == *"segment at 0x2000"*"outside"* ]]
	fails_with_one_line bare -Wl,-N -o omagic.hvt
	[[ $output == *"not page-aligned"* ]]
}

@test "sections of the user's own land where their flags say" {
	cat >own.c <<-'END'
		#define IN(s) __attribute__((used, section(s)))
		IN("own_const") static const int a[2] = { 1, 2 };
		IN("own_data") static int b[3] = { 1, 2, 3 };
		IN("own_code") static int c(void) { return 1; }
		IN("own_zero,\"aw\",@nobits#") static char d[65536];
		extern int __start_own_data[], __stop_own_data[];
		extern const int __start_own_const[], __stop_own_const[];
		extern char __start_own_zero[], __stop_own_zero[];
		extern char __start_own_code[];
		_Static_assert(sizeof(b) == 12, "three");
		int main(void)
		{
			__start_own_data[0] = __start_own_const[0];
			return __stop_own_data - __start_own_data +
			       (__stop_own_const - __start_own_const) +
			       (__stop_own_zero - __start_own_zero) +
			       __start_own_code[0];
		}
	END
	"$BIN/imgbuild" own.c -o own.hvt
	readelf -lW own.hvt | sed -n 's/^   0\([012]\)  */\1 /p' >map
	grep '^0 ' map | grep -q own_const
	grep '^1 ' map | grep -q own_code
	grep '^2 ' map | grep own_data | grep -q own_zero
	symbols own.hvt.debug | grep -q __stop_own_data
	[ "$(stat -c %s own.hvt)" -lt 60000 ]
}

@test "sections of the user's own need no section of the usual name" {
	cat >own.S <<-'END'
		.section own_const, "a"
		.long 1
		.section own_data, "aw"
		.long 1
		.section own_zero, "aw", @nobits
		.zero 64
		.section .note.GNU-stack, "", @progbits
	END
	sed -i 's/\.text/.section own_code, "ax"/' bare.S
	bare own.S -Wl,--no-gc-sections -o own.hvt
	[ "$(json own.hvt '[.segments[].access] | join(" ")')" = "r-- r-x rw-" ]
	[ "$(json own.hvt '.segments[2].memory_bytes')" -eq 68 ]
}

@test "what only relocation would have written is read-only" {
	cat >ro.c <<-'END'
		int f(void) { return 0; }
		int (*const table[])(void) = { f, f };
		__attribute__((constructor)) static void up(void) { f(); }
		__attribute__((destructor)) static void down(void) { f(); }
		_Thread_local int t = 5;
		int main(int argc, char **argv)
		{
			t += argc;
			return table[argc & 1]() + t + !argv;
		}
	END
	"$BIN/imgbuild" -O0 -fPIE ro.c -o ro.hvt
	readelf -lW ro.hvt | grep '^   00 ' >first
	for s in .init_array .fini_array .data.rel.ro .tdata .rodata; do
		grep -qF " $s " first
	done
	readelf -lW ro.hvt | grep -q '^  TLS .* 0x000004 0x000004 R '
}

@test "bss takes memory but no room in the file" {
	echo 'char big[200 << 20]; int main(void) { return big[7]; }' >big.c
	"$BIN/imgbuild" big.c -o big.hvt
	[ "$(stat -c %s big.hvt)" -lt 40000 ]
	[ "$(json big.hvt .memory_bytes)" -gt $((200 << 20)) ]
}

@test "code that nobody calls is left out" {
	echo 'int unused(void) { return 7; }' >>hello.c
	"$BIN/imgbuild" hello.c -o hello.hvt
	symbols hello.hvt.debug | lacks unused
}

@test "inspect tells entry, ABI, sizes, segments and devices" {
	printf '.bss\n.zero 64\n' >>bare.S
	bare --device=block:data -Wl,--no-gc-sections -o bare.hvt
	run "$BIN/imgbuild" inspect bare.hvt
	[ "$status" -eq 0 ]
	[[ $output == *"ABI:      1.0"* ]]
	[[ $output == *"entry:    0x101000"* ]]
	[[ $output == *"build id: $(json bare.hvt .build_id)"* ]]
	[[ $output == *"$(stat -c %s bare.hvt) bytes in the file"* ]]
	[[ $output =~ 0x101000\ +1\ +1\ +r-x ]]
	[[ $output =~ 0x102000\ +0\ +64\ +rw- ]]
	[[ $output == *"block data"* ]]
}

@test "inspect --json agrees with readelf" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	minor=$(sed -n "s/^#define BP_ABI_MINOR //p" \
		"$BATS_TEST_DIRNAME/../boot-protocol/abi_version.h")
	[ "$(json hello.hvt .abi.minor)" -eq "$minor" ]
	entry=$(readelf -hW hello.hvt | sed -n 's/.*Entry.*: *//p')
	[ "$(json hello.hvt .entry)" -eq $((entry)) ]
	[ "$(json hello.hvt .file_bytes)" -eq "$(stat -c %s hello.hvt)" ]
	readelf -lW hello.hvt | awk '$1 == "LOAD" { print $3, $5, $6 }' |
		while read -r at file mem; do
			echo $((at)) $((file)) $((mem))
		done >want
	json hello.hvt '.segments[] |
		"\(.address) \(.file_bytes) \(.memory_bytes)"' >got
	diff want got
	[ "$(json hello.hvt '.devices | length')" -eq 0 ]
}

@test "inspect shows an image without a build id, as null in JSON" {
	bare -Wl,--build-id=none -o bare.hvt
	[ "$(json bare.hvt .build_id)" = null ]
	"$BIN/imgbuild" inspect bare.hvt | grep -q 'build id: none'
}

@test "inspect refuses what is no image with one line and status 1" {
	"$BIN/imgbuild" hello.c -o hello.hvt
	: >empty
	head -c 100 hello.hvt >first
	head -c 5000 hello.hvt >half
	"$BIN/hvt-cc" -c hello.c
	for f in hello.c empty first half hello.o hello.hvt.debug nosuch . \
		"$(command -v ls)"; do
		fails_with_one_line "$BIN/imgbuild" inspect "$f"
		[ "$status" -eq 1 ]
		[[ $output == "imgbuild: $f: "* ]]
	done
	fails_with_one_line "$BIN/imgbuild" inspect .
	[[ $output == *"not a regular file"* ]]
	fails_with_one_line "$BIN/imgbuild" inspect
	fails_with_one_line "$BIN/imgbuild" inspect --yaml hello.hvt
}

@test "inspect survives an image with any one header byte changed" {
	bare --device=block:data -o bare.hvt
	for ((at = 0; at < 600; at += 23)); do
		cp bare.hvt bent.hvt
		printf '\377' |
			dd of=bent.hvt bs=1 seek=$at conv=notrunc status=none
		run "$BIN/imgbuild" inspect --json bent.hvt
		[ "$status" -le 1 ]
		if [ "$status" -eq 0 ]; then
			jq -e . <<<"$output"
		else
			[ "${#lines[@]}" -eq 1 ]
		fi
	done
}

@test "the ELF check accepts and refuses what its truth table says" {
	src=$BATS_TEST_DIRNAME/..
	gcc -std=c11 -D_GNU_SOURCE -g -fsanitize=address,undefined \
		-I"$src/boot-protocol" -I"$src/imgbuild" \
		"$src/tests/unit/elf_check_truth.c" \
		"$src/imgbuild/elf_check.c" "$src/imgbuild/device_note.c" \
		-lelf -o truth
	run ./truth
	[ "$status" -eq 0 ] || grep '^not ok' <<<"$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok ' <<<"$output")" -ge 60 ]
}

@test "declared devices are in the image, in order" {
	"$BIN/imgbuild" hello.c --device=block:data --device block:log_2-x \
		--device=block:aaaaaaaaaabbbbbbbbbbccccccccccd \
		--device=net:lan -o dev.hvt
	[ "$(json dev.hvt '[.devices[] | "\(.kind) \(.name)"] | join(",")')" = \
		"block data,block log_2-x,block aaaaaaaaaabbbbbbbbbbccccccccccd,net lan" ]
	# Name, size and alignment of notes as readelf understands them.
	[ "$(readelf -nW dev.hvt | grep -c 'HVT  *0x00000024')" -eq 4 ]
}

@test "a bad, repeated or unknown device is refused with one line" {
	for d in block block: block:A block:a/b lan:eth0 :x data \
		block:aaaaaaaaaabbbbbbbbbbccccccccccdd 'block:a b' ''; do
		fails_with_one_line "$BIN/imgbuild" hello.c "--device=$d"
		[[ $output == *"--device=$d"* ]]
	done
	fails_with_one_line "$BIN/imgbuild" hello.c --device=block:x \
		--device=block:x
	[[ $output == *"declared before"* ]]
}

@test "more devices than a tender takes are refused" {
	d=()
	for ((i = 0; i < 32; i++)); do d+=("--device=block:d$i"); done
	"$BIN/imgbuild" hello.c "${d[@]}" -o dev.hvt
	[ "$(json dev.hvt '.devices | length')" -eq 32 ]
	fails_with_one_line "$BIN/imgbuild" hello.c "${d[@]}" --device=block:z
}

@test "a configure script finds what is there and not what is not" {
	cat >configure <<-'END'
		#!/bin/sh
		# What autoconf generates, in small.
		set -e
		probe() {
			printf '%s\n' "$2" >conftest.c
			if $CC $CFLAGS -o conftest conftest.c $3 2>log &&
				test -s conftest && test -x conftest; then
				echo "$1=yes"
			else
				echo "$1=no"
			fi
			rm -f conftest*
		}
		$CC --version >/dev/null
		$CC -v >/dev/null 2>&1
		probe compiler 'int main(void){return 0;}'
		probe strdup 'char strdup(); int main(void){return strdup();}'
		probe nosuch 'char nosuch(); int main(void){return nosuch();}'
		probe libm 'char sin(); int main(void){return sin();}' -lm
		probe libnone 'int main(void){return 0;}' -lnone
		probe flag 'int main(void){return 0;}' -Wl,--as-needed
		printf '#include <unistd.h>\n' >conftest.c
		$CC -E conftest.c >/dev/null && echo header=yes
		$CC -c conftest.c && test -f conftest.o && echo object=yes
		rm -f conftest*
	END
	CC="$BIN/hvt-cc" CFLAGS='-g -O2 -fno-builtin -w' sh ./configure >got
	printf '%s\n' compiler=yes strdup=yes nosuch=no libm=yes libnone=no \
		flag=yes header=yes object=yes | diff - got
	holds_only bare.S configure got hello.c log
}

@test "make CC=hvt-cc builds an image out of a makefile's own rules" {
	mkdir p
	cp hello.c p/hello.c
	echo 'hello: hello.o util.o' >p/Makefile
	echo 'int util;' >p/util.c
	make -s -j2 -C p CC="$BIN/hvt-cc" CFLAGS='-O2 -Wall' LDLIBS=-lm
	(cd p && holds_only Makefile hello hello.c hello.debug hello.o util.c \
		util.o)
	json p/hello .abi.major | grep -qx 1
}

@test "clang builds an image as well" {
	command -v clang >/dev/null || skip "no clang"
	HVT_CC=clang "$BIN/imgbuild" hello.c -lm -o hello.hvt
	json hello.hvt .abi.major | grep -qx 1
	echo '.globl f; f: ret; .section .note.GNU-stack, ""' >f.s
	for args in '-c hello.c' '-c f.s' 'hello.o f.o' 'f.s hello.o'; do
		# shellcheck disable=SC2086 # several words on purpose
		run env HVT_CC=clang "$BIN/hvt-cc" -Werror $args
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}

@test "a compiler or sysroot that is not there is named in one line" {
	HVT_CC=no-such-cc fails_with_one_line "$BIN/imgbuild" hello.c
	[[ $output == *no-such-cc* ]]
	HVT_SYSROOT=/no/such fails_with_one_line "$BIN/imgbuild" hello.c
	[[ $output == *HVT_SYSROOT=/no/such* ]]
	cp "$BIN/imgbuild" .
	unset HVT_SYSROOT
	fails_with_one_line ./imgbuild hello.c
	[[ $output == *"no guest runtime"* ]]
}

@test "an installed imgbuild finds its sysroot in ../lib/hvt" {
	mkdir -p prefix/bin prefix/lib
	cp "$BIN/imgbuild" prefix/bin
	cp -r "${HVT_SYSROOT:-$BIN/../build/sysroot}" prefix/lib/hvt
	unset HVT_SYSROOT
	prefix/bin/imgbuild hello.c -o hello.hvt
	[ -x hello.hvt ]
}

@test "an output that is a directory is refused with one line, and stays empty" {
	mkdir out
	echo 'int main(void) { return 0; }' >a.c
	run "$BIN/imgbuild" a.c -o out
	[ "$status" -eq 1 ]
	[ "$output" = "imgbuild: out: a directory; name a file" ]
	[ -z "$(ls -A out)" ]
}

@test "--no-ext4 leaves out file systems on disks, and nothing else" {
	cat >paths.c <<-'END'
		#include <errno.h>
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		static void try(const char *path, const char *mode)
		{
			FILE *f = fopen(path, mode);
			printf("%s: %s\n", path, f ? "open" : strerror(errno));
		}
		int main(void)
		{
			try("/tmp/file", "w");
			try("/tmp/file", "r");
			try("/dev/disk0", "r");
			try("/missing", "r");
			try("/data/file", "w");
			return access("/srv/x", F_OK) && errno == EOPNOTSUPP;
		}
	END
	truncate -s 1M raw
	"$BIN/imgbuild" disk create fs --size=1M
	"$BIN/imgbuild" paths.c -o with.hvt
	"$BIN/imgbuild" --no-ext4 paths.c -o without.hvt
	[ "$(stat -c %s without.hvt)" -lt 100000 ]
	[ "$(stat -c %s with.hvt)" -gt 200000 ]
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || skip "no /dev/kvm to run them"
	status=0
	"$BIN/tender" --disk=raw --disk=srv=fs,mount=/srv without.hvt \
		>out 2>err || status=$?
	diff out - <<-'END'
		/tmp/file: open
		/tmp/file: open
		/dev/disk0: open
		/missing: No such file or directory
		/data/file: Not supported
	END
	[ "$status" -eq 1 ]
	grep -q '^hvt: disk disk0: cannot be mounted on /data: .*--no-ext4' err
	grep -q '^hvt: disk srv: cannot be mounted on /srv: .*--no-ext4' err
}

@test "--no-ext4 goes to no compiler, and is refused with --rootfs" {
	"$BIN/hvt-cc" --no-ext4 -c hello.c -o hello.o
	mkdir d
	fails_with_one_line "$BIN/imgbuild" --no-ext4 --rootfs=d hello.c -o x
	[[ ${lines[0]} == *"--no-ext4: --rootfs=d needs it" ]]
	[ ! -e x ]
}
