/* SPDX-License-Identifier: ISC */
/* Extent trees: entries come and go, nodes are split and freed. */
#include <errno.h>
#include <string.h>

#include "ext_alloc.h"
#include "ext_extent.h"
#include "ext_tree.h"

static long bytes_write(struct ext_vnode *x, blk64_t blk, uint8_t *bytes)
{
	struct ext_mount *m = ext_mount(x);
	errcode_t e = ext2fs_extent_block_csum_set(m->fs, (ext2_ino_t)x->v.ino,
						   (void *)bytes);
	long r = e ? ext_errno(e) : ext_block_write(m, blk, bytes);

	return r < 0 ? ext_break(m, r) : 0;
}

long ext_node_write(struct ext_vnode *x, unsigned level)
{
	struct ext_mount *m = ext_mount(x);

	if (level)
		return bytes_write(x, m->tree[level].blk, m->tree[level].bytes);
	ext_dirty(x);
	return 0;
}

unsigned ext_node_full(const struct ext_vnode *x, unsigned depth,
		       unsigned extra)
{
	const struct ext_mount *m = ext_mount(x);
	unsigned count = 0;

	for (unsigned level = depth + 1; level-- > 0; count++) {
		const struct ext3_extent_header *h =
			ext_extent_header(m, level);

		if (h->eh_entries + extra <= h->eh_max)
			break;
	}
	return count;
}

static void entry_put(struct ext3_extent_header *h, unsigned at,
		      const struct ext3_extent *entry)
{
	struct ext3_extent *e = EXT_FIRST_EXTENT(h) + at;

	memmove(e + 1, e, (h->eh_entries - at) * sizeof(*e));
	*e = *entry;
	h->eh_entries++;
}

void ext_node_delete(struct ext_vnode *x, unsigned level, unsigned at,
		     unsigned count)
{
	struct ext3_extent_header *h = ext_extent_header(ext_mount(x), level);
	struct ext3_extent *e = EXT_FIRST_EXTENT(h) + at;

	memmove(e, e + count, (h->eh_entries - at - count) * sizeof(*e));
	h->eh_entries = (uint16_t)(h->eh_entries - count);
}

long ext_node_mend_keys(struct ext_vnode *x, unsigned level)
{
	struct ext_mount *m = ext_mount(x);
	uint32_t key = ext_extent_at(m, level, 0)->ee_block;

	while (level-- > 0) {
		struct ext3_extent_idx *e =
			ext_extent_index(m, level, m->tree[level].at);
		long r;

		if (e->ei_block == key)
			break;
		e->ei_block = key;
		r = ext_node_write(x, level);
		if (r < 0)
			return r;
		if (m->tree[level].at)
			break;
	}
	return 0;
}

static struct ext3_extent index_entry(uint32_t key, blk64_t blk)
{
	struct ext3_extent_idx idx = {
		.ei_block = key,
		.ei_leaf = (uint32_t)blk,
		.ei_leaf_hi = (uint16_t)(blk >> 32),
	};
	struct ext3_extent e;

	_Static_assert(sizeof(e) == sizeof(idx), "entries are of one size");
	memcpy(&e, &idx, sizeof(e));
	return e;
}

/* What is in the root moves to a node of its own, below it. */
static long root_grow(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext3_extent_header *root = ext_extent_header(m, 0), *h;
	unsigned depth = root->eh_depth;
	struct ext_node below;

	if (depth == EXT_MAX_DEPTH)
		return -EFBIG;
	below = m->tree[depth + 1];
	memmove(&m->tree[2], &m->tree[1], depth * sizeof(below));
	below.blk = ext_plan_take(x);
	below.at = m->tree[0].at;
	m->tree[1] = below;
	m->tree[0].at = 0;

	h = ext_extent_header(m, 1);
	memset(h, 0, m->block_bytes);
	memcpy(h, root, sizeof(x->raw.i_block));
	h->eh_max = (uint16_t)ext_extent_room(m);
	root->eh_depth++;
	root->eh_entries = 0;
	{
		struct ext3_extent e =
			index_entry(EXT_FIRST_EXTENT(h)->ee_block, below.blk);

		entry_put(root, 0, &e);
	}
	return ext_node_write(x, 0);
}

/* Whether nothing comes behind the end of the node at @level. */
static bool rightmost(const struct ext_mount *m, unsigned level)
{
	while (level-- > 0)
		if (m->tree[level].at + 1u <
		    ext_extent_header(m, level)->eh_entries)
			return false;
	return true;
}

/*
 * Inserts into a full node below the root, by a second one behind it. A file
 * that is written from front to end fills its nodes: there, nothing moves.
 */
static long node_split(struct ext_vnode *x, unsigned level, unsigned at,
		       const struct ext3_extent *entry)
{
	struct ext_mount *m = ext_mount(x);
	struct ext3_extent_header *h = ext_extent_header(m, level);
	struct ext3_extent_header *new = (void *)m->spare;
	unsigned count = h->eh_entries, keep = count / 2;
	bool tail = at == count && rightmost(m, level), second;
	blk64_t blk = ext_plan_take(x);
	struct ext3_extent index;
	long r;

	if (tail)
		keep = count;
	second = tail || at > keep;
	memset(new, 0, m->block_bytes);
	*new = *h;
	new->eh_entries = (uint16_t)(count - keep);
	memcpy(EXT_FIRST_EXTENT(new), EXT_FIRST_EXTENT(h) + keep,
	       (count - keep) * sizeof(*entry));
	h->eh_entries = (uint16_t)keep;
	if (second)
		entry_put(new, at - keep, entry);
	else
		entry_put(h, at, entry);
	index = index_entry(EXT_FIRST_EXTENT(new)->ee_block, blk);
	r = bytes_write(x, blk, m->spare);
	if (r == 0)
		r = ext_node_write(x, level);
	if (r == 0 && at == 0)
		r = ext_node_mend_keys(x, level);
	if (r < 0)
		return r;
	/* The next walk sets what is wrong in the path now. */
	return ext_node_insert(x, level - 1, m->tree[level - 1].at + 1, &index);
}

long ext_node_insert(struct ext_vnode *x, unsigned level, unsigned at,
		     const struct ext3_extent *entry)
{
	struct ext_mount *m = ext_mount(x);
	struct ext3_extent_header *h = ext_extent_header(m, level);
	long r;

	if (h->eh_entries >= h->eh_max) {
		if (level)
			return node_split(x, level, at, entry);
		r = root_grow(x);
		if (r < 0)
			return r;
		level = 1;
		h = ext_extent_header(m, level);
	}
	entry_put(h, at, entry);
	r = ext_node_write(x, level);
	if (r == 0 && at == 0)
		r = ext_node_mend_keys(x, level);
	return r;
}

long ext_node_drop(struct ext_vnode *x, unsigned level)
{
	struct ext_mount *m = ext_mount(x);
	long r;

	while (level > 0 && !ext_extent_header(m, level)->eh_entries) {
		ext_blocks_give(x, m->tree[level].blk, 1);
		m->tree[level].blk = 0;
		level--;
		ext_node_delete(x, level, m->tree[level].at, 1);
	}
	if (!ext_extent_header(m, level)->eh_entries)
		ext_extent_header(m, level)->eh_depth = 0;
	r = ext_node_write(x, level);
	if (r == 0 && level && m->tree[level].at == 0)
		r = ext_node_mend_keys(x, level);
	return r;
}
