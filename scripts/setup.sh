#!/usr/bin/env bash
# Installs what a set of tasks needs, where it is not there yet.
#
#   setup.sh build|check|lint|bench|page|coverage|nested...
#
# A machine that has everything needs neither root nor a network.
set -euo pipefail

packages=()
for task in "$@"; do
	case $task in
	build) packages+=(gcc libc6-dev linux-libc-dev musl-tools make libelf-dev
		libdw-dev libext2fs-dev libsodium-dev binutils ca-certificates) ;;
	check) packages+=(bats gdb jq libxml2-utils clang libclang-rt-14-dev musl-tools
		attr bsdutils e2fsprogs gzip sqlite3 tcl util-linux procps
		xz-utils ed autoconf automake libtool strace crun passt redis-tools iproute2
		iputils-ping curl tshark
		wrk socat busybox-static valgrind gnuplot-nox golang-github-containers-common) ;;
	lint) packages+=(clang-format clang-tidy cppcheck shellcheck mandoc) ;;
	coverage) packages+=(llvm) ;;
	bench) packages+=(passt musl-tools jq strace valgrind e2fsprogs gzip tcl
		xz-utils gnuplot-nox fonts-dejavu-core) ;;
	page) packages+=(bats jq gnuplot-nox fonts-dejavu-core chromium) ;;
	nested) packages+=(qemu-system-x86 busybox-static) ;;
	*)
		echo "setup: unknown task $task" >&2
		exit 2
		;;
	esac
done

# Elsewhere than on Debian, what is missing will say so itself.
command -v dpkg-query >/dev/null || exit 0

missing=()
for package in "${packages[@]}"; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" \
		= installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "setup: no apt-get here; install by hand: ${missing[*]}" >&2
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "setup: as root: apt-get install ${missing[*]}" >&2
		exit 1
	}
	as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
# A cached list may name packages that are no longer there.
"${as_root[@]}" apt-get -qq update
# --no-remove: nothing the machine's owner has installed makes way.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
	--no-remove --no-install-recommends "${missing[@]}" >/dev/null
