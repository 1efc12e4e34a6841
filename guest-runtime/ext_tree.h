/* SPDX-License-Identifier: ISC */
/* The nodes of extent trees and of indirect block maps, in memory. */
#ifndef RT_EXT_TREE_H
#define RT_EXT_TREE_H

#include "ext_vnode.h"

/*
 * The nodes in the mount's buffers are from now on those of @x; nodes of
 * another file are forgotten. Level 0 is in the inode.
 */
void ext_tree_of(struct ext_vnode *x);

/* Forgets the nodes of @x, which were changed behind its back, or are gone. */
void ext_tree_forget(const struct ext_vnode *x);

/*
 * Finds free blocks for @count new nodes near @goal, and marks nothing yet.
 * -ENOSPC or -EAGAIN.
 */
long ext_plan_make(struct ext_vnode *x, blk64_t goal, unsigned count);

/* The next one of those, marked as used and counted as the file's. */
blk64_t ext_plan_take(struct ext_vnode *x);

#endif
