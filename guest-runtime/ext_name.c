/* SPDX-License-Identifier: ISC */
#include "ext_name.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ext_alloc.h"
#include "ext_dir.h"
#include "ext_dirent.h"
#include "ext_inline.h"
#include "ext_inode.h"
#include "ext_map.h"
#include "ext_orphan.h"

#define FAST_MAX (sizeof(((struct ext2_inode *)0)->i_block) - 1)

void ext_name_changed(struct ext_vnode *x)
{
	__rt_now(&x->v.ctime);
	ext_dirty(x);
}

void ext_name_changed_dir(struct ext_vnode *dir)
{
	__rt_now(&dir->v.mtime);
	dir->v.ctime = dir->v.mtime;
	ext_dirty(dir);
}

static bool uncounted(const struct ext_vnode *dir)
{
	return ext2fs_has_feature_dir_nlink(ext_mount(dir)->fs->super);
}

long ext_name_may_add_dir(const struct ext_vnode *dir)
{
	return dir->v.nlink >= EXT_LINK_MAX && !uncounted(dir) ? -EMLINK : 0;
}

/* One that has more than can be counted has a count of 1, for ever. */
void ext_name_add_dir(struct ext_vnode *dir)
{
	if (uncounted(dir) &&
	    (dir->v.nlink == 1 || dir->v.nlink >= EXT_LINK_MAX))
		dir->v.nlink = 1;
	else
		dir->v.nlink++;
}

void ext_name_remove_dir(struct ext_vnode *dir)
{
	if (dir->v.nlink > 2)
		dir->v.nlink--;
}

long ext_name_find(struct ext_vnode *dir, const char *name, size_t bytes,
		   const struct rt_vnode *v, struct ext_place *at)
{
	long r = ext_dir_find(dir, name, bytes, at);

	if (r < 0)
		return r;
	return ext_dirent_at(ext_mount(dir)->dir_block, at->offset)->inode ==
			       v->ino
		       ? 0
		       : -EUCLEAN;
}

long ext_name_may_lose(struct ext_vnode *x)
{
	if (S_ISDIR(x->v.mode)) {
		long r = ext_dir_empty(x);

		if (r < 0)
			return r;
	} else if (x->v.nlink > 1) {
		return 0;
	}
	return ext_orphan_add(x);
}

void ext_name_lost(struct ext_vnode *x)
{
	if (S_ISDIR(x->v.mode))
		x->v.nlink = 0;
	else if (x->v.nlink)
		x->v.nlink--;
	ext_name_changed(x);
}

/* Puts what a link says where a map of blocks would be, or into a block. */
static long target_store(struct ext_vnode *x, const char *target)
{
	struct ext_mount *m = ext_mount(x);
	size_t bytes = strlen(target);
	struct ext_run run = {0, 1, 0, EXT_DATA};
	long r;

	if (!bytes)
		return -ENOENT;
	if (bytes >= m->block_bytes)
		return -ENAMETOOLONG;
	x->v.size = bytes;
	if (bytes <= FAST_MAX) {
		memcpy(x->raw.i_block, target, bytes);
		return 0;
	}
	ext_map_init(x);
	r = ext_blocks_new(x, ext_goal_first(x), 1, false, &run.pblk,
			   &run.blocks);
	if (r < 0)
		return r;
	memset(m->dir_block, 0, m->block_bytes);
	memcpy(m->dir_block, target, bytes);
	r = ext_block_write(m, run.pblk, m->dir_block);
	if (r == 0)
		r = ext_map_insert(x, &run);
	if (r < 0)
		ext_blocks_give(x, run.pblk, 1);
	return r;
}

static long content_init(struct ext_vnode *x, const struct ext_vnode *dir,
			 const char *target)
{
	long r;

	if (S_ISLNK(x->v.mode))
		return target_store(x, target);
	if (!S_ISDIR(x->v.mode))
		return 0;
	/* The checksum of its block is made with what is in the inode. */
	r = ext_inode_write(x);
	return r < 0 ? r : ext_dir_init(x, dir->v.ino);
}

long ext_name_create(struct rt_vnode *v, const char *name, size_t bytes,
		     const struct rt_vnode *init, const char *target,
		     uint64_t *ino)
{
	struct ext_vnode *dir = ext_vnode(v), *x;
	bool is_dir = S_ISDIR(init->mode);
	long r = is_dir ? ext_name_may_add_dir(dir) : 0;

	if (ext_mount(dir)->broken)
		return -EIO;
	if (v->flags & RT_IMMUTABLE)
		return -EPERM;
	if (r == 0)
		r = ext_inode_new(dir, init, &x);
	if (r < 0)
		return r;
	x->v.nlink = name ? 1u + is_dir : 0;
	r = content_init(x, dir, target);
	if (r == 0 && !name)
		r = ext_orphan_add(x);
	if (r == 0)
		r = ext_inode_write(x);
	if (r == 0 && name)
		r = ext_dir_add(dir, name, bytes, x->v.ino, init->mode);
	if (r < 0) {
		ext_inode_undo(x);
		return r;
	}
	ext_window_drop(x);
	ext_orphan_detach(x);
	*ino = x->v.ino;
	if (is_dir)
		ext_name_add_dir(dir);
	if (name)
		ext_name_changed_dir(dir);
	return 0;
}

long ext_name_link(struct rt_vnode *to, const char *name, size_t bytes,
		   struct rt_vnode *v)
{
	struct ext_vnode *dir = ext_vnode(to), *x = ext_vnode(v);
	long r;

	if (ext_mount(dir)->broken)
		return -EIO;
	if (to->flags & RT_IMMUTABLE || v->flags & (RT_IMMUTABLE | RT_APPEND))
		return -EPERM;
	if (v->nlink >= EXT_LINK_MAX)
		return -EMLINK;
	r = ext_dir_add(dir, name, bytes, v->ino, v->mode);
	if (r < 0)
		return r;
	if (!v->nlink++)
		ext_orphan_remove(x);
	ext_name_changed(x);
	ext_name_changed_dir(dir);
	return 0;
}

long ext_name_unlink(struct rt_vnode *from, const char *name, size_t bytes,
		     struct rt_vnode *v)
{
	struct ext_vnode *dir = ext_vnode(from), *x = ext_vnode(v);
	struct ext_place at;
	long r;

	if (ext_mount(dir)->broken)
		return -EIO;
	if ((from->flags | v->flags) & (RT_IMMUTABLE | RT_APPEND))
		return -EPERM;
	r = ext_name_may_lose(x);
	if (r == 0)
		r = ext_name_find(dir, name, bytes, v, &at);
	if (r == 0)
		r = ext_dir_remove(dir, &at);
	if (r < 0) {
		if (v->nlink)
			ext_orphan_remove(x);
		return r;
	}
	ext_name_lost(x);
	if (S_ISDIR(v->mode))
		ext_name_remove_dir(dir);
	ext_name_changed_dir(dir);
	return 0;
}

long ext_name_readlink(struct rt_vnode *v, char *to, size_t bytes)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	const char *from = (const char *)x->raw.i_block;
	size_t have = v->size;
	struct ext_run run;
	long r;

	if (x->raw.i_flags & EXT4_INLINE_DATA_FL)
		return ext_inline_read(x, 0, to, bytes);
	if (!ext_inode_fast_link(x)) {
		r = ext_map_find(x, 0, &run);
		if (r == 0)
			r = run.state == EXT_DATA
				    ? ext_block_read(m, run.pblk, m->dir_block)
				    : -EUCLEAN;
		if (r < 0)
			return r;
		from = (const char *)m->dir_block;
	}
	have = strnlen(from, have < m->block_bytes ? have : m->block_bytes);
	if (have > bytes)
		have = bytes;
	memcpy(to, from, have);
	return (long)have;
}
