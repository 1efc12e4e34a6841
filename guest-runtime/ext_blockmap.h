/* SPDX-License-Identifier: ISC */
/*
 * Block maps: where the blocks of a file are, in ext2 and ext3. Twelve block
 * numbers are in the inode, then one of a block full of numbers, one of a
 * block full of such blocks, and one of a block of those; 0 is a hole.
 */
#ifndef RT_EXT_BLOCKMAP_H
#define RT_EXT_BLOCKMAP_H

#include "ext_vnode.h"

/* The first logical block that there cannot be. */
uint64_t ext_blockmap_end(const struct ext_mount *m);

/* How many blocks from @lblk on can be inserted at once. */
uint64_t ext_blockmap_span(const struct ext_mount *m, uint64_t lblk);

/* See ext_map.h, whose calls these are for block maps. */
long ext_blockmap_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to);
long ext_blockmap_insert(struct ext_vnode *x, const struct ext_run *run);
long ext_blockmap_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
			 uint64_t *next);

#endif
