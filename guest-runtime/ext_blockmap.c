/* SPDX-License-Identifier: ISC */
#include "ext_blockmap.h"

#include <errno.h>
#include <string.h>

#include "ext_alloc.h"
#include "ext_tree.h"

#define NO_BLOCK (1ull << 32) /* numbers here have 32 bits */

/* The way to a logical block. */
struct way {
	unsigned depth;	 /* level of the array that has its number */
	unsigned have;	 /* level of the last array that exists */
	uint64_t behind; /* blocks from it to the end of what one more level,
			  * which does not exist, would cover */
	unsigned length; /* numbers in the last array that exists */
};

static unsigned numbers_bits(const struct ext_mount *m)
{
	return m->block_bits - 2;
}

static uint32_t *numbers(const struct ext_mount *m, unsigned level)
{
	return (uint32_t *)(void *)m->tree[level].bytes;
}

uint64_t ext_blockmap_end(const struct ext_mount *m)
{
	unsigned bits = numbers_bits(m);

	return EXT2_NDIR_BLOCKS + (1ull << bits) + (1ull << 2 * bits) +
	       (1ull << 3 * bits);
}

/*
 * Sets the path: which number at each level. Returns the depth. @lblk must be
 * below ext_blockmap_end.
 */
static unsigned path_set(struct ext_mount *m, uint64_t lblk)
{
	unsigned bits = numbers_bits(m), depth;

	if (lblk < EXT2_NDIR_BLOCKS) {
		m->tree[0].at = (unsigned)lblk;
		return 0;
	}
	lblk -= EXT2_NDIR_BLOCKS;
	for (depth = 1; lblk >> depth * bits; depth++)
		lblk -= 1ull << depth * bits;
	m->tree[0].at = EXT2_NDIR_BLOCKS + depth - 1;
	for (unsigned level = depth; level > 0; level--, lblk >>= bits)
		m->tree[level].at = (unsigned)(lblk & ((1u << bits) - 1));
	return depth;
}

uint64_t ext_blockmap_span(const struct ext_mount *m, uint64_t lblk)
{
	unsigned bits = numbers_bits(m);

	if (lblk < EXT2_NDIR_BLOCKS)
		return EXT2_NDIR_BLOCKS - lblk;
	lblk = (lblk - EXT2_NDIR_BLOCKS) & ((1u << bits) - 1);
	return (1u << bits) - lblk;
}

static long walk(struct ext_vnode *x, uint64_t lblk, struct way *w)
{
	struct ext_mount *m = ext_mount(x);
	unsigned bits = numbers_bits(m);
	uint64_t mask;
	long r;

	ext_tree_of(x);
	w->depth = path_set(m, lblk);
	for (w->have = 0; w->have < w->depth; w->have++) {
		struct ext_node *n = &m->tree[w->have + 1];
		uint32_t blk = numbers(m, w->have)[m->tree[w->have].at];

		if (!blk)
			break;
		if (n->blk == blk)
			continue;
		n->blk = 0;
		r = ext_block_read(m, blk, n->bytes);
		if (r < 0)
			return r;
		n->blk = blk;
	}
	w->length = w->have ? 1u << bits : EXT2_NDIR_BLOCKS;
	mask = (1ull << (w->depth - w->have) * bits) - 1;
	w->behind = 0;
	if (w->have < w->depth) {
		lblk -= EXT2_NDIR_BLOCKS;
		for (unsigned d = 1; d < w->depth; d++)
			lblk -= 1ull << d * bits;
		w->behind = mask + 1 - (lblk & mask);
	}
	return 0;
}

long ext_blockmap_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to)
{
	struct ext_mount *m = ext_mount(x);
	const uint32_t *blk;
	struct way w;
	unsigned left;
	long r;

	*to = (struct ext_run){lblk, UINT64_MAX - lblk, 0, EXT_HOLE};
	if (lblk >= ext_blockmap_end(m))
		return 0;
	r = walk(x, lblk, &w);
	if (r < 0)
		return r;
	if (w.have < w.depth) {
		to->blocks = w.behind;
		return 0;
	}
	blk = &numbers(m, w.depth)[m->tree[w.depth].at];
	left = w.length - m->tree[w.depth].at;
	to->blocks = 1;
	if (!*blk) {
		while (to->blocks < left && !blk[to->blocks])
			to->blocks++;
		return 0;
	}
	to->state = EXT_DATA;
	to->pblk = *blk;
	while (to->blocks < left && blk[to->blocks] == *blk + to->blocks)
		to->blocks++;
	return ext_blocks_exist(m, to->pblk, to->blocks) ? 0 : -EUCLEAN;
}

long ext_blockmap_insert(struct ext_vnode *x, const struct ext_run *run)
{
	struct ext_mount *m = ext_mount(x);
	struct way w;
	uint32_t *blk;
	long r = walk(x, run->lblk, &w);

	if (r < 0)
		return r;
	if (run->pblk + run->blocks > NO_BLOCK)
		return -ENOSPC;
	r = ext_plan_make(x, run->pblk + run->blocks, w.depth - w.have);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < m->plan.count; i++)
		if (m->plan.blk[i] >= NO_BLOCK)
			return -ENOSPC;
	for (unsigned level = w.have + 1; level <= w.depth; level++) {
		struct ext_node *n = &m->tree[level];

		n->blk = ext_plan_take(x);
		memset(n->bytes, 0, m->block_bytes);
		numbers(m, level - 1)[m->tree[level - 1].at] = (uint32_t)n->blk;
	}
	blk = &numbers(m, w.depth)[m->tree[w.depth].at];
	for (unsigned i = 0; i < run->blocks; i++)
		blk[i] = (uint32_t)(run->pblk + i);
	ext_dirty(x);
	for (unsigned level = w.depth; level > 0 && level >= w.have; level--) {
		r = ext_block_write(m, m->tree[level].blk,
				    m->tree[level].bytes);
		if (r < 0)
			return ext_break(m, r);
	}
	return 0;
}

static bool all_zero(const uint32_t *blk, unsigned count)
{
	while (count && !*blk) {
		blk++;
		count--;
	}
	return !count;
}

/* Calls back for each piece of consecutive blocks; stops where it says no. */
static bool pieces(struct ext_vnode *x, const uint32_t *blk, unsigned count,
		   bool (*piece)(struct ext_vnode *x, blk64_t blk,
				 uint64_t blocks))
{
	while (count) {
		unsigned n = 1;

		while (n < count && *blk && blk[n] == *blk + n)
			n++;
		if (*blk && !piece(x, *blk, n))
			return false;
		blk += n;
		count -= n;
	}
	return true;
}

static bool piece_used(struct ext_vnode *x, blk64_t blk, uint64_t blocks)
{
	return ext_blocks_may_go(x, blk, blocks);
}

static bool piece_give(struct ext_vnode *x, blk64_t blk, uint64_t blocks)
{
	ext_blocks_give(x, blk, blocks);
	return true;
}

/* Frees arrays without numbers, from @level up, and writes the last one. */
static long arrays_drop(struct ext_vnode *x, unsigned level)
{
	struct ext_mount *m = ext_mount(x);
	unsigned length = m->block_bytes / sizeof(uint32_t);

	while (level > 0 && all_zero(numbers(m, level), length)) {
		ext_blocks_give(x, m->tree[level].blk, 1);
		m->tree[level].blk = 0;
		level--;
		numbers(m, level)[m->tree[level].at] = 0;
	}
	ext_dirty(x);
	if (level) {
		long r = ext_block_write(m, m->tree[level].blk,
					 m->tree[level].bytes);

		if (r < 0)
			return ext_break(m, r);
	}
	return 0;
}

long ext_blockmap_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
			 uint64_t *next)
{
	struct ext_mount *m = ext_mount(x);
	uint32_t *blk;
	unsigned count;
	struct way w;
	long r;

	*next = to;
	if (from >= ext_blockmap_end(m))
		return 0;
	r = walk(x, from, &w);
	if (r < 0)
		return r;
	if (w.have < w.depth) {
		if (w.behind < to - from)
			*next = from + w.behind;
		return 0;
	}
	blk = &numbers(m, w.depth)[m->tree[w.depth].at];
	count = w.length - m->tree[w.depth].at;
	if (count > to - from)
		count = (unsigned)(to - from);
	*next = from + count;
	if (all_zero(blk, count))
		return 0;
	for (unsigned level = 1; level <= w.depth; level++)
		if (!ext_blocks_may_go(x, m->tree[level].blk, 1))
			return -EUCLEAN;
	if (!pieces(x, blk, count, piece_used))
		return -EUCLEAN;
	pieces(x, blk, count, piece_give);
	memset(blk, 0, count * sizeof(*blk));
	return arrays_drop(x, w.depth);
}
