/* SPDX-License-Identifier: ISC */
/* Extent trees: runs are put in, taken out, and marked as written. */
#include <errno.h>

#include "ext_alloc.h"
#include "ext_extent.h"
#include "ext_tree.h"

static uint64_t run_max(enum ext_state state)
{
	return state == EXT_UNWRITTEN ? EXT_UNWRITTEN_MAX : EXT_DATA_MAX;
}

/* Whether @b continues @a, and one extent can hold both. */
static bool joins(const struct ext_run *a, const struct ext_run *b)
{
	return a->state == b->state && a->lblk + a->blocks == b->lblk &&
	       a->pblk + a->blocks == b->pblk &&
	       a->blocks + b->blocks <= run_max(a->state);
}

/* Entry @at of the leaf; false where there is none. */
static bool leaf_run(const struct ext_mount *m, const struct ext_walk *w,
		     int at, struct ext_run *to)
{
	if (at < 0 || at >= ext_extent_header(m, w->depth)->eh_entries)
		return false;
	*to = ext_extent_run(ext_extent_at(m, w->depth, (unsigned)at));
	return true;
}

static void leaf_set(struct ext_mount *m, const struct ext_walk *w, int at,
		     const struct ext_run *run)
{
	*ext_extent_at(m, w->depth, (unsigned)at) = ext_extent_pack(run);
}

long ext_extent_insert(struct ext_vnode *x, const struct ext_run *run)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_run left, right, all = *run;
	struct ext3_extent entry;
	struct ext_walk w;
	long r = ext_extent_walk(x, run->lblk, &w);

	if (r < 0)
		return r;
	if (leaf_run(m, &w, w.at, &left) && joins(&left, run)) {
		left.blocks += run->blocks;
		if (leaf_run(m, &w, w.at + 1, &right) && joins(&left, &right)) {
			left.blocks += right.blocks;
			ext_node_delete(x, w.depth, (unsigned)(w.at + 1), 1);
		}
		leaf_set(m, &w, w.at, &left);
		return ext_node_write(x, w.depth);
	}
	if (leaf_run(m, &w, w.at + 1, &right) && joins(run, &right)) {
		all.blocks += right.blocks;
		leaf_set(m, &w, w.at + 1, &all);
		r = ext_node_write(x, w.depth);
		if (r == 0 && w.at < 0)
			r = ext_node_mend_keys(x, w.depth);
		return r;
	}
	r = ext_plan_make(x, run->pblk + run->blocks,
			  ext_node_full(x, w.depth, 1));
	if (r < 0)
		return r;
	entry = ext_extent_pack(run);
	return ext_node_insert(x, w.depth, (unsigned)(w.at + 1), &entry);
}

/*
 * Instead of one entry of the leaf, up to three that cover the same blocks.
 * The blocks that this takes are planned.
 */
static long entry_divide(struct ext_vnode *x, struct ext_walk *w,
			 const struct ext_run *pieces, unsigned count)
{
	struct ext_mount *m = ext_mount(x);
	long r;

	leaf_set(m, w, w->at, &pieces[0]);
	r = ext_node_write(x, w->depth);
	for (unsigned i = 1; i < count && r == 0; i++) {
		struct ext3_extent entry = ext_extent_pack(&pieces[i]);

		r = ext_extent_walk(x, pieces[i].lblk, w);
		if (r == 0)
			r = ext_node_insert(x, w->depth, (unsigned)(w->at + 1),
					    &entry);
		if (r < 0)
			ext_break(m, r);
	}
	return r;
}

/* The part of @run that begins at @lblk, up to @end. */
static struct ext_run run_part(const struct ext_run *run, uint64_t lblk,
			       uint64_t end)
{
	struct ext_run part = *run;

	part.pblk += lblk - run->lblk;
	part.lblk = lblk;
	part.blocks = end - lblk;
	return part;
}

static long divide_planned(struct ext_vnode *x, struct ext_walk *w,
			   const struct ext_run *pieces, unsigned count)
{
	unsigned extra = count - 1;
	long r = ext_plan_make(x, pieces[0].pblk,
			       extra * ext_node_full(x, w->depth, extra));

	return r < 0 ? r : entry_divide(x, w, pieces, count);
}

/*
 * @mid, at the front or the end of @run, which is entry @w->at, goes over to
 * the entry before or behind, which it continues: so is a preallocated file
 * written from front to end. False where it does not continue one.
 */
static bool move_border(struct ext_vnode *x, const struct ext_walk *w,
			const struct ext_run *run, const struct ext_run *mid)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t end = run->lblk + run->blocks,
		 mid_end = mid->lblk + mid->blocks;
	struct ext_run other, rest;

	if (mid->lblk == run->lblk && leaf_run(m, w, w->at - 1, &other) &&
	    joins(&other, mid)) {
		other.blocks += mid->blocks;
		leaf_set(m, w, w->at - 1, &other);
		rest = run_part(run, mid_end, end);
	} else if (mid_end == end && leaf_run(m, w, w->at + 1, &other) &&
		   joins(mid, &other)) {
		other.blocks += mid->blocks;
		other.lblk = mid->lblk;
		other.pblk = mid->pblk;
		leaf_set(m, w, w->at + 1, &other);
		rest = run_part(run, run->lblk, mid->lblk);
	} else {
		return false;
	}
	if (rest.blocks)
		leaf_set(m, w, w->at, &rest);
	else
		ext_node_delete(x, w->depth, (unsigned)w->at, 1);
	return true;
}

static long convert_part(struct ext_vnode *x, struct ext_walk *w,
			 const struct ext_run *run, const struct ext_run *mid)
{
	uint64_t end = run->lblk + run->blocks,
		 mid_end = mid->lblk + mid->blocks;
	struct ext_run pieces[3];
	unsigned count = 0;

	if (move_border(x, w, run, mid))
		return ext_node_write(x, w->depth);
	if (run->lblk < mid->lblk)
		pieces[count++] = run_part(run, run->lblk, mid->lblk);
	pieces[count++] = *mid;
	if (mid_end < end)
		pieces[count++] = run_part(run, mid_end, end);
	return divide_planned(x, w, pieces, count);
}

long ext_extent_convert(struct ext_vnode *x, uint64_t lblk, uint64_t blocks,
			enum ext_state state)
{
	struct ext_mount *m = ext_mount(x);
	uint64_t end = lblk + blocks;

	while (lblk < end) {
		struct ext_run run, mid;
		struct ext_walk w;
		uint64_t run_end;
		long r = ext_extent_walk(x, lblk, &w);

		if (r < 0)
			return r;
		if (!leaf_run(m, &w, w.at, &run) ||
		    lblk >= run.lblk + run.blocks)
			return -EUCLEAN;
		run_end = run.lblk + run.blocks;
		mid = run_part(&run, lblk, end < run_end ? end : run_end);
		if (mid.blocks > run_max(state))
			mid.blocks = run_max(state);
		mid.state = state;
		if (run.state != state) {
			r = convert_part(x, &w, &run, &mid);
			if (r < 0)
				return r;
		}
		lblk += mid.blocks;
	}
	return 0;
}

/* Whether all that [from, to) covers of this leaf, and the way to it, is used.
 */
static bool leaf_used(const struct ext_vnode *x, const struct ext_walk *w,
		      int at, uint64_t from, uint64_t to)
{
	const struct ext_mount *m = ext_mount(x);
	struct ext_run run;

	for (unsigned level = 1; level <= w->depth; level++)
		if (!ext_blocks_may_go(x, m->tree[level].blk, 1))
			return false;
	for (; leaf_run(m, w, at, &run) && run.lblk < to; at++) {
		uint64_t end = run.lblk + run.blocks;
		struct ext_run part =
			run_part(&run, run.lblk < from ? from : run.lblk,
				 end < to ? end : to);

		if (!ext_blocks_may_go(x, part.pblk, part.blocks))
			return false;
	}
	return true;
}

/* Removes [from, to) from the entries from @at on; returns what is next. */
static uint64_t leaf_cut(struct ext_vnode *x, const struct ext_walk *w, int at,
			 uint64_t from, uint64_t to)
{
	struct ext_mount *m = ext_mount(x);
	unsigned gone = 0;
	int first = at;
	struct ext_run run, part;

	for (; leaf_run(m, w, at, &run) && run.lblk < to; at++) {
		uint64_t end = run.lblk + run.blocks;

		part = run_part(&run, run.lblk < from ? from : run.lblk,
				end < to ? end : to);
		ext_blocks_give(x, part.pblk, part.blocks);
		if (run.lblk < part.lblk) {
			run.blocks = part.lblk - run.lblk;
			leaf_set(m, w, at, &run);
			first = at + 1;
		} else if (to < end) {
			run = run_part(&run, to, end);
			leaf_set(m, w, at, &run);
		} else {
			gone++;
		}
	}
	from = leaf_run(m, w, at, &run) ? to : w->end;
	ext_node_delete(x, w->depth, (unsigned)first, gone);
	return from;
}

long ext_extent_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
		       uint64_t *next)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_run run, pieces[2];
	struct ext_walk w;
	long r = ext_extent_walk(x, from, &w);

	if (r < 0)
		return r;
	if (!leaf_run(m, &w, w.at, &run) || run.lblk + run.blocks <= from)
		w.at++;
	if (!leaf_run(m, &w, w.at, &run)) {
		*next = w.end < to ? w.end : to;
		return 0;
	}
	if (!leaf_used(x, &w, w.at, from, to))
		return -EUCLEAN;
	if (run.lblk < from && to < run.lblk + run.blocks) {
		pieces[0] = run_part(&run, run.lblk, from);
		pieces[1] = run_part(&run, to, run.lblk + run.blocks);
		r = divide_planned(x, &w, pieces, 2);
		if (r < 0)
			return r;
		run = run_part(&run, from, to);
		ext_blocks_give(x, run.pblk, run.blocks);
		*next = to;
		return 0;
	}
	*next = leaf_cut(x, &w, w.at, from, to);
	if (*next > to)
		*next = to;
	if (!ext_extent_header(m, w.depth)->eh_entries)
		return ext_node_drop(x, w.depth);
	r = ext_node_write(x, w.depth);
	return r < 0 ? r : ext_node_mend_keys(x, w.depth);
}
