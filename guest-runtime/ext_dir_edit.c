/* SPDX-License-Identifier: ISC */
/* Directories: names come, go, and change. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ext_alloc.h"
#include "ext_dir.h"
#include "ext_dir_index.h"
#include "ext_dirent.h"
#include "ext_dx.h"
#include "ext_map.h"

#define SMALL_BLOCKS 2
#define DIR_MAX	     (1ull << 31) /* bytes, without EXT4 large_dir */

/* Adds an empty block at the end. */
static long grow(struct ext_vnode *dir)
{
	struct ext_mount *m = ext_mount(dir);
	struct ext_run run = {ext_dir_blocks(dir), 1, 0, EXT_DATA}, last;
	blk64_t goal = ext_goal_first(dir);
	long r = 0;

	if (dir->v.size + m->block_bytes > DIR_MAX ||
	    run.lblk >= ext_map_end(dir))
		return -ENOSPC;
	if (run.lblk) {
		r = ext_map_find(dir, run.lblk - 1, &last);
		if (r == 0 && last.state == EXT_DATA)
			goal = last.pblk + 1;
	}
	if (r == 0)
		r = ext_blocks_new(dir, goal, 1, run.lblk > 0, &run.pblk,
				   &run.blocks);
	if (r < 0)
		return r;
	/* Before it is one of the directory's, as memory may be short. */
	ext_dirents_init(m, m->dir_block);
	r = ext_block_write(m, run.pblk, m->dir_block);
	if (r == 0)
		r = ext_map_insert(dir, &run);
	if (r < 0) {
		ext_blocks_give(dir, run.pblk, 1);
		return r;
	}
	dir->v.size += m->block_bytes;
	r = ext_dir_write(dir, run.lblk, m->dir_block);
	if (r < 0)
		return r;
	ext_dir_index_set_room(dir, run.lblk, EXT_DIRENT_MAX);
	return 0;
}

/* Has a block with room in m->dir_block. */
static long room_find(struct ext_vnode *dir, unsigned need, uint64_t *lblk)
{
	struct ext_mount *m = ext_mount(dir);
	uint64_t blocks = ext_dir_blocks(dir);
	long r;

	*lblk = 0;
	if (blocks > SMALL_BLOCKS && ext_dir_index_have(dir))
		*lblk = ext_dir_index_room(dir, need);
	for (; *lblk < blocks; ++*lblk) {
		unsigned end;

		r = ext_dir_read(dir, *lblk, m->dir_block);
		if (r < 0)
			return r;
		end = ext_dirents_end(m, m->dir_block);
		if (ext_dirents_room(m->dir_block, end) >= need)
			return 0;
	}
	*lblk = blocks;
	return grow(dir);
}

long ext_dir_add(struct ext_vnode *dir, const char *name, size_t bytes,
		 uint64_t ino, mode_t mode)
{
	struct ext_mount *m = ext_mount(dir);
	struct ext_place at;
	bool usable = true;
	unsigned end;
	int offset;
	long r;

	if (ext_dx_is(dir)) {
		r = ext_dx_add(dir, name, bytes, ino, mode, &usable);
		if (usable)
			return r;
		r = ext_dx_drop(dir);
		if (r < 0)
			return r;
	}
	r = room_find(dir, ext_dirent_bytes(bytes), &at.lblk);
	if (r < 0)
		return r;
	end = ext_dirents_end(m, m->dir_block);
	offset = ext_dirents_add(m, m->dir_block, end, name, bytes, ino, mode);
	if (offset < 0)
		return -EUCLEAN;
	at.offset = (unsigned)offset;
	r = ext_dir_write(dir, at.lblk, m->dir_block);
	if (r < 0)
		return r;
	ext_dir_index_set_room(dir, at.lblk,
			       ext_dirents_room(m->dir_block, end));
	ext_dir_index_add(dir, name, bytes, at.lblk);
	return 0;
}

long ext_dir_remove(struct ext_vnode *dir, const struct ext_place *at)
{
	struct ext_mount *m = ext_mount(dir);
	const struct ext2_dir_entry *e =
		ext_dirent_at(m->dir_block, at->offset);

	ext_dir_index_remove(dir, e->name, ext_dirent_name_bytes(e), at->lblk);
	ext_dirents_remove(m->dir_block, at->offset);
	ext_dir_index_set_room(
		dir, at->lblk,
		ext_dirents_room(m->dir_block,
				 ext_dirents_end(m, m->dir_block)));
	return ext_dir_write(dir, at->lblk, m->dir_block);
}

long ext_dir_replace(struct ext_vnode *dir, const struct ext_place *at,
		     uint64_t ino, mode_t mode)
{
	struct ext_mount *m = ext_mount(dir);
	struct ext2_dir_entry *e = ext_dirent_at(m->dir_block, at->offset);

	e->inode = (uint32_t)ino;
	e->name_len = (uint16_t)(ext_dirent_name_bytes(e) |
				 ext_dirent_type(m, mode) << 8);
	return ext_dir_write(dir, at->lblk, m->dir_block);
}

long ext_dir_set_parent(struct ext_vnode *dir, uint64_t ino)
{
	struct ext_place at;
	long r = ext_dir_find(dir, "..", 2, &at);

	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	return ext_dir_replace(dir, &at, ino, S_IFDIR);
}

static bool is_dots(const struct ext2_dir_entry *e)
{
	unsigned bytes = ext_dirent_name_bytes(e);

	return bytes <= 2 && memcmp(e->name, "..", bytes) == 0;
}

long ext_dir_empty(struct ext_vnode *dir)
{
	struct ext_mount *m = ext_mount(dir);

	for (uint64_t lblk = 0; lblk < ext_dir_blocks(dir); lblk++) {
		long r = ext_dir_read(dir, lblk, m->dir_block);

		if (r < 0)
			return r;
		for (unsigned at = 0; at < m->block_bytes;) {
			const struct ext2_dir_entry *e =
				ext_dirent_at(m->dir_block, at);

			if (e->inode && !is_dots(e))
				return -ENOTEMPTY;
			at += e->rec_len;
		}
	}
	return 0;
}

long ext_dir_init(struct ext_vnode *dir, uint64_t parent)
{
	struct ext_mount *m = ext_mount(dir);
	unsigned end;
	long r = grow(dir);

	if (r < 0)
		return r;
	end = ext_dirents_end(m, m->dir_block);
	ext_dirents_add(m, m->dir_block, end, ".", 1, dir->v.ino, S_IFDIR);
	ext_dirents_add(m, m->dir_block, end, "..", 2, parent, S_IFDIR);
	return ext_dir_write(dir, 0, m->dir_block);
}
