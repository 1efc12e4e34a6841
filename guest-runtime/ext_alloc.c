/* SPDX-License-Identifier: ISC */
#include "ext_alloc.h"

#include <errno.h>
#include <sys/stat.h>

#include "ext_orphan.h"

#define FREE_TRIES   16 /* pieces of free space looked at for a better one */
#define WINDOW_MIN   8
#define WINDOW_MAX   2048
#define LARGE_ENOUGH 64 /* a piece of this size needs no better one */
#define SECTOR_BITS  9

long ext_no_space(const struct ext_mount *m)
{
	return m->doomed || ext_store_freed(m->store) ? -EAGAIN : -ENOSPC;
}

bool ext_blocks_may_go(const struct ext_vnode *x, blk64_t blk, uint64_t count)
{
	const struct ext_mount *m = ext_mount(x);
	blk64_t zero;

	if (!count || !ext_blocks_exist(m, blk, count) ||
	    count > x->v.blocks >> (m->block_bits - SECTOR_BITS))
		return false;
	return ext2fs_find_first_zero_block_bitmap2(
		       m->fs->block_map, blk, blk + count - 1, &zero) == ENOENT;
}

/*
 * Keeps the piece off the windows of others: cuts it where one begins. Returns
 * false, with *@blk behind the window, where it begins in one.
 */
static bool keep_off(const struct ext_mount *m, const struct ext_vnode *x,
		     blk64_t *blk, uint64_t *count)
{
	for (unsigned i = 0; i < EXT_WINDOWS; i++) {
		const struct ext_window *w = &m->windows[i];

		if (!w->owner || w->owner == x || w->end <= *blk)
			continue;
		if (w->next <= *blk) {
			*blk = w->end;
			return false;
		}
		if (w->next - *blk < *count)
			*count = w->next - *blk;
	}
	return true;
}

/* The best of a few pieces of free space from @goal on; *@found 0: none. */
static long look_around(struct ext_vnode *x, blk64_t goal, uint64_t want,
			blk64_t *blk, uint64_t *found)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t enough = want < LARGE_ENOUGH ? want : LARGE_ENOUGH;
	blk64_t from = goal;

	*found = 0;
	for (unsigned i = 0; i < FREE_TRIES; i++) {
		blk64_t at, length;
		uint64_t count;
		errcode_t e = ext2fs_new_range(m->fs, 0, from, want, NULL, &at,
					       &length);

		if (e == EXT2_ET_BLOCK_ALLOC_FAIL)
			break;
		if (e)
			return ext_errno(e);
		count = length < want ? length : want;
		from = at + count;
		if (!keep_off(m, x, &at, &count)) {
			from = at;
			continue;
		}
		if (count > *found) {
			*blk = at;
			*found = count;
		}
		if (at == goal || count >= enough)
			break;
	}
	return 0;
}

long ext_free_find(struct ext_vnode *x, blk64_t goal, uint64_t want,
		   blk64_t *blk, uint64_t *found)
{
	struct ext_mount *m = ext_mount(x);
	long r = look_around(x, goal, want, blk, found);

	if (r < 0 || *found)
		return r;
	/* What is left is in windows. */
	for (unsigned i = 0; i < EXT_WINDOWS; i++)
		if (m->windows[i].owner)
			ext_window_drop(m->windows[i].owner);
	r = look_around(x, goal, want, blk, found);
	if (r < 0 || *found)
		return r;
	return ext_no_space(m);
}

void ext_window_drop(struct ext_vnode *x)
{
	if (x->window)
		ext_mount(x)->windows[x->window - 1].owner = NULL;
	x->window = 0;
}

static void window_set(struct ext_vnode *x, blk64_t from, blk64_t end)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_window *w;

	ext_window_drop(x);
	w = &m->windows[m->next_window];
	if (w->owner)
		ext_window_drop(w->owner);
	w->owner = x;
	w->next = from;
	w->end = end;
	x->window = m->next_window + 1;
	m->next_window = (m->next_window + 1) % EXT_WINDOWS;
}

/* As many blocks again as the file has, within limits. */
static uint64_t window_blocks(const struct ext_vnode *x)
{
	uint64_t blocks =
		x->v.blocks >> (ext_mount(x)->block_bits - SECTOR_BITS);

	if (blocks < WINDOW_MIN)
		return WINDOW_MIN;
	return blocks < WINDOW_MAX ? blocks : WINDOW_MAX;
}

long ext_blocks_new(struct ext_vnode *x, blk64_t goal, uint64_t want,
		    bool growing, blk64_t *blk, uint64_t *count)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t look = want;
	long r;

	if (x->window && m->windows[x->window - 1].next != goal)
		ext_window_drop(x);
	if (growing && !x->window && look < window_blocks(x))
		look = window_blocks(x);
	r = ext_free_find(x, goal, look, blk, count);
	if (r < 0)
		return r;
	if (x->window) {
		struct ext_window *w = &m->windows[x->window - 1];

		/* Who does not know windows may have taken it. */
		if (*blk != w->next || *count >= w->end - w->next)
			ext_window_drop(x);
		else
			w->next += *count < want ? *count : want;
	} else if (look > want && *count > want) {
		window_set(x, *blk + want, *blk + *count);
	}
	if (*count > want)
		*count = want;
	ext_blocks_take(x, *blk, *count);
	return 0;
}

void ext_blocks_take(struct ext_vnode *x, blk64_t blk, uint64_t count)
{
	struct ext_mount *m = ext_mount(x);

	ext2fs_block_alloc_stats_range(m->fs, blk, (blk_t)count, +1);
	x->v.blocks += count << (m->block_bits - SECTOR_BITS);
	ext_dirty(x);
}

void ext_blocks_give(struct ext_vnode *x, blk64_t blk, uint64_t count)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t sectors = count << (m->block_bits - SECTOR_BITS);

	ext2fs_block_alloc_stats_range(m->fs, blk, (blk_t)count, -1);
	x->v.blocks -= sectors < x->v.blocks ? sectors : x->v.blocks;
	ext_dirty(x);
}

blk64_t ext_goal_first(const struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	dgrp_t group = ext2fs_group_of_ino(m->fs, (ext2_ino_t)x->v.ino);
	unsigned flex = m->fs->super->s_log_groups_per_flex;

	dgrp_t count = m->fs->group_desc_count;

	/* Inodes of a flexible group are all in its first group. */
	if (flex && flex < 32)
		group &= ~((1u << flex) - 1);
	/* Groups without a free block are not worth a search. */
	for (dgrp_t i = 0; i < count; i++, group = (group + 1) % count)
		if (ext2fs_bg_free_blocks_count(m->fs, group))
			break;
	return ext2fs_group_first_block2(m->fs, group);
}

/*
 * Directories below the root are spread, so that what is in them has room to
 * stay together: the group with the most free blocks, if it has inodes.
 */
static dgrp_t directory_group(const struct ext_mount *m, dgrp_t parent)
{
	uint64_t average =
		m->fs->super->s_free_inodes_count / m->fs->group_desc_count;
	dgrp_t best = parent;
	uint32_t most = 0;

	for (dgrp_t g = 0; g < m->fs->group_desc_count; g++) {
		uint32_t blocks = ext2fs_bg_free_blocks_count(m->fs, g);

		if (ext2fs_bg_free_inodes_count(m->fs, g) >= average &&
		    ext2fs_bg_free_inodes_count(m->fs, g) > 0 &&
		    blocks > most) {
			best = g;
			most = blocks;
		}
	}
	return best;
}

long ext_ino_find(struct ext_vnode *dir, mode_t mode, ext2_ino_t *ino)
{
	struct ext_mount *m = ext_mount(dir);
	dgrp_t group = ext2fs_group_of_ino(m->fs, (ext2_ino_t)dir->v.ino);
	errcode_t e;

	if (S_ISDIR(mode) && dir->v.ino == EXT2_ROOT_INO)
		group = directory_group(m, group);
	/* It wants a neighbour, not the directory. */
	e = ext2fs_new_inode(m->fs,
			     group * m->fs->super->s_inodes_per_group + 1,
			     (int)mode, NULL, ino);
	if (e == EXT2_ET_INODE_ALLOC_FAIL)
		return m->doomed ? -EAGAIN : -ENOSPC;
	return ext_errno(e);
}

void ext_ino_take(struct ext_mount *m, ext2_ino_t ino, mode_t mode)
{
	ext2fs_inode_alloc_stats2(m->fs, ino, +1, S_ISDIR(mode));
}

void ext_ino_give(struct ext_mount *m, ext2_ino_t ino, mode_t mode)
{
	ext2fs_inode_alloc_stats2(m->fs, ino, -1, S_ISDIR(mode));
}
