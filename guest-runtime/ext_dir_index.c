/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * Names are in a hash table with open addressing: a slot holds the hash and the
 * block of the entry, and the name is looked for in that block. The
 * hash has a key of the mount, as names may come from someone who wants it to
 * be slow. For free room there is, for each size of an entry, a block before
 * which no block has as much.
 */
#include "ext_dir_index.h"

#include <errno.h>
#include <string.h>

#include "ext_dirent.h"

#define SLOTS_MIN 256u
#define SIZES	  (EXT_DIRENT_MAX / 4 + 1)
#define HASH_MIX  0x9e3779b97f4a7c15ull

struct slot {
	uint32_t hash;
	uint32_t lblk; /* + 1; 0: free */
};

struct ext_dir_index {
	bool ready;
	struct slot *slots;
	size_t count, mask;
	uint8_t *room; /* of each block, / 4; 255 may be more */
	size_t blocks, blocks_max;
	uint32_t from[SIZES];
};

static uint32_t name_hash(const struct ext_vnode *dir, const char *name,
			  size_t bytes)
{
	uint64_t hash = ext_mount(dir)->hash_key ^ bytes, word;

	while (bytes) {
		size_t n = bytes < sizeof(word) ? bytes : sizeof(word);

		word = 0;
		memcpy(&word, name, n);
		hash = (hash ^ word) * HASH_MIX;
		hash ^= hash >> 29;
		name += n;
		bytes -= n;
	}
	return (uint32_t)((hash * HASH_MIX) >> 32);
}

void ext_dir_index_drop(struct ext_vnode *dir)
{
	struct ext_dir_index *index = dir->index;

	/* One that could not be kept is not built again and again. */
	dir->no_index = true;
	if (!index)
		return;
	dir->index = NULL;
	__rt_free(index->slots);
	__rt_free(index->room);
	__rt_free(index);
}

static void slot_put(struct ext_dir_index *index, struct slot slot)
{
	size_t i = slot.hash & index->mask;

	while (index->slots[i].lblk)
		i = (i + 1) & index->mask;
	index->slots[i] = slot;
	index->count++;
}

/* Room for one more name: at most three quarters are used. */
static bool slots_grow(struct ext_dir_index *index)
{
	struct slot *old = index->slots;
	size_t slots = old ? index->mask + 1 : 0;
	size_t more = slots ? 2 * slots : SLOTS_MIN;

	if (index->count + 1 <= slots / 4 * 3)
		return true;
	index->slots = __rt_calloc(more, sizeof(*old));
	if (!index->slots) {
		index->slots = old;
		return false;
	}
	index->mask = more - 1;
	index->count = 0;
	for (size_t i = 0; i < slots; i++)
		if (old[i].lblk)
			slot_put(index, old[i]);
	__rt_free(old);
	return true;
}

void ext_dir_index_add(struct ext_vnode *dir, const char *name, size_t bytes,
		       uint64_t lblk)
{
	struct ext_dir_index *index = dir->index;
	struct slot slot;

	if (!index)
		return;
	if (!slots_grow(index)) {
		ext_dir_index_drop(dir);
		return;
	}
	slot.hash = name_hash(dir, name, bytes);
	slot.lblk = (uint32_t)lblk + 1;
	slot_put(index, slot);
}

void ext_dir_index_remove(struct ext_vnode *dir, const char *name, size_t bytes,
			  uint64_t lblk)
{
	struct ext_dir_index *index = dir->index;
	uint32_t hash;
	size_t i, hole;

	if (!index)
		return;
	hash = name_hash(dir, name, bytes);
	for (i = hash & index->mask;
	     index->slots[i].hash != hash || index->slots[i].lblk != lblk + 1;
	     i = (i + 1) & index->mask) {
		if (index->slots[i].lblk)
			continue;
		ext_dir_index_drop(dir);
		return;
	}
	/* What could have stood here, had it been free, moves here. */
	for (hole = i;;) {
		size_t home;

		i = (i + 1) & index->mask;
		if (!index->slots[i].lblk)
			break;
		home = index->slots[i].hash & index->mask;
		if (((i - home) & index->mask) >= ((i - hole) & index->mask)) {
			index->slots[hole] = index->slots[i];
			hole = i;
		}
	}
	index->slots[hole].lblk = 0;
	index->count--;
}

static bool room_grow(struct ext_dir_index *index, size_t blocks)
{
	size_t max = blocks + blocks / 2 + 16;
	uint8_t *room;

	if (blocks <= index->blocks_max)
		return true;
	room = __rt_realloc(index->room, max);
	if (!room)
		return false;
	memset(room + index->blocks_max, 0, max - index->blocks_max);
	index->room = room;
	index->blocks_max = max;
	return true;
}

void ext_dir_index_set_room(struct ext_vnode *dir, uint64_t lblk,
			    unsigned entry_bytes)
{
	struct ext_dir_index *index = dir->index;
	unsigned size = entry_bytes / 4;

	if (!index)
		return;
	if (!room_grow(index, lblk + 1)) {
		ext_dir_index_drop(dir);
		return;
	}
	if (size > UINT8_MAX)
		size = UINT8_MAX;
	index->room[lblk] = (uint8_t)size;
	if (lblk >= index->blocks)
		index->blocks = lblk + 1;
	for (size = size < SIZES ? size : SIZES - 1; size > 0; size--)
		if (index->from[size] > lblk)
			index->from[size] = (uint32_t)lblk;
}

uint64_t ext_dir_index_room(struct ext_vnode *dir, unsigned entry_bytes)
{
	struct ext_dir_index *index = dir->index;
	unsigned size = entry_bytes / 4;
	uint32_t *from = &index->from[size];

	while (*from < index->blocks && index->room[*from] < size)
		++*from;
	return *from;
}

long ext_dir_index_find(struct ext_vnode *dir, const char *name, size_t bytes,
			struct ext_place *at)
{
	struct ext_mount *m = ext_mount(dir);
	const struct ext_dir_index *index = dir->index;
	uint32_t hash = name_hash(dir, name, bytes);

	for (size_t i = hash & index->mask; index->slots[i].lblk;
	     i = (i + 1) & index->mask) {
		int offset;
		long r;

		if (index->slots[i].hash != hash)
			continue;
		at->lblk = index->slots[i].lblk - 1;
		r = ext_dir_read(dir, at->lblk, m->dir_block);
		if (r < 0)
			return r;
		offset = ext_dirents_find(m->dir_block, m->block_bytes, name,
					  bytes);
		if (offset >= 0) {
			at->offset = (unsigned)offset;
			return 0;
		}
	}
	return -ENOENT;
}

static bool block_add(struct ext_vnode *dir, uint64_t lblk)
{
	const struct ext_mount *m = ext_mount(dir);
	unsigned end;

	if (ext_dir_read(dir, lblk, m->dir_block) < 0)
		return false;
	end = ext_dirents_end(m, m->dir_block);
	for (unsigned offset = 0; offset < end;) {
		const struct ext2_dir_entry *e =
			ext_dirent_at(m->dir_block, offset);

		if (e->inode)
			ext_dir_index_add(dir, e->name,
					  ext_dirent_name_bytes(e), lblk);
		offset += e->rec_len;
	}
	ext_dir_index_set_room(dir, lblk, ext_dirents_room(m->dir_block, end));
	return dir->index;
}

bool ext_dir_index_ready(const struct ext_vnode *dir)
{
	return dir->index && dir->index->ready;
}

bool ext_dir_index_have(struct ext_vnode *dir)
{
	uint64_t blocks = ext_dir_blocks(dir);

	if (dir->index)
		return true;
	if (dir->no_index)
		return false;
	dir->index = __rt_calloc(1, sizeof(*dir->index));
	if (!dir->index) {
		dir->no_index = true;
		return false;
	}
	for (unsigned i = 0; i < SIZES; i++)
		dir->index->from[i] = UINT32_MAX;
	for (uint64_t lblk = 0; lblk < blocks; lblk++) {
		if (!block_add(dir, lblk)) {
			ext_dir_index_drop(dir);
			return false;
		}
	}
	dir->index->ready = true;
	return true;
}
