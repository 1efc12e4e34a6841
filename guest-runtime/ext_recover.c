/* SPDX-License-Identifier: ISC */
/*
 * What a crash left behind: files that were deleted, or cut, while something
 * still used them.
 */
#include <errno.h>
#include <string.h>

#include "ext_alloc.h"
#include "ext_inode.h"
#include "ext_map.h"
#include "ext_orphan.h"

/* The last block may hold old data behind the end of the file. */
static long tail_zero(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	uint32_t keep = (uint32_t)(x->v.size & (m->block_bytes - 1));
	struct bp_segment all = {(uint64_t)(uintptr_t)m->spare, m->block_bytes};
	struct ext_run run;
	long r;

	if (!keep)
		return 0;
	r = ext_map_find(x, x->v.size >> m->block_bits, &run);
	if (r < 0 || run.state != EXT_DATA)
		return r;
	r = ext_store_read(m->store, run.pblk, &all, 1);
	if (r < 0)
		return r;
	memset(m->spare + keep, 0, m->block_bytes - keep);
	return ext_store_write(m->store, run.pblk, &all, 1);
}

static long finish_once(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	long r;

	if (!x->v.nlink)
		return ext_inode_delete(x);
	r = ext_inode_cut(x, (x->v.size + m->block_bytes - 1) >> m->block_bits);
	if (r == 0)
		r = tail_zero(x);
	return r;
}

/* Deletes @ino, if it has no name, or else cuts it to its size. */
static long finish(struct ext_mount *m, ext2_ino_t ino, uint32_t *next)
{
	const struct ext2_super_block *s = m->fs->super;
	struct ext_vnode *x;
	long r;

	if (ino < EXT2_FIRST_INODE(s) || ino > s->s_inodes_count ||
	    !ext2fs_test_inode_bitmap2(m->fs->inode_map, ino))
		return -EUCLEAN;
	x = ext_inode_worker(m, ino);
	r = ext_inode_reload(x);
	if (r < 0)
		return r;
	*next = x->raw.i_dtime;
	while ((r = finish_once(x)) == -EAGAIN) {
		x->dtime = *next;
		r = ext_inode_write(x);
		if (r == 0)
			r = ext_store_commit(m->store);
		if (r < 0)
			return r;
		x->dtime = 0;
	}
	if (r < 0 || !x->v.nlink)
		return r;
	return ext_inode_write(x);
}

long ext_orphan_recover(struct ext_mount *m)
{
	struct ext2_super_block *s = m->fs->super;

	while (s->s_last_orphan) {
		uint32_t next;
		long r = finish(m, s->s_last_orphan, &next);

		if (r < 0)
			return r;
		s->s_last_orphan = next;
		ext2fs_mark_super_dirty(m->fs);
	}
	return 0;
}
