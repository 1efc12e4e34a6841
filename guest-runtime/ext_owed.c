/* SPDX-License-Identifier: ISC */
#include "ext_owed.h"

#include <errno.h>
#include <string.h>

#include "ext_inode.h"
#include "ext_map.h"

#define PIECES_MIN 8
#define PIECES_MAX 4096 /* to search and to move them stays cheap */

long ext_owed_reserve(struct ext_vnode *x, unsigned more)
{
	struct ext_owed *o = &x->owed;
	struct ext_piece *piece;
	unsigned max = o->max ? o->max : PIECES_MIN;

	while (max < o->count + more)
		max *= 2;
	if (max == o->max)
		return 0;
	if (max > PIECES_MAX)
		return o->count ? -EAGAIN : -ENOMEM;
	piece = __rt_realloc(o->piece, max * sizeof(*piece));
	if (!piece)
		return -ENOMEM;
	o->piece = piece;
	o->max = max;
	return 0;
}

static void list_update(struct ext_vnode *x, bool listed)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_owed *o = &x->owed;

	if (listed == (o->count > 0))
		return;
	if (!listed) {
		o->prev = NULL;
		o->next = m->owing;
		if (o->next)
			o->next->owed.prev = x;
		m->owing = x;
		return;
	}
	if (o->prev)
		o->prev->owed.next = o->next;
	else
		m->owing = o->next;
	if (o->next)
		o->next->owed.prev = o->prev;
}

/* The first piece that ends at or behind @lblk. */
static unsigned search(const struct ext_owed *o, uint64_t lblk)
{
	unsigned low = 0, high = o->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (o->piece[middle].to < lblk)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Instead of @old pieces from @at on, there will be @new ones. */
static void resize(struct ext_owed *o, unsigned at, unsigned old, unsigned new)
{
	memmove(&o->piece[at + new], &o->piece[at + old],
		(o->count - at - old) * sizeof(*o->piece));
	o->count = o->count - old + new;
}

void ext_owed_add(struct ext_vnode *x, uint64_t from, uint64_t to)
{
	struct ext_owed *o = &x->owed;
	bool listed = o->count > 0;
	unsigned at = search(o, from), end = at;

	/* All that it touches become one. */
	while (end < o->count && o->piece[end].from <= to) {
		if (o->piece[end].from < from)
			from = o->piece[end].from;
		if (o->piece[end].to > to)
			to = o->piece[end].to;
		end++;
	}
	resize(o, at, end - at, 1);
	o->piece[at] = (struct ext_piece){from, to};
	list_update(x, listed);
}

void ext_owed_remove(struct ext_vnode *x, uint64_t from, uint64_t to)
{
	struct ext_owed *o = &x->owed;
	bool listed = o->count > 0;
	unsigned at = search(o, from), end = at, rest = 0;
	struct ext_piece left[2];

	while (end < o->count && o->piece[end].from < to) {
		const struct ext_piece *p = &o->piece[end++];

		if (p->from < from)
			left[rest++] = (struct ext_piece){p->from, from};
		if (p->to > to)
			left[rest++] = (struct ext_piece){to, p->to};
	}
	if (end == at)
		return;
	resize(o, at, end - at, rest);
	for (unsigned i = 0; i < rest; i++)
		o->piece[at + i] = left[i];
	list_update(x, listed);
}

void ext_owed_cut(struct ext_vnode *x, uint64_t from)
{
	struct ext_owed *o = &x->owed;
	bool listed = o->count > 0;

	while (o->count && o->piece[o->count - 1].from >= from)
		o->count--;
	if (o->count && o->piece[o->count - 1].to > from)
		o->piece[o->count - 1].to = from;
	list_update(x, listed);
}

bool ext_owed_is(const struct ext_vnode *x, uint64_t lblk, uint64_t *until)
{
	const struct ext_owed *o = &x->owed;
	unsigned at = search(o, lblk + 1);

	*until = UINT64_MAX;
	if (at == o->count)
		return false;
	if (lblk < o->piece[at].from) {
		*until = o->piece[at].from;
		return false;
	}
	*until = o->piece[at].to;
	return true;
}

/* What stays the file's is zero on the disk too. */
static long zero_write(struct ext_vnode *x, uint64_t from, uint64_t to)
{
	struct ext_mount *m = ext_mount(x);
	struct bp_segment list[BP_MAX_SEGMENTS];

	memset(m->spare, 0, m->block_bytes);
	for (unsigned i = 0; i < BP_MAX_SEGMENTS; i++)
		list[i] = (struct bp_segment){(uintptr_t)m->spare,
					      m->block_bytes};
	while (from < to) {
		struct ext_run run;
		long r = ext_map_find(x, from, &run);

		if (r < 0)
			return r;
		if (run.blocks > to - from)
			run.blocks = to - from;
		if (run.blocks > BP_MAX_SEGMENTS)
			run.blocks = BP_MAX_SEGMENTS;
		if (run.state == EXT_DATA)
			r = ext_store_write(m->store, run.pblk, list,
					    (unsigned)run.blocks);
		if (r < 0)
			return r;
		from += run.blocks;
	}
	return 0;
}

static long settle(struct ext_vnode *x)
{
	while (x->owed.count) {
		struct ext_piece p = x->owed.piece[x->owed.count - 1];
		long r = 0;

		while (r == 0 && p.from < p.to)
			r = ext_map_remove(x, p.from, p.to, &p.from);
		/* To take blocks out of the middle, too, may need room. */
		if (r == -ENOSPC || r == -EAGAIN)
			r = zero_write(x, p.from, p.to);
		if (r < 0)
			return r;
		ext_owed_cut(x, x->owed.piece[x->owed.count - 1].from);
	}
	return ext_inode_write(x);
}

long ext_owed_settle(struct ext_mount *m)
{
	while (m->owing) {
		struct ext_vnode *x = m->owing;
		long r;

		/* It is written here: nobody else has to. */
		x->quiet = true;
		r = settle(x);
		x->quiet = false;
		if (r < 0)
			return r;
	}
	return 0;
}

void ext_owed_free(struct ext_vnode *x)
{
	ext_owed_cut(x, 0);
	__rt_free(x->owed.piece);
	x->owed.piece = NULL;
	x->owed.max = 0;
}
