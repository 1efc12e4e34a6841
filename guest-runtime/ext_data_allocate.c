/* SPDX-License-Identifier: ISC */
/*
 * The data of files: blocks for it.
 *
 * First the range is searched for pieces that have no blocks, or unwritten
 * ones; then each gets what it lacks. When that fails in the middle, what was
 * done is undone.
 */
#include <errno.h>

#include "ext_alloc.h"
#include "ext_data.h"
#include "ext_map.h"
#include "ext_owed.h"

#define FEW 16 /* pieces that need no memory of their own */

/* Pieces of the range, and what they are before anything is done. */
struct lacking {
	struct ext_run few[FEW], *run;
	unsigned count, max;
	uint64_t holes; /* blocks in all */
};

static long lacking_add(struct lacking *l, const struct ext_run *run)
{
	struct ext_run *more;

	if (l->count == l->max) {
		more = __rt_calloc(2 * (size_t)l->max, sizeof(*more));
		if (!more)
			return -ENOMEM;
		for (unsigned i = 0; i < l->count; i++)
			more[i] = l->run[i];
		if (l->run != l->few)
			__rt_free(l->run);
		l->run = more;
		l->max *= 2;
	}
	l->run[l->count++] = *run;
	return 0;
}

static void lacking_free(struct lacking *l)
{
	if (l->run != l->few)
		__rt_free(l->run);
}

static long lacking_find(struct ext_vnode *x, uint64_t lblk, uint64_t end,
			 bool unwritten, struct lacking *l)
{
	l->run = l->few;
	l->max = FEW;
	l->count = 0;
	l->holes = 0;
	while (lblk < end) {
		struct ext_run run, *last = &l->run[l->count];
		long r = ext_map_find(x, lblk, &run);

		if (r < 0)
			return r;
		if (run.blocks > end - lblk)
			run.blocks = end - lblk;
		lblk += run.blocks;
		if (run.state == EXT_HOLE)
			l->holes += run.blocks;
		else if (run.state == EXT_DATA || unwritten)
			continue;
		if (l->count && last[-1].state == EXT_HOLE &&
		    run.state == EXT_HOLE &&
		    last[-1].lblk + last[-1].blocks == run.lblk) {
			last[-1].blocks += run.blocks;
			continue;
		}
		r = lacking_add(l, &run);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where the block @lblk should go. */
static long goal_find(struct ext_vnode *x, uint64_t lblk, blk64_t *goal)
{
	struct ext_run before;
	long r;

	*goal = x->last ? x->last : ext_goal_first(x);
	if (!lblk)
		return 0;
	r = ext_map_find(x, lblk - 1, &before);
	if (r == 0 && before.state != EXT_HOLE)
		*goal = before.pblk + 1;
	return r;
}

/* Fills the beginning of a hole. */
static long hole_fill_some(struct ext_vnode *x, struct ext_run *hole,
			   enum ext_state state)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_run run = *hole;
	uint64_t span = ext_map_span(x, hole->lblk, state);
	bool growing =
		hole->lblk &&
		(hole->lblk + hole->blocks) << m->block_bits >= x->v.size;
	blk64_t goal;
	long r = goal_find(x, hole->lblk, &goal);

	if (r < 0)
		return r;
	run.state = state;
	r = ext_blocks_new(x, goal, run.blocks < span ? run.blocks : span,
			   growing, &run.pblk, &run.blocks);
	if (r < 0)
		return r;
	r = ext_map_insert(x, &run);
	if (r < 0) {
		ext_blocks_give(x, run.pblk, run.blocks);
		return r;
	}
	x->last = run.pblk + run.blocks;
	hole->lblk += run.blocks;
	hole->blocks -= run.blocks;
	return 0;
}

/* Makes holes of [from, to) again. */
static long refill_undo(struct ext_vnode *x, uint64_t from, uint64_t to)
{
	long r = 0;

	while (r == 0 && from < to)
		r = ext_map_remove(x, from, to, &from);
	return r;
}

/* @done pieces were given what they lack, and @part of the next. */
static void undo(struct ext_vnode *x, const struct lacking *l, unsigned done,
		 uint64_t part)
{
	long r = 0;

	for (unsigned i = done + 1; i-- > 0 && r == 0;) {
		const struct ext_run *run = &l->run[i];
		uint64_t blocks = i == done ? part : run->blocks;

		if (!blocks)
			continue;
		if (run->state == EXT_HOLE)
			r = refill_undo(x, run->lblk, run->lblk + blocks);
		else
			r = ext_map_convert(x, run->lblk, blocks,
					    EXT_UNWRITTEN);
	}
	if (r < 0)
		ext_break(ext_mount(x), r);
}

/* Gives each piece what it lacks; on an error nothing, or, where they stay
 * unwritten, as much as there is.
 */
static long fill(struct ext_vnode *x, const struct lacking *l, bool unwritten)
{
	struct ext_mount *m = ext_mount(x);
	enum ext_state state = unwritten ? EXT_UNWRITTEN : EXT_DATA;
	unsigned done;
	long r = 0;

	for (done = 0; done < l->count; done++) {
		struct ext_run run = l->run[done];

		if (run.state == EXT_UNWRITTEN) {
			r = ext_map_convert(x, run.lblk, run.blocks, EXT_DATA);
			/* It may have come as far as the next leaf. */
			if (r < 0 && !m->broken)
				undo(x, l, done, run.blocks);
			if (r < 0)
				return r;
			continue;
		}
		while (run.blocks && r == 0) {
			r = hole_fill_some(x, &run, state);
			if (r == 0 && unwritten && run.blocks &&
			    ext_store_should_commit(m->store))
				return -EAGAIN;
		}
		if (r < 0) {
			if (!m->broken)
				undo(x, l, done,
				     l->run[done].blocks - run.blocks);
			return r;
		}
	}
	return 0;
}

static long allocate(struct ext_vnode *x, uint64_t lblk, uint64_t end,
		     bool unwritten)
{
	struct ext_mount *m = ext_mount(x);
	struct lacking l;
	long r = lacking_find(x, lblk, end, unwritten, &l);

	if (r == 0 && l.count && unwritten &&
	    !(x->raw.i_flags & EXT4_EXTENTS_FL))
		r = -EOPNOTSUPP;
	if (r == 0 && l.holes > ext2fs_free_blocks_count(m->fs->super))
		r = ext_no_space(m);
	if (r == 0 && l.count && !unwritten)
		r = ext_owed_reserve(x, l.count);
	if (r == 0)
		r = fill(x, &l, unwritten);
	for (unsigned i = 0; i < l.count && r == 0 && !unwritten; i++)
		ext_owed_add(x, l.run[i].lblk, l.run[i].lblk + l.run[i].blocks);
	lacking_free(&l);
	return r;
}

long ext_data_allocate(struct rt_vnode *v, uint64_t offset, uint64_t bytes,
		       int unwritten)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);

	if (v->flags & RT_IMMUTABLE)
		return -EPERM;
	if (m->broken)
		return -EIO;
	if (offset > v->max_size || bytes > v->max_size - offset)
		return -EFBIG;
	if (!bytes)
		return 0;
	return allocate(x, offset >> m->block_bits,
			((offset + bytes - 1) >> m->block_bits) + 1, unwritten);
}
