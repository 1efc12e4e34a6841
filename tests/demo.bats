#!/usr/bin/env bats
# The main job, end to end.

setup() {
	BIN=$BATS_TEST_DIRNAME/../bin
	SAMPLES=$BATS_TEST_DIRNAME/../samples
	[ -w /dev/kvm ] || skip "no /dev/kvm"
}

@test "a program built with imgbuild reads a disk and prints its digest" {
	cd "$BATS_TEST_TMPDIR"
	cp /usr/share/common-licenses/GPL-3 data.img
	truncate -s %512 data.img
	"$BIN/imgbuild" "$SAMPLES/sha256sum.c" -o sum.hvt
	run "$BIN/tender" --disk=data.img sum.hvt
	[ "$status" -eq 0 ]
	[ "${lines[0]%% *}" = "$(sha256sum <data.img | cut -d' ' -f1)" ]
}
