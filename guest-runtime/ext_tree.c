/* SPDX-License-Identifier: ISC */
#include "ext_tree.h"

#include "ext_alloc.h"

void ext_tree_of(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);

	if (m->tree_of != x)
		for (unsigned i = 1; i <= EXT_MAX_DEPTH; i++)
			m->tree[i].blk = 0;
	m->tree_of = x;
	m->tree[0].blk = 0;
	m->tree[0].bytes = (uint8_t *)x->raw.i_block;
}

void ext_tree_forget(const struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);

	if (m->tree_of == x)
		m->tree_of = NULL;
}

long ext_plan_make(struct ext_vnode *x, blk64_t goal, unsigned count)
{
	struct ext_plan *plan = &ext_mount(x)->plan;
	long r;

	plan->used = 0;
	plan->count = 0;
	while (plan->count < count) {
		uint64_t found;
		blk64_t blk;

		r = ext_free_find(x, goal, count - plan->count, &blk, &found);
		if (r < 0)
			return r;
		/* The search has gone around: all of it is planned already. */
		for (unsigned i = 0; i < plan->count; i++)
			if (plan->blk[i] >= blk && plan->blk[i] < blk + found)
				return ext_no_space(ext_mount(x));
		goal = blk + found;
		while (found-- && plan->count < count)
			plan->blk[plan->count++] = blk++;
	}
	/* So that none of them is found to lack memory in the middle. */
	for (unsigned i = 0; i < plan->count; i++) {
		r = ext_block_write(ext_mount(x), plan->blk[i],
				    ext_mount(x)->spare);
		if (r < 0)
			return r;
	}
	return 0;
}

blk64_t ext_plan_take(struct ext_vnode *x)
{
	struct ext_plan *plan = &ext_mount(x)->plan;
	blk64_t blk = plan->blk[plan->used++];

	ext_blocks_take(x, blk, 1);
	return blk;
}
