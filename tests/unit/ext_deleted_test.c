/* SPDX-License-Identifier: ISC */
/* Files of ext file systems that are deleted, in use or not. */
#include "ext_fixture.h"

static void test_open_unlinked(void)
{
	struct rt_vnode *v[3];
	uint64_t blocks, inodes;
	char byte = 0;

	begin(8 * MIB, "-t ext4");
	vfs_sync();
	blocks = blocks_free();
	inodes = inodes_free();
	for (unsigned i = 0; i < 3; i++) {
		v[i] = full_file(root, "f");
		vfs_unlink(root, "f");
		if (i == 1)
			vfs_sync();
	}
	for (unsigned i = 0; i < 3; i++) {
		vfs_read(v[i], 49999, &byte, 1);
		EXPECT(byte == 'z' && v[i]->nlink == 0, "%u: %#x", i, byte);
	}
	vfs_sync();
	EXPECT(shell("e2fsck -fp %s >/dev/null; test $? -le 1", image.path) ==
		       0,
	       "e2fsck, with orphans");
	/* In the middle, at the front, at the end of the list. */
	__rt_vnode_put(v[1]);
	vfs_sync();
	__rt_vnode_put(v[2]);
	__rt_vnode_put(v[0]);
	vfs_sync();
	EXPECT(blocks_free() == blocks && inodes_free() == inodes,
	       "%llu blocks, %llu inodes lost",
	       (unsigned long long)(blocks - blocks_free()),
	       (unsigned long long)(inodes - inodes_free()));
	v[0] = full_file(root, NULL);
	__rt_vnode_put(v[0]);
	v[0] = full_file(root, NULL);
	EXPECT(ops()->link(root, "named", 5, v[0]) == 0, "link");
	__rt_vnode_put(v[0]);
	v[0] = full_file(root, "g");
	vfs_unlink(root, "g");
	/* It is in use when the file system is unmounted. */
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	EXPECT((v[0] = vfs_find(root, "named")) && v[0]->size == 50000,
	       "the file that got a name");
	if (v[0])
		__rt_vnode_put(v[0]);
	EXPECT(inodes_free() == inodes - 1, "%llu inodes lost",
	       (unsigned long long)(inodes - 1 - inodes_free()));
	end("deleted files live as long as they are used");
}

static void test_crash_orphans(void)
{
	struct rt_vnode *v[4];
	uint64_t blocks, inodes;

	begin(8 * MIB, "-t ext4");
	vfs_sync();
	blocks = blocks_free();
	inodes = inodes_free();
	for (unsigned i = 0; i < 4; i++) {
		v[i] = full_file(root, i == 3 ? NULL : "f");
		if (i < 3)
			vfs_unlink(root, "f");
	}
	vfs_sync();
	__rt_vnode_put(v[1]); /* not committed */
	root->refs--;
	vfs_crash();
	mount_again(false);
	EXPECT(inodes_free() == inodes && blocks_free() == blocks,
	       "%llu inodes, %llu blocks lost",
	       (unsigned long long)(inodes - inodes_free()),
	       (unsigned long long)(blocks - blocks_free()));
	end("after a crash the next mount deletes what was deleted");
}

static void test_orphan_garbage(void)
{
	static const char *const heads[] = {"1", "8", "99999", "12"};
	struct rt_vnode *v;

	begin(8 * MIB, "-t ext4 -O ^metadata_csum");
	v = full_file(root, "f");
	EXPECT(v->ino == 12, "inode %llu", (unsigned long long)v->ino);
	__rt_vnode_put(v);
	leave();
	for (unsigned i = 0; i < COUNT_OF(heads); i++) {
		bool loop = i == 3;

		/* The file has a name: it is cut to its size, then left. */
		if (loop)
			shell("debugfs -w -R 'sif <12> dtime 12' %s >/dev/null",
			      image.path);
		shell("debugfs -w -R 'ssv last_orphan %s' %s >/dev/null",
		      heads[i], image.path);
		mount_again(!loop);
		v = vfs_find(root, "f");
		EXPECT(v && v->size == 50000, "list %s: the file is gone",
		       heads[i]);
		if (v)
			__rt_vnode_put(v);
		leave();
	}
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
	promise("a damaged list of orphans makes it read-only, or ends");
}

static void test_attribute_blocks(void)
{
	uint64_t blocks;

	begin(8 * MIB, "-t ext4");
	vfs_sync();
	blocks = blocks_free();
	for (char name[] = "a"; name[0] < 'd'; name[0]++)
		__rt_vnode_put(full_file(root, name));
	leave();
	for (char name[] = "a"; name[0] < 'd'; name[0]++)
		shell("head -c 700 /dev/zero | tr '\\0' v >/tmp/ext_ea.%d; "
		      "debugfs -w -R 'ea_set -f /tmp/ext_ea.%d %s user.x' %s "
		      ">/dev/null; rm /tmp/ext_ea.%d",
		      (int)getpid(), (int)getpid(), name, image.path,
		      (int)getpid());
	mount_again(false);
	EXPECT(blocks_free() < blocks - 3 * 13, "no block of attributes");
	vfs_unlink(root, "a");
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	vfs_unlink(root, "b");
	vfs_unlink(root, "c");
	vfs_sync();
	EXPECT(blocks_free() == blocks, "%llu blocks lost",
	       (unsigned long long)(blocks - blocks_free()));
	end("blocks of extended attributes go with their file");
}

int main(void)
{
	test_open_unlinked();
	test_crash_orphans();
	test_orphan_garbage();
	test_attribute_blocks();
	return promises_end();
}
