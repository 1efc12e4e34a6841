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

# It takes the packet apart that it fragments, which TCP may have to send again:
# net_fragment.c gives it a copy.
sed -i 's/^ip6_frag(/ip6_frag_in_place(/' src/core/ipv6/ip6_frag.c
grep -q '^ip6_frag_in_place(' src/core/ipv6/ip6_frag.c ||
	fail "src/core/ipv6/ip6_frag.c is not as expected"

# A peer that first opens no window and then a narrow one makes segments wanted
# that are smaller than one that waits already. That is no reason to stop.
sed -i 's/LWIP_ASSERT("mss_local is too small",.*/mss_local = LWIP_MAX(mss_local, last_unsent->len + unsent_optlen + pcb->unsent_oversize);/' \
	src/core/tcp_out.c
grep -q 'mss_local = LWIP_MAX(mss_local, last_unsent' src/core/tcp_out.c ||
	fail "src/core/tcp_out.c is not as expected"

# Two minutes between retransmissions, as on Linux, are long enough.
sed -i 's/LWIP_MIN(calc_rto, 0x7FFF)/LWIP_MIN(calc_rto, 120000 \/ TCP_SLOW_INTERVAL)/' \
	src/core/tcp.c
grep -q 'calc_rto, 120000' src/core/tcp.c ||
	fail "src/core/tcp.c is not as expected"

# A peer may acknowledge what was only about to be sent: then nothing waits for
# its window any more.
sed -i '/^tcp_slowtmr(void)/,/^}/s/^      if (pcb->persist_backoff > 0) {/\
      if (pcb->unacked != NULL || pcb->unsent == NULL) {\
        pcb->persist_backoff = 0;\
        if (pcb->unacked != NULL \&\& pcb->rtime < 0) pcb->rtime = 0;\
      }\
&/' src/core/tcp.c
grep -q 'unacked != NULL || pcb->unsent == NULL' src/core/tcp.c ||
	fail "src/core/tcp.c is not as expected"

# A peer may use a port again before the last connection from there is forgotten:
# a SYN behind the end of that is a new one (RFC 1122, 4.2.2.13).
sed -i '/packed for TIME_WAITing connection/a\
        if ((flags \& (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN \&\& TCP_SEQ_GT(seqno, pcb->rcv_nxt)) {\
          tcp_pcb_remove(\&tcp_tw_pcbs, pcb);\
          tcp_free(pcb);\
          pcb = NULL;\
          break;\
        }' src/core/tcp_in.c
grep -q 'tcp_pcb_remove(&tcp_tw_pcbs, pcb);' src/core/tcp_in.c ||
	fail "src/core/tcp_in.c is not as expected"

# Strangers who send SYNs and no more must not keep everybody out.
sed -i 's/if (pcb->accepts_pending >= pcb->backlog) {/if (pcb->accepts_pending >= pcb->backlog \&\& !net_tcp_make_room(pcb)) {/' \
	src/core/tcp_in.c
grep -q 'net_tcp_make_room(pcb)' src/core/tcp_in.c ||
	fail "src/core/tcp_in.c is not as expected"

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
			'(net|mem|memp|sys|dns)_.*|tcp_timer_needed|ip6_frag'
	} | sort -u | sed 's/.*/& __rt_&/' >symbols
	for object in obj/*.o; do
		objcopy --redefine-syms=symbols "$object"
	done
fi
rm -f liblwip.a
ar rcsD liblwip.a obj/*.o
