# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests read what is set here
# SPDX-License-Identifier: ISC
#
# A container, run by crun, with the seccomp profile that container engines
# use by default; for a suite that has loaded lib.

CONTAINER_PROFILE=/usr/share/containers/seccomp.json

# The capabilities that crun's own template grants.
CONTAINER_CAPS='["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]'

# make_container [NAME]: a bundle in the current directory, with the programs
# of this tree in the path and the images of this file in /images. The profile
# is that of the engines, but for the system call NAME. Skips where there is
# no crun or it cannot run.
make_container() {
	command -v crun >/dev/null || skip "no crun"
	[ -e "$CONTAINER_PROFILE" ] || skip "no seccomp.json"
	mkdir -p bundle/rootfs/{proc,dev,sys,usr,tree,images}
	for name in bin lib lib64; do
		ln -sfn "usr/$name" "bundle/rootfs/$name"
	done
	(cd bundle && rm -f config.json && crun spec)
	# From the engines' format to that of the OCI: their conditions on
	# capabilities and machines are decided here.
	jq --argjson granted "$CONTAINER_CAPS" --arg without "${1-}" '
		def applies: ((.includes.caps // []) - $granted == []) and
			((.excludes.caps // []) as $no |
				($no - $granted) == $no) and
			((.includes.arches // ["amd64"]) | index("amd64")) and
			((.excludes.arches // []) | index("amd64") | not);
		{ defaultAction, defaultErrnoRet, architectures:
			["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		  syscalls: [.syscalls[] | select(applies) |
			.names -= [$without] | select(.names != []) |
			{ names, action, args: (.args // []) } +
			if .errnoRet then { errnoRet } else {} end] }' \
		"$CONTAINER_PROFILE" >bundle/seccomp.json
	jq --slurpfile seccomp bundle/seccomp.json \
		--arg tree "$BIN" --arg images "$BATS_FILE_TMPDIR" '
		def bind($from; $to): { destination: $to, source: $from,
			type: "none", options: ["bind", "ro"] };
		.linux.seccomp = $seccomp[0] |
		.process.terminal = false |
		.process.env = ["PATH=/tree:/usr/bin:/bin"] |
		.mounts |= map(select(.type != "cgroup")) |
		.mounts += [bind("/usr"; "/usr"), bind($tree; "/tree"),
			bind($images; "/images")]' \
		bundle/config.json >bundle/new.json
	mv bundle/new.json bundle/config.json
	cp bundle/config.json bundle/template.json
	run_contained true
	[ "$status" -eq 0 ] || skip "crun cannot run here: $(head -n 1 err)"
}

# Runs a command in it. Sets $status, and leaves the files out and err.
run_contained() {
	local id

	id=hvt-test-$$-$BATS_TEST_NUMBER
	jq '.process.args = $ARGS.positional' bundle/template.json \
		--args -- "$@" >bundle/config.json
	status=0
	# Nothing is limited by cgroups, and crun minds some layouts of them.
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' - \
		timeout -s KILL "$LIMIT_SECONDS" crun --root "$PWD/crun" \
		--cgroup-manager=disabled run --bundle bundle "$id" \
		</dev/null >out 2>err 3>&- || status=$?
}
