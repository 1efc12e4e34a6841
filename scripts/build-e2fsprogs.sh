#!/usr/bin/env bash
# Builds libext2fs, and e2fsck's journal recovery with it, from e2fsprogs 1.47.
#
#   build-e2fsprogs.sh SOURCE DIRECTORY [SYSROOT]
#
# SOURCE is an archive or an unpacked tree; it is not changed. DIRECTORY gets
# include/ and libext2fs.a. With a SYSROOT (see build-musl.sh) they are for the
# guest: every global symbol gets a reserved prefix, so that a program may
# bring a libext2fs of its own, and memory comes from the runtime's allocator.
# DIRECTORY/symbols says so to objcopy, for objects that call the library.
# Without one they are for unit tests on this machine, by CC and CFLAGS.
#
# What opens files, prints or asks the environment is left out, and config.h
# takes the place of a configure script.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
source=$(realpath "$1") work=$(realpath -m "$2")
sysroot=${3:+$(realpath "$3")}
cc=${CC:-gcc}

fail() {
	echo "build-e2fsprogs: $*" >&2
	exit 1
}

library=(alloc alloc_sb alloc_stats alloc_tables badblocks bb_inode bitmaps
	bitops blkmap64_ba blkmap64_rb blknum block bmap check_desc closefs
	crc16 crc32c csum dblist dblist_dir dir_iterate dirblock dirhash
	expanddir ext_attr extent fallocate fileio freefs gen_bitmap
	gen_bitmap64 get_num_dirs hashmap i_block icount ind_block
	initialize inline inline_data inode io_manager link lookup mkdir
	mkjournal mmp namei native newdir orphan openfs punch rbtree
	read_bb res_gdt rw_bitmaps sha512 swapfs symlink unlink valid_blk)
recovery=(recovery revoke)
# What the recovery code asks of its surroundings (guest-runtime/ext_replay.c).
surroundings=(brelse buffer_uptodate getblk jbd2_journal_bmap ll_rw_block
	mark_buffer_dirty mark_buffer_uptodate sync_blockdev wait_on_buffer)
allocator=(malloc calloc realloc free)

rm -rf "$work"
mkdir -p "$work/src" "$work/obj" "$work/include"/{ext2fs,et,blkid}
if [ -d "$source" ]; then
	cp -a "$source/version.h" "$source/lib" "$source/e2fsck" "$work/src/"
else
	tar -xf "$source" -C "$work/src" --strip-components=1 --wildcards \
		'*/version.h' '*/lib' '*/e2fsck'
fi
grep -qs '"1\.47\.' "$work/src/version.h" ||
	fail "$source: not e2fsprogs 1.47.x"
cd "$work"

# What configure and the makefiles would generate.
lib=src/lib/ext2fs
cp "$top"/guest-runtime/e2fsprogs/{config,assert}.h include/
sed -e 's/@SIZEOF_SHORT@/2/; s/@SIZEOF_INT@/4/; s/@SIZEOF_LONG@/8/' \
	-e 's/@SIZEOF_LONG_LONG@/8/' \
	-e 's/^@ASM_TYPES_HEADER@$/#include <sys\/time.h>\n#include <sys\/types.h>/' \
	-e '/^@PUBLIC_CONFIG_HEADER@$/d' \
	$lib/ext2_types.h.in >include/ext2fs/ext2_types.h
sed 's/@E2FSPROGS_VERSION@/1.47/' $lib/ext2_err.et.in >ext2_err.et
LC_ALL=C awk -f src/lib/et/et_h.awk outfile=include/ext2fs/ext2_err.h \
	outfn=ext2_err.h ext2_err.et
"${HOSTCC:-gcc}" -o gen_crc32ctable $lib/gen_crc32ctable.c
./gen_crc32ctable >$lib/crc32c_table.h
: >include/blkid/blkid.h
cp src/lib/et/com_err.h include/et/
for name in bitops bmap64 compiler ext2_ext_attr ext2_fs ext2_io ext2fs ext3_extents \
	hashmap jfs_compat kernel-jbd kernel-list; do
	cp "$lib/$name.h" include/ext2fs/
done
cp src/e2fsck/jfs_user.h include/
# Functions that are inline where the compiler likes, and theirs if it does not.
cat >src/inlines.c <<-'END'
	#define E2FSCK_INCLUDE_INLINE_FUNCS
	#include "jfs_user.h"
END
# The tables of Unicode are 200 KiB; without them no names are folded.
cat >src/left_out.c <<-'END'
	#include "ext2fs/ext2fs.h"
	errcode_t ext2fs_check_mount_point(const char *device, int *flags,
					   char *path, int bytes)
	{
		(void)device, (void)path, (void)bytes;
		*flags = 0;
		return 0;
	}
	const struct ext2fs_nls_table *ext2fs_load_nls_table(int encoding)
	{
		(void)encoding;
		return NULL;
	}
END

flags=(-std=gnu11 -w -D_GNU_SOURCE -include include/config.h -Iinclude
	-Isrc/lib -ffile-prefix-map="$work=e2fsprogs")
if [ -n "$sysroot" ]; then
	# Frame pointers: backtraces of a trapped guest go through it too.
	flags+=(-O2 -g -nostdinc -isystem "$sysroot/include"
		-isystem "$("$cc" -print-file-name=include)"
		-fno-pie -fno-stack-protector -fno-omit-frame-pointer
		-ffunction-sections -fdata-sections
		-fno-asynchronous-unwind-tables -fstack-clash-protection)
else
	read -ra own <<<"${CFLAGS:--O2 -g}"
	flags+=("${own[@]}")
fi

sources=(src/inlines.c src/left_out.c)
for name in "${library[@]}"; do
	sources+=("$lib/$name.c")
done
for name in "${recovery[@]}"; do
	sources+=("src/e2fsck/$name.c")
done
compile() {
	local file=$1

	"$cc" "${flags[@]}" -c "$file" -o "obj/$(basename "$file" .c).o" ||
		: >failed
}

jobs_max=$(nproc)
for file in "${sources[@]}"; do
	while [ "$(jobs -pr | wc -l)" -ge "$jobs_max" ]; do
		wait -n
	done
	compile "$file" &
done
wait
[ ! -e failed ] || fail "compiling failed"

if [ -n "$sysroot" ]; then
	{
		nm --defined-only --extern-only --format=posix obj/*.o |
			awk 'NF > 1 { print $1 }'
		printf '%s\n' "${surroundings[@]}" "${allocator[@]}"
	} | sort -u | sed 's/.*/& __rt_&/' >symbols
	for object in obj/*.o; do
		objcopy --redefine-syms=symbols "$object"
	done
fi
rm -f libext2fs.a
ar rcsD libext2fs.a obj/*.o
