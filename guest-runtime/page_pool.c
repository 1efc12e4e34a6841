/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * Pages come in chunks, are handed out in order of address and come back into
 * a queue, so that what is read in one go is contiguous in memory: one piece
 * of a hypercall's list. At most half of the heap is taken. After that, and
 * when the program itself finds no memory, pages that were used longest ago
 * are forgotten; dirty ones are written first.
 */
#include "page_pool.h"

#include <stddef.h>

#include "memory_hook.h"
#include "page.h"
#include "page_tree.h"
#include "vnode.h"

#define CHUNK_PAGES 256UL
#define CROWDED_MAX 16384UL /* pages: 64 MiB */
#define RESERVE_MIN 262144UL
#define RESERVE_MAX 1048576UL

struct rt_page_chunk {
	char *memory;
	unsigned long free;
	struct rt_page_chunk *prev, *next;
	struct rt_page page[CHUNK_PAGES];
};

struct list {
	struct rt_page *first, *last;
};

static struct list free_list, used_list; /* oldest first */
static struct rt_page_chunk *chunks;
static unsigned long chunk_count, chunk_limit, kept;

static void list_add(struct list *list, struct rt_page *page)
{
	page->older = list->last;
	page->newer = NULL;
	*(list->last ? &list->last->newer : &list->first) = page;
	list->last = page;
}

static void list_remove(struct list *list, struct rt_page *page)
{
	*(page->older ? &page->older->newer : &list->first) = page->newer;
	*(page->newer ? &page->newer->older : &list->last) = page->older;
	page->older = page->newer = NULL;
}

static int in_used_list(const struct rt_page *page)
{
	return page->older || page->newer || used_list.first == page;
}

void __rt_pool_give(struct rt_page *page)
{
	if (in_used_list(page))
		list_remove(&used_list, page);
	else
		kept--;
	page->vnode = NULL;
	page->chunk->free++;
	list_add(&free_list, page);
}

/* Forgets one page, the oldest that can go. 0 where none can. */
static int evict_one(void)
{
	struct rt_page *page, *next;

	for (page = used_list.first; page; page = next) {
		struct rt_vnode *v = page->vnode;

		next = page->newer;
		if (!v)
			continue; /* being filled */
		if (page->dirty && __rt_page_write_back(v))
			continue;
		if (page->dirty)
			continue;
		__rt_page_remove(v, page);
		__rt_pool_give(page);
		return 1;
	}
	return 0;
}

static void free_chunk(struct rt_page_chunk *c)
{
	for (unsigned long i = 0; i < CHUNK_PAGES; i++)
		list_remove(&free_list, &c->page[i]);
	*(c->prev ? &c->prev->next : &chunks) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	__rt_memory_give(c->memory, CHUNK_PAGES * RT_PAGE_BYTES);
	__rt_free(c);
	chunk_count--;
}

/* The program needs memory: everything that can go, goes. */
static void shrink(void)
{
	const unsigned long least = __rt_memory_reserve ? 1 : 0;
	struct rt_page_chunk *c, *next;

	while (evict_one())
		;
	/* Files on a disk need some pages to be read and written at all. */
	for (c = chunks; c && chunk_count > least; c = next) {
		next = c->next;
		if (c->free == CHUNK_PAGES)
			free_chunk(c);
	}
}

static void set_limit(void)
{
	if (chunk_limit)
		return;
	chunk_limit = __rt_memory_total() / 2 / (CHUNK_PAGES * RT_PAGE_BYTES);
	if (!chunk_limit)
		chunk_limit = 1;
	__rt_memory_shrink = shrink;
}

static int add_chunk(void)
{
	struct rt_page_chunk *c;
	char *memory;

	set_limit();
	if (chunk_count >= chunk_limit)
		return 0;
	memory = __rt_memory_take(CHUNK_PAGES * RT_PAGE_BYTES);
	if (!memory)
		return 0;
	c = __rt_calloc(1, sizeof(*c));
	if (!c) {
		__rt_memory_give(memory, CHUNK_PAGES * RT_PAGE_BYTES);
		return 0;
	}
	c->memory = memory;
	c->next = chunks;
	if (chunks)
		chunks->prev = c;
	chunks = c;
	chunk_count++;
	c->free = CHUNK_PAGES;
	for (unsigned long i = 0; i < CHUNK_PAGES; i++) {
		c->page[i].data = c->memory + i * RT_PAGE_BYTES;
		c->page[i].chunk = c;
		list_add(&free_list, &c->page[i]);
	}
	return 1;
}

void __rt_pool_reserve(void)
{
	if (__rt_memory_reserve)
		return;
	if (!chunk_count)
		add_chunk();
	__rt_memory_reserve = __rt_memory_total() / 16;
	if (__rt_memory_reserve > RESERVE_MAX)
		__rt_memory_reserve = RESERVE_MAX;
	if (__rt_memory_reserve < RESERVE_MIN)
		__rt_memory_reserve = RESERVE_MIN;
}

struct rt_page *__rt_pool_take(void)
{
	struct rt_page *page;

	if (!free_list.first && !add_chunk() && !evict_one())
		return NULL;
	page = free_list.first;
	list_remove(&free_list, page);
	page->chunk->free--;
	page->vnode = NULL;
	page->dirty = 0;
	list_add(&used_list, page);
	return page;
}

void __rt_pool_touch(struct rt_page *page)
{
	if (!page->newer || !page->chunk)
		return;
	list_remove(&used_list, page);
	list_add(&used_list, page);
}

void __rt_pool_keep(struct rt_page *page)
{
	list_remove(&used_list, page);
	kept++;
}

unsigned long __rt_pool_left(void)
{
	set_limit();
	return chunk_limit * CHUNK_PAGES - kept;
}

int __rt_pool_crowded(unsigned long dirty_pages)
{
	unsigned long most = chunk_limit * CHUNK_PAGES / 4;

	return dirty_pages > (most < CROWDED_MAX ? most : CROWDED_MAX);
}
