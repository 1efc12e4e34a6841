/* SPDX-License-Identifier: ISC */
/* One image, mounted: what the pointed tests of ext file systems share. */
#ifndef EXT_FIXTURE_H
#define EXT_FIXTURE_H

#include "ext_mirror.h"
#include "ext_vnode.h"

#define MIB (1u << 20)

static struct image image;
static struct rt_vnode *root;

static inline const struct rt_fs_ops *ops(void)
{
	return vfs_mount.ops;
}

static inline void mount_again(bool read_only)
{
	const char *why;
	long r = vfs_attach(&image, &why);

	EXPECT(r == 0 && vfs_mount.read_only == read_only, "mount %ld %s", r,
	       why ? why : "");
	if (r)
		exit(1);
	root = vfs_mount.root;
}

static inline void begin(size_t bytes, const char *options)
{
	image_make(&image, bytes, options);
	mount_again(false);
}

/* Unmounts; what was deleted is gone by then. */
static inline void leave(void)
{
	const struct ext2_super_block *s =
		(const void *)(image.bytes + SUPERBLOCK_OFFSET);
	bool written = !vfs_mount.read_only;
	long r;

	__rt_vnode_put(root);
	r = vfs_detach();
	EXPECT(r == 0, "unmount %ld", r);
	EXPECT(!written || !s->s_last_orphan, "orphans are left");
}

static inline void end(const char *text)
{
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
	promise(text);
}

static inline uint64_t blocks_free(void)
{
	struct statfs fs;

	ops()->statfs(&vfs_mount, &fs);
	return fs.f_bfree;
}

static inline uint64_t inodes_free(void)
{
	struct statfs fs;

	ops()->statfs(&vfs_mount, &fs);
	return fs.f_ffree;
}

static inline struct rt_vnode *make(struct rt_vnode *dir, const char *name,
				    mode_t mode)
{
	struct rt_vnode *v = NULL;
	long r = vfs_make(dir, name, mode, S_ISLNK(mode) ? "x" : NULL, &v);

	EXPECT(r == 0, "make %s: %ld", name ? name : "(none)", r);
	if (r)
		exit(1);
	return v;
}

static inline void make_and_put(struct rt_vnode *dir, const char *name,
				mode_t mode)
{
	__rt_vnode_put(make(dir, name, mode));
}

/* Files with content, for deletion. */
static inline struct rt_vnode *full_file(struct rt_vnode *dir, const char *name)
{
	struct rt_vnode *v = make(dir, name, S_IFREG | 0644);
	char data[50000];
	long r;

	memset(data, 'z', sizeof(data));
	r = vfs_write(v, 0, data, sizeof(data));
	EXPECT(r == 0, "write %s: %ld", name ? name : "(none)", r);
	return v;
}

#endif
