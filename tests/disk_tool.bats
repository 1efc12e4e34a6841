#!/usr/bin/env bats
# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# SPDX-License-Identifier: ISC
# imgbuild disk: file systems in images, beside what e2fsprogs makes of them.
#
#   HVT_IMGBUILD  the image builder to test; default bin/imgbuild

bats_require_minimum_version 1.5.0
load lib

PATH=$PATH:/usr/sbin:/sbin
TOOL=${HVT_IMGBUILD:-$BIN/imgbuild}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset SOURCE_DATE_EPOCH
	# Errors must be told, not leaks of a program that ends anyway.
	export ASAN_OPTIONS=detect_leaks=0
}

teardown() {
	[ -z "${background-}" ] || kill -KILL "$background" 2>/dev/null || :
	[ ! -d mounted ] || umount mounted 2>/dev/null || :
	[ -z "${shm-}" ] || rm -rf "$shm"
}

disk() {
	"$TOOL" disk "$@"
}

# One of everything that needs no privileges.
make_tree() {
	mkdir -p "$1/empty" "$1/sub/deep"
	echo hello >"$1/hello"
	: >"$1/nothing"
	head -c 70000 /dev/urandom >"$1/sub/deep/random"
	ln "$1/hello" "$1/sub/hard"
	ln -s hello "$1/fast"
	ln -s "$(printf 'x%.0s' {1..59})" "$1/longest-fast"
	ln -s "$(printf 'y%.0s' {1..60})" "$1/shortest-slow"
	ln -s "$(printf 'z%.0s' {1..1000})" "$1/sub/slow"
	truncate -s 30M "$1/holes"
	echo middle | dd of="$1/holes" bs=1 seek=20000000 conv=notrunc \
		status=none
	mkfifo "$1/fifo"
	printf 'a b\tc' >"$1/sub/a name"
	chmod 750 "$1/sub"
	chmod 4711 "$1/sub/deep/random"
	chmod 400 "$1/hello"
	touch -d '2001-02-03 04:05:06.789012345' "$1/hello"
	touch -d '1960-01-01 00:00:00.5' "$1/nothing"
	touch -d '2200-01-01 00:00:00.25' "$1/sub/a name"
	touch -h -d '1999-09-09 09:09:09.000000009' "$1/fast"
	touch -d '2010-10-10 10:10:10.123456789' "$1/empty" "$1/sub/deep" \
		"$1/sub" "$1"
}

# What two trees have in common when nothing was lost: names, modes, links,
# where links lead, $2 for printf, which is the time by default, contents.
describe() {
	(
		cd "$1" || return
		find . -mindepth 1 -name lost+found -prune -o \
			-mindepth 1 -printf "%P %M %n %l ${2-%T@}\n" | sort
		find . -type f -exec sha256sum {} + | sort -k 2
	)
}

# e2fsck finds nothing, and says nothing but what it does and how full it is.
sound() {
	e2fsck -fn "$1" >fsck.out 2>fsck.err || { cat fsck.out; return 1; }
	[ "$(grep -vc '^Pass' fsck.out)" -eq 1 ] && return
	cat fsck.out
	return 1
}

# Fails with one line, like that: fails WORDS COMMAND...
fails() {
	run "${@:2}"
	[ "$status" -eq 1 ] && [ "${#lines[@]}" -eq 1 ] &&
		[[ $output =~ ^[a-z]*:\ $1 ]] && return
	echo "status $status: $output"
	return 1
}

# Free blocks of a disk may hold anything, all else is as it was.
same_metadata() {
	cmp <(dumpe2fs "$1" 2>&1) <(dumpe2fs "$2" 2>&1) && sound "$1" &&
		[ "$(disk tree "$1")" = "$(disk tree "$2")" ]
}

# Nothing of a temporary file's name is left here.
tidy() {
	[ -z "$(find . -name '.imgbuild*')" ]
}

json() {
	disk info --json "$1" | jq -r "$2"
}

find_nobody() {
	[ "$EUID" -eq 0 ] || skip "not root: no other user to become"
	chmod 777 .
	cp "$TOOL" tool
	AS_NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

@test "a new disk holds the files of a directory, with modes and times" {
	make_tree d
	disk create data.img --size=64M --from=d --label=data
	[ "$(stat -c %s data.img)" -eq $((64 << 20)) ]
	sound data.img
	disk cp -r data.img:/ out
	chmod u-s d/sub/deep/random # for the owner is another
	diff <(describe d) <(describe out)
	[ "$(stat -c %y out)" = "$(stat -c %y d)" ]
	tidy
}

@test "numeric owners and set-id bits are kept, and come out with -p" {
	[ "$EUID" -eq 0 ] || skip "not root: files have one owner"
	make_tree d
	chown 1000:70000 d/sub/deep
	chown 4000000000:5 d/sub/deep/random
	chown -h 3:4 d/fast
	chmod 6711 d/sub/deep/random
	mknod d/null c 1 3
	mknod d/large b 259 70000
	disk create data.img --from=d
	sound data.img
	disk cp -rp data.img:/ out
	diff <(describe d '%T@ %U:%G') <(describe out '%T@ %U:%G')
	[ "$(stat -c %t:%T out/null out/large | tr '\n' ' ')" = \
		"$(stat -c %t:%T d/null d/large | tr '\n' ' ')" ]
	disk create data.img --force --from=d --owner=7:70007
	disk ls -l data.img:/sub data.img:/hello data.img:/fast |
		grep '^[-ld][-r]' >got
	[ "$(awk '{ print $3, $4 }' got | sort -u)" = "7 70007" ]
}

@test "without -p devices are left out, each with a line" {
	[ "$EUID" -eq 0 ] || skip "not root: cannot make devices"
	mkdir d
	mknod d/null c 1 3
	echo x >d/x
	disk create data.img --from=d
	disk cp -r data.img:/ out 2>err
	[ ! -e out/null ]
	[ "$(cat out/x)" = x ]
	says err '^imgbuild: data.img:/null: a device; left out'
	[ "$(wc -l <err)" -eq 1 ]
}

@test "hard links stay links, and holes stay holes, in and out" {
	make_tree d
	disk create data.img --size=64M --from=d
	[ "$(stat -c %b data.img)" -lt 2000 ] # of 512 bytes
	inode=$(debugfs -R 'stat /hello' data.img 2>/dev/null |
		sed -n 's/^Inode: *\([0-9]*\).*/\1/p')
	debugfs -R "ls -l /sub" data.img 2>/dev/null | grep -q "^ *$inode .* hard"
	debugfs -R 'stat /holes' data.img 2>/dev/null | grep -q 'Blockcount: 8$'
	disk cp -r data.img:/ out
	[ out/hello -ef out/sub/hard ]
	[ "$(stat -c %b out/holes)" -lt 100 ]
	# A block of zeros is a hole as well, so it depends on contents alone.
	cp --sparse=never d/holes d/full
	disk create other.img --size=64M --from=d
	[ "$(stat -c %b other.img)" -lt 2000 ]
}

@test "the same files give the same bytes, whatever order the host lists them in" {
	[ -w /dev/shm ] || skip "no second file system"
	make_tree d
	for i in $(seq 200); do echo "$i" >"d/file $i"; done
	touch -d '2010-10-10' d
	shm=$(mktemp -d /dev/shm/disk_tool.XXXXXX)
	readarray -t names < <(cd d && find . -mindepth 1 -maxdepth 1 | sort -R)
	(cd d && cp -a "${names[@]}" "$shm")
	chmod --reference=d "$shm"
	touch -r d "$shm"
	[ "$(cd d && find .)" != "$(cd "$shm" && find .)" ]
	for options in --size=64M '' '--label=x --owner=1:2 --no-journal'; do
		# shellcheck disable=SC2086 # several words on purpose
		disk create a.img $options --from=d --force
		# shellcheck disable=SC2086
		disk create b.img $options --from="$shm" --force
		cmp a.img b.img
	done
	# Reading a file changes its atime, which is not copied.
	find d -type f -exec touch -a {} + -exec cat {} + >/dev/null
	disk create b.img --label=x --owner=1:2 --no-journal --from=d --force
	cmp a.img b.img
	chmod 640 'd/file 7'
	disk create b.img --label=x --owner=1:2 --no-journal --from=d --force
	run -1 cmp -s a.img b.img
	[ "$(json a.img .uuid)" != "$(json b.img .uuid)" ]
}

@test "SOURCE_DATE_EPOCH is the time of a disk, and the latest of its files" {
	mkdir d
	echo x >d/x
	touch -d @900000000 d d/x
	echo y >d/new
	for epoch in 0 1000000000; do
		export SOURCE_DATE_EPOCH=$epoch
		for n in 1 2; do
			touch d/new
			disk create $epoch-$n.img --size=8M --from=d
			disk create empty-$epoch-$n.img --size=8M
			[ $epoch -ne 0 ] || sleep 1.1
		done
		cmp $epoch-1.img $epoch-2.img
		cmp empty-$epoch-1.img empty-$epoch-2.img
		sound $epoch-1.img
	done
	TZ=UTC0 disk ls -l 1000000000-1.img | grep -q '2001-09-09 01:46 new$'
	TZ=UTC0 disk ls -l 1000000000-1.img | grep -q '1998-07-09 16:00 x$'
	dumpe2fs -h 1000000000-1.img 2>/dev/null >h
	[ "$(TZ=UTC0 dumpe2fs -h 1000000000-1.img 2>/dev/null |
		grep -c '\(created\|write\|checked\).* Sep  9 01:46:40 2001')" \
		-eq 3 ]
	# Changes by the other commands have this time as well.
	cp 1000000000-1.img a.img
	cp 1000000000-1.img b.img
	for f in a b; do
		disk mkdir $f.img:/made
		disk cp d/new $f.img:/made
		disk rm $f.img:/x
		sleep 1.1
	done
	cmp a.img b.img
	SOURCE_DATE_EPOCH=soon fails 'SOURCE_DATE_EPOCH=soon: ' \
		disk create c.img --size=1M
}

@test "two empty disks differ, unless the time is given" {
	disk create a.img --size=1M
	disk create b.img --size=1M
	[ "$(json a.img .uuid)" != "$(json b.img .uuid)" ]
}

@test "names in a new directory are in order, and debugfs finds them all" {
	mkdir d
	(cd d && seq 3000 | sort -R | xargs touch)
	disk create data.img --from=d
	sound data.img
	debugfs -R 'ls -p /' data.img 2>/dev/null | cut -d/ -f 6 >got
	{
		printf '.\n..\n'
		{ seq 3000; echo lost+found; } | LC_ALL=C sort
		echo
	} | diff - got
}

@test "lost+found is there as mke2fs makes it, or as the directory has it" {
	disk create data.img --size=8M
	disk ls -l data.img | grep -q '^drwx------ 2 0 0 16384 .* lost+found$'
	mkdir -p d/lost+found
	echo x >d/lost+found/x
	chmod 711 d/lost+found
	disk create data.img --from=d --force
	sound data.img
	disk ls -l data.img | grep -q '^drwx--x--x 2 .* lost+found$'
	[ "$(disk cat data.img:/lost+found/x)" = x ]
}

@test "features are those of mke2fs, and a journal is there from 8M on" {
	for size in 256K 1M 7M 8M 100M 130M 3G 1T; do
		disk create $size.img --size=$size
		[ "$(stat -c %s $size.img)" -eq "$(numfmt --from=iec $size)" ]
		sound $size.img
	done
	dumpe2fs -h 100M.img 2>/dev/null >h
	for f in has_journal ext_attr dir_index filetype extent 64bit flex_bg \
		sparse_super large_file huge_file dir_nlink extra_isize \
		metadata_csum; do
		grep -q "^Filesystem features:.* $f" h
	done
	grep -qx 'Block size:\s*4096' h
	grep -qx 'Inode size:\s*256' h
	[ "$(json 7M.img .journal_bytes)" -eq 0 ]
	[ "$(json 8M.img .journal_bytes)" -eq $((4 << 20)) ]
	[ "$(json 3G.img .journal_bytes)" -eq $((64 << 20)) ]
	disk create none.img --size=64M --no-journal
	[ "$(json none.img .journal_bytes)" -eq 0 ]
	sound none.img
	fails 'tiny.img: --size is too small' disk create tiny.img --size=64K
	[ ! -e tiny.img ]
}

@test "without --size a disk has room for its files, and for more" {
	for files in 0 1 500 4000; do
		mkdir d
		[ $files -eq 0 ] || (cd d && seq $files | xargs touch)
		head -c $((files * 300)) /dev/urandom >d/some
		disk create data.img --from=d --force
		sound data.img
		[ "$(disk ls data.img | wc -l)" -eq $((files + 2)) ]
		[ "$(json data.img .free_inodes)" -ge $((files / 4)) ]
		bytes=$(($(json data.img .free_blocks) * 4096))
		[ $bytes -ge 1000000 ]
		[ $bytes -le 3500000 ]
		head -c 500000 d/some >added
		disk cp added data.img:/
		rm -r d
	done
}

@test "an image that exists is replaced only with --force" {
	echo precious >data.img
	fails 'data.img: .*--force' disk create data.img --size=1M
	[ "$(cat data.img)" = precious ]
	disk create data.img --size=1M --force
	sound data.img
	mkdir dir
	fails 'dir: a directory' disk create dir --size=1M --force
	mkfifo fifo
	fails 'fifo: not a regular file' disk create fifo --size=1M --force
	ln -s data.img link
	fails 'link: not a regular file' disk create link --size=1M --force
	# An image in the directory that it is made from is not in itself.
	disk create data.img --from=. --force
	run -1 grep -x data.img <(disk ls data.img)
	tidy
}

@test "a disk that is too small names the file and leaves nothing" {
	make_tree d
	head -c 3000000 /dev/urandom >d/sub/toobig
	fails 'data.img: no space left for sub/toobig .*--size' \
		disk create data.img --size=2M --from=d
	[ ! -e data.img ]
	echo precious >data.img
	fails 'data.img: no space left' \
		disk create data.img --size=2M --from=d --force
	[ "$(cat data.img)" = precious ]
	mkdir many
	(cd many && seq 1500 | xargs touch)
	fails 'few.img: .*--size' disk create few.img --size=256K --from=many
	[ ! -e few.img ]
	tidy
}

@test "a file that cannot be read is named, and no image made" {
	find_nobody
	mkdir d
	echo x >d/secret
	chmod 0 d/secret
	fails 'd/secret: Permission denied' \
		"${AS_NOBODY[@]}" ./tool disk create data.img --from=d
	[ ! -e data.img ]
	tidy
	fails '--from=nosuch|nosuch: No such file' \
		disk create data.img --from=nosuch
	echo x >file
	fails '--from=file: not a directory' disk create data.img --from=file
}

@test "nothing here needs privileges" {
	find_nobody
	make_tree d
	chmod -R a+rX d
	"${AS_NOBODY[@]}" ./tool disk create data.img --size=16M --from=d
	"${AS_NOBODY[@]}" ./tool disk cp d/sub/a\ name data.img:/new
	"${AS_NOBODY[@]}" ./tool disk cp -r data.img:/sub out
	"${AS_NOBODY[@]}" ./tool disk rm -r data.img:/sub
	"${AS_NOBODY[@]}" ./tool disk check data.img
	[ "$(stat -c %u data.img out)" = $'65534\n65534' ]
}

@test "an interrupted create leaves no file behind" {
	mkdir d
	head -c 200M /dev/zero | tr '\0' x >d/large
	interrupted=
	for _ in $(seq 20); do
		rm -f data.img
		"$TOOL" disk create data.img --from=d 3>&- &
		background=$!
		until [ -n "$(find . -maxdepth 1 -name '.imgbuild*')" ] ||
			[ -e data.img ]; do
			sleep 0.01
		done
		kill -TERM $background 2>/dev/null || :
		status=0
		wait $background || status=$?
		tidy
		# It may have been quicker.
		[ $status -ne 0 ] || continue
		[ $status -eq 143 ]
		[ ! -e data.img ]
		interrupted=1
		break
	done
	[ -n "$interrupted" ]
}

@test "a host that runs full leaves no image behind, and an old one as it was" {
	[ "$EUID" -eq 0 ] || skip "not root: cannot mount"
	mkdir mounted d
	mount -t tmpfs -o size=2M none mounted || skip "cannot mount a tmpfs"
	head -c 4M /dev/urandom >d/large
	fails 'mounted/data.img:large: no space left on the host' \
		disk create mounted/data.img --size=16M --from=d
	[ -z "$(ls -A mounted)" ]
	disk create mounted/data.img --size=16M
	cp mounted/data.img before
	fails 'mounted/data.img.*: no space left on the host' \
		disk cp d/large mounted/data.img:/
	same_metadata mounted/data.img before
	# Only what is written at the end does not fit any more.
	rm d/large
	(cd d && seq 1500 | xargs touch)
	head -c 2M /dev/zero >mounted/fill 2>/dev/null || :
	fails 'mounted/data.img.*: no space left on the host' \
		disk cp -r d mounted/data.img:/
	same_metadata mounted/data.img before
}

@test "extended attributes of users go in and come out" {
	mkdir -p d/dir
	echo x >d/file
	setfattr -n user.test d/file 2>/dev/null || skip "no attributes here"
	setfattr -n user.zebra -v "$(printf 'v%.0s' {1..300})" d/file
	setfattr -n user.alpha -v first d/file
	setfattr -n user.of.dir -v 0x00ff d/dir
	disk create data.img --from=d
	sound data.img
	disk create other.img --from=d
	cmp data.img other.img
	debugfs -R 'ea_list /file' data.img 2>/dev/null |
		grep -q 'user.alpha (5) = "first"'
	disk cp -r data.img:/ out
	diff <(cd d && getfattr -d file dir) <(cd out && getfattr -d file dir)
	disk cp -r d data.img:/in
	sound data.img
	disk cp data.img:/in/file copy
	[ "$(getfattr -n user.alpha --only-values copy)" = first ]
	setfattr -n user.large -v "$(printf 'v%.0s' {1..1500})" d/file
	mke2fs -q -t ext2 -b 1024 small.img 1M
	fails 'small.img:d/file: .*attributes do not fit' \
		disk cp -r d small.img:/
}

# Each kind of file system there is; $1 gets the options of mke2fs.
each_kind() {
	local options

	while read -r options; do
		echo "mke2fs $options"
		# Not "|| return", in which nothing before would fail a test.
		# shellcheck disable=SC2086 # several words on purpose
		"$1" $options
	done <<-'KINDS'
		-t ext2 -b 1024
		-t ext2 -b 2048
		-t ext2 -b 4096 -I 128 -O ^filetype
		-t ext2 -b 4096 -r 0
		-t ext3 -b 1024
		-t ext3 -b 4096 -O dir_index
		-t ext4 -b 1024
		-t ext4 -b 2048 -O ^64bit
		-t ext4 -b 4096
		-t ext4 -b 4096 -O ^metadata_csum,uninit_bg
		-t ext4 -b 4096 -O inline_data
		-t ext4 -b 1024 -I 512 -O inline_data,^flex_bg
		-t ext4 -b 4096 -O metadata_csum_seed,orphan_file
		-t ext4 -b 4096 -O meta_bg,^resize_inode
	KINDS
}

reads_kind() {
	rm -rf data.img out
	truncate -s 48M data.img
	# Old file systems have no nanoseconds, and no such years.
	mke2fs -q "$@" -d d data.img 2>/dev/null
	disk cp -rp data.img:/ out
	diff <(describe d '') <(describe out '')
	disk tree data.img >got
	[ "$(tail -n 1 got)" = "4 directories, 11 files" ]
	dumpe2fs -h data.img >h 2>/dev/null
	[ "$(json data.img .blocks)" -eq "$(sed -n 's/^Block count: *//p' h)" ]
	[ "$(json data.img .free_blocks)" -eq \
		"$(sed -n 's/^Free blocks: *//p' h)" ]
	[ "$(json data.img .inodes)" -eq "$(sed -n 's/^Inode count: *//p' h)" ]
	[ "$(json data.img .free_inodes)" -eq \
		"$(sed -n 's/^Free inodes: *//p' h)" ]
	[ "$(json data.img .uuid)" = \
		"$(sed -n 's/^Filesystem UUID: *//p' h)" ] ||
		[[ "$*" == *"-r 0"* ]]
	[ "$(json data.img '.features | sort | join(" ")')" = \
		"$(sed -n 's/^Filesystem features: *//p' h | tr -s ' ' '\n' |
			grep -v '(none)' | sort | xargs)" ]
	[ "$(json data.img .state)" = clean ]
}

@test "every kind of ext2, ext3 and ext4 is read" {
	make_tree d
	rm d/sub/slow # which does not fit into 1 KiB
	# With inline_data, mke2fs loses a hole at the end of a file.
	truncate -s 20000768 d/holes
	ln -s "$(printf 'z%.0s' {1..900})" d/sub/slow
	chmod u-s d/sub/deep/random
	each_kind reads_kind
}

writes_kind() {
	rm -rf data.img out out2
	truncate -s 48M data.img
	mke2fs -q "$@" data.img 2>/dev/null
	disk cp -r d data.img:/
	sound data.img
	disk cp -r data.img:/d out
	diff <(describe d '') <(describe out '')
	# Replaced, added to, and in a place of its own.
	disk mkdir -p data.img:/new/dir/of/mine
	disk cp -r d/. data.img:/d
	disk cp d/hello "d/sub/a name" data.img:/new/dir
	disk cp d/sub/deep/random data.img:/d/hello
	sound data.img
	disk cat data.img:/d/hello | cmp - d/sub/deep/random
	[ "$(disk cat data.img:/d/sub/hard)" = hello ]
	[ "$(disk ls data.img:/new/dir | xargs)" = "a name hello of" ]
	disk rm -r data.img:/d data.img:/new/dir/hello
	sound data.img
	[ "$(disk ls data.img | xargs)" = "lost+found new" ]
	disk rm -r data.img:/new
	sound data.img
	[ "$(json data.img .free_blocks)" -eq "$free_blocks" ] || {
		mke2fs -q "$@" fresh.img 48M 2>/dev/null
		[ "$(json data.img .free_blocks)" -eq \
			"$(json fresh.img .free_blocks)" ]
		[ "$(json data.img .free_inodes)" -eq \
			"$(json fresh.img .free_inodes)" ]
		rm fresh.img
	}
}

@test "every kind of ext2, ext3 and ext4 is written, and e2fsck finds nothing" {
	make_tree d
	rm d/sub/slow
	ln -s "$(printf 'z%.0s' {1..900})" d/sub/slow
	chmod u-s d/sub/deep/random
	free_blocks=0
	each_kind writes_kind
}

@test "a kernel mounts a disk, and what it wrote is read" {
	[ "$EUID" -eq 0 ] || skip "not root: cannot mount"
	make_tree d
	disk create data.img --size=64M --from=d
	mkdir mounted
	mount -o loop data.img mounted || skip "cannot mount"
	fails 'data.img: in use by the host; unmount it' \
		disk rm data.img:/hello
	fails 'data.img: in use by the host' disk ls data.img
	diff <(describe d) <(describe mounted)
	mkdir mounted/many
	(cd mounted/many && seq -f 'a-name-that-takes-room-%.0f' 3000 |
		xargs touch)
	cp d/sub/deep/random mounted/random
	umount mounted
	debugfs -R 'stat /many' data.img 2>/dev/null | grep -q 'Flags: 0x81000'
	[ "$(disk ls data.img:/many | wc -l)" -eq 3000 ]
	disk cat data.img:/random | cmp - d/sub/deep/random
	# Into the index of the directory, and out of it.
	mkdir more
	(cd more && seq -f 'another-name-%.0f' 2000 | xargs touch)
	disk cp more/* data.img:/many
	disk rm data.img:/many/a-name-that-takes-room-7
	sound data.img
	mount -o loop data.img mounted
	[ -e mounted/many/another-name-1234 ]
	[ ! -e mounted/many/a-name-that-takes-room-7 ]
	[ "$(find mounted/many -type f | wc -l)" -eq 4999 ]
}

@test "a directory of 10,000 files is made, listed, added to and emptied" {
	mkdir d
	(cd d && seq 10000 | xargs touch)
	disk create data.img --size=64M --from=d --no-journal
	disk mkdir data.img:/again
	fails 'data.img: no inodes left for d/' disk cp -r d data.img:/again
	disk create data.img --size=256M --from=d --force
	disk mkdir data.img:/again
	disk cp d/* data.img:/again
	disk cp -r d data.img:/again/below
	sound data.img
	[ "$(disk ls data.img:/again | wc -l)" -eq 10001 ]
	disk ls data.img:/again | grep -v below | sort >got
	seq 10000 | sort | diff - got
	disk rm $(seq -f 'data.img:/again/%.0f' 10000)
	sound data.img
	[ "$(disk ls data.img:/again)" = below ]
}

@test "files are found wherever their blocks are, up to the third indirection" {
	# More pieces than an inode, or one block of a tree, has room for.
	for i in $(seq 0 2 1600); do printf '%04096d%4096s' "$i" ''; done |
		tr ' ' '\0' >pieces
	while read -r bytes type blocks; do
		echo "$type, blocks of $bytes"
		rm -rf far data.img out
		for block in $blocks; do
			printf 'block %09d' "$block" | dd of=far bs="$bytes" \
				seek="$block" conv=notrunc status=none
		done
		mke2fs -q -t "$type" -b "$bytes" data.img 64M
		disk cp far pieces data.img:/
		sound data.img
		mkdir out
		disk cp data.img:/far data.img:/pieces out
		cmp pieces out/pieces
		[ "$(stat -c %s out/far)" -eq "$(stat -c %s far)" ]
		[ "$(stat -c %b out/far)" -lt 1000 ]
		for block in $blocks; do
			[ "$(dd if=out/far bs="$bytes" skip="$block" count=1 \
				status=none | head -c 15)" = \
				"$(printf 'block %09d' "$block")" ]
		done
		[ "$(disk cat data.img:/far | head -c 20000000 | tr -d '\0')" = \
			"$(head -c 20000000 far | tr -d '\0')" ]
		disk rm data.img:/far data.img:/pieces
		sound data.img
	done <<-'END'
		1024 ext2 0 11 12 267 268 269 523 524 65803 65804 65805 131000
		4096 ext2 0 11 12 1035 1036 1037 2059 2060 1049611 1049612 2098188
		1024 ext4 0 11 32767 32768 65536 131000
		4096 ext4 0 1 2 3 4 5 7 32767 32768 1572863
	END
	# In one piece, though larger than an extent may be.
	head -c 40M /dev/urandom >far
	mke2fs -q -F -t ext4 -b 1024 -O sparse_super2,^has_journal \
		-E num_backup_sb=0 data.img 64M
	disk cp far data.img:/
	sound data.img
	disk cat data.img:/far | cmp - far
	# A block map ends where extents go on.
	truncate -s 5T endless
	mke2fs -q -t ext2 -b 4096 -F data.img 64M
	fails 'data.img:endless: the file is too large' \
		disk cp endless data.img:/
	disk create data.img --size=8M --force
	disk cp endless data.img:/
	disk ls -l data.img | grep -q ' 5497558138880 .* endless$'
	sound data.img
}

@test "cat writes any bytes, to a pipe or with holes to a file" {
	make_tree d
	disk create data.img --size=64M --from=d
	disk cat data.img:/sub/deep/random | cmp - d/sub/deep/random
	disk cat data.img:/holes | cmp - d/holes
	disk cat data.img:/holes >holes
	cmp holes d/holes
	[ "$(stat -c %b holes)" -lt 100 ]
	{ echo one; disk cat data.img:/holes data.img:/fast; echo two; } >all
	{ echo one; cat d/holes d/fast; echo two; } | cmp - all
	[ "$(stat -c %b all)" -lt 200 ]
	disk cat data.img:/holes >>fresh
	cmp fresh d/holes
	disk cat data.img:/holes >>all
	{ echo one; cat d/holes d/fast; echo two; cat d/holes; } | cmp - all
	# What was in a file before does not show through.
	head -c 40000000 /dev/zero | tr '\0' x >old
	cp old want
	disk cat data.img:/holes 1<>old
	dd if=d/holes of=want conv=notrunc bs=1M status=none
	cmp old want
	fails 'data.img:/sub: Is a directory' disk cat data.img:/sub
	[ ! -e /dev/full ] ||
		fails 'standard output: No space' \
			sh -c "'$TOOL' disk cat data.img:/hello >/dev/full"
}

@test "ls and tree show what is there" {
	make_tree d
	disk create data.img --size=64M --from=d --owner=1000:70000
	disk ls data.img >got
	printf '%s\n' empty fast fifo hello holes longest-fast lost+found \
		nothing shortest-slow sub | diff - got
	[ "$(disk ls data.img:/sub/deep)" = random ]
	[ "$(disk ls data.img:/hello)" = /hello ]
	TZ=UTC0 disk ls -l data.img >got
	grep -q '^-r-------- 2 1000 70000 *6 2001-02-03 .* hello$' got
	grep -q '^lrwxrwxrwx 1 1000 70000 *5 1999-09-09 .* fast -> hello$' got
	grep -q '^prw-r--r-- 1 1000 70000 *0 .* fifo$' got
	grep -q '^drwxr-x--- 3 1000 70000 *4096 2010-10-10 .* sub$' got
	grep -q '^-rw-r--r-- 1 1000 70000 *0 1960-01-01 00:00 nothing$' got
	disk ls -l data.img:/fast | grep -q '^l.* /fast -> hello$'
	disk ls data.img:/sub data.img:/empty >got
	printf '%s\n' data.img:/sub: 'a name' deep hard slow '' \
		data.img:/empty: | diff - got
	disk tree data.img:/sub >got
	cat >want <<-END
		/sub
		|-- a name
		|-- deep
		|   \`-- random
		|-- hard
		\`-- slow -> $(readlink d/sub/slow)

		1 directory, 4 files
	END
	diff want got
	fails 'data.img:/hello: Not a directory' disk tree data.img:/hello
}

@test "info tells what a disk is, to people and to programs" {
	disk create data.img --size=64M --label=my-data --no-journal
	disk info data.img >got
	grep -qx 'type: *ext4' got
	grep -qx 'label: *my-data' got
	grep -qx 'state: *clean' got
	grep -qx 'size: *64M, .* used' got
	grep -qx 'blocks: *16384 of 4096 bytes, [0-9]* free' got
	grep -qx 'journal: *none' got
	[ "$(json data.img .label)" = my-data ]
	[ "$(json data.img '.features | length')" -ge 10 ]
	[ "$(json data.img .block_bytes)" -eq 4096 ]
	tune2fs -L $'a"b\\c\001\377' data.img >/dev/null 2>&1
	[ "$(json data.img .label)" = $'a"b\\c\001\ufffd' ]
	mke2fs -q -t ext3 three.img 8M
	[ "$(json three.img .type)" = ext3 ]
	mke2fs -q -t ext2 two.img 8M
	[ "$(json two.img .type)" = ext2 ]
	debugfs -w -R 'ssv state 0' two.img 2>/dev/null
	[ "$(json two.img .state)" = "not clean" ]
	debugfs -w -R 'ssv state 3' two.img 2>/dev/null
	[ "$(json two.img .state)" = "has errors" ]
}

@test "cp gives names as cp does" {
	mkdir d
	echo one >d/one
	echo two >two
	disk create data.img --size=8M
	disk cp two data.img:/
	disk cp two data.img:/other
	disk mkdir data.img:/dir
	disk cp two data.img:/dir
	disk cp -r d data.img:/dir
	disk cp -r d data.img:/renamed
	disk cp -r d/. data.img:/dir
	disk tree data.img >got
	cat >want <<-'END'
		/
		|-- dir
		|   |-- d
		|   |   `-- one
		|   |-- one
		|   `-- two
		|-- lost+found
		|-- other
		|-- renamed
		|   `-- one
		`-- two

		4 directories, 6 files
	END
	diff want got
	mkdir out
	disk cp data.img:/two out
	disk cp data.img:/two new
	disk cp data.img:/other data.img:/dir/one out
	disk cp -r data.img:/dir out
	disk cp -r data.img:/dir/ there
	disk cp -r data.img:/dir/. out
	(cd out && find . | sort) >got
	printf '%s\n' . ./d ./d/one ./dir ./dir/d ./dir/d/one ./dir/one \
		./dir/two ./one ./other ./two | sort | diff - got
	[ "$(cat new)" = two ]
	[ "$(cat there/d/one)" = one ]
	fails 'd: a directory; add -r' disk cp d data.img:/x
	fails 'data.img:/dir: a directory; add -r' disk cp data.img:/dir x
	fails 'data.img:/no: not a directory' disk cp two d/one data.img:/no
	fails '.*/new: not a directory' disk cp data.img:/two data.img:/other new
	fails 'data.img:/no/x: No such file' disk cp two data.img:/no/x
	fails 'data.img:/x/: Not a directory' disk cp two data.img:/x/
	fails 'nosuch: No such file' disk cp nosuch data.img:/
	fails 'data.img: a file is in the way of d' \
		disk cp -r d data.img:/two
	fails 'data.img: a directory is in the way' \
		sh -c "mkdir e && echo >e/dir && '$TOOL' disk cp -r e/. data.img:/"
	fails 'disk cp: .*one must be in an image' disk cp two new
	fails 'disk cp: .*one must be in an image' \
		disk cp data.img:/two data.img:/three
	sound data.img
}

@test "a file of the host may have a colon in its name" {
	echo x >a:b
	mkdir dir:
	disk create data.img --size=8M
	disk cp a:b data.img:/
	disk cp ./a:b data.img:/c:d
	disk cp data.img:/c:d ./e:f
	[ "$(cat e:f)" = x ]
	[ "$(disk ls data.img | xargs)" = "a:b c:d lost+found" ]
	mv data.img 'da:ta?.img'
	[ "$(disk cat 'da:ta?.img:/c:d')" = x ]
	disk cp a:b 'da:ta?.img:/new'
	disk check 'da:ta?.img'
}

@test "what is in the way on the host is replaced if it is a file" {
	mkdir d
	echo new >d/file
	disk create data.img --from=d
	echo old >target
	ln target hard
	ln -s target link
	disk cp data.img:/file link
	[ -h link ]
	[ "$(cat target)" = new ]
	[ "$(cat hard)" = old ] # as it was replaced, not written to
	fails '/dev/null: neither' disk cp data.img:/file /dev/null
	[ -c /dev/null ]
	mkfifo fifo
	fails 'fifo: neither' disk cp data.img:/file fifo
	mkdir -p out/file
	fails 'out/file: Is a directory' disk cp data.img:/file out
	mkdir in && mkfifo in/file
	fails 'in/file: File exists' disk cp -r data.img:/. in
	tidy
}

@test "a copy into an image is all there, or nothing of it" {
	make_tree d
	disk create data.img --size=8M --no-journal
	disk cp d/hello data.img:/hello
	cp data.img before
	head -c 9M /dev/urandom >d/zlarge
	fails 'data.img: no space left for d/zlarge; nothing was copied' \
		disk cp -r d/hello d/sub d/empty d/zlarge data.img:/
	# Blocks that were free may have been written to, nothing else.
	[ "$(disk cat data.img:/hello)" = hello ]
	sound data.img
	[ "$(disk ls data.img | xargs)" = "hello lost+found" ]
	[ "$(json data.img .free_blocks)" -eq "$(json before .free_blocks)" ]
	fails 'nosuch: No such file' disk cp d/sub/hard nosuch data.img:/
	[ "$(disk ls data.img | xargs)" = "hello lost+found" ]
}

@test "a file is replaced without touching the old one's blocks before the end" {
	head -c 2M /dev/urandom >old
	head -c 2M /dev/urandom >new
	head -c 9M /dev/urandom >toolarge
	disk create data.img --size=8M --no-journal
	disk cp old data.img:/file
	mkdir d
	cp new d/file
	cp new d/gile
	cp toolarge d/hile
	fails 'data.img: no space left for .*/hile; nothing' \
		disk cp -r d/. data.img:/
	disk cat data.img:/file | cmp - old
	sound data.img
	disk cp new data.img:/file
	disk cat data.img:/file | cmp - new
	sound data.img
}

@test "rm and mkdir do what they are asked, all of it or nothing" {
	make_tree d
	disk create data.img --size=64M --from=d
	free=$(json data.img .free_blocks)
	fails 'data.img:/sub: a directory; add -r' disk rm data.img:/sub
	fails 'data.img:/no: No such file' disk rm data.img:/hello data.img:/no
	[ "$(disk cat data.img:/hello)" = hello ]
	for p in / /sub/.. /.; do
		fails "data.img:$p: cannot be removed" disk rm -r data.img:$p
	done
	disk rm data.img:/hello
	[ "$(disk cat data.img:/sub/hard)" = hello ]
	disk rm data.img:/fast # the link, not what it leads to
	disk rm -r data.img:/sub data.img:/holes data.img:/shortest-slow
	sound data.img
	# hello 1, holes 1, link 1, two directories, and in them 18, 1 and 1.
	[ "$(json data.img .free_blocks)" -eq $((free + 25)) ]
	fails 'data.img:/empty: File exists' disk mkdir data.img:/empty
	fails 'data.img:/a/b: No such file' disk mkdir data.img:/new data.img:/a/b
	disk mkdir -p data.img:/a/b//c/ data.img:/a data.img:/empty/x/y
	disk mkdir --owner=5:6 data.img:/owned
	disk ls -l data.img | grep -q '^drwxr-xr-x 2 5 6 .* owned$'
	disk ls -l data.img | grep -q '^drwxr-xr-x 3 0 0 .* a$'
	fails 'data.img:/nothing/x: Not a directory' \
		disk mkdir -p data.img:/nothing/x
	sound data.img
	disk create other.img --size=8M
	fails 'other.img:/x: .*another image' \
		disk mkdir data.img:/x other.img:/x
	fails 'nocolon: not IMAGE:/PATH' disk mkdir nocolon
}

@test "symbolic links in an image lead within it" {
	mkdir -p d/sub/deep
	echo inner >d/passwd
	mkdir d/etc
	echo image >d/etc/passwd
	ln -s /etc/passwd d/sub/absolute
	ln -s ../../../../../../../etc/passwd d/sub/upwards
	ln -s sub/deep d/todir
	ln -s loop d/loop
	ln -s nowhere d/dangling
	ln -s l39 d/l40
	for i in $(seq 1 39); do ln -s l$((i - 1)) d/l"$i"; done
	echo end >d/l0
	disk create data.img --from=d
	[ "$(disk cat data.img:/sub/absolute)" = image ]
	[ "$(disk cat data.img:/sub/upwards)" = image ]
	[ "$(disk cat data.img:/l40)" = end ]
	[ "$(disk cat data.img:/todir/../absolute)" = image ]
	fails 'data.img:/loop: Too many levels' disk cat data.img:/loop
	ln -s l40 d/l41
	disk create data.img --from=d --force
	fails 'data.img:/l41: Too many levels' disk cat data.img:/l41
	fails 'data.img:/dangling: No such file' disk cat data.img:/dangling
	disk cp d/passwd data.img:/todir/new
	[ "$(disk cat data.img:/sub/deep/new)" = inner ]
	# Copied with -r a link stays one; by itself it stands for the file.
	disk cp data.img:/sub/absolute file
	[ ! -h file ]
	disk cp -r data.img:/sub/absolute link
	[ "$(readlink link)" = /etc/passwd ]
}

# Changes the name $2 to $3, of the same length, in an image without checksums.
rename_bytes() {
	[ "${#2}" -eq "${#3}" ]
	LC_ALL=C sed -i "s/$2/$(printf %s "$3" | sed 's,/,\\/,g')/g" "$1"
}

@test "an image that means harm writes nothing outside of the destination" {
	mkdir -p d/target d/evil-dir out outside
	echo gotcha >d/QQQoutsideQgotcha
	echo gotcha >d/evil-dir/gotcha
	ln -s "$PWD/outside" d/evil-lnk
	echo gotcha >d/QQ
	mke2fs -q -t ext2 -d d data.img 8M
	cp data.img slash.img
	rename_bytes slash.img QQQoutsideQgotcha ../outside/gotcha
	fails 'slash.img:.*damaged' disk cp -r slash.img:/ out
	fails 'slash.img:.*damaged' disk ls slash.img
	# A link, and a directory of the same name behind it.
	cp data.img twice.img
	rename_bytes twice.img evil-dir evil-lnk
	fails '.*evil-lnk: ' disk cp -r twice.img:/ out/twice
	ln -s "$PWD/outside" out/evil-dir
	fails 'out/evil-dir: Not a directory' \
		disk cp -r data.img:/evil-dir/ data.img:/QQ out
	cp data.img dots.img
	debugfs -w -R 'ln /QQ /RR' dots.img 2>/dev/null
	rename_bytes dots.img RR ..
	disk cp -r dots.img:/ out/dots || :
	[ -z "$(find outside -mindepth 1)" ]
	[ ! -e gotcha ]
	run -1 grep -rl gotcha --include=.. .
}

@test "a directory that holds itself, or has two names, is refused" {
	mkdir -p d/a/b
	mke2fs -q -t ext2 -d d data.img 8M
	debugfs -w -R 'ln /a /a/b/loop' data.img 2>/dev/null
	fails 'data.img:/a/b/loop: .*damaged' disk cp -r data.img:/a out
	run -1 --separate-stderr disk tree data.img
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr =~ ^imgbuild:\ data.img:/:.*damaged ]]
	fails 'data.img:/a: .*damaged' disk rm -r data.img:/a
	[ "$(disk ls data.img:/a/b/loop/b/loop)" = b ]
	# No circle, but as many ways as no time is enough for.
	path=
	for i in $(seq 40); do
		echo "mkdir $path/a$i"
		path=$path/a$i
	done >commands
	path=
	for i in $(seq 40); do
		echo "ln $path/a$i $path/b$i"
		path=$path/a$i
	done >>commands
	mke2fs -q -t ext2 ways.img 8M
	debugfs -w -f commands ways.img >/dev/null 2>&1
	for command in 'cp -r ways.img:/a1 ways' 'rm -r ways.img:/a1'; do
		# shellcheck disable=SC2086 # several words on purpose
		fails 'ways.img:.*damaged' \
			timeout "$LIMIT_SECONDS" "$TOOL" disk $command
	done
	run -1 --separate-stderr timeout "$LIMIT_SECONDS" "$TOOL" disk tree \
		ways.img
	[[ $stderr =~ ^imgbuild:\ ways.img:/:.*damaged ]]
}

@test "control characters in names do not reach a terminal, nor split messages" {
	mkdir d
	touch d/$'new\nline' d/$'\e[31mred'
	disk create data.img --from=d
	[ "$(disk ls data.img)" = $'\e[31mred\nlost+found\nnew\nline' ]
	script -qec "'$TOOL' disk ls data.img" /dev/null </dev/null >out
	run -1 grep -q $'\e' out
	says out '^?\[31mred'
	says out '^new?line'
	fails 'data.img:/no.such: No such file' \
		disk cat "data.img:/no"$'\n'"such"
}

@test "a bar shows the progress of long copies, on terminals alone" {
	mkdir d
	truncate -s 5M d/short
	head -c 20M /dev/urandom >d/long
	script -qec "'$TOOL' disk create data.img --from=d" /dev/null \
		</dev/null >out
	says out '\[#*\.*\] *[0-9]*%  .* of 25M'
	disk create data.img --from=d --force >out 2>&1
	[ ! -s out ]
	script -qec "'$TOOL' disk cp data.img:/long a" /dev/null </dev/null >out
	says out '%  .* of 20M'
	script -qec "'$TOOL' disk cp data.img:/short b" /dev/null </dev/null >out
	says_not out '%'
	disk cp data.img:/long c >out 2>&1
	[ ! -s out ]
}

# data.img has a file whose contents are only in the journal so far.
make_dirty() {
	disk create data.img --size=16M
	echo stale >f
	disk cp f data.img:/file
	block=$(debugfs -R 'blocks /file' data.img 2>/dev/null | tr -d ' ')
	{ echo fresh; head -c 4090 /dev/zero; } >block
	debugfs -w -f /dev/stdin data.img >/dev/null 2>&1 <<-END
		journal_open
		journal_write -b $block block
		journal_close
	END
	[ "$(json data.img .state)" = "needs recovery" ]
}

@test "a disk whose journal is not in place yet is refused, or recovered" {
	make_dirty
	cp data.img dirty.img
	for command in 'ls data.img' 'tree data.img' 'cat data.img:/file' \
		'cp data.img:/file x' 'cp f data.img:/' 'rm data.img:/file' \
		'mkdir data.img:/dir' 'check data.img'; do
		# shellcheck disable=SC2086 # several words on purpose
		fails 'data.img: its journal .*e2fsck -p data.img.*--recover' \
			disk $command
	done
	cmp data.img dirty.img
	[ "$(disk cat --recover data.img:/file)" = fresh ]
	[ "$(json data.img .state)" = clean ]
	sound data.img
	for command in 'ls data.img' 'cp f data.img:/' 'rm data.img:/file' \
		'mkdir data.img:/dir' 'check data.img'; do
		cp dirty.img data.img
		# shellcheck disable=SC2086
		disk ${command%% *} --recover ${command#* }
		sound data.img
	done
}

@test "a disk that was not unmounted cleanly is read, but not written" {
	disk create data.img --size=8M --no-journal
	for state in 0 3; do
		debugfs -w -R "ssv state $state" data.img 2>/dev/null
		cp data.img before
		disk ls data.img
		fails 'data.img: it was not unmounted cleanly; run e2fsck -p' \
			disk mkdir data.img:/x
		cmp data.img before
		disk mkdir --recover "data.img:/x$state"
		sound data.img
	done
	[ "$(disk ls data.img | xargs)" = "lost+found x0 x3" ]
}

@test "a feature that would be spoilt makes a disk read-only" {
	mkdir d
	echo x >d/x
	for f in quota bigalloc ea_inode casefold project; do
		truncate -s 32M $f.img
		mke2fs -q -t ext4 -O $f -d d $f.img 2>/dev/null
		[ "$(disk cat $f.img:/x)" = x ]
		fails "$f.img: can only be read, as it has the feature $f" \
			disk rm $f.img:/x
	done
}

# Runs a guest with data.img as its disk, until the test is over.
start_guest() {
	cat >wait.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			puts("running");
			fflush(stdout);
			return getchar();
		}
	END
	"$BIN/imgbuild" wait.c -o wait.hvt
	mkfifo input
	"$BIN/tender" --cpu=process --disk="data.img$1" wait.hvt <input >out \
		2>err 3>&- &
	background=$!
	exec 9>input
	for ((i = 0; i < LIMIT_SECONDS * 10; i++)); do
		! grep -q running out || return 0
		sleep 0.1
	done
	cat out err
	return 1
}

@test "a disk that a guest writes is neither read nor written nor replaced" {
	disk create data.img --size=8M
	start_guest ''
	before=$(stat -c %i data.img)
	fails 'data.img: in use by' disk ls data.img
	fails 'data.img: in use by' disk info data.img
	fails 'data.img: in use by' disk check data.img
	fails 'data.img: in use by' disk mkdir data.img:/x
	fails 'data.img: in use by' disk create data.img --size=8M --force
	[ "$(stat -c %i data.img)" -eq "$before" ]
	exec 9>&-
	wait "$background" || :
	background=
	disk mkdir data.img:/x
}

@test "a disk that a guest only reads is read, but not written" {
	disk create data.img --size=8M
	start_guest ,ro
	[ "$(disk ls data.img)" = lost+found ]
	fails 'data.img: in use by' disk mkdir data.img:/x
	fails 'data.img: in use by' disk create data.img --size=8M --force
	exec 9>&-
	wait "$background" || :
	background=
}

@test "check says whether a disk is sound" {
	mkdir d
	echo x >d/x
	disk create data.img --size=8M --from=d
	[ "$(disk check data.img)" = "data.img: clean" ]
	debugfs -w -R 'sif /x links_count 9' data.img 2>/dev/null
	run disk check data.img
	[ "$status" -eq 1 ]
	[[ $output == *"ref count is 9, should be 1"* ]]
	[[ ${lines[-1]} == "data.img: damaged; e2fsck -y data.img"* ]]
	# Where there is no e2fsck, one line says so.
	[ -x /usr/sbin/e2fsck ] || return 0
	[ "$EUID" -eq 0 ] || skip "not root: cannot hide e2fsck"
	mkdir none
	run unshare -m sh -c "mount --bind none /usr/sbin && mount --bind none \
		/sbin 2>/dev/null; PATH=/bin:/usr/bin '$TOOL' disk check data.img"
	[[ $output != *mount* ]] || skip "cannot hide e2fsck: $output"
	[ "$status" -eq 1 ]
	[ "$output" = "imgbuild: cannot check data.img: no e2fsck here; install e2fsprogs" ]
}

@test "what is no disk, or not all of one, is refused with one line" {
	make_tree d
	disk create data.img --size=64M --from=d --no-journal
	: >empty
	head -c 3000 /dev/urandom >random
	head -c 1000000 data.img >short.img
	head -c 1500 data.img >super.img
	mkdir dir
	for command in ls info tree check; do
		fails 'empty: not an ext2' disk $command empty
		fails 'random: not an ext2' disk $command random
		fails 'super.img: not an ext2' disk $command super.img
		fails 'nosuch: no such file' disk $command nosuch
		fails 'dir: a directory' disk $command dir
		[ $command = check ] ||
			fails 'short.img: .*cut short.* 67108864 .* 1000000$' \
				disk $command short.img
	done
	fails 'data.img:/x' disk cat data.img:/x
	mkfifo fifo
	fails 'fifo: neither a regular file nor' disk ls fifo
	mke2fs -q -O journal_dev journal.img 4M
	fails 'journal.img: ' disk ls journal.img
}

@test "two hundred damaged images are each read or refused, in one line" {
	make -s -C "$REPO" build/asan/imgbuild
	gcc -O1 -D_GNU_SOURCE -I"$REPO/tests/unit" \
		"$REPO/tests/unit/disk_mutate.c" -o mutate
	make_tree d
	rm d/holes d/fifo
	(cd d/sub && seq -f 'name-number-%.0f' 60 | xargs touch)
	(cd d && seq 0 2 60 | while read -r i; do
		printf x | dd of=pieces bs=1024 seek="$i" conv=notrunc \
			status=none
	done)
	n=0
	while read -r options; do
		# Times and identity do not depend on the day.
		# shellcheck disable=SC2086 # several words on purpose
		E2FSPROGS_FAKE_TIME=1000000000 mke2fs -q $options -N 128 \
			-U 12345678-1234-1234-1234-123456789abc \
			-E hash_seed=12345678-1234-1234-1234-123456789abc \
			-d d base$n.img 2M 2>/dev/null
		n=$((n + 1))
	done <<-'KINDS'
		-t ext2 -b 1024
		-t ext4 -b 1024 -O ^metadata_csum,^has_journal
		-t ext4 -b 4096 -O inline_data,^metadata_csum,^has_journal
		-t ext4 -b 1024 -O ^has_journal
	KINDS
	cat >one <<-'END'
		#!/usr/bin/env bash
		# one TOOL NUMBER: each command on the damaged image NUMBER
		tool=$1 n=$2
		mkdir "m$n" && cd "m$n" || exit 1
		../mutate "../base$((n % 4)).img" "$n" >bad.img
		try() {
			local status=0
			timeout -s KILL 60 "$tool" disk "$@" >out 2>err ||
				status=$?
			if [ "$status" -gt 1 ] ||
				[ "$(wc -l <err)" -ne "$status" ]; then
				echo "image $n: disk $*: status $status"
				head -n 20 err
			fi
		}
		try cp -r bad.img:/ extracted
		case $((n / 4 % 5)) in
		0) try info --json bad.img ;;
		1) try cp -r ../d bad.img:/sub ;;
		2) try rm -r bad.img:/sub ;;
		3) try ls -l bad.img:/sub ;;
		4) try tree bad.img ;;
		esac
		cd .. && rm -rf "m$n"
	END
	chmod +x one
	seq 200 | xargs -P "$(nproc)" -n 1 ./one \
		"$REPO/build/asan/imgbuild" >problems 2>&1
	[ ! -s problems ] || { head -n 100 problems; return 1; }
}

# A program that tells about its root file system, linked with these options.
link_rootfs() {
	cat >root.c <<-'END'
		#include <stdio.h>
		#define WEAK __attribute__((weak))
		extern const unsigned char __rt_rootfs_start[] WEAK;
		extern const unsigned char __rt_rootfs_end[] WEAK;
		int main(void)
		{
			const unsigned char *p = __rt_rootfs_start;
			unsigned long n = __rt_rootfs_end - p, sum = 0;
			if (!p)
				return puts("no files") < 0;
			for (unsigned long i = 0; i < n; i++)
				sum = sum * 31 + p[i];
			printf("%lu bytes, %lu into a page, sum %lu\n", n,
			       (unsigned long)p % 4096, sum);
			return 0;
		}
	END
	"$TOOL" root.c -o root.hvt "$@"
}

@test "--rootfs puts a directory into an image, and disk reads it there" {
	make_tree d
	echo '/* one */' >other.c
	link_rootfs --rootfs=d other.c
	disk cp -r root.hvt:/ out
	chmod u-s d/sub/deep/random
	diff <(describe d '') <(describe out '')
	disk check root.hvt
	[ "$(disk cat root.hvt:/fast)" = hello ]
	bytes=$("$TOOL" inspect --json root.hvt | jq .rootfs_bytes)
	"$TOOL" inspect root.hvt | grep -qx "rootfs:   $bytes bytes"
	[ "$(json root.hvt '.blocks * .block_bytes')" -eq "$bytes" ]
	# Read-only, and not in the way of the debugger.
	[ "$("$TOOL" inspect --json root.hvt |
		jq -r '[.segments[].access] | join(" ")')" = "r-- r-x rw-" ]
	readelf -SW root.hvt | grep -q '\.hvt\.rootfs .*PROGBITS .* A .* 4096$'
	[ "$(stat -c %s root.hvt.debug)" -lt 400000 ]
	fails 'root.hvt: what was linked into an image cannot be changed' \
		disk rm root.hvt:/hello
	# Also for a program that does not ask for it.
	"$TOOL" "$REPO/samples/hello.c" --rootfs=d -o hello.hvt
	[ "$(disk cat hello.hvt:/fast)" = hello ]
	link_rootfs
	[ "$("$TOOL" inspect --json root.hvt | jq .rootfs_bytes)" -eq 0 ]
	run -1 grep rootfs <("$TOOL" inspect root.hvt)
	fails 'root.hvt: a program without a file system' disk ls root.hvt
	tidy
}

@test "--rootfs takes a directory of 20000 names of 250 bytes" {
	mkdir d
	(cd d && seq -f %0250.0f 20000 | xargs touch)
	link_rootfs --rootfs=d
	[ "$(disk ls root.hvt:/ | wc -l)" -eq 20000 ]
	disk check root.hvt
}

@test "a guest finds its root file system between two symbols" {
	make_tree d
	link_rootfs --rootfs d
	"$BIN/tender" --cpu=process root.hvt >got
	offset=$(readelf -SW root.hvt | sed -n \
		's/.*\.hvt\.rootfs *PROGBITS *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
	bytes=$("$TOOL" inspect --json root.hvt | jq .rootfs_bytes)
	tail -c +$((0x$offset + 1)) root.hvt | head -c "$bytes" >root.img
	sound root.img
	grep -q "^$bytes bytes, 0 into a page, sum [0-9]" got
	cat >sum.c <<-'END'
		#include <stdio.h>
		int main(void)
		{
			unsigned long sum = 0;
			int c;
			while ((c = getchar()) != EOF)
				sum = sum * 31 + c;
			printf("%lu\n", sum);
			return 0;
		}
	END
	gcc sum.c -o sum
	grep -q "sum $(./sum <root.img)$" got
	link_rootfs
	[ "$("$BIN/tender" --cpu=process root.hvt)" = "no files" ]
}

@test "a root file system is as small as can be, and root's" {
	mkdir d
	echo x >d/x
	ln d/x d/y
	link_rootfs --rootfs=d
	[ "$(json root.hvt .label)" = rootfs ]
	[ "$(json root.hvt .type)" = ext2 ]
	[ "$(json root.hvt .free_blocks)" -eq 0 ]
	[ "$(json root.hvt .journal_bytes)" -eq 0 ]
	[ "$(json root.hvt .blocks)" -eq 7 ] # five of them of the file system
	[ "$(json root.hvt .inodes)" -eq 32 ]
	[ "$(disk ls root.hvt | xargs)" = "x y" ]
	for files in 0 21 22 3000; do
		rm -r d
		mkdir d
		[ $files -eq 0 ] || (cd d && seq $files | xargs touch)
		link_rootfs --rootfs=d
		disk check root.hvt
		[ "$(json root.hvt .free_blocks)" -eq 0 ]
		[ "$(json root.hvt .free_inodes)" -lt 32 ]
		[ "$(disk ls root.hvt | wc -l)" -eq $files ]
	done
	# Holes and tables of addresses are counted to the block, which shows
	# where a file system has more than the fifty that libext2fs insists on.
	head -c 400000 /dev/urandom >d/filler
	for block in 0 5 11 12 50 1035 1036 1040 3000 1049700; do
		printf x | dd of=d/holes bs=4096 seek=$block conv=notrunc \
			status=none
		link_rootfs --rootfs=d
		disk check root.hvt
		[ "$(json root.hvt .free_blocks)" -eq 0 ]
	done
	if [ "$EUID" -eq 0 ]; then
		chown 1000:1001 d/7
		link_rootfs --rootfs=d
		disk ls -l root.hvt:/7 | grep -q ' 1 0 0 '
		link_rootfs --rootfs=d --rootfs-keep-owners
		disk ls -l root.hvt:/7 | grep -q ' 1 1000 1001 '
	fi
}

@test "the same files give the same image, wherever it is built" {
	make_tree d
	mkdir a b b/c
	cp -a d a/first
	cp -a d b/c/second
	(cd a && link_rootfs -g --rootfs=first)
	(cd b/c && link_rootfs -g --rootfs="$PWD/second/")
	cmp a/root.hvt b/c/root.hvt
	cmp a/root.hvt.debug b/c/root.hvt.debug
	echo more >>a/first/nothing
	(cd a && link_rootfs -g --rootfs=first)
	run -1 cmp -s a/root.hvt b/c/root.hvt
}

@test "a root file system of 100 MB is linked, and read by the guest" {
	mkdir d
	head -c 60M /dev/urandom >d/one
	head -c 43M /dev/urandom >d/two
	link_rootfs --rootfs=d
	disk check root.hvt
	disk cat root.hvt:/one | cmp - d/one
	disk cat root.hvt:/two | cmp - d/two
	run "$BIN/tender" --cpu=process --mem=256M root.hvt
	[[ $output == "$("$TOOL" inspect --json root.hvt |
		jq .rootfs_bytes) bytes, 0 into a page, "* ]]
	[ "$(stat -c %s root.hvt.debug)" -lt 400000 ]
}

@test "a directory that cannot be linked in is named, and no image left" {
	: >file
	for option in --rootfs=nosuch --rootfs=file --rootfs= \
		'--rootfs=. --rootfs=.'; do
		# shellcheck disable=SC2086 # two words on purpose
		run link_rootfs $option
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output =~ ^imgbuild:.*(nosuch|rootfs) ]]
		[ ! -e root.hvt ]
	done
	run link_rootfs -c
	rm -f root.hvt
	link_rootfs -c --rootfs=nosuch # which concerns linking alone
	tidy
}

@test "every command explains itself" {
	disk --help | grep -q '^usage: imgbuild disk create'
	for c in create ls tree cat cp rm mkdir info check; do
		disk $c --help | grep -q "^usage: imgbuild disk $c "
		disk --help | grep -q "disk $c "
		run -1 disk $c
		[ "${#lines[@]}" -eq 1 ]
		fails "disk $c: --nosuch: no such option" disk $c --nosuch a b
	done
	fails 'disk: name a command' disk
	fails 'disk frob: no such command' disk frob
	fails 'disk ls: -r: no such option' disk ls -r data.img
	fails 'disk create: how large' disk create data.img
	fails 'disk create: --size: needs a value' disk create data.img --size
	for s in 0 x 5X -1 99999999999999999999; do
		fails "--size=$s: not a number" disk create a --size=$s
	done
	fails '--owner=root: not UID:GID' disk create a --size=1M --owner=root
	fails '--label=.*: longer than 16' \
		disk create a --size=1M --label=12345678901234567
	[ -z "$(ls -A)" ]
}
