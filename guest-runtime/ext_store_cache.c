/* SPDX-License-Identifier: ISC */
/* Blocks of metadata in memory, found by where they are on the disk. */
#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

#define CLEAN_BYTES	(4u << 20)
#define CLEAN_LEAST	64
#define ARENA_BYTES	(128u << 10)
#define HASH_BITS_FIRST 8
#define READ_AHEAD_MAX	32 /* blocks; at most BP_MAX_SEGMENTS */

/* Blocks are allocated together, and are kept until the store is closed. */
struct ext_arena {
	struct ext_arena *next;
	uint8_t *data;
	struct ext_block blocks[];
};

static void list_add(struct ext_list *list, struct ext_block *b)
{
	b->prev = NULL;
	b->next = list->first;
	if (list->first)
		list->first->prev = b;
	else
		list->last = b;
	list->first = b;
	list->count++;
}

static void list_remove(struct ext_list *list, struct ext_block *b)
{
	if (b->prev)
		b->prev->next = b->next;
	else
		list->first = b->next;
	if (b->next)
		b->next->prev = b->prev;
	else
		list->last = b->prev;
	list->count--;
}

static struct ext_list *list_of(struct ext_cache *c, unsigned state)
{
	return state ? &c->pinned : &c->clean;
}

static size_t hash_of(const struct ext_cache *c, blk64_t blk)
{
	return blk * 0x9e3779b97f4a7c15ULL >> (64 - c->hash_bits);
}

static void hash_add(struct ext_cache *c, struct ext_block *b)
{
	struct ext_block **at = &c->hash[hash_of(c, b->blk)];

	b->hash_next = *at;
	*at = b;
	c->count++;
}

static void hash_remove(struct ext_cache *c, struct ext_block *b)
{
	struct ext_block **at = &c->hash[hash_of(c, b->blk)];

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
	c->count--;
}

/* Twice as many chains. Without memory for them they get longer instead. */
static void hash_grow(struct ext_cache *c)
{
	size_t old_size = (size_t)1 << c->hash_bits;
	struct ext_block **old = c->hash;
	/* Arrays of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	struct ext_block **hash = calloc(old_size * 2, sizeof(*hash));

	if (!hash)
		return;
	c->hash = hash;
	c->hash_bits++;
	c->count = 0;
	for (size_t i = 0; i < old_size; i++) {
		struct ext_block *next;

		for (struct ext_block *b = old[i]; b; b = next) {
			next = b->hash_next;
			hash_add(c, b);
		}
	}
	free(old);
}

long ext_store_cache_init(struct ext_store *store)
{
	struct ext_cache *c = &store->cache;

	c->hash_bits = HASH_BITS_FIRST;
	c->hash = calloc((size_t)1 << HASH_BITS_FIRST,
			 sizeof(struct ext_block *));
	c->clean_max = CLEAN_BYTES / store->block_bytes;
	if (c->clean_max < CLEAN_LEAST)
		c->clean_max = CLEAN_LEAST;
	c->read_ahead = 1;
	return c->hash ? 0 : -ENOMEM;
}

void ext_store_cache_finish(struct ext_store *store)
{
	struct ext_arena *next;

	for (struct ext_arena *a = store->cache.arenas; a; a = next) {
		next = a->next;
		free(a->data);
		free(a);
	}
	free(store->cache.hash);
	memset(&store->cache, 0, sizeof(store->cache));
}

static void add_arena(struct ext_store *store)
{
	struct ext_cache *c = &store->cache;
	size_t count = ARENA_BYTES / store->block_bytes;
	struct ext_arena *a;

	if (count < 4)
		count = 4;
	a = malloc(sizeof(*a) + count * sizeof(a->blocks[0]));
	if (!a)
		return;
	a->data = malloc(count * store->block_bytes);
	if (!a->data) {
		free(a);
		return;
	}
	a->next = c->arenas;
	c->arenas = a;
	for (size_t i = 0; i < count; i++) {
		a->blocks[i].data = a->data + i * store->block_bytes;
		a->blocks[i].next = c->spare;
		c->spare = &a->blocks[i];
	}
}

/* A block that is in no list, the least recently used one if need be. */
static struct ext_block *take_block(struct ext_store *store)
{
	struct ext_cache *c = &store->cache;
	struct ext_block *b;

	if (!c->spare && c->clean.count < c->clean_max)
		add_arena(store);
	if (!c->spare && c->clean.last)
		ext_store_drop(store, c->clean.last);
	if (!c->spare)
		add_arena(store);
	b = c->spare;
	if (b)
		c->spare = b->next;
	return b;
}

static void give_block(struct ext_cache *c, struct ext_block *b)
{
	b->next = c->spare;
	c->spare = b;
}

static void insert(struct ext_cache *c, struct ext_block *b, blk64_t blk)
{
	b->blk = blk;
	b->state = 0;
	b->log_at = 0;
	if (c->count >= (size_t)1 << c->hash_bits)
		hash_grow(c);
	hash_add(c, b);
	list_add(&c->clean, b);
}

struct ext_block *ext_store_find(struct ext_store *store, blk64_t blk)
{
	struct ext_cache *c = &store->cache;
	struct ext_block *b = c->hash[hash_of(c, blk)];

	while (b && b->blk != blk)
		b = b->hash_next;
	return b;
}

static void count_states(struct ext_cache *c, unsigned old, unsigned state)
{
	c->dirty += !!(state & EXT_DIRTY);
	c->dirty -= !!(old & EXT_DIRTY);
	c->revoked += !!(state & EXT_REVOKED);
	c->revoked -= !!(old & EXT_REVOKED);
}

void ext_store_drop(struct ext_store *store, struct ext_block *b)
{
	struct ext_cache *c = &store->cache;

	hash_remove(c, b);
	list_remove(list_of(c, b->state), b);
	count_states(c, b->state, 0);
	give_block(c, b);
}

void ext_store_drop_pinned(struct ext_store *store)
{
	while (store->cache.pinned.first)
		ext_store_drop(store, store->cache.pinned.first);
}

void ext_store_set_state(struct ext_store *store, struct ext_block *b,
			 unsigned state)
{
	struct ext_cache *c = &store->cache;

	count_states(c, b->state, state);
	if (list_of(c, b->state) != list_of(c, state)) {
		list_remove(list_of(c, b->state), b);
		list_add(list_of(c, state), b);
	}
	b->state = state;
	while (c->clean.count > c->clean_max)
		ext_store_drop(store, c->clean.last);
}

/*
 * How many blocks to read where @blk is missing. One request costs more than
 * some blocks do, and inode tables and bitmaps have neighbours that will be
 * asked for; more where blocks were asked for in order.
 */
static unsigned plan_read(struct ext_store *store, blk64_t blk)
{
	struct ext_cache *c = &store->cache;
	unsigned n = store->block_bytes > 4096 ? 1 : 4, missing = 1;

	if (blk && ext_store_find(store, blk - 1)) {
		c->read_ahead *= 2;
		if (c->read_ahead > READ_AHEAD_MAX)
			c->read_ahead = READ_AHEAD_MAX;
		if (n < c->read_ahead)
			n = c->read_ahead;
	} else {
		c->read_ahead = n;
	}
	while (missing < n && blk + missing < store->blocks &&
	       !ext_store_find(store, blk + missing))
		missing++;
	return missing;
}

/* Reads up to @n blocks from @blk on; fewer where memory is short. */
static long read_blocks(struct ext_store *store, blk64_t blk, unsigned n)
{
	struct ext_block *blocks[READ_AHEAD_MAX];
	struct bp_segment list[READ_AHEAD_MAX];
	unsigned have = 0;
	long err;

	while (have < n && (blocks[have] = take_block(store))) {
		list[have].gpa = (uintptr_t)blocks[have]->data;
		list[have].bytes = store->block_bytes;
		have++;
	}
	if (!have)
		return -ENOMEM;
	err = ext_store_transfer(store, BP_BLOCK_READ, blk, list, have);
	/* The first one last, so that it is the last to be forgotten. */
	while (have--) {
		if (err)
			give_block(&store->cache, blocks[have]);
		else
			insert(&store->cache, blocks[have], blk + have);
	}
	return err;
}

long ext_store_get(struct ext_store *store, blk64_t blk, bool overwrite,
		   struct ext_block **to)
{
	struct ext_cache *c = &store->cache;
	struct ext_block *b = ext_store_find(store, blk);
	unsigned n;
	long err;

	if (blk >= store->blocks)
		return -EIO;
	if (b && !b->state) {
		list_remove(&c->clean, b);
		list_add(&c->clean, b);
	}
	if (!b && overwrite) {
		b = take_block(store);
		if (!b)
			return -ENOMEM;
		insert(c, b, blk);
	} else if (!b) {
		n = plan_read(store, blk);
		err = read_blocks(store, blk, n);
		if (err && n > 1)
			err = read_blocks(store, blk, 1);
		if (err)
			return err;
		b = ext_store_find(store, blk);
	} else if (b->state & EXT_REVOKED && !overwrite) {
		/* What was metadata is of no use; the disk has data. */
		err = ext_store_transfer_one(store, BP_BLOCK_READ, blk, b->data,
					     store->block_bytes);
		if (err)
			return err;
	}
	*to = b;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct ext_block *const *x = a, *const *y = b;

	return ((*x)->blk > (*y)->blk) - ((*x)->blk < (*y)->blk);
}

/* Blocks that follow each other, as many as there are: how many were written */
static long write_run(struct ext_store *store, struct ext_block *const *v,
		      size_t n, size_t *done)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	uint8_t *old = NULL;
	unsigned count = 0;
	long err = 0;

	while (count < n && count < BP_MAX_SEGMENTS &&
	       v[count]->blk == v[0]->blk + count) {
		const struct ext_block *b = v[count];

		list[count].gpa = (uintptr_t)b->data;
		list[count].bytes = store->block_bytes;
		if ((b->state & EXT_LOGGED) && (b->state & EXT_DIRTY)) {
			if (count)
				break;
			old = malloc(store->block_bytes);
			err = old ? ext_journal_read_back(store, b, old)
				  : -ENOMEM;
			list[count++].gpa = (uintptr_t)old;
			break;
		}
		count++;
	}
	if (!err)
		err = ext_store_transfer(store, BP_BLOCK_WRITE, v[0]->blk, list,
					 count);
	free(old);
	*done = count;
	return err;
}

long ext_store_write_home(struct ext_store *store, unsigned states)
{
	struct ext_cache *c = &store->cache;
	struct ext_block **v =
		malloc(c->pinned.count * sizeof(struct ext_block *));
	size_t n = 0, done = 0;
	long err = 0;

	if (!v && c->pinned.count)
		return -ENOMEM;
	for (struct ext_block *b = c->pinned.first; b; b = b->next) {
		bool gone = b->state & EXT_REVOKED;

		if (!(b->state & EXT_LOGGED))
			gone = ext_store_is_freed(store, b->blk);
		if ((b->state & states) && !gone)
			v[n++] = b;
	}
	if (n)
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(v, n, sizeof(v[0]), by_place);
	for (size_t i = 0; !err && i < n; i += done)
		err = write_run(store, v + i, n - i, &done);
	free(v);
	return err;
}
