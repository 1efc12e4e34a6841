/* SPDX-License-Identifier: ISC */
#include "page_tree.h"

#include <errno.h>
#include <stddef.h>

#include "page.h"
#include "vnode.h"

#define BITS   6
#define SLOTS  (1u << BITS)
#define LEVELS 9 /* 2^54 pages; no file has more */

/* At level 1 the slots are pages, above that nodes. */
struct node {
	uint64_t used, dirty; /* one bit for each slot */
	void *slot[SLOTS];
};

static unsigned slot_of(uint64_t index, unsigned level)
{
	return (unsigned)(index >> (BITS * (level - 1))) & (SLOTS - 1);
}

static int fits(uint64_t index, unsigned levels)
{
	return levels >= LEVELS || !(index >> (BITS * levels));
}

struct rt_page *__rt_page_find(const struct rt_vnode *v, uint64_t index)
{
	const struct node *n = v->pages;

	if (!n || !fits(index, v->page_levels))
		return NULL;
	for (unsigned level = v->page_levels; level > 1; level--) {
		n = n->slot[slot_of(index, level)];
		if (!n)
			return NULL;
	}
	return n->slot[slot_of(index, 1)];
}

/* The nodes from the root down to level 1; path[level] is one of that level. */
static void find_path(const struct rt_vnode *v, uint64_t index,
		      struct node *path[LEVELS + 1])
{
	path[v->page_levels] = v->pages;
	for (unsigned level = v->page_levels; level > 1; level--)
		path[level - 1] = path[level]->slot[slot_of(index, level)];
}

static struct rt_page *next_in(const struct node *n, unsigned level,
			       uint64_t index, int dirty)
{
	unsigned first = slot_of(index, level);
	uint64_t left = (dirty ? n->dirty : n->used) >> first << first;

	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		struct rt_page *page;

		if (level == 1)
			return n->slot[i];
		/* Past the first slot, all that is in it counts. */
		page = next_in(n->slot[i], level - 1, i == first ? index : 0,
			       dirty);
		if (page)
			return page;
	}
	return NULL;
}

struct rt_page *__rt_page_next(const struct rt_vnode *v, uint64_t index,
			       int dirty)
{
	if (!v->pages || !fits(index, v->page_levels))
		return NULL;
	return next_in(v->pages, v->page_levels, index, dirty);
}

static int grow(struct rt_vnode *v)
{
	struct node *old = v->pages, *n;

	/* An empty node is one of any level. */
	if (old && !old->used) {
		v->page_levels++;
		return 0;
	}
	n = __rt_calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	if (old) {
		n->slot[0] = old;
		n->used = 1;
		n->dirty = !!old->dirty;
	}
	v->pages = n;
	v->page_levels++;
	return 0;
}

/* Empties the slots for @index from @level upwards, and frees empty nodes. */
static void prune(struct rt_vnode *v, uint64_t index, struct node **path,
		  unsigned level)
{
	for (; level <= v->page_levels; level++) {
		unsigned i = slot_of(index, level);

		path[level]->slot[i] = NULL;
		path[level]->used &= ~(1ULL << i);
		if (path[level]->used)
			return;
		__rt_free(path[level]);
	}
	v->pages = NULL;
	v->page_levels = 0;
}

long __rt_page_insert(struct rt_vnode *v, struct rt_page *page)
{
	struct node *path[LEVELS + 1], *n;

	while (!v->pages || !fits(page->index, v->page_levels))
		if (grow(v))
			return -ENOMEM;
	n = v->pages;
	for (unsigned level = v->page_levels; level > 1; level--) {
		unsigned i = slot_of(page->index, level);

		path[level] = n;
		if (!n->slot[i]) {
			n->slot[i] = __rt_calloc(1, sizeof(*n));
			if (!n->slot[i]) {
				prune(v, page->index, path, level);
				return -ENOMEM;
			}
		}
		n->used |= 1ULL << i;
		n = n->slot[i];
	}
	n->slot[slot_of(page->index, 1)] = page;
	n->used |= 1ULL << slot_of(page->index, 1);
	v->page_count++;
	return 0;
}

void __rt_page_mark(struct rt_vnode *v, struct rt_page *page, int dirty)
{
	struct node *path[LEVELS + 1];

	if (page->dirty == dirty)
		return;
	page->dirty = dirty;
	v->dirty_pages += dirty ? 1 : -1UL;
	find_path(v, page->index, path);
	for (unsigned level = 1; level <= v->page_levels; level++) {
		uint64_t bit = 1ULL << slot_of(page->index, level);

		if (dirty)
			path[level]->dirty |= bit;
		else
			path[level]->dirty &= ~bit;
		if (!dirty && path[level]->dirty)
			break;
	}
}

void __rt_page_remove(struct rt_vnode *v, struct rt_page *page)
{
	struct node *path[LEVELS + 1];

	__rt_page_mark(v, page, 0);
	find_path(v, page->index, path);
	v->page_count--;
	prune(v, page->index, path, 1);
}
