#!/usr/bin/env bash
# Builds musl for the guest: system calls become calls of the guest runtime.
#
#   build-musl.sh SOURCE SYSROOT
#
# SOURCE is an archive or an unpacked tree of musl 1.2.x; it is not changed.
# SYSROOT gets include/ and lib/. Only what musl itself says is architecture
# dependent is replaced; see guest-runtime/musl/syscall_arch.h.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
source=$(realpath "$1") sysroot=$(realpath -m "$2")
work=$(dirname "$sysroot")/musl

fail() {
	echo "build-musl: $*" >&2
	exit 1
}

rm -rf "$work"
mkdir -p "$work"
if [ -d "$source" ]; then
	cp -a "$source/." "$work/"
else
	tar -xf "$source" -C "$work" --strip-components=1
fi
case $(cat "$work/VERSION" 2>/dev/null) in
1.2.*) ;;
*) fail "$source: not musl 1.2.x" ;;
esac
cd "$work"

cp "$top/guest-runtime/musl/syscall_arch.h" arch/x86_64/syscall_arch.h
cp "$top/guest-runtime/rt_syscall.h" "$top/guest-runtime/syscall_list.h" \
	arch/x86_64/
# Cancellation points pass through a function that takes the number as an
# argument; make them direct calls too.
sed -i 's/(__syscall_cp)(/__rt_syscall_cp(/' src/internal/syscall.h
# There are no set-user-ID programs, and so no need to open /dev/null for them.
sed -i 's/if (aux\[AT_UID\]==aux\[AT_EUID\]/if (1 || aux[AT_UID]==aux[AT_EUID]/' \
	src/env/__libc_start_main.c
grep -q 'if (1 ||' src/env/__libc_start_main.c ||
	fail "src/env/__libc_start_main.c is not as expected"
# The runtime has its own of these.
rm -f src/unistd/isatty.c src/string/memmove.c src/string/x86_64/memmove.s \
	src/string/memcpy.c src/string/x86_64/memcpy.s \
	src/thread/clone.c src/thread/__unmapself.c
# With one CPU nothing changes while a thread spins: it waits, or yields.
spinning=$(grep -lE 'spins ?= ?[12]00' src/thread/*.c)
[ "$(wc -w <<<"$spinning")" -eq 6 ] ||
	fail "src/thread does not spin as expected"
# shellcheck disable=SC2086 # a list
sed -i -E 's/spins ?= ?[12]00/spins = 0/' $spinning
sed -i 's/a_spin()/__syscall(SYS_sched_yield)/' src/thread/pthread_spin_lock.c
grep -q SYS_sched_yield src/thread/pthread_spin_lock.c ||
	fail "src/thread/pthread_spin_lock.c is not as expected"
# One call for a stack and its guard, which the runtime does not map anew.
sed -i -e 's/__mmap(0, size, PROT_NONE, MAP_PRIVATE|MAP_ANON, -1, 0)/(void *)__syscall_ret(__syscall(SYS_stack_alloc, size, guard))/' \
	-e 's/if (__mprotect(map+guard, size-guard, PROT_READ|PROT_WRITE)/if (0/' \
	src/thread/pthread_create.c
[ "$(grep -cE 'SYS_stack_alloc|if \(0$' src/thread/pthread_create.c)" -eq 2 ] ||
	fail "src/thread/pthread_create.c is not as expected"
# This one is of libc's own structures.
cp "$top/guest-runtime/musl/pthread_cancel.c" src/thread/
# The only assembly with a system call in it; C takes its place.
grep -lw syscall src/*/x86_64/*.s | xargs rm -f
if grep -rlw 'syscall' src/*/x86_64/; then
	fail "these files still hold a system call"
fi

# Frame pointers: backtraces of a trapped guest go through libc too.
CC=${CC:-gcc} CFLAGS="-O2 -g -fno-pie -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections \
	-ffile-prefix-map=$work=musl" \
	./configure --prefix="$sysroot" --target=x86_64 --disable-shared \
	--disable-wrapper >configure.log 2>&1 ||
	fail "configure failed; see $work/configure.log"
make -j"$(nproc)" CROSS_COMPILE= >make.log 2>&1 || fail "make failed; see $work/make.log"
make CROSS_COMPILE= install-libs install-headers >install.log 2>&1 ||
	fail "make install failed; see $work/install.log"
# Images have a start of their own.
rm -f "$sysroot"/lib/*crt*.o "$sysroot"/lib/crt[in].o

# Kernel headers, for programs that include <linux/...>.
for name in linux asm-generic mtd; do
	[ -d "/usr/include/$name" ] &&
		ln -sfn "/usr/include/$name" "$sysroot/include/$name"
done
for asm in "/usr/include/$("${CC:-gcc}" -print-multiarch)/asm" /usr/include/asm; do
	if [ -d "$asm" ]; then
		ln -sfn "$asm" "$sysroot/include/asm"
		break
	fi
done
