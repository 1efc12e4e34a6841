# shellcheck shell=bash
# The rows of scripts/bench.sh about the network: the guest behind passt, as
# --net=user has it, beside the same program behind the host's own loopback.
# Sourced by it, for what it has to measure with.

# They are those of bench.sh.
: "${out:?}" "${tender:?}" "${as_imgbuild:?}"
net_port=$((20000 + RANDOM % 12000))
net_megabytes=400
net_guest=("$tender" --net=user -p "127.0.0.1:$net_port:80" --mem=256M)

no_passt() {
	command -v passt >/dev/null || echo "no passt"
}

# net_row NAME in|out
net_row() {
	local why

	why=$(no_kvm)
	needs "$1" "1e6 ms" "ratio 2" "${why:-$(no_passt)}" || return 0
	measure "$1" "1e6 ms" "ratio 2" own 7 \
		"$out/net" "$2" "$net_megabytes" "$net_port" \
		"${net_guest[@]}" "$out/net_peer.hvt" :: \
		"$out/net" "$2" "$net_megabytes" $((net_port + 1)) \
		"$out/net_peer" $((net_port + 1))
}

# net_exits NAME in|out: of the whole run, which are few beside those of the
# data.
net_exits() {
	local row=("$1" "1e3 calls" "value 3") exits why

	why=$(no_kvm)
	needs "${row[@]}" "${why:-$(no_passt)}" || return 0
	exits=$("$out/net" "$2" "$net_megabytes" "$net_port" \
		"${net_guest[@]}" -v "$out/net_peer.hvt" 2>&1 >/dev/null |
		sed -n 's/.* after \([0-9]*\) hypercalls.*/\1/p')
	if [ -n "$exits" ]; then
		add_value "${row[@]}" $((exits * 1000 / net_megabytes))
	else
		add_failed "${row[@]}" "the tender counted no hypercalls"
	fi
}

# The time of 1000 requests over 32 connections at once.
net_requests() {
	local row=("1000 requests to httpd, 32 connections, passt" "1e6 ms"
		"ratio 1.43") root=$out/httpd-root why command

	why=$(no_kvm)
	why=${why:-$(no_passt)}
	for command in wrk curl; do
		command -v $command >/dev/null || why=${why:-no $command}
	done
	needs "${row[@]}" "$why" || return 0
	mkdir -p "$root/www"
	head -c 1000 /dev/zero >"$root/www/1000"
	bin/imgbuild -O2 --rootfs="$root" samples/httpd.c -o "$out/httpd.hvt"
	musl-gcc -O2 "${as_imgbuild[@]}" -static -no-pie samples/httpd.c \
		-o "$out/httpd"
	measure "${row[@]}" own 5 \
		tests/bench/requests.sh "$net_port" 1000 \
		"${net_guest[@]}" "$out/httpd.hvt" :: \
		tests/bench/requests.sh $((net_port + 1)) 1000 \
		"$out/httpd" $((net_port + 1)) "$root/www"
}

bench_net() {
	build_both net_peer
	build_native net
	net_row "$net_megabytes MiB of TCP out of the guest, passt" out
	net_row "$net_megabytes MiB of TCP into the guest, passt" in
	net_requests
	net_exits "hypercalls for a MiB of TCP out of the guest" out
	net_exits "hypercalls for a MiB of TCP into the guest" in
}
