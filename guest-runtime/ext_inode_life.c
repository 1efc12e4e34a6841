/* SPDX-License-Identifier: ISC */
/* Inodes: how they come into being, and how they end. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ext_alloc.h"
#include "ext_dir.h"
#include "ext_inode.h"
#include "ext_map.h"
#include "ext_orphan.h"
#include "ext_owed.h"

#define INODE_TRIES 64

struct ext_vnode *ext_inode_worker(struct ext_mount *m, ext2_ino_t ino)
{
	struct ext_vnode *x = &m->worker;

	if (m->tree_of == x)
		m->tree_of = NULL;
	memset(x, 0, sizeof(*x));
	x->v.mount = m->mount;
	x->v.ino = ino;
	x->quiet = true;
	return x;
}

/* Whether the group's table has been initialised as far as this inode. */
static bool in_table(const struct ext_mount *m, ext2_ino_t ino)
{
	uint32_t per_group = m->fs->super->s_inodes_per_group;
	dgrp_t group = ext2fs_group_of_ino(m->fs, ino);

	if (!ext2fs_has_group_desc_csum(m->fs))
		return true;
	return (ino - 1) % per_group + ext2fs_bg_itable_unused(m->fs, group) <
	       per_group;
}

/*
 * A damaged bitmap says that inodes in use are free. Giving one out a second
 * time would mix up two files.
 */
static bool in_use(const struct ext_mount *m, ext2_ino_t ino)
{
	struct ext2_inode inode;

	return in_table(m, ino) && !ext2fs_read_inode(m->fs, ino, &inode) &&
	       inode.i_links_count;
}

long ext_inode_new(struct ext_vnode *dir, const struct rt_vnode *init,
		   struct ext_vnode **to)
{
	struct ext_mount *m = ext_mount(dir);

	for (unsigned i = 0; i < INODE_TRIES; i++) {
		ext2_ino_t ino;
		long r = ext_ino_find(dir, init->mode, &ino);

		if (r < 0)
			return r;
		/* After it was taken, the table would be said to reach it. */
		if (in_use(m, ino)) {
			ext_damaged(m);
			ext_ino_take(m, ino, 0);
			continue;
		}
		ext_ino_take(m, ino, init->mode);
		*to = ext_inode_worker(m, ino);
		ext_inode_init(*to, dir, init);
		return 0;
	}
	return -EUCLEAN;
}

/* When it was deleted. 0 would say that it was not. */
static void set_dtime(struct ext_vnode *x)
{
	struct timespec now;

	__rt_now(&now);
	x->dtime = now.tv_sec ? (uint32_t)now.tv_sec : 1;
}

static bool has_blocks(const struct ext_vnode *x)
{
	if (x->raw.i_flags & EXT4_INLINE_DATA_FL)
		return false;
	return S_ISREG(x->v.mode) || S_ISDIR(x->v.mode) ||
	       (S_ISLNK(x->v.mode) && !ext_inode_fast_link(x));
}

long ext_inode_cut(struct ext_vnode *x, uint64_t lblk)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t end = ext_map_end(x);

	if (!has_blocks(x))
		return 0;
	ext_window_drop(x);
	ext_owed_cut(x, lblk);
	while (lblk < end) {
		uint64_t blocks = x->v.blocks;
		long r = ext_map_remove(x, lblk, end, &lblk);

		if (r < 0)
			return r;
		if (lblk < end && x->v.blocks && x->v.blocks != blocks &&
		    ext_store_should_commit(m->store))
			return -EAGAIN;
	}
	return 0;
}

void ext_inode_undo(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	/* It fits into a transaction: it was made in this one. */
	long r = ext_inode_cut(x, 0);

	if (r == 0 && !x->fresh) {
		x->v.nlink = 0;
		x->v.size = 0;
		set_dtime(x);
		ext_orphan_remove(x);
		r = ext_inode_write(x);
	}
	if (r < 0)
		ext_break(m, r);
	ext_ino_give(m, (ext2_ino_t)x->v.ino, x->v.mode);
	ext_map_forget(x);
}

/* The block of extended attributes, which files may share. */
static long attributes_free(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext2_inode *inode = (struct ext2_inode *)&x->raw;
	blk64_t blk = ext2fs_file_acl_block(m->fs, inode);
	uint32_t users;
	errcode_t e;

	if (!blk)
		return 0;
	if (!ext_blocks_may_go(x, blk, 1))
		return -EUCLEAN;
	e = ext2fs_adjust_ea_refcount3(m->fs, blk, NULL, -1, &users,
				       (ext2_ino_t)x->v.ino);
	if (e)
		return ext_errno(e);
	ext2fs_file_acl_block_set(m->fs, inode, 0);
	if (!users)
		ext_blocks_give(x, blk, 1);
	return 0;
}

long ext_inode_delete(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	long r = ext_inode_cut(x, 0);

	if (r == 0)
		r = attributes_free(x);
	if (r < 0)
		return r;
	x->v.size = 0;
	x->v.blocks = 0;
	set_dtime(x);
	ext_orphan_remove(x);
	r = ext_inode_write(x);
	if (r < 0)
		return ext_break(m, r);
	ext_ino_give(m, (ext2_ino_t)x->v.ino, x->v.mode);
	return 0;
}

/*
 * Nobody uses it and it has no name. -EAGAIN where a commit has to come before
 * the rest; another error where it could not be done now.
 */
static long delete_or_doom(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	long r = ext_inode_delete(x), written;

	if (r == 0 || m->broken)
		return r;
	/* What it is made of is wrong: that is e2fsck's to clear away. */
	if (r == -EUCLEAN) {
		ext_damaged(m);
		set_dtime(x);
		ext_orphan_remove(x);
		r = 0;
	} else {
		ext_orphan_doom(x);
	}
	written = ext_inode_write(x);
	return written < 0 ? ext_break(m, written) : r;
}

void ext_inode_evict(struct rt_vnode *v)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);

	x->quiet = true;
	ext_window_drop(x);
	ext_dir_forget(x);
	if (!v->nlink && x->orphan && !m->mount->read_only && !m->broken)
		delete_or_doom(x);
	ext_owed_free(x);
	ext_orphan_detach(x);
	ext_map_forget(x);
}

bool ext_orphan_continue(struct ext_mount *m)
{
	bool changed = false;
	long r = 0;

	while (r == 0 && m->doomed) {
		struct ext_vnode *x = ext_inode_worker(m, ext_orphan_doomed(m));

		r = ext_inode_reload(x);
		if (r < 0)
			break;
		ext_orphan_attach(x);
		r = delete_or_doom(x);
		ext_orphan_detach(x);
		if (r == 0 || r == -EAGAIN)
			changed = true;
	}
	return changed && !m->broken;
}
