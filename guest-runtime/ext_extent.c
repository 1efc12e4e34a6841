/* SPDX-License-Identifier: ISC */
#include "ext_extent.h"

#include <errno.h>
#include <string.h>

#include "ext_tree.h"

#define ROOT_BYTES sizeof(((struct ext2_inode *)0)->i_block)

unsigned ext_extent_room(const struct ext_mount *m)
{
	return (unsigned)((m->block_bytes - sizeof(struct ext3_extent_header)) /
			  sizeof(struct ext3_extent));
}

void ext_extent_init(struct ext_vnode *x)
{
	struct ext3_extent_header *h = (void *)x->raw.i_block;

	memset(x->raw.i_block, 0, ROOT_BYTES);
	h->eh_magic = EXT3_EXT_MAGIC;
	h->eh_max = (ROOT_BYTES - sizeof(*h)) / sizeof(struct ext3_extent);
	x->raw.i_flags |= EXT4_EXTENTS_FL;
}

struct ext_run ext_extent_run(const struct ext3_extent *e)
{
	struct ext_run run = {
		.lblk = e->ee_block,
		.blocks = e->ee_len,
		.pblk = e->ee_start | (blk64_t)e->ee_start_hi << 32,
		.state = EXT_DATA,
	};

	if (run.blocks > EXT_DATA_MAX) {
		run.blocks -= EXT_DATA_MAX;
		run.state = EXT_UNWRITTEN;
	}
	return run;
}

struct ext3_extent ext_extent_pack(const struct ext_run *run)
{
	unsigned blocks = (unsigned)run->blocks;

	if (run->state == EXT_UNWRITTEN)
		blocks += EXT_DATA_MAX;
	return (struct ext3_extent){
		.ee_block = (uint32_t)run->lblk,
		.ee_len = (uint16_t)blocks,
		.ee_start = (uint32_t)run->pblk,
		.ee_start_hi = (uint16_t)(run->pblk >> 32),
	};
}

/* Whether the entries are in order, within [low, high), and on the disk. */
static bool entries_good(const struct ext_mount *m, unsigned level, bool leaf,
			 uint64_t low, uint64_t high)
{
	unsigned count = ext_extent_header(m, level)->eh_entries;

	for (unsigned i = 0; i < count; i++) {
		if (leaf) {
			struct ext_run run =
				ext_extent_run(ext_extent_at(m, level, i));

			if (run.lblk < low || !run.blocks ||
			    run.lblk + run.blocks > high ||
			    !ext_blocks_exist(m, run.pblk, run.blocks))
				return false;
			low = run.lblk + run.blocks;
		} else {
			uint64_t key = ext_extent_index(m, level, i)->ei_block;

			if (key < low || key >= high)
				return false;
			low = key + 1;
		}
	}
	return true;
}

static bool header_good(const struct ext_mount *m, unsigned level,
			unsigned depth, unsigned room)
{
	const struct ext3_extent_header *h = ext_extent_header(m, level);

	/* A checksum may follow the last entry: two may be missing. */
	return h->eh_magic == EXT3_EXT_MAGIC && h->eh_depth == depth &&
	       h->eh_max <= room && h->eh_max + 2u >= room && h->eh_max >= 2 &&
	       h->eh_entries <= h->eh_max && (level == 0 || h->eh_entries > 0);
}

/* The same of a node of which the entries are in order. */
static bool ends_good(const struct ext_mount *m, unsigned level, unsigned depth,
		      uint64_t low, uint64_t high)
{
	const struct ext3_extent_header *h = ext_extent_header(m, level);
	const struct ext3_extent *last =
		ext_extent_at(m, level, h->eh_entries - 1u);
	uint64_t end = last->ee_block + 1ULL;

	if (!depth)
		end = last->ee_block + ext_extent_run(last).blocks;
	return h->eh_depth == depth &&
	       ext_extent_at(m, level, 0)->ee_block >= low && end <= high;
}

/* Has the node that @blk is in @level; its entries lie in [low, high). */
static long node_read(struct ext_vnode *x, unsigned level, blk64_t blk,
		      unsigned depth, uint64_t low, uint64_t high)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_node *n = &m->tree[level];
	long r;

	/* What is known may be found by a second way, that lies. */
	if (blk && n->blk == blk)
		return ends_good(m, level, depth, low, high) ? 0 : -EUCLEAN;
	n->blk = 0;
	r = ext_block_read(m, blk, n->bytes);
	if (r < 0)
		return r;
	if (!header_good(m, level, depth, ext_extent_room(m)) ||
	    !ext2fs_extent_block_csum_verify(m->fs, (ext2_ino_t)x->v.ino,
					     (void *)n->bytes) ||
	    !entries_good(m, level, depth == 0, low, high))
		return -EUCLEAN;
	n->blk = blk;
	return 0;
}

/* The last entry whose key is not above @lblk; -1 where there is none. */
static int entry_search(const struct ext_mount *m, unsigned level,
			uint64_t lblk)
{
	int low = 0, high = ext_extent_header(m, level)->eh_entries - 1;

	/* The key is where it is in an index and in an extent. */
	while (low <= high) {
		int middle = (low + high) / 2;

		if (ext_extent_at(m, level, (unsigned)middle)->ee_block > lblk)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return low - 1;
}

long ext_extent_walk(struct ext_vnode *x, uint64_t lblk, struct ext_walk *w)
{
	struct ext_mount *m = ext_mount(x);
	unsigned level, depth;
	uint64_t low = 0;
	long r;

	ext_tree_of(x);
	w->end = EXT_EXTENT_END;
	depth = ext_extent_header(m, 0)->eh_depth;
	if (depth > EXT_MAX_DEPTH ||
	    !header_good(m, 0, depth,
			 (ROOT_BYTES - sizeof(struct ext3_extent_header)) /
				 sizeof(struct ext3_extent)) ||
	    !entries_good(m, 0, depth == 0, 0, w->end) ||
	    (depth && !ext_extent_header(m, 0)->eh_entries))
		return -EUCLEAN;
	for (level = 0; level < depth; level++) {
		const struct ext3_extent_idx *e;
		int at = entry_search(m, level, lblk);

		if (at < 0)
			at = 0;
		m->tree[level].at = (unsigned)at;
		e = ext_extent_index(m, level, (unsigned)at);
		low = e->ei_block;
		if (at + 1 < ext_extent_header(m, level)->eh_entries)
			w->end = e[1].ei_block;
		r = node_read(x, level + 1,
			      e->ei_leaf | (blk64_t)e->ei_leaf_hi << 32,
			      depth - level - 1, low, w->end);
		if (r < 0)
			return r;
	}
	w->depth = depth;
	w->at = entry_search(m, depth, lblk);
	return 0;
}

long ext_extent_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t end = EXT_EXTENT_END;
	struct ext_walk w;
	long r;

	if (lblk < EXT_EXTENT_END) {
		r = ext_extent_walk(x, lblk, &w);
		if (r < 0)
			return r;
		if (w.at >= 0) {
			*to = ext_extent_run(
				ext_extent_at(m, w.depth, (unsigned)w.at));
			if (lblk < to->lblk + to->blocks)
				return 0;
		}
		end = w.end;
		if (w.at + 1 < ext_extent_header(m, w.depth)->eh_entries)
			end = ext_extent_at(m, w.depth, (unsigned)(w.at + 1))
				      ->ee_block;
	}
	if (end <= lblk)
		end = UINT64_MAX;
	*to = (struct ext_run){lblk, end - lblk, 0, EXT_HOLE};
	return 0;
}
