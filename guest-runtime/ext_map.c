/* SPDX-License-Identifier: ISC */
#include "ext_map.h"

#include <string.h>

#include "ext_blockmap.h"
#include "ext_extent.h"
#include "ext_tree.h"

static bool has_extents(const struct ext_vnode *x)
{
	return x->raw.i_flags & EXT4_EXTENTS_FL;
}

void ext_map_init(struct ext_vnode *x)
{
	memset(x->raw.i_block, 0, sizeof(x->raw.i_block));
	if (ext2fs_has_feature_extents(ext_mount(x)->fs->super))
		ext_extent_init(x);
}

uint64_t ext_map_end(const struct ext_vnode *x)
{
	return has_extents(x) ? EXT_EXTENT_END : ext_blockmap_end(ext_mount(x));
}

uint64_t ext_map_span(const struct ext_vnode *x, uint64_t lblk,
		      enum ext_state state)
{
	if (!has_extents(x))
		return ext_blockmap_span(ext_mount(x), lblk);
	return state == EXT_UNWRITTEN ? EXT_UNWRITTEN_MAX : EXT_DATA_MAX;
}

long ext_map_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to)
{
	struct ext_run run = x->run;
	uint64_t skip;
	long r;

	if (lblk < run.lblk || lblk - run.lblk >= run.blocks) {
		x->run.blocks = 0;
		r = has_extents(x) ? ext_extent_find(x, lblk, &run)
				   : ext_blockmap_find(x, lblk, &run);
		if (r < 0)
			return r;
		x->run = run;
	}
	skip = lblk - run.lblk;
	run.lblk += skip;
	run.blocks -= skip;
	if (run.state != EXT_HOLE)
		run.pblk += skip;
	*to = run;
	return 0;
}

long ext_map_insert(struct ext_vnode *x, const struct ext_run *run)
{
	x->run.blocks = 0;
	return has_extents(x) ? ext_extent_insert(x, run)
			      : ext_blockmap_insert(x, run);
}

long ext_map_convert(struct ext_vnode *x, uint64_t lblk, uint64_t blocks,
		     enum ext_state state)
{
	x->run.blocks = 0;
	return has_extents(x) ? ext_extent_convert(x, lblk, blocks, state) : 0;
}

long ext_map_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
		    uint64_t *next)
{
	x->run.blocks = 0;
	return has_extents(x) ? ext_extent_remove(x, from, to, next)
			      : ext_blockmap_remove(x, from, to, next);
}

void ext_map_forget(struct ext_vnode *x)
{
	x->run.blocks = 0;
	ext_tree_forget(x);
}
