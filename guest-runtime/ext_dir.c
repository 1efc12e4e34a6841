/* SPDX-License-Identifier: ISC */
#include "ext_dir.h"

#include <errno.h>
#include <string.h>

#include "ext_dir_index.h"
#include "ext_dirent.h"
#include "ext_dx.h"
#include "ext_inline.h"
#include "ext_map.h"

#define SMALL_BLOCKS 2	/* a directory up to here needs no index */
#define CHECKED_BITS 64 /* of ext_vnode.checked */

uint64_t ext_dir_blocks(const struct ext_vnode *dir)
{
	return dir->v.size >> ext_mount(dir)->block_bits;
}

void ext_dir_forget(struct ext_vnode *dir)
{
	ext_dir_index_drop(dir);
	dir->no_index = false;
	dir->checked = 0;
}

static long block_of(struct ext_vnode *dir, uint64_t lblk, blk64_t *blk)
{
	struct ext_run run;
	long r = ext_map_find(dir, lblk, &run);

	if (r < 0)
		return r;
	if (run.state != EXT_DATA)
		return -EUCLEAN;
	*blk = run.pblk;
	return 0;
}

long ext_dir_read(struct ext_vnode *dir, uint64_t lblk, void *to)
{
	struct ext_mount *m = ext_mount(dir);
	uint64_t bit = lblk < CHECKED_BITS ? 1ull << lblk : 0;
	blk64_t blk;
	long r;

	if (lblk >= ext_dir_blocks(dir))
		return -EUCLEAN;
	r = block_of(dir, lblk, &blk);
	if (r == 0)
		r = ext_block_read(m, blk, to);
	if (r < 0)
		return r;
	/* Again each time: something else may claim the same block. */
	if (!ext_dirents_good(to, m->block_bytes))
		return -EUCLEAN;
	if (dir->checked & bit || ext_dir_index_ready(dir))
		return 0;
	if (!ext2fs_dir_block_csum_verify(m->fs, (ext2_ino_t)dir->v.ino, to))
		return -EUCLEAN;
	dir->checked |= bit;
	return 0;
}

long ext_dir_write(struct ext_vnode *dir, uint64_t lblk, void *from)
{
	struct ext_mount *m = ext_mount(dir);
	blk64_t blk;
	long r = block_of(dir, lblk, &blk);

	if (r == 0)
		r = ext_errno(ext2fs_dir_block_csum_set(
			m->fs, (ext2_ino_t)dir->v.ino, from));
	if (r == 0)
		r = ext_block_write(m, blk, from);
	return r < 0 ? ext_break(m, r) : 0;
}

/* Searches the first @blocks blocks. */
static long search(struct ext_vnode *dir, uint64_t blocks, const char *name,
		   size_t bytes, struct ext_place *at)
{
	struct ext_mount *m = ext_mount(dir);

	for (at->lblk = 0; at->lblk < blocks; at->lblk++) {
		long r = ext_dir_read(dir, at->lblk, m->dir_block);
		int offset;

		if (r < 0)
			return r;
		offset = ext_dirents_find(m->dir_block, m->block_bytes, name,
					  bytes);
		if (offset >= 0) {
			at->offset = (unsigned)offset;
			return 0;
		}
	}
	return -ENOENT;
}

long ext_dir_find(struct ext_vnode *dir, const char *name, size_t bytes,
		  struct ext_place *at)
{
	uint64_t blocks = ext_dir_blocks(dir);
	bool usable = true;
	long r;

	if (bytes == 2 && name[0] == '.' && name[1] == '.')
		return search(dir, 1, name, bytes, at);
	if (ext_dx_is(dir)) {
		r = ext_dx_find(dir, name, bytes, at, &usable);
		if (usable)
			return r;
	}
	if (blocks > SMALL_BLOCKS && ext_dir_index_have(dir))
		return ext_dir_index_find(dir, name, bytes, at);
	return search(dir, blocks, name, bytes, at);
}

long ext_dir_lookup(struct rt_vnode *v, const char *name, size_t bytes,
		    uint64_t *ino)
{
	struct ext_vnode *dir = ext_vnode(v);
	struct ext_place at;
	long r;

	if (dir->raw.i_flags & EXT4_INLINE_DATA_FL) {
		r = ext_inline_lookup(dir, name, bytes, ino);
	} else {
		r = ext_dir_find(dir, name, bytes, &at);
		if (r == 0)
			*ino = ext_dirent_at(ext_mount(dir)->dir_block,
					     at.offset)
				       ->inode;
	}
	/* None is in itself, and only the root is above itself. */
	if (r == 0 && *ino == v->ino && v->ino != EXT2_ROOT_INO)
		return -EUCLEAN;
	return r;
}

/* The names of one block from offset @at on. 1: @emit is full. */
static long emit_block(struct ext_vnode *dir, uint64_t lblk, unsigned at,
		       rt_emit *emit, void *to)
{
	struct ext_mount *m = ext_mount(dir);
	uint64_t base = lblk << m->block_bits;

	for (unsigned offset = 0; offset < m->block_bytes;) {
		const struct ext2_dir_entry *e =
			ext_dirent_at(m->dir_block, offset);
		unsigned next = offset + e->rec_len;

		/* What was here may have been given to the one before. */
		if (offset >= at && e->inode) {
			if (!ext_dirent_name_good(e))
				return -EUCLEAN;
			if (emit(to, e->name, ext_dirent_name_bytes(e),
				 e->inode, ext_dirent_dt(m, e), base + next))
				return 1;
		}
		offset = next;
	}
	return 0;
}

long ext_dir_readdir(struct rt_vnode *v, uint64_t at, rt_emit *emit, void *to)
{
	struct ext_vnode *dir = ext_vnode(v);
	struct ext_mount *m = ext_mount(dir);
	uint64_t lblk = at >> m->block_bits;
	unsigned offset = (unsigned)(at & (m->block_bytes - 1));

	if (dir->raw.i_flags & EXT4_INLINE_DATA_FL)
		return ext_inline_readdir(dir, at, emit, to);
	for (; lblk < ext_dir_blocks(dir); lblk++, offset = 0) {
		long r = ext_dir_read(dir, lblk, m->dir_block);

		if (r == 0)
			r = emit_block(dir, lblk, offset, emit, to);
		if (r)
			return r < 0 ? r : 0;
	}
	return 0;
}
