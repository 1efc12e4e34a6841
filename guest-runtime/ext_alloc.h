/* SPDX-License-Identifier: ISC */
/*
 * Which blocks and inodes a file gets.
 *
 * THEORY OF OPERATION
 * A block goes behind the one before it in the file; a file's first block goes
 * into the group of its inode. A file that grows in small steps gets a window:
 * free blocks that other files keep off as long as there are others, so that
 * files which grow side by side do not end up in slices. Windows are in memory
 * only, and what is in one is still free.
 */
#ifndef RT_EXT_ALLOC_H
#define RT_EXT_ALLOC_H

#include "ext_vnode.h"

/* -EAGAIN where a commit would make room, else -ENOSPC. */
long ext_no_space(const struct ext_mount *m);

/*
 * Free blocks, 1 to @want of them, at @goal or else near it; nothing is
 * marked. 0, -ENOSPC or -EAGAIN.
 */
long ext_free_find(struct ext_vnode *x, blk64_t goal, uint64_t want,
		   blk64_t *blk, uint64_t *found);

/*
 * Takes 1 to @want free blocks for @x at @goal or else near it. With @growing,
 * more is going to be wanted behind them. 0, -ENOSPC or -EAGAIN.
 */
long ext_blocks_new(struct ext_vnode *x, blk64_t goal, uint64_t want,
		    bool growing, blk64_t *blk, uint64_t *count);

/* Marks free blocks as used by @x, and counts them. */
void ext_blocks_take(struct ext_vnode *x, blk64_t blk, uint64_t count);

/* Frees blocks of @x, which were in use (ext_blocks_may_go). */
void ext_blocks_give(struct ext_vnode *x, blk64_t blk, uint64_t count);

/*
 * Whether these blocks exist, all are in use, and @x has so many: a damaged map
 * that leads round in circles comes to an end.
 */
bool ext_blocks_may_go(const struct ext_vnode *x, blk64_t blk, uint64_t count);

/* Where the first block of @x should go. */
blk64_t ext_goal_first(const struct ext_vnode *x);

/* @x grows no more. */
void ext_window_drop(struct ext_vnode *x);

/* A free inode for a file in @dir. 0, -ENOSPC or -EAGAIN. */
long ext_ino_find(struct ext_vnode *dir, mode_t mode, ext2_ino_t *ino);

/* Marks it as used, or as free. */
void ext_ino_take(struct ext_mount *m, ext2_ino_t ino, mode_t mode);
void ext_ino_give(struct ext_mount *m, ext2_ino_t ino, mode_t mode);

#endif
