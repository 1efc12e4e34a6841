# shellcheck shell=bash
# The rows of scripts/bench.sh about the network: the guest behind passt, as
# --net=user has it, beside the same program behind the host's own loopback.
# Sourced by it, for what it has to measure with.

# out and tender are those of bench.sh.
: "${out:?}" "${tender:?}"
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

bench_net() {
	build_both net_peer
	build_native net
	net_row "$net_megabytes MiB of TCP out of the guest, passt" out
	net_row "$net_megabytes MiB of TCP into the guest, passt" in
	net_exits "hypercalls for a MiB of TCP out of the guest" out
	net_exits "hypercalls for a MiB of TCP into the guest" in
}
