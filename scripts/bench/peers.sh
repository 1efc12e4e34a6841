# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# What a user would take instead: a container, Linux in a small QEMU machine, a
# program with glibc. bench/quoted.json has those that are not packaged.

# Of bench.sh.
: "${out:?}" "${tender:?}" "${scratch:?}" "${cflags?}" "${as_imgbuild?}"

# Everybody on KVM starts the same program here: hello.
bench_container() {
	local row=("start to exit, to a container of crun" "1e6 ms" "")
	local bundle=$scratch/bundle why=''

	launch_in=()
	command -v crun >/dev/null || why="no crun"
	# crun knows cgroups of version 2 alone: a mount namespace has them.
	if [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
		# shellcheck disable=SC2016 # $@ is of that sh
		launch_in=(unshare -m sh -c 'umount -R /sys/fs/cgroup &&
			mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' -)
	fi
	mkdir -p "$bundle/rootfs"
	cp "$out/hello" "$bundle/rootfs/hello"
	if [ -z "$why" ]; then
		(cd "$bundle" && crun spec)
		jq '.process.args = ["/hello"] | .process.terminal = false' \
			"$bundle/config.json" >"$bundle/new"
		mv "$bundle/new" "$bundle/config.json"
	fi
	local run=(crun --cgroup-manager=disabled run --bundle "$bundle"
		"hvt-bench-$$")
	if [ -z "$why" ] && ! "${launch_in[@]}" "${run[@]}" \
		>"$scratch/said" 2>"$scratch/why"; then
		why="crun: $(tail -n 1 "$scratch/why")"
	fi
	if needs "${row[@]}" "$why"; then
		measure "${row[@]}" start 51 \
			"$tender" "$out/hello.hvt" :: "${run[@]}"
	fi
	launch_in=()
}

# newc NAME MODE [MAJOR MINOR|FILE]: one entry of an initramfs.
newc() {
	local bytes=0 name=$1

	[ $# -ne 3 ] || bytes=$(stat -c %s "$3")
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x' \
		0 "$2" 0 0 1 0 "$bytes" 0 0 "$((${4+$3} + 0))" "$((${4-0}))" \
		"$((${#name} + 1))" 0
	printf '%s\0' "$name"
	head -c $(((4 - (110 + ${#name} + 1) % 4) % 4)) /dev/zero
	if [ $# -eq 3 ]; then
		cat "$3"
		head -c $(((4 - bytes % 4) % 4)) /dev/zero
	fi
}

bench_microvm() {
	local accel=kvm runs=9 kernel row
	local image=$scratch/initramfs append why=''

	# Ring 0 is interpreted there, and Linux does not come up in a minute.
	if [ -n "$(no_kvm)" ] || "$tender" --check | grep -q para-virtual; then
		accel=tcg runs=3
	fi
	row=("start to exit, to Linux in a QEMU microvm ($accel)" "1e6 ms" "")
	command -v qemu-system-x86_64 >/dev/null ||
		why="no qemu-system-x86_64"
	if [ -z "$why" ] && ! kernel=$(scripts/nested.sh --kernel \
		2>"$scratch/why"); then
		why=$(tail -n 1 "$scratch/why")
	fi
	needs "${row[@]}" "$why" || return 0
	{
		newc dev 040755
		newc dev/console 020600 5 1
		newc init 0100755 "$out/hello"
		newc 'TRAILER!!!' 0
	} >"$image"
	append="console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off"
	append+=" tsc=reliable"
	# Emulated, its clocks are not to be measured while others compute.
	[ $accel = kvm ] || append+=" tsc_early_khz=$(awk '
		/^cpu MHz/ { print int($4 * 1000); exit }' /proc/cpuinfo)"
	# shellcheck disable=SC2054 # it is one word
	local run=(qemu-system-x86_64 -M microvm,isa-serial=on
		-accel "$accel" -cpu max,-smap -m 128 -nodefaults
		-no-user-config -display none -no-reboot -serial stdio
		-kernel "$kernel" -initrd "$image" -append "$append")
	timeout 30 "${run[@]}" </dev/null >"$scratch/said" 2>&1 || :
	grep -aq 'Hello, world' "$scratch/said" ||
		why="the program was not seen to run in 30 s"
	needs "${row[@]}" "$why" || return 0
	measure "${row[@]}" whole $runs "$tender" "$out/hello.hvt" :: \
		"${run[@]}"
}

bench_glibc() {
	local start=("start to exit, process, to glibc" "1e6 ms" "")
	local compute=("compute, to glibc" "1e6 ms" "")

	gcc -O2 samples/hello.c -o "$out/hello-glibc"
	build_guest compute
	gcc "${cflags[@]}" "${as_imgbuild[@]}" -no-pie tests/bench/compute.c \
		-lm -o "$out/compute-glibc"
	if needs "${start[@]}" "$(no_process)"; then
		measure "${start[@]}" start 201 "$tender" --cpu=process \
			"$out/hello.hvt" :: "$out/hello-glibc"
	fi
	needs "${compute[@]}" "$(no_kvm)" || return 0
	measure "${compute[@]}" own 5 \
		"$tender" "$out/compute.hvt" :: "$out/compute-glibc"
}

bench_peers() {
	local row=("peers" "1 -" "")

	bin/imgbuild samples/hello.c -o "$out/hello.hvt"
	musl-gcc -O2 -static -no-pie samples/hello.c -o "$out/hello"
	bench_glibc
	needs "${row[@]}" "$(no_kvm)" || return 0
	bench_container
	bench_microvm
}
