#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# README's tour, as it stands there: its files, its commands, its output.

load lib

# Splits the tour into N.c, the C programs, the file commands, one on a line,
# and N.want, what the Nth command is to print.
extract() {
	awk '
		/^## / { tour = $0 == "## A tour"; next }
		!tour { next }
		/^```c$/ { file = ++programs ".c"; next }
		/^```$/ { file = (file == "") ? "shell" : ""; next }
		file == "shell" && /^\$ / {
			commands++
			print substr($0, 3) >"commands"
			printf "" >(commands ".want")
			next
		}
		file == "shell" { print >(commands ".want"); next }
		file { print >file }' "$REPO/README.md"
}

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	extract
	# The Nth program has the Nth name that a command compiles, but for those
	# that have a directory, which are there.
	n=0
	while read -r name; do
		n=$((n + 1))
		mv "$n.c" "$name"
	done < <(grep -o ' [a-z]*\.c\>' commands)
	[ "$n" -ge 2 ]
	[ "$(wc -l <commands)" -ge 8 ]
	ln -s "$BIN" "$REPO/samples" .
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	rm -f -- *.have ./*.img
}

# Runs the commands that match $1, in one shell, started by the command
# "${@:2}". What the Nth prints goes to N.have.
run_commands() {
	cat >run.sh <<-'END'
		last=0 n=0
		while read -r command <&9; do
			n=$((n + 1))
			[[ $command =~ $1 ]] || continue
			(exit $last)
			eval "$command" >"$n.have" 2>&1
			last=$?
		done 9<commands
	END
	"${@:2}" bash run.sh "$1"
}

# What does not vary with the compiler: words, and the names of the first
# functions of a backtrace. One kind of vCPU cannot tell reads from writes.
essence() {
	sed -E -e '/^  r[a-z0-9]+ +[0-9a-f]{16} /d' \
		-e '/^  #[1-9][0-9]|^  #[2-9]/d' -e 's/^(  #[0-9]+ ) *[0-9a-f]{16} /\1/' \
		-e 's/(0x)?[0-9a-f]{16,}//' -e 's/\+0x[0-9a-f]+//' \
		-e 's/, pc 0x.*//' -e 's/(read|access) of|access to/touch/' \
		-e 's/0x[1-9a-f][0-9a-f]+/ADDRESS/g' \
		-e '/^(size:| +ADDRESS)/s/[0-9]+/SIZE/g; s/ +/ /g' \
		-e 's/[0-9]{4}(-[0-9]{2}){2} [0-9:]{8}/TIME/' \
		-e '/^tender: without KVM/d' "$1"
}

# These many commands were run, and each has printed what the README says.
as_told() {
	local file n=0

	for file in *.have; do
		diff <(essence "${file%.have}.want") <(essence "$file") || {
			sed -n "${file%.have}p" commands
			return 1
		}
		n=$((n + 1))
	done
	[ "$n" -eq "$1" ]
}

# Runs a command where there is no /dev/kvm.
without_kvm() {
	mkdir -p dev
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -rm sh -c 'mount -t tmpfs none dev &&
		for name in null zero urandom; do
			: >dev/$name && mount --bind /dev/$name dev/$name
		done && mount --move dev /dev && exec "$@"' - "$@"
}

@test "README's tour works as it says" {
	[ -w /dev/kvm ] || skip "no permission on /dev/kvm"
	run_commands . env
	as_told "$(wc -l <commands)"
}

@test "README's tour works without KVM, on the same images" {
	without_kvm test ! -e /dev/kvm || skip "no user namespaces"
	run_commands 'export|printf|disk create|imgbuild .* -o' env
	cksum ./*.hvt >sums
	rm -f -- *.have
	# Guests, and the status of the last.
	run_commands '^(export|tender|echo)' without_kvm
	as_told "$(grep -cE '^(export|tender|echo)' commands)"
	[ "$(cat -- *.have | grep -c '^tender: without KVM')" -eq \
		"$(grep -c '^tender' commands)" ]
	cksum ./*.hvt | cmp sums -
}
