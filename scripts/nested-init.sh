#!/bin/busybox sh
# shellcheck shell=dash
# PID 1 of the guest that nested.sh boots: first from the initramfs, then, as
# "stage2", from the root that it has put together.

modules="virtio_pci virtio_console 9p 9pnet_virtio overlay kvm_amd
	loop ext4 crc32c_generic tun dummy"

b=/bin/busybox

stage1() {
	$b mkdir /proc /sys /host /scratch
	$b mount -t proc proc /proc
	$b mount -t sysfs sysfs /sys
	$b mount -t devtmpfs dev /dev
	for module in $modules; do
		$b modprobe "$module" || echo "nested: no module $module"
	done
	# Nobody writes below us for as long as this guest lives: cache=loose.
	$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,noatime,cache=loose,msize=524288 host /host
	$b mount -t tmpfs -o size=75%,mode=755 tmpfs /scratch
	$b mkdir /scratch/upper /scratch/work
	$b mount -t overlay -o noatime,lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work overlay /root
	for dir in proc sys dev; do
		$b mkdir -p /root/$dir
		$b mount --move /$dir /root/$dir
	done
	$b mkdir /root/.nested
	$b cp /bin/busybox /init /command /root/.nested/
	exec $b switch_root /root /.nested/busybox sh /.nested/init stage2
}

stage2() {
	cd /.nested || exit
	b=/.nested/busybox
	# What udev and an init system would have done.
	for link in fd: stdin:/0 stdout:/1 stderr:/2; do
		$b ln -s "/proc/self/fd${link#*:}" "/dev/${link%%:*}"
	done
	$b mkdir -p /dev/pts /dev/shm
	$b mount -t devpts -o ptmxmode=666 devpts /dev/pts
	$b mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
	$b chmod 666 /dev/kvm /dev/net/tun /dev/ptmx
	$b hostname nested
	# passt wants an interface with an address; this one leads nowhere.
	$b ip link set lo up
	$b ip address add 192.0.2.2/24 dev dummy0
	$b ip link set dummy0 up
	$b ip route add default via 192.0.2.1

	# A port gets its name some time after its device.
	until [ -e port.out ] && [ -e port.err ] && [ -e port.status ]; do
		for port in /sys/class/virtio-ports/*; do
			read -r name <"$port/name" &&
				$b ln -sf "/dev/${port##*/}" "port.$name"
		done
	done
	# A port can be open once only, while a command may open its standard
	# output again through /dev/stdout: hence a pipe in between.
	$b mkfifo -m 666 out err
	$b cat <out >port.out &
	out=$!
	$b cat <err >port.err &
	err=$!
	$b setsid bash /.nested/command </dev/null >out 2>err
	status=$?
	# Anything still running may hold the pipes open.
	for dir in /proc/[0-9]*; do
		case ${dir#/proc/} in
		1 | "$out" | "$err") ;;
		*) kill -9 "${dir#/proc/}" 2>/dev/null ;;
		esac
	done
	wait "$out" "$err"
	echo "exit $status" >port.status
	$b poweroff -f
}

case ${1-} in
modules) echo "$modules" ;;
stage2) stage2 ;;
*) stage1 ;;
esac
