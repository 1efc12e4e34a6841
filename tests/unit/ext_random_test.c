/* SPDX-License-Identifier: ISC */
/*
 * File systems of every kind, changed at random, compared with a mirror in
 * memory, and checked by e2fsck. Memory and room on the disk run out.
 */
#include "ext_random.h"
#include "ext_vnode.h"

#define CHECK_EACH 100 /* operations */

static void (*const growing[])(void) = {
	op_create, op_create, op_link,	   op_write, op_write,
	op_write,  op_rename, op_truncate, op_punch, op_preallocate,
	op_unlink, op_unlink, op_close,	   op_sync,  op_attributes,
};

static void (*const shrinking[])(void) = {
	op_unlink, op_unlink, op_truncate, op_close, op_rename, op_punch,
};

static void operate(void)
{
	static unsigned shrink_left;

	if (files_only_shrink)
		shrink_left = 60;
	files_only_shrink = false;
	vfs_seconds++;
	vfs_fail_memory = any(25) ? -1 : (long)any(4);
	if (shrink_left) {
		shrink_left--;
		shrinking[any(COUNT_OF(shrinking))]();
	} else {
		growing[any(COUNT_OF(growing))]();
	}
	vfs_fail_memory = -1;
}

static void close_all(void)
{
	for (unsigned i = 0; i < MIRROR_FILES; i++) {
		struct mfile *f = &mirror_files[i];

		if (!f->open)
			continue;
		__rt_vnode_put(f->open);
		f->open = NULL;
		mirror_drop_file(f);
	}
}

/* A clean end, e2fsck, and a new beginning. */
static void check(struct image *image)
{
	struct rt_vnode *root;
	const char *why;
	bool types;
	long r;

	types = ext2fs_has_feature_filetype(
		((struct ext_mount *)vfs_mount.fs)->fs->super);
	mirror_compare(types);
	close_all();
	root = vfs_mount.root;
	__rt_vnode_put(root);
	r = vfs_detach();
	EXPECT(r == 0, "unmount %ld", r);
	EXPECT(image_clean(image), "e2fsck");
	r = vfs_attach(image, &why);
	EXPECT(r == 0 && !vfs_mount.read_only, "mount %ld %s", r,
	       why ? why : "");
	if (r)
		exit(1);
	mirror_compare(types);
}

static void run(size_t bytes, const char *options, unsigned operations)
{
	struct image image;
	const char *why;
	long r;

	image_make(&image, bytes, options);
	mirror_clear();
	r = vfs_attach(&image, &why);
	EXPECT(r == 0 && !why, "mount %ld %s", r, why ? why : "");
	if (r)
		exit(1);
	/* mke2fs makes one, the mirror has none. */
	r = vfs_unlink(vfs_mount.root, "lost+found");
	EXPECT(r == 0, "lost+found %ld", r);
	for (unsigned i = 1; i <= operations; i++) {
		operate();
		if (i % CHECK_EACH == 0)
			check(&image);
		if (tap_broken)
			break;
	}
	close_all();
	__rt_vnode_put(vfs_mount.root);
	vfs_detach();
	image_destroy(&image);
	mirror_clear();
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	static const struct {
		const char *name, *options;
		size_t bytes;
	} kinds[] = {
		{"ext2 with blocks of 1 KiB", "-t ext2 -b 1024", 8 << 20},
		{"ext3 with blocks of 1 KiB", "-t ext3 -b 1024", 8 << 20},
		{"ext3 with blocks of 2 KiB and inodes of 128 bytes",
		 "-t ext3 -b 2048 -I 128", 12 << 20},
		{"ext4 with blocks of 4 KiB", "-t ext4 -b 4096", 24 << 20},
		{"ext4 with blocks of 1 KiB", "-t ext4 -b 1024", 10 << 20},
		{"ext4 without checksums",
		 "-t ext4 -b 1024 -O ^metadata_csum,^64bit", 10 << 20},
		{"ext4 with uninit_bg and no flex_bg",
		 "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^flex_bg",
		 20 << 20},
		{"ext4 without a journal", "-t ext4 -b 4096 -O ^has_journal",
		 12 << 20},
		{"ext2 without types in directories, or dir_index",
		 "-t ext2 -b 1024 -O ^filetype,^dir_index,^large_file",
		 8 << 20},
	};

	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	for (unsigned long round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
			uint64_t start = seed;
			char text[128];

			run(kinds[i].bytes, kinds[i].options, 1500);
			snprintf(text, sizeof(text), "%s, changed at random",
				 kinds[i].name);
			if (tap_broken)
				printf("# seed %#llx\n",
				       (unsigned long long)start);
			promise(text);
		}
	}
	return promises_end();
}
