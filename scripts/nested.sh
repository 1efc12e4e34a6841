#!/usr/bin/env bash
# Run a command on a second, stock KVM: Debian's own kernel with kvm_amd inside
# QEMU's software-emulated SVM. The host's own /dev/kvm is not used.
#
# The guest sees the host's root file system read-only through 9p, under an
# overlay in memory: the command may write anywhere, and nothing of it lasts.
# The generic kernel package is needed: the cloud one has no 9p.
set -euo pipefail

usage() {
	cat <<'USAGE'
usage: scripts/nested.sh [--timeout=S] [--cpus=N] [--mem=MIB] COMMAND [ARG...]
       scripts/nested.sh --kernel

Runs COMMAND as root in the repository's directory, with this environment and
no standard input. Exits with its status; 124: timeout; 125: the lane failed.
Whatever COMMAND leaves running is killed; what it wrote to disk is dropped.
--kernel only fetches the kernel, and prints where it is.
USAGE
}

fail() {
	local status=$1
	shift
	printf 'nested: %s\n' "$*" >&2
	exit "$status"
}

# One CPU: with two, this emulation locks up after some tens to hundreds of VMs,
# and a command that starts many short programs is no faster.
timeout_s=3600 cpus=1 mem_mib=2048 only_kernel=''
while [[ ${1-} == -* ]]; do
	case $1 in
	--timeout=*) timeout_s=${1#*=} ;;
	--cpus=*) cpus=${1#*=} ;;
	--mem=*) mem_mib=${1#*=} ;;
	--kernel) only_kernel=1 ;;
	--help | -h) usage && exit 0 ;;
	--) shift && break ;;
	*) fail 125 "unknown option $1 (see --help)" ;;
	esac
	shift
done
for number in "$timeout_s" "$cpus" "$mem_mib"; do
	[[ $number =~ ^[1-9][0-9]*$ ]] ||
		fail 125 "'$number' is not a positive number (see --help)"
done
[[ $only_kernel ]] || (($#)) || fail 125 "no command given (see --help)"

need() {
	command -v "$1" >/dev/null || fail 125 "$1 is missing: install the package $2"
}
need qemu-system-x86_64 qemu-system-x86
need busybox busybox-static
need apt-get apt
need dpkg-deb dpkg
need flock util-linux

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(dirname "$scripts")
cache=$repo/build/nested
mkdir -p "$cache"

# vmlinuz, and below lib/ the modules that nested-init.sh asks for, with their
# dependencies. Made in a scratch directory and renamed when complete.
fetch_kernel() {
	local package version module
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	cd "$scratch"
	package=$(LC_ALL=C apt-cache depends linux-image-amd64 |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }')
	[[ $package ]] ||
		fail 125 "apt knows no linux-image-amd64: run apt-get update"
	echo "nested: fetching the kernel package $package" >&2
	apt-get -qq download "$package" 2>apt.log ||
		fail 125 "cannot fetch $package: $(tail -n 1 apt.log)"
	dpkg-deb -x "$package"_*.deb unpacked
	version=${package#linux-image-}
	busybox depmod -b "$PWD/unpacked" "$version"
	mkdir -p "kernel/lib/modules/$version"
	cp "unpacked/boot/vmlinuz-$version" kernel/vmlinuz
	cd "unpacked/lib/modules/$version"
	for module in $("$scripts/nested-init.sh" modules); do
		grep -E "/${module//_/[-_]}\.ko:" modules.dep ||
			fail 125 "$package has no module $module"
	done | tr -d : | tr ' ' '\n' | sort -u >"$scratch/list"
	xargs -a "$scratch/list" \
		cp --parents -t "$scratch/kernel/lib/modules/$version"
	cd "$scratch"
	busybox depmod -b "$PWD/kernel" "$version"
	mv -T kernel "$cache/kernel"
}

exec {lock}>"$cache/lock"
flock "$lock"
[[ -d $cache/kernel ]] || (fetch_kernel)
exec {lock}>&-
if [[ $only_kernel ]]; then
	echo "$cache/kernel/vmlinuz"
	exit 0
fi

run=$(mktemp -d "$cache/run.XXXXXX")
qemu=''
# shellcheck disable=SC2317 # reached through the trap
clean_up() {
	if [[ $qemu ]]; then
		kill "$qemu" 2>/dev/null || :
	fi
	rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# One stream keeps the order of lines that two would lose.
merge=''
[[ /dev/stdout -ef /dev/stderr ]] && merge='exec 2>&1'
mkdir -p "$run/root/bin" "$run/root/lib"
cp "$(command -v busybox)" "$run/root/bin/busybox"
cp "$scripts/nested-init.sh" "$run/root/init"
cp -r "$cache/kernel/lib/modules" "$run/root/lib/"
{
	export -p
	echo 'export HOME=/root USER=root LOGNAME=root'
	echo "$merge"
	printf 'cd %q && exec' "$repo"
	printf ' %q' "$@"
	echo
} >"$run/root/command"
cd "$run"
(cd root && find . | busybox cpio -o -H newc 2>/dev/null) >initrd

# Output goes through plain files: writing to one never blocks QEMU, and with
# ioeventfd=off a guest's write has reached the file when it returns, so that
# nothing is in flight when the guest turns itself off.
# QEMU reads the frame of an iretq at ring 3 as a kernel would: with SMAP that is
# a fault of the kernel, which dies of it.
# Without address randomisation QEMU can use again what it has translated, which
# halves the cost of starting a program.
kernel_args="console=ttyS0 quiet panic=-1 oops=panic softlockup_panic=1
	watchdog_thresh=60 mitigations=off tsc=reliable nokaslr norandmaps"
touch out err status
timeout -k 5 "$timeout_s" qemu-system-x86_64 -nodefaults -no-user-config \
	-M q35 -accel tcg,thread=multi -cpu max,-smap -smp "$cpus" -m "$mem_mib" \
	-display none -monitor none -nic none -no-reboot \
	-serial file:console \
	-kernel "$cache/kernel/vmlinuz" -initrd initrd \
	-append "${kernel_args//[[:space:]]/ }" \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	-device virtio-serial,ioeventfd=off \
	-chardev file,id=out,path=out -device virtserialport,name=out,chardev=out \
	-chardev file,id=err,path=err -device virtserialport,name=err,chardev=err \
	-chardev file,id=status,path=status -device virtserialport,name=status,chardev=status \
	</dev/null >qemu.log 2>&1 &
qemu=$!
tail -s 0.1 --pid="$qemu" -c +1 -f out &
tails=($!)
tail -s 0.1 --pid="$qemu" -c +1 -f err >&2 &
tails+=($!)
qemu_status=0
wait "$qemu" || qemu_status=$?
qemu=''
wait "${tails[@]}" || :

if [[ $(<status) =~ ^exit\ ([0-9]+)$ ]]; then
	exit "${BASH_REMATCH[1]}"
fi
mv console "$cache/console"
log="its console is in build/nested/console"
case $qemu_status in
124 | 137) fail 124 "no end after $timeout_s s; $log" ;;
0) fail 125 "the guest died: $(grep -aE -m 1 'panic|Oops|BUG' "$cache/console" ||
	tail -n 1 "$cache/console"); $log" ;;
*) fail 125 "QEMU ended with status $qemu_status: $(tail -n 1 qemu.log)" ;;
esac
