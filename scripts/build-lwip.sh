#!/usr/bin/env bash
# Builds lwIP 2.1 for the guest, or for unit tests on this machine.
#
#   build-lwip.sh SOURCE DIRECTORY [SYSROOT]
#
# SOURCE is an archive or an unpacked tree; it is not changed. DIRECTORY gets
# include/ and liblwip.a. With a SYSROOT (see build-musl.sh) they are for the
# guest: every global symbol gets a reserved prefix, so that a program may
# bring an lwIP of its own. DIRECTORY/symbols says so to objcopy, for objects
# that call the library. Without one they are for this machine, by CC and
# CFLAGS.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
source=$(realpath "$1") work=$(realpath -m "$2")
sysroot=${3:+$(realpath "$3")}
cc=${CC:-gcc}

fail() {
	echo "build-lwip: $*" >&2
	exit 1
}

# Without what guest-runtime/net_*.c has in its place: mem, memp, timeouts, dns.
files=(core/{def,inet_chksum,init,ip,netif,pbuf,raw,tcp,tcp_in,tcp_out,udp}
	core/ipv4/{dhcp,etharp,icmp,igmp,ip4,ip4_addr,ip4_frag}
	core/ipv6/{dhcp6,ethip6,icmp6,inet6,ip6,ip6_addr,ip6_frag,mld6,nd6}
	netif/ethernet)

rm -rf "$work"
mkdir -p "$work/src" "$work/obj"
if [ -d "$source" ]; then
	cp -a "$source/src/." "$work/src/"
else
	tar -xf "$source" -C "$work" --strip-components=1 --wildcards '*/src'
fi
grep -Eqs '^#define LWIP_VERSION_MINOR +1\b' "$work/src/include/lwip/init.h" ||
	fail "$source: not lwIP 2.1.x"
cp -a "$work/src/include" "$work/include"
cd "$work"

flags=(-std=gnu11 -w -D_GNU_SOURCE -I"$top/guest-runtime/lwip" -Iinclude
	-ffile-prefix-map="$work=lwip")
if [ -n "$sysroot" ]; then
	# Frame pointers: backtraces of a trapped guest go through it too.
	flags+=(-O2 -g -nostdinc -isystem "$sysroot/include"
		-isystem "$("$cc" -print-file-name=include)"
		-fno-pie -fno-stack-protector -fno-omit-frame-pointer
		-ffunction-sections -fdata-sections
		-fno-asynchronous-unwind-tables -fstack-clash-protection)
else
	read -ra own <<<"${CFLAGS:--O2 -g}"
	flags+=("${own[@]}")
fi

jobs_max=$(nproc)
for file in "${files[@]}"; do
	while [ "$(jobs -pr | wc -l)" -ge "$jobs_max" ]; do
		wait -n
	done
	{ "$cc" "${flags[@]}" -c "src/$file.c" -o "obj/lwip_${file##*/}.o" ||
		: >failed; } &
done
wait
[ ! -e failed ] || fail "compiling failed"

if [ -n "$sysroot" ]; then
	# Also what it asks of the runtime: net_*.c, whose names are so renamed.
	{
		nm --defined-only --extern-only --format=posix obj/*.o |
			awk 'NF > 1 { print $1 }'
		nm --undefined-only --format=posix obj/*.o |
			awk 'NF > 1 { print $1 }' | grep -xE \
			'(net|mem|memp|sys|dns)_.*|tcp_timer_needed'
	} | sort -u | sed 's/.*/& __rt_&/' >symbols
	for object in obj/*.o; do
		objcopy --redefine-syms=symbols "$object"
	done
fi
rm -f liblwip.a
ar rcsD liblwip.a obj/*.o
